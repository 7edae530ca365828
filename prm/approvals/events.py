"""What happened to runs; people are told by whoever listens."""

from __future__ import annotations

from prm.outbox.events import event


@event("approvals.task_opened", version=1)
class TaskOpened:
    task_id: int


@event("approvals.task_reminded", version=1)
class TaskReminded:
    task_id: int


@event("approvals.notice_due", version=1)
class NoticeDue:
    run_id: int
    number: int


@event("approvals.run_returned", version=1)
class RunReturned:
    run_id: int
    number: int


@event("approvals.run_ended", version=1)
class RunEnded:
    run_id: int
    subject: str
    object_id: int
    outcome: str


@event("approvals.commented", version=1)
class Commented:
    comment_id: int
