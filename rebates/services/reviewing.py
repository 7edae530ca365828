"""Review of a settlement: handed over, approved or refused, withdrawn.

`approve_run` and `reject_run` are the verbs of the run's page: where an approval flow is under way they decide the
reader's task in it. `accept_run` and `refuse_run` change the run; they are called by those verbs or by the end of the
flow, and hold the rules that no flow can drop.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction

from prm.access.rules import require
from prm.approvals import services as approvals
from prm.audit.services import record
from prm.outbox.services import emit
from prm.values import clock
from prm.values.actor import Actor
from rebates.approvals import SETTLEMENT
from rebates.errors import NotInThisState, ReasonMissing
from rebates.events import SettlementApproved, SettlementInReview, SettlementRefused
from rebates.frozen_rates import refuse_without_rates
from rebates.models import SettlementRun
from rebates.services.answering import answer_the_rest
from rebates.services.closing import STATE, locked, move, refuse_author, refuse_before_the_end


@transaction.atomic
def submit_for_review(
    *, run: SettlementRun, by: Actor, reason: str = "", shown: str = ""
) -> SettlementRun:  # fmt: skip
    """Hand a computed run to those who approve. Every finding is answered, or `reason` says why the rest may stay.

    `shown`: of which findings a page told, see `answer_the_rest`.
    """
    require(by, "rebates.settle")
    run = locked(run)
    if run.state != STATE.COMPUTED:  # an approved run goes back by `withdraw_approval` only, with its reason
        raise NotInThisState(number=run.number, state=run.get_state_display())
    return _hand_over(run, by, by.user_id, reason, shown)


def _hand_over(
    run: SettlementRun, by: Actor, user_id: int | None, reason: str = "", shown: str = ""
) -> SettlementRun:
    refuse_before_the_end(run)
    refuse_without_rates(run)
    answer_the_rest(run, reason, shown, by)
    move(run, STATE.IN_REVIEW)
    run.submitted_by_id = user_id
    run.save()
    record(run, "submitted for review", by=by)
    emit(SettlementInReview(run_id=run.pk), object_key=f"run:{run.pk}")
    approvals.start_run(subject=SETTLEMENT, obj=run, by=by)
    return run


@transaction.atomic
def approve_run(*, run: SettlementRun, by: Actor, reason: str = "") -> SettlementRun:
    """Say yes: at one's step of the flow that is under way, else at once.

    A run that is only computed is handed over first, by whoever computed it; `reason` as in `submit_for_review`.
    """
    task, run = _turn(run, by, reason)
    if task is None:
        return _accept(run, by)
    approvals.approve(task=task, by=by)
    run.refresh_from_db()
    return run


@transaction.atomic
def reject_run(*, run: SettlementRun, reason: str, by: Actor) -> SettlementRun:
    """Say no, with the reason: the run is a computed one again, to be put right and handed over anew."""
    if not reason.strip():
        raise ReasonMissing()
    if run.state == STATE.COMPUTED:
        raise NotInThisState(number=run.number, state=run.get_state_display())
    task, run = _turn(run, by)
    if task is None:
        return refuse_run(run=run, reason=reason, by=by)
    approvals.reject(task=task, by=by, text=reason)
    run.refresh_from_db()
    return run


def _turn(run: SettlementRun, by: Actor, reason: str = "") -> tuple[Any, SettlementRun]:
    """The task with which `by` decides, None where no flow is under way; and the run under its lock."""
    require(by, "rebates.approve")
    approvals.hold(SETTLEMENT, run.pk)  # the approval before everything else
    run = locked(run)
    if run.state == STATE.COMPUTED and not by.is_system:
        _hand_over(run, by, run.computed_by_id, reason)
    if run.state != STATE.COMPUTED:
        move(run, STATE.APPROVED, refuse_only=True)
    refuse_author(run, by)
    if by.is_system:
        approvals.cancel_run(subject=SETTLEMENT, obj=run, by=by)
        return None, run
    return approvals.turn_for(subject=SETTLEMENT, obj=run, by=by), run


@transaction.atomic
def accept_run(*, run: SettlementRun, by: Actor) -> SettlementRun:
    """Approve the figures of a run in review. Who wrote a programme version may not approve more than a stated sum."""
    require(by, "rebates.approve")
    return _accept(locked(run), by)


def _accept(run: SettlementRun, by: Actor) -> SettlementRun:
    refuse_before_the_end(run)
    refuse_without_rates(run)
    if run.state == STATE.COMPUTED:
        move(run, STATE.IN_REVIEW)
    move(run, STATE.APPROVED, refuse_only=True)
    refuse_author(run, by)
    move(run, STATE.APPROVED)
    run.approved_by_id, run.approved_by_label, run.approved_at = by.user_id, by.label, clock.now()
    run.save()
    record(run, "approved", by=by, changes={"state": [STATE.IN_REVIEW, STATE.APPROVED]})
    emit(SettlementApproved(run_id=run.pk), object_key=f"run:{run.pk}")
    return run


@transaction.atomic
def refuse_run(*, run: SettlementRun, reason: str, by: Actor) -> SettlementRun:
    """Send a run in review back to those who computed it."""
    require(by, "rebates.approve")
    run = locked(run)
    if run.state != STATE.IN_REVIEW:
        raise NotInThisState(number=run.number, state=run.get_state_display())
    if not reason.strip():
        raise ReasonMissing()
    move(run, STATE.COMPUTED)
    run.save()
    record(
        run, "rejected", by=by, changes={"state": [STATE.IN_REVIEW, STATE.COMPUTED]}, reason=reason.strip()
    )
    emit(SettlementRefused(run_id=run.pk, reason=reason.strip()), object_key=f"run:{run.pk}")
    return run


@transaction.atomic
def withdraw_approval(*, run: SettlementRun, reason: str, by: Actor) -> SettlementRun:
    """An approved run back to review, with the reason. Where a flow decides it begins anew."""
    require(by, "rebates.approve")
    run = locked(run)
    if run.state != STATE.APPROVED:
        raise NotInThisState(number=run.number, state=run.get_state_display())
    if not reason.strip():
        raise ReasonMissing()
    move(run, STATE.IN_REVIEW)
    run.approved_by, run.approved_by_label, run.approved_at = None, "", None
    run.save()
    record(run, "approval withdrawn", by=by, reason=reason.strip())
    approvals.start_run(subject=SETTLEMENT, obj=run, by=by)
    return run
