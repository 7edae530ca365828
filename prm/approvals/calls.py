"""Webhook steps: another system is told of a case, and what became of the message.

The step itself only writes down that it was passed; the message is queued by a listener and sent, and sent again, by
`prm.egress`. So neither a slow receiver nor an unknown host holds a case up, and a failure is read in its history.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from prm.approvals import subjects
from prm.approvals.models import ApprovalRun, Decision
from prm.egress import services as egress
from prm.egress.models import Message
from prm.notices.links import absolute
from prm.values.actor import Actor

BECAUSE = "webhook"
TITLE = "qudao.approval_step.v1"


@dataclass(frozen=True)
class Result:
    """What became of a message, in words for the history."""

    text: str
    tone: str


def is_call(fact: Any) -> bool:
    return fact.kind == "passed" and fact.says.get("because") == BECAUSE


def host_of(url: str) -> str:
    return urlsplit(url).hostname or url


def tell(run: ApprovalRun, fact: Decision, *, by: Actor) -> None:
    """Queue the message of one passed webhook step; twice is as good as once."""
    document = run.version.parsed
    if fact.step not in document.places:
        return
    step, url = document.step(fact.step), fact.says["url"]
    receiver = egress.receiver_for(url=url, name=_("Flow: %(host)s") % {"host": host_of(url)}, by=by)
    egress.queue(
        receiver=receiver,
        key=_key(run, fact.number),
        title=TITLE,
        object_key=f"approval:{run.pk}",
        content={
            "type": TITLE,
            "timestamp": fact.at.isoformat(),
            "object": f"{run.subject}:{run.object_id}",
            "data": _case(run) | {"step": step.id, "step_name": step.name, "version": run.version.number},
        },
    )


def _case(run: ApprovalRun) -> dict[str, Any]:
    """The case as the receiver may know it: what it is, where it stands open, nothing of who decided what."""
    subject = subjects.subject_of(run.subject)
    link = subject.link(subject.get(run.object_id))
    return {
        "subject": run.subject, "object_id": run.object_id, "run_id": run.pk, "title": run.title, "url": absolute(link),
    }  # fmt: skip


def results(run: ApprovalRun, facts: list[Any]) -> dict[int, Result]:
    """By the fact's number what became of its message; one query, none where no webhook step was passed."""
    numbers = [fact.number for fact in facts if is_call(fact)]
    if not numbers:
        return {}
    keys = {_key(run, number): number for number in numbers}
    found = Message.objects.filter(key__in=keys).order_by("pk")
    return {keys[message.key]: _result(message) for message in found}


def _result(message: Message) -> Result:
    error = str(message.last_try.get("error") or "")
    words = {
        Message.State.OPEN: _("Being sent"),
        Message.State.DONE: _("Taken"),
        Message.State.DEAD: _("Not taken, and given up"),
        Message.State.DROPPED: _("Given up by hand"),
    }[Message.State(message.state)]
    if message.state != Message.State.DONE and error:
        words = _("%(state)s; the last of %(count)s tries: %(error)s") % {
            "state": words, "count": message.attempts, "error": error,
        }  # fmt: skip
    if message.state == Message.State.DONE:
        return Result(words, "ok")
    return Result(words, "warn" if error else "")


def _key(run: ApprovalRun, number: int) -> str:
    return f"approval:{run.pk}:{number}"
