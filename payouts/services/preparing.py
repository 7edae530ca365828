"""A payout before its release: what goes into it, how much of it, and what is left out.

Whoever touches one holds, in this order: the partners of its statements, the settlement's run, the payout.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django.db import transaction

from partners.models import Partner
from payouts.errors import (
    DayIsPast,
    LineDecided,
    MoreThanPayable,
    NothingPayable,
    NotPrepared,
    PersonNeeded,
    SettlementNotClosed,
)
from payouts.models import Batch, BatchLine
from payouts.prospect import LeftOut, prospect
from prm.access.rules import require
from prm.audit.services import record
from prm.values import clock
from prm.values.actor import Actor
from prm.values.money import Money
from prm.values.numbers import new_number
from rebates.models import SettlementRun, Statement
from rebates.services.closing import hold_balances
from rebates.services.payments import open_on

State = Batch.State


@transaction.atomic
def prepare_batch(*, run: SettlementRun, by: Actor, pay_on: date | None = None, currency: str = "") -> Batch:
    """Put everything that can be paid of a closed settlement into a payout; pressed twice, the second finds nothing."""
    require(by, "payouts.prepare")
    if by.user_id is None:
        raise PersonNeeded()
    owners = Statement.objects.visible_to(by).of_run(run).order_by().values("partner_id")
    Partner.objects.hold(owners)
    run = SettlementRun.objects.select_for_update().get(pk=run.pk)
    if not run.is_closed:
        raise SettlementNotClosed(number=run.number)
    pay_on = pay_day(pay_on)
    hold_balances()
    found = prospect(run, by=by, currency=currency)
    if not found.due:
        raise NothingPayable(number=run.number)
    batch = Batch.objects.create(
        number=new_number("PO", Batch, on=clock.today()),
        run=run,
        pay_on=pay_on,
        created_by_id=by.user_id,
        created_by_label=by.label,
        left_out=[_kept(one) for one in found.left_out],
    )
    BatchLine.objects.bulk_create(
        BatchLine(
            batch=batch,
            statement=one.statement,
            account=one.account,
            amount=one.amount,
            end_to_end_id=f"{batch.number}-{number:05d}",
        )
        for number, one in enumerate(found.due, start=1)
    )
    _add_up(batch)
    record(batch, "payout prepared", by=by, changes={"sums": [None, _in_words(batch)]})
    return batch


@transaction.atomic
def change_line(*, line: BatchLine, amount: Decimal, by: Actor) -> BatchLine:
    """Pay a part: the rest of the statement stays open."""
    require(by, "payouts.prepare")
    batch, line = _prepared(line)
    hold_balances()
    (found,) = open_on([line.statement])
    if not 0 < amount <= found.amount:
        raise MoreThanPayable(open=Money(found.amount, line.currency))
    before, line.amount = line.amount, amount
    if before != amount:
        line.save(update_fields=["amount"])
        _add_up(batch)
        record(
            batch, "payout line changed", by=by,
            changes={"amount": [before, amount]}, reason=line.statement.number,
        )  # fmt: skip
    return line


@transaction.atomic
def drop_line(*, line: BatchLine, reason: str, by: Actor) -> BatchLine:
    """Leave a statement out of a payout that is not released: it can be paid otherwise."""
    require(by, "payouts.prepare")
    batch, line = _prepared(line)
    line.state, line.reason = BatchLine.State.DROPPED, reason
    line.save(update_fields=["state", "reason"])
    _add_up(batch)
    record(
        batch,
        "payout line left out",
        by=by,
        changes={"statement": [line.statement.number, None]},
        reason=reason,
    )
    return line


@transaction.atomic
def cancel_batch(*, batch: Batch, reason: str, by: Actor) -> Batch:
    """Give a payout up before the bank executed it: its statements are open again. Whoever has the file destroys it."""
    require(by, "payouts.prepare")
    batch = locked(batch)
    move(batch, State.CANCELLED)
    batch.save(update_fields=["state", "state_since"])
    lines = BatchLine.objects.for_everyone(because="the payout's own").filter(batch=batch)
    lines.waiting().update(state=BatchLine.State.DROPPED, reason=reason)
    record(batch, "payout cancelled", by=by, reason=reason)
    return batch


def pay_day(day: date | None) -> date:
    """The day on which the bank is to execute, today unless it is said."""
    today = clock.today()
    if day is not None and day < today:
        raise DayIsPast(today=today)
    return day or today


def locked(batch: Batch) -> Batch:
    """The payout under its locks, with the partners and the run that it concerns."""
    lines = BatchLine.objects.for_everyone(because="the payout's own").filter(batch_id=batch.pk)
    Partner.objects.hold(lines.order_by().values("statement__partner_id"))
    SettlementRun.objects.select_for_update().get(pk=batch.run_id)
    return Batch.objects.select_for_update(of=("self",)).select_related("run").get(pk=batch.pk)


def move(batch: Batch, state: str) -> None:
    if not batch.may_become(state):
        raise NotPrepared(number=batch.number, state=batch.get_state_display())
    batch.state, batch.state_since = state, clock.now()


def _prepared(line: BatchLine) -> tuple[Batch, BatchLine]:
    batch = locked(line.batch)
    if batch.state != State.PREPARED:
        raise NotPrepared(number=batch.number, state=batch.get_state_display())
    line = BatchLine.objects.locked(line)
    if line.state != BatchLine.State.WAITING:
        raise LineDecided(number=line.end_to_end_id, state=line.get_state_display())
    return batch, line


def _kept(one: LeftOut) -> dict[str, Any]:
    return {
        "statement": one.statement.number,
        "partner": one.statement.partner.name,
        "amount": str(one.amount),
        "currency": one.statement.currency,
        "reason": one.reason,
        "detail": one.detail,
    }


def _add_up(batch: Batch) -> None:
    rows = BatchLine.objects.for_everyone(because="the payout's own").filter(batch=batch).waiting().sums()
    batch.totals = [
        {"currency": row["statement__currency"], "count": row["lines"], "amount": str(row["amount"])}
        for row in rows
    ]
    batch.save(update_fields=["totals"])


def _in_words(batch: Batch) -> str:
    return ", ".join(
        f"{row['currency']} {Decimal(row['amount']):,.2f} ({row['count']})" for row in batch.totals
    )
