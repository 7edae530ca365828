"""What happened to runs; people are told by whoever listens."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from prm.outbox.events import event


@event("approvals.task_opened", version=1, label=_("Approval asked for"))
class TaskOpened:
    task_id: int


@event("approvals.task_reminded", version=1, label=_("Approval reminded of"))
class TaskReminded:
    task_id: int


@event("approvals.notice_due", version=1, label=_("Notice step of an approval reached"))
class NoticeDue:
    run_id: int
    number: int


@event("approvals.call_due", version=1, label=_("Webhook step of an approval reached"), internal=True)
class CallDue:
    run_id: int
    number: int


@event("approvals.run_returned", version=1, label=_("Approval returned for changes"))
class RunReturned:
    run_id: int
    number: int


@event("approvals.decision_refused", version=1, label=_("Decision could not take effect"), internal=True)
class DecisionRefused:
    """Something happened in the seconds between a decision and its effect."""

    task_id: int
    at: str
    why: str


@event("approvals.run_ended", version=1, label=_("Approval ended"))
class RunEnded:
    run_id: int
    subject: str
    object_id: int
    outcome: str


@event("approvals.commented", version=1, label=_("Comment on an approval"))
class Commented:
    comment_id: int


@event("approvals.stand_in_named", version=1, label=_("Stand-in named"))
class StandInNamed:
    """Somebody is away and another decides in their place. The days are of the tenant's zone."""

    delegation_id: int
