"""After the release: the bank executed a payout, or refused some of it.

Booking is a background job whose steps write some payments each, through the services of rebates. A line is booked once
at most: a kill between steps, a step run twice, or two people who press at once book nothing twice.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import date
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from partners.models import Partner
from payouts.errors import ExecutedBeforeRelease, ExecutedInTheFuture, LineDecided, NotPrepared
from payouts.events import PaymentFailed, PayoutExecuted
from payouts.models import Batch, BatchLine
from payouts.querysets import BatchLineQuerySet
from payouts.services.accounts import stop_wrong_account
from payouts.services.preparing import locked, move
from prm.access.rules import require
from prm.audit.services import record
from prm.jobs.models import Job
from prm.jobs.services import run_to_end, start_job
from prm.outbox.services import emit
from prm.ui import said
from prm.values import clock
from prm.values.actor import Actor
from rebates.models import Programme, Result
from rebates.services.closing import hold_balances
from rebates.services.payments import Open, finish_run, open_on, write_payments
from rebates.services.pressed import Pressed

JOB = "payouts.book"
CHUNK = 200
State = Batch.State


@transaction.atomic
def start_booking(
    *, batch: Batch, by: Actor, executed_on: date | None = None, reference: str = "", chunk: int = CHUNK
) -> Job:
    """Say that the bank executed what it did not refuse, and book it. Pressed twice it is one job."""
    require(by, "payouts.execute")
    batch = locked(batch)
    known = open_job(batch)
    if known is not None:
        return known
    if batch.state != State.BOOKING:
        move(batch, State.BOOKING)
        batch.executed_on = execution_day(batch, executed_on)
        batch.reference, batch.booked_by_label = reference, by.label
        batch.save()
        record(
            batch, "payout booking started", by=by,
            changes={"executed_on": [None, batch.executed_on], "reference": [None, reference]},
        )  # fmt: skip
    ids = list(_lines(batch).order_by("pk").values_list("pk", flat=True))
    bounds = [[some[0], some[-1]] for some in (ids[at : at + chunk] for at in range(0, len(ids), chunk))]
    return start_job(
        kind=JOB, key=batch.number, title=said.Sentence(_("Payments of payout %(number)s"), number=batch.number),
        link=batch.get_absolute_url(), by=by,
        params={"batch": batch.pk, "bounds": bounds, "by": asdict(Pressed.of(by))},
    )  # fmt: skip


def book_batch(*, batch: Batch, by: Actor, executed_on: date | None = None, reference: str = "") -> Batch:
    """Book in this process and wait for the end, for commands."""
    run_to_end(start_booking(batch=batch, by=by, executed_on=executed_on, reference=reference))
    return Batch.objects.get(pk=batch.pk)


def open_job(batch: Batch) -> Job | None:
    return Job.objects.open().filter(kind=JOB, key=batch.number).first()


def execution_day(batch: Batch, day: date | None) -> date:
    today = clock.today()
    day = day or today
    if day > today:
        raise ExecutedInTheFuture(today=today)
    if batch.released_day is not None and day < batch.released_day:
        raise ExecutedBeforeRelease(day=batch.released_day)
    return day


@transaction.atomic
def fail_line(*, line: BatchLine, reason: str, wrong_account: bool = False, by: Actor) -> BatchLine:
    """The bank refused a payment: nothing was paid, and the statement is open again.

    `wrong_account`: because of the account, which is stopped with that reason: nothing more is paid to it.
    """
    require(by, "payouts.execute")
    Partner.objects.hold([line.statement.partner_id])
    batch = locked(line.batch)
    if batch.state not in (State.RELEASED, State.BOOKING):
        raise NotPrepared(number=batch.number, state=batch.get_state_display())
    line = BatchLine.objects.locked(line)
    if line.state != BatchLine.State.WAITING:
        raise LineDecided(number=line.end_to_end_id, state=line.get_state_display())
    line.state, line.reason = BatchLine.State.FAILED, reason
    line.save(update_fields=["state", "reason"])
    record(
        batch, "payment failed", by=by, reason=reason,
        changes={"statement": [None, line.statement.number], "amount": [line.amount, None]},
    )  # fmt: skip
    emit(PaymentFailed(line_id=line.pk), object_key=f"payout:{batch.pk}")
    if wrong_account:
        stop_wrong_account(account=line.account, reason=reason, by=by)
    if batch.state == State.RELEASED and not _lines(batch).waiting().exists():
        move(batch, State.FAILED)
        batch.save(update_fields=["state", "state_since"])
        record(batch, "payout failed", by=by)
    return line


# The job's steps


@transaction.atomic
def book_some(batch_id: int, first: int, last: int, *, by: Actor) -> int:
    """Pay the lines `first` to `last` that the bank did not refuse and nobody booked yet. Returns how many."""
    require(by, "payouts.execute")
    batch = locked(Batch.objects.get(pk=batch_id))
    if batch.state != State.BOOKING or batch.executed_on is None:
        return 0
    hold_balances()
    lines = list(_lines(batch).waiting().filter(pk__gte=first, pk__lte=last).for_list())
    opens = [_as_paid(found) for found in open_on([line.statement for line in lines])]
    due = [(found, line.amount) for found, line in zip(opens, lines, strict=True)]
    releaser = (batch.released_by_id, batch.released_by_label)
    payments = write_payments(
        due, paid_on=batch.executed_on, reference=batch.reference, by=by, releaser=releaser
    )
    for line, payment in zip(lines, payments, strict=True):
        line.payment, line.state = payment, BatchLine.State.EXECUTED
    BatchLine.objects.for_everyone(because="locked with their payout").bulk_update(
        lines, ["payment", "state"]
    )
    return len(lines)


@transaction.atomic
def finish(batch_id: int, *, by: Actor) -> None:
    """With the last step: everything is booked or refused. Is the settlement paid?"""
    batch = locked(Batch.objects.get(pk=batch_id))
    if batch.state != State.BOOKING or _lines(batch).waiting().exists():
        return
    move(batch, State.EXECUTED)
    batch.save(update_fields=["state", "state_since"])
    record(batch, "payout executed", by=by)
    emit(PayoutExecuted(batch_id=batch.pk), object_key=f"payout:{batch.pk}")
    finish_run(batch.run, by)


def _as_paid(found: Open) -> Open:
    """The bank paid, whatever a later close took from the balance since: what is missing is carried below zero."""
    if found.owed:
        return found
    purposes = Programme.objects.filter(
        pk__in=Result.objects.for_everyone(because="the statement's own")
        .filter(run_id=found.statement.run_id, partner_id=found.statement.partner_id)
        .values("programme_id")
    ).values_list("purpose_id", flat=True)
    return replace(found, owed=dict.fromkeys(purposes, Decimal("0.00")))


def _lines(batch: Batch) -> BatchLineQuerySet:
    return BatchLine.objects.for_everyone(because="the payout's own").filter(batch=batch)
