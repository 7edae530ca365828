"""Refusals about payments that the bank sent back."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from prm.values.errors import DomainError


class ReturnedAlready(DomainError):
    code = "payment_returned_already"
    message = _("Payment %(number)s is returned already, or somebody has reported it.")


class ReturnReasonMissing(DomainError):
    code = "return_reason_missing"
    message = _("Say what the bank says.")
    field = "reason"


class ReturnedBeforePaid(DomainError):
    code = "returned_before_paid"
    message = _("The payment was made on %(day)s. Choose that day or a later one.")
    field = "returned_on"


class ReturnedInTheFuture(DomainError):
    code = "returned_in_the_future"
    message = _("The day lies after today, %(today)s. Choose today or an earlier day.")
    field = "returned_on"


class SecondPersonConfirmsReturn(DomainError):
    code = "second_person_confirms_return"
    message = _("%(person)s reported this return. Somebody else has to confirm it.")


class ReturnDecided(DomainError):
    code = "return_decided"
    message = _("Somebody has decided about this return: “%(state)s”.")
