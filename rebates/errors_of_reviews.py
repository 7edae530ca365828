"""Refusals about talk on a settlement and about payments that are held."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from prm.values.errors import DomainError


class MovedOn(DomainError):
    code = "settlement_moved_on"
    message = _(
        "Settlement %(number)s is “%(state)s” by now; the page on which you pressed was older, and nothing was changed."
        " Meanwhile: %(meanwhile)s."
    )


class CommentEmpty(DomainError):
    code = "run_comment_empty"
    message = _("Write what you want to say.")
    field = "text"


class MayNotRead(DomainError):
    code = "mentioned_may_not_read"
    message = _("%(people)s may not see settlements and would read nothing. Leave them out.")
    field = "mentioned"


class NotInThisRun(DomainError):
    code = "partner_not_in_run"
    message = _("Settlement %(number)s has no figures of this partner.")


class NothingToHold(DomainError):
    code = "nothing_to_hold"
    message = _("Settlement %(number)s is “%(state)s”: no payment of it can be held.")


class HeldAlready(DomainError):
    code = "payment_held_already"
    message = _("%(person)s holds this payment already: %(reason)s")


class PaidUpAlready(DomainError):
    code = "nothing_left_to_hold"
    message = _("Nothing is open for %(partner)s in settlement %(number)s: there is nothing to hold.")


class NotHeld(DomainError):
    code = "payment_not_held"
    message = _("The payment is not held, or was released meanwhile.")


class HoldReasonMissing(DomainError):
    code = "hold_reason_missing"
    message = _("Say why in a sentence. It is kept in the settlement's history.")
    field = "reason"


class PaymentHeld(DomainError):
    code = "payment_held"
    message = _("The payment is held: %(reason)s It can be paid when the hold is released.")
