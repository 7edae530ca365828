from django.utils.translation import gettext_lazy as _

from prm.values.errors import DomainError


class NameTaken(DomainError):
    code = "name_taken"
    field = "name"
    message = _("Another automation has this name. Choose a different one.")


class NothingToDo(DomainError):
    code = "nothing_to_do"
    message = _(
        "It cannot be switched on: it does nothing yet. Add at least one action under “Then”, then switch it on."
    )


class ActionIncomplete(DomainError):
    code = "action_incomplete"
    message = _("This is missing. Fill it in.")


class ActionGone(DomainError):
    code = "action_gone"
    message = _("This action was taken away meanwhile. Load the page again.")


class ValueUnfit(DomainError):
    code = "value_unfit"
    field = "value"
    message = _("%(why)s")


class ConditionUnsound(DomainError):
    code = "condition_unsound"
    message = _("The condition is not sound any more: %(why)s Change it first.")


class EventUnfit(DomainError):
    code = "event_unfit"
    field = "event_code"
    message = _("This does not fit the event “%(event)s”: %(what)s Change or take it away first.")


class ObjectGone(DomainError):
    code = "object_gone"
    message = _("The object of the event is not there any more.")


class ReceiverGone(DomainError):
    code = "receiver_gone"
    message = _("The webhook was deleted or is switched off. Choose another one.")


class NothingRelated(DomainError):
    code = "nothing_related"
    message = _("%(object)s has nothing whose field “%(name)s” could be. Let the condition ask for it first.")


class FieldGone(DomainError):
    code = "field_gone"
    message = _("The field %(field)s can no longer be changed by automations.")

    def __init__(self, *, field: str):
        super().__init__(field="field")
        self.values = {"field": field}


class NotFailed(DomainError):
    code = "not_failed"
    message = _("Only a run that failed or was stopped can be repeated.")


class TaskDone(DomainError):
    code = "task_done"
    message = _("This was already done by %(who)s.")
