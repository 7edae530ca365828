"""What the rules of approval flows say no with."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from prm.values.errors import DomainError


class RunEnded(DomainError):
    code = "run_ended"
    message = _("%(title)s has been decided: %(state)s.")


class TaskOver(DomainError):
    code = "task_over"
    message = _("This was decided meanwhile: %(what)s.")


class NotYourTurn(DomainError):
    code = "not_your_turn"
    message = _("It is not your turn. It waits for %(who)s.")


class TooLateToUndo(DomainError):
    code = "too_late_to_undo"
    message = _("The decision about %(title)s has taken effect and cannot be undone any more.")


class OwnObject(DomainError):
    code = "own_object"
    message = _("This is your own. Somebody else decides about it.")


class ReasonMissing(DomainError):
    code = "approval_reason_missing"
    message = _("Say why in a sentence. The other side reads it.")
    field = "text"


class TextMissing(DomainError):
    code = "approval_text_missing"
    message = _("The message is empty. Write what you want to say.")
    field = "text"


class MayNotDecide(DomainError):
    code = "may_not_decide"
    message = _("%(person)s may not decide about this. Choose somebody else.")
    field = "user"


class DecidesAlready(DomainError):
    code = "decides_already"
    message = _("%(person)s is asked at this step already.")
    field = "user"


class SignsElsewhere(DomainError):
    code = "signs_elsewhere"
    message = _("%(person)s decides at another step of this already. A second signature is somebody else’s.")
    field = "user"


class CannotReturn(DomainError):
    code = "cannot_return"
    message = _("It cannot go back there. Choose another step.")
    field = "to"


class NotReturned(DomainError):
    code = "not_returned"
    message = _("%(title)s was not returned.")


class NoWorkingTime(DomainError):
    code = "no_working_time"
    message = _("Nobody works in this week. Give at least one day its hours.")


class BadHours(DomainError):
    code = "bad_hours"
    message = _("“%(text)s” is not a span of hours such as 09:00-12:00, each later than the one before.")


class DayTaken(DomainError):
    code = "day_taken"
    message = _("%(day)s is in the list already.")
    field = "day"


class DaysInOrder(DomainError):
    code = "days_in_order"
    message = _("The last day is before the first. Choose a later one.")
    field = "last_day"


class DaysPast(DomainError):
    code = "days_past"
    message = _("These days are over. Choose days from today on.")
    field = "last_day"


class DaysOverlap(DomainError):
    code = "days_overlap"
    message = _("Somebody stands in for you on these days already. End that first.")
    field = "first_day"


class ToYourself(DomainError):
    code = "to_yourself"
    message = _("That is yourself. Choose somebody else.")
    field = "to"


class LinkOver(DomainError):
    code = "link_over"
    message = _("This link is no longer good. Sign in to see how things stand.")
