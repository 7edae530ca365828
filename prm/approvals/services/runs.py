"""What happens to a whole run: resumed, cancelled, moved to another version; and what is said about it."""

from __future__ import annotations

from typing import Any

from django.core.files.base import ContentFile
from django.db import transaction

from prm.access.rules import require
from prm.approvals import events
from prm.approvals.engine import Course, hold, hold_run
from prm.approvals.errors import NotReturned, RunEnded, TextMissing
from prm.approvals.models import ApprovalRun, Comment, FlowVersion
from prm.audit.services import record
from prm.files.uploads import Upload, checked
from prm.outbox.services import emit
from prm.values import clock
from prm.values.actor import Actor
from prm.values.errors import DomainError


@transaction.atomic
def resume_run(
    *, subject: str, obj: Any, by: Actor, changed: bool = False, text: str = ""
) -> ApprovalRun | None:
    """The submitter answered. With `changed` everything is decided anew, else the run goes on where it was.

    For the subject's own service, which holds the object and has checked who calls. None where no run is open.
    """
    run = hold(subject, obj.pk)
    if run is None:
        return None
    if run.state != ApprovalRun.State.RETURNED:
        raise NotReturned(title=run.title)
    course = Course(run)
    run.state, run.returned_at = ApprovalRun.State.RUNNING, None
    if changed:
        run.title = course.subject.title(obj)[:200]
        run.save(update_fields=["title"])
    course.note("resumed", by=by, text=text, says={"changed": changed})
    return course.advance()


@transaction.atomic
def cancel_run(*, subject: str, obj: Any, by: Actor, reason: str = "") -> ApprovalRun | None:
    """The object needs no decision any more: withdrawn, cancelled. For the subject's own service; twice is harmless."""
    run = hold(subject, obj.pk)
    if run is None:
        return None
    course = Course(run)
    run.state, run.ended_at = ApprovalRun.State.CANCELLED, clock.now()
    course.note("ended", by=by, text=reason, says={"outcome": "cancelled"})
    return course.advance()


@transaction.atomic
def move_run(*, run: ApprovalRun, version: FlowVersion, by: Actor) -> ApprovalRun:
    """Let a running case go on under another version of its flow. What was approved at steps that remain counts."""
    require(by, "approvals.design")
    run = hold_run(run.pk)
    if not run.is_open:
        raise RunEnded(title=run.title, state=run.get_state_display())
    was, course = run.version, Course(run)
    if version.flow_id != was.flow_id or version.state == FlowVersion.State.DRAFT or version.pk == was.pk:
        return run
    run.version = version
    course.note("moved", by=by, says={"from": was.number, "to": version.number})
    record(course.obj, "flow_version_changed", by=by, changes={"version": [was.number, version.number]})
    return course.advance()


@transaction.atomic
def say(
    *, run: ApprovalRun, text: str, by: Actor, asked: Any = None, for_submitter: bool = False,
    attachment: Any = None, step: str = "",
) -> Comment:  # fmt: skip
    """Ask or answer something about a run. The promise goes on; who was asked stands beside it until they answer."""
    require(by, "approvals.comment")
    if not text.strip():
        raise TextMissing()
    comment = Comment(
        run=run, step=step, author_id=by.user_id, author_label=by.label[:200], asked=asked,
        for_submitter=for_submitter or by.is_partner, text=text.strip(), at=clock.now(),
    )  # fmt: skip
    if attachment is not None:
        kept = _judged(attachment)
        comment.attachment, comment.attachment_name = ContentFile(kept.content, kept.name), kept.name
    comment.save()
    emit(events.Commented(comment_id=comment.pk), object_key=f"approval:{run.pk}")
    return comment


def _judged(attachment: Any) -> Upload:
    """The file as it may be kept; what is wrong with it stands at its field."""
    try:
        return checked(attachment)
    except DomainError as error:
        error.field = "attachment"
        raise
