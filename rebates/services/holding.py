"""Holding back what a settlement owes one partner, and releasing it again. Each with a reason.

Guarantee: while a hold is open nothing of the settlement is paid to the partner; the database refuses such a payment.
Figures, ledger and statement are those of everybody else: a hold says *not yet*, never *less*.
"""

from __future__ import annotations

from django.db import transaction

from partners.models import Partner
from prm.access.rules import require
from prm.audit.services import record
from prm.outbox.services import emit
from prm.values import clock
from prm.values.actor import Actor
from rebates.errors_of_reviews import (
    HeldAlready,
    HoldReasonMissing,
    NotHeld,
    NothingToHold,
    NotInThisRun,
    PaidUpAlready,
)
from rebates.models import PaymentHold, Result, SettlementRun, Statement
from rebates.querysets import StatementQuerySet
from rebates.review_events import PaymentHoldReleased, PaymentWasHeld
from rebates.services.payments import open_on
from rebates.services.reserved import refuse_reserved

STATE = SettlementRun.State


@transaction.atomic
def hold_payment(*, run: SettlementRun, partner: Partner, reason: str, by: Actor) -> PaymentHold:
    """Hold back what `run` owes `partner`, before its close or after it."""
    require(by, "rebates.settle", partner)
    (partner,) = Partner.objects.hold([partner.pk])
    run = SettlementRun.objects.select_for_update().get(pk=run.pk)
    if not reason.strip():
        raise HoldReasonMissing()
    if run.state in (STATE.DRAFT, STATE.CLOSING, STATE.PAID):
        raise NothingToHold(number=run.number, state=run.get_state_display())
    refuse_stranger(run, partner)
    known = _open_hold(run, partner)
    if known is not None:
        raise HeldAlready(person=known.holder, reason=known.reason)
    _refuse_paid(run, partner)
    hold = PaymentHold.objects.create(
        run=run, partner=partner, reason=reason.strip(), held_by_id=by.user_id, held_by_label=by.label[:200],
        held_at=clock.now(),
    )  # fmt: skip
    record(run, "payment held", by=by, changes={"partner": [None, partner.name]}, reason=hold.reason)
    emit(PaymentWasHeld(run_id=run.pk, hold_id=hold.pk), object_key=f"run:{run.pk}")
    return hold


@transaction.atomic
def release_hold(*, run: SettlementRun, partner: Partner, reason: str, by: Actor) -> PaymentHold:
    """Let the payment go on: it is open again, and whoever pays decides about it."""
    require(by, "rebates.settle", partner)
    (partner,) = Partner.objects.hold([partner.pk])
    run = SettlementRun.objects.select_for_update().get(pk=run.pk)
    if not reason.strip():
        raise HoldReasonMissing()
    known = _open_hold(run, partner)
    if known is None:
        raise NotHeld()
    hold = PaymentHold.objects.locked(known)
    hold.released_by_id, hold.released_by_label = by.user_id, by.label[:200]
    hold.released_at, hold.release_reason = clock.now(), reason.strip()
    hold.save()
    record(run, "hold released", by=by, changes={"partner": [None, partner.name]}, reason=hold.release_reason)
    emit(PaymentHoldReleased(run_id=run.pk, hold_id=hold.pk), object_key=f"run:{run.pk}")
    return hold


def refuse_stranger(run: SettlementRun, partner: Partner) -> None:
    """Raise unless the settlement has figures or a statement of the partner."""
    why = "the caller names run and partner"
    known = Result.objects.for_everyone(because=why).filter(run=run, partner=partner).exists()
    if not known and not _statements(run, partner).exists():
        raise NotInThisRun(number=run.number)


def _refuse_paid(run: SettlementRun, partner: Partner) -> None:
    """Of a closed settlement there must be something left; what is on its way to the bank is stopped there."""
    if not run.is_closed:
        return
    owing = [one for one in open_on(list(_statements(run, partner))) if one.rest > 0]
    if not owing:
        raise PaidUpAlready(partner=partner.name, number=run.number)
    for one in owing:
        refuse_reserved(one.statement)


def _open_hold(run: SettlementRun, partner: Partner) -> PaymentHold | None:
    return (
        PaymentHold.objects.for_everyone(because="of this payment")
        .open()
        .filter(run=run, partner=partner)
        .first()
    )


def _statements(run: SettlementRun, partner: Partner) -> StatementQuerySet:
    rows = Statement.objects.for_everyone(because="the caller names run and partner")
    return rows.filter(run=run, partner=partner).select_related("run", "partner")
