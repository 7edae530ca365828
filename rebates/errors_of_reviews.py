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


class FindingsUnanswered(DomainError):
    code = "findings_unanswered"
    message = _(
        "%(count)s findings of settlement %(number)s are unanswered. Answer each, or say why they may stay as they are."
    )
    field = "reason"


class FindingsChanged(DomainError):
    code = "findings_changed"
    message = _("The findings are others than those that this page showed. Read them again, then hand over.")


class FindingGone(DomainError):
    code = "finding_gone"
    message = _(
        "This finding is gone, or its figures are others by now. Look at what the settlement finds now."
    )


class AnswerMissing(DomainError):
    code = "finding_answer_missing"
    message = _("Say why the figure may stay as it is. It is kept in the settlement's history.")
    field = "reason"


class TooLateToAnswer(DomainError):
    code = "too_late_to_answer"
    message = _("Settlement %(number)s is “%(state)s”: its findings are not answered any more.")
