"""Refusals about payments as goods, by credit note and into the wallet."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from prm.values.errors import DomainError


class GoodsNotNamed(DomainError):
    code = "goods_not_named"
    message = _("Say what is delivered: products and quantities.")
    field = "goods"


class GoodsOnlyForGoods(DomainError):
    code = "goods_only_for_goods"
    message = _("Goods are named where the payment is in goods. Choose that, or leave them empty.")
    field = "goods"


class AccountInDoubt(DomainError):
    code = "account_in_doubt"
    message = _("No transfer to %(partner)s is booked now. %(reason)s")


class AccountNotChecked(DomainError):
    code = "account_not_checked"
    message = _(
        "No bank account of %(partner)s is kept here. Say how it was checked where the money goes, or have an account"
        " confirmed first."
    )
    field = "account_checked"


class AccountsNotChecked(DomainError):
    code = "accounts_not_checked"
    message = _(
        "All that can be paid goes to partners whose accounts are not kept here. Say how these were checked, or have"
        " accounts confirmed first."
    )
    field = "account_checked"


class NothingToRelease(DomainError):
    code = "nothing_to_release"
    message = _("Nothing of %(number)s can be paid now: it is paid already, or left out as this page says.")


class PaidMeanwhile(DomainError):
    code = "paid_meanwhile"
    message = _(
        "Since this page was opened %(number)s was booked: %(amount)s, by %(person)s. Look whether this payment is"
        " still wanted, then press again."
    )


class DeliveredAlready(DomainError):
    code = "goods_delivered_already"
    message = _("%(person)s has confirmed this delivery already.")


class DeliveryInTheFuture(DomainError):
    code = "delivery_in_the_future"
    message = _("The day lies after today, %(today)s. Choose today or an earlier day.")
    field = "delivered_on"


class IssuedAlready(DomainError):
    code = "credit_note_issued_already"
    message = _("%(person)s has confirmed this credit note already.")


class IssuedInTheFuture(DomainError):
    code = "issued_in_the_future"
    message = _("The day lies after today, %(today)s. Choose today or an earlier day.")
    field = "issued_on"


class CreditNoteTaken(DomainError):
    code = "credit_note_taken"
    message = _(
        "This credit note stands for payment %(payment)s already. Each number stands for one payment."
    )
    field = "reference"


class NotPaidByTransfer(DomainError):
    code = "not_paid_by_transfer"
    message = _("Payment %(number)s did not go through a bank, so no bank can have returned it.")
