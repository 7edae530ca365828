"""Decisions from the inbox take effect after ten seconds; until then whoever made one can undo it.

Guarantee: a decision that was undone has never had an effect, and one that has had an effect cannot be undone. Making,
undoing and carrying out lock the run first, and what is carried out is deleted with its effect in one transaction. So
of two at once one comes first and the other finds nothing; a worker that dies leaves the decision to the next round.

What would be refused is refused at once: the decision is rehearsed, and rolled back, before it is kept. What is refused
only when it is carried out, because something happened in between, is told to whoever made it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import structlog
from django.db import transaction
from django.utils import translation

from prm.access.rules import require
from prm.access.scope import actor_for
from prm.approvals import events
from prm.approvals.engine import hold_run
from prm.approvals.errors import TooLateToUndo
from prm.approvals.models import HeldDecision, Task
from prm.approvals.services.decide import DECIDE, approve, reject
from prm.outbox.services import emit
from prm.values import clock, pulse
from prm.values.actor import Actor
from prm.values.errors import DomainError

log = structlog.get_logger(__name__)
HOLD = timedelta(seconds=10)
BATCH = 200
SERVICES: dict[str, Callable[..., Any]] = {"approve": approve, "reject": reject}


class _Rehearsed(Exception):
    """It would have worked."""


@transaction.atomic
def hold_decision(*, task: Task, kind: str, by: Actor, text: str = "") -> HeldDecision:
    """Approve or reject in ten seconds. Pressed again with another answer, the last one counts."""
    require(by, DECIDE)
    hold_run(task.run_id)
    try:
        with transaction.atomic():
            SERVICES[kind](task=task, by=by, text=text)
            raise _Rehearsed
    except _Rehearsed:
        pass
    held, _made = HeldDecision.objects.update_or_create(
        task=task,
        defaults={
            "user_id": by.user_id, "kind": kind, "text": text.strip(), "takes_effect_at": clock.now() + HOLD,
            "address": by.address[:64], "request_id": by.request_id[:64],
        },
    )  # fmt: skip
    transaction.on_commit(lambda: _plan(held.pk))
    pulse.beat()
    return held


def _plan(held_id: int) -> None:
    from prm.approvals.tasks import carry_out_decision

    try:
        carry_out_decision.apply_async(args=[held_id], countdown=HOLD.total_seconds() + 0.2, retry=False)
    except Exception as problem:  # the clock's round carries it out later
        log.warning("held_decision_not_planned", error=str(problem))


@transaction.atomic
def undo_decision(*, task: Task, by: Actor) -> None:
    """As if it had not been made. Raises TooLateToUndo once it has taken effect."""
    require(by, DECIDE)
    run = hold_run(task.run_id)
    gone, _rows = HeldDecision.objects.filter(task=task, user_id=by.user_id).delete()
    if not gone:
        raise TooLateToUndo(title=run.title)
    pulse.beat()


@transaction.atomic
def carry_out(held_id: int) -> bool:
    """Let one decision take effect, if its time has come and it was not undone. Twice is harmless."""
    found = HeldDecision.objects.filter(pk=held_id).select_related("task").first()
    if found is None:
        return False
    hold_run(found.task.run_id)
    rows = HeldDecision.objects.select_related("task", "user").filter(takes_effect_at__lte=clock.now())
    held = rows.filter(pk=held_id).first()
    if held is None:
        return False
    task, user = held.task, held.user
    HeldDecision.objects.filter(pk=held_id).delete()
    if task.state == Task.State.DONE:  # the same person decided elsewhere meanwhile
        return False
    try:
        with transaction.atomic(), translation.override(user.letter_language or None):
            by = actor_for(user, address=held.address, request_id=held.request_id)
            SERVICES[held.kind](task=task, by=by, text=held.text)
    except DomainError as refused:
        with translation.override(user.letter_language or None):
            fact = events.DecisionRefused(
                task_id=task.pk, at=held.takes_effect_at.isoformat(), why=refused.text
            )
        emit(fact, object_key=f"approval:{task.run_id}")
        return False
    return True


def carry_out_due() -> int:
    """Every decision whose ten seconds are over; one that fails keeps no other waiting."""
    due = HeldDecision.objects.filter(takes_effect_at__lte=clock.now()).order_by("takes_effect_at")
    count = 0
    for pk in list(due.values_list("pk", flat=True)[:BATCH]):
        try:
            count += carry_out(pk)
        except Exception:
            log.exception("held_decision_failed", held=pk)
    return count
