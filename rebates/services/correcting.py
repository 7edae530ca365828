"""Corrections of closed statements by hand: proposed by one person with a reason, confirmed by another.

A closed period is never opened again. What no sales line can put right is a sum that the next close posts: it stands
on that close's statement with its number and reason. Guarantee: two people, posted once; the statement that it
corrects stays as it is.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db import transaction

from prm.access.rules import require
from prm.audit.services import record
from prm.outbox.services import emit
from prm.ui import said
from prm.values import clock
from prm.values.actor import Actor
from prm.values.numbers import new_number
from rebates.beyond import refuse_beyond
from rebates.correction_events import CorrectionDecided, CorrectionProposed
from rebates.errors import NotInThisState
from rebates.errors_of_disputes import (
    AdjustmentMovesNothing,
    AdjustmentNotInThisState,
    DisputeReasonMissing,
    ProgrammePaysInAnotherCurrency,
)
from rebates.models import ManualAdjustment, Programme, Statement
from rebates.services.deciding import refuse_to_confirm

STATE = ManualAdjustment.State


@transaction.atomic
def propose_correction(
    *,
    statement: Statement,
    programme: Programme,
    amount: Decimal,
    reason: str,
    anyway: bool = False,
    by: Actor,
) -> ManualAdjustment:
    """Propose that the partner gets (above zero) or gives back `amount` in the statement's currency.

    Nothing is booked until somebody else confirms it. `anyway`: also more than the statement says in all.
    """
    require(by, "rebates.settle", statement)
    if not statement.run.is_closed:
        raise NotInThisState(number=statement.run.number, state=statement.run.get_state_display())
    if not reason.strip():
        raise DisputeReasonMissing()
    if not amount:
        raise AdjustmentMovesNothing()
    if not Programme.objects.paid_in(statement.currency).filter(pk=programme.pk).exists():
        raise ProgrammePaysInAnotherCurrency(programme=str(programme), currency=statement.currency)
    if not anyway:
        refuse_beyond(amount, statement)
    adjustment = ManualAdjustment.objects.create(
        number=new_number("AJ", ManualAdjustment, on=clock.today(), length=7), statement=statement,
        partner_id=statement.partner_id, programme=programme, currency=statement.currency,
        amount=amount, reason=reason.strip(),
        proposed_by_id=by.user_id, proposed_by_label=by.label[:200], proposed_at=clock.now(),
    )  # fmt: skip
    _record(adjustment, "correction proposed", by, adjustment.reason)
    emit(
        CorrectionProposed(statement_id=statement.pk, adjustment_id=adjustment.pk),
        object_key=f"statement:{statement.pk}",
    )
    return adjustment


@transaction.atomic
def confirm_correction(*, adjustment: ManualAdjustment, by: Actor) -> ManualAdjustment:
    """Confirm it as the second person; the next close that begins posts it."""
    require(by, "rebates.approve", adjustment)
    adjustment = _locked(adjustment)
    refuse_to_confirm(adjustment, by)
    adjustment.confirmed_by_id, adjustment.confirmed_by_label = by.user_id, by.label[:200]
    adjustment.confirmed_at = clock.now()
    _decide(adjustment, STATE.CONFIRMED)
    _record(adjustment, "correction confirmed", by)
    return adjustment


@transaction.atomic
def refuse_correction(*, adjustment: ManualAdjustment, reason: str, by: Actor) -> ManualAdjustment:
    """Do not confirm it, or take back what one proposed oneself. It is over, and stays on record."""
    may_take_back = by.user_id is not None and by.user_id == adjustment.proposed_by_id
    require(by, "rebates.settle" if may_take_back else "rebates.approve", adjustment)
    adjustment = _locked(adjustment)
    if not reason.strip():
        raise DisputeReasonMissing()
    adjustment.refused_by_id, adjustment.refused_by_label = by.user_id, by.label[:200]
    adjustment.refused_at, adjustment.refusal = clock.now(), reason.strip()
    _decide(adjustment, STATE.REFUSED)
    _record(adjustment, "correction not confirmed", by, adjustment.refusal)
    return adjustment


def _locked(adjustment: ManualAdjustment) -> ManualAdjustment:
    adjustment = ManualAdjustment.objects.locked(adjustment)
    if adjustment.state != STATE.PROPOSED or adjustment.dispute_id is not None:
        raise AdjustmentNotInThisState(number=adjustment.number, state=adjustment.get_state_display())
    return adjustment


def _decide(adjustment: ManualAdjustment, state: str) -> None:
    adjustment.state = state
    adjustment.save()
    emit(
        CorrectionDecided(statement_id=adjustment.statement_id, adjustment_id=adjustment.pk, state=state),
        object_key=f"statement:{adjustment.statement_id}",
    )


def _record(adjustment: ManualAdjustment, verb: str, by: Actor, reason: str = "") -> None:
    changes: dict[str, list[Any]] = {
        "adjustment": [None, adjustment.number],
        "amount": [None, said.Money(adjustment.amount, adjustment.currency)],
    }
    record(adjustment.statement, verb, by=by, changes=changes, reason=reason)
