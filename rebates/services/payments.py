"""Paying what statements owe. Releasing and paying are postings of one service: payable → approved → clearing."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from django.db import transaction
from django.db.models import Sum

from prm.access.rules import require
from prm.audit.services import record
from prm.ledger.models import Entry
from prm.ledger.services import Move, post
from prm.outbox.services import emit
from prm.values import clock
from prm.values.actor import Actor
from rebates.errors import MoreThanOpen, NothingToPay, SecondPersonNeeded
from rebates.events import StatementPaid
from rebates.models import Payment, Programme, SettlementRun, Statement
from rebates.services.closing import hold_balances, refuse_author

ZERO = Decimal("0.00")


def open_amount(statement: Statement) -> Decimal:
    """What can still be paid of the statement's own figure, never more than the partner's balance.

    The balance belongs to the newest statements first: what an older one lost to a negative figure never opens again.
    """
    paid = statement.payments.aggregate(paid=Sum("amount"))["paid"] or ZERO
    newer = (
        Statement.objects.for_everyone(because="the statement's own partner")
        .filter(partner_id=statement.partner_id, currency=statement.currency, ends__gt=statement.ends)
        .for_list()
        .values_list("unpaid", flat=True)
    )
    balance = sum(balances(statement).values(), ZERO) - sum(newer, ZERO)
    return max(ZERO, min(statement.own_amount - paid, balance))


def balances(statement: Statement) -> dict[int, Decimal]:
    """What the ledger owes the statement's partner, by purpose."""
    sums = (
        Entry.objects.for_everyone(because="narrowed to the statement's partner")
        .filter(
            account__partner_id=statement.partner_id,
            account__kind__in=("payable", "approved"),
            account__currency=statement.currency,
            purpose__kind="rebate",
        )
        .values("purpose_id")
        .annotate(owed=-Sum("amount"))
    )
    return {row["purpose_id"]: row["owed"] for row in sums if row["owed"]}


def payment_state(statement: Statement) -> str:
    """open, part_paid, paid, or carried where the figure is not above zero."""
    if statement.own_amount <= 0:
        return "carried"
    paid = statement.payments.aggregate(paid=Sum("amount"))["paid"] or ZERO
    if open_amount(statement) == 0:
        return "paid"
    return "part_paid" if paid else "open"


@transaction.atomic
def pay_statement(
    *,
    statement: Statement,
    by: Actor,
    amount: Decimal | None = None,
    paid_on: date | None = None,
    reference: str = "",
) -> Payment:
    """Release and pay what is open, or a part: neither who approved the run nor who wrote what it pays by."""
    require(by, "rebates.pay", statement)
    run = SettlementRun.objects.select_for_update().get(pk=statement.run_id)
    statement = Statement.objects.locked(statement)
    refuse_release(run, by)
    hold_balances()
    payment = _pay(statement, amount, paid_on, reference, by)
    _finish_run(run, by)
    return payment


def _pay(
    statement: Statement, amount: Decimal | None, paid_on: date | None, reference: str, by: Actor
) -> Payment:
    still_open = open_amount(statement)
    if still_open <= 0:
        raise NothingToPay(number=statement.number)
    amount = still_open if amount is None else amount
    if amount > still_open or amount <= 0:
        raise MoreThanOpen(open=f"{statement.currency} {still_open}")
    count = statement.payments.count() + 1
    payment = Payment.objects.create(
        statement=statement,
        number=f"{statement.number}-P{count}",
        amount=amount,
        paid_on=paid_on or clock.today(),
        reference=reference,
        released_by_id=by.user_id,
        released_by_label=by.label,
    )
    _post(payment, _split(statement, amount), by)
    record(statement, "paid", by=by, changes={"amount": [None, amount]})
    emit(
        StatementPaid(statement_id=statement.pk, payment_id=payment.pk),
        object_key=f"statement:{statement.pk}",
    )
    return payment


@transaction.atomic
def release_run(*, run: SettlementRun, by: Actor, paid_on: date | None = None, reference: str = "") -> int:
    """Pay every open statement of a closed run in full. Returns how many were paid."""
    require(by, "rebates.pay")
    run = SettlementRun.objects.select_for_update().get(pk=run.pk)
    refuse_release(run, by)
    hold_balances()
    count = 0
    for statement in Statement.objects.visible_to(by).filter(run=run).order_by("pk"):
        if open_amount(statement) > 0:
            _pay(statement, None, paid_on, reference, by)
            count += 1
    _finish_run(run, by)
    return count


def refuse_release(run: SettlementRun, by: Actor) -> None:
    """Raise unless `by` may release payments of `run`: a second person, and no author beyond the stated sum."""
    if by.user_id is not None and by.user_id == run.approved_by_id:
        raise SecondPersonNeeded(person=run.approved_by_label)
    refuse_author(run, by)


def _split(statement: Statement, amount: Decimal) -> dict[int, Decimal]:
    """The payment by purpose: all balances where it settles them, else from the first programme on."""
    owed = balances(statement)
    if amount == sum(owed.values(), ZERO):
        return owed
    codes = dict(Programme.objects.filter(purpose_id__in=owed).values_list("purpose_id", "code"))
    shares, rest = {}, amount
    for purpose in sorted(owed, key=lambda purpose: codes[purpose]):
        shares[purpose] = max(ZERO, min(rest, owed[purpose]))
        rest -= shares[purpose]
    return {purpose: share for purpose, share in shares.items() if share}


def _post(payment: Payment, shares: dict[int, Decimal], by: Actor) -> None:
    statement = payment.statement
    purposes = {
        programme.purpose_id: programme.purpose for programme in Programme.objects.select_related("purpose")
    }
    for event, debit, credit in (
        ("rebates.release", "payable", "approved"),
        ("rebates.pay", "approved", "clearing"),
    ):
        post(
            key=f"{event}:{payment.number}",
            event=event,
            moves=[Move(debit, credit, purposes[purpose], share) for purpose, share in shares.items()],
            currency=statement.currency,
            booked_on=payment.paid_on,
            partner_id=statement.partner_id,
            memo=payment.number,
            by=by,
        )


def _finish_run(run: SettlementRun, by: Actor) -> None:
    """The run is paid when nothing is open on any of its statements."""
    waiting = (
        Statement.objects.for_everyone(because="is the run paid?").for_list().filter(run=run, unpaid__gt=0)
    )
    if run.state == SettlementRun.State.CLOSED and not any(
        open_amount(statement) > 0 for statement in waiting
    ):
        run.state, run.state_since = SettlementRun.State.PAID, clock.now()
        run.save(update_fields=["state", "state_since"])
        record(run, "paid", by=by)
