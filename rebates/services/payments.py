"""Paying what statements owe. Releasing and paying are postings of one service: payable → approved → clearing,
wallet or credit notes.

Whoever pays holds, in this order: the partners, so that nobody suspends them meanwhile; the run; the balances.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Count, Sum

from partners.models import Partner
from prm.access.rules import require
from prm.audit.services import record
from prm.ledger.models import Entry
from prm.ledger.services import Move, Posting, post_many
from prm.outbox.services import emit
from prm.ui import said
from prm.values import clock
from prm.values.actor import Actor
from prm.values.money import Money
from rebates.approvals import approved_at_a_step
from rebates.dues import dues_of, split
from rebates.errors import (
    MoreThanOpen,
    NothingToPay,
    NotInThisState,
    PaidBeforeTheClose,
    PaidInTheFuture,
    PaymentBlocked,
    SecondPersonNeeded,
)
from rebates.errors_of_disputes import PaymentDisputed
from rebates.errors_of_payouts import PaidMeanwhile
from rebates.errors_of_reviews import PaymentHeld
from rebates.events import StatementPaid
from rebates.minimums import kept_now
from rebates.models import Dispute, Payment, PaymentHold, Programme, SettlementRun, Statement
from rebates.payout_methods import methods_of
from rebates.services.closing import hold_balances, refuse_author
from rebates.services.handing_over import account_of, hand_over, refuse_goods
from rebates.services.reserved import refuse_reserved
from rebates.services.unconfirmed import refuse_doubtful

ZERO = Decimal("0.00")
SOME = 200  # statements that are looked at together
OF_CALLER = "of the statements that the caller has"
State = Statement.PaymentState


@dataclass(frozen=True)
class Open:
    """What can still be paid of a statement, and from where."""

    statement: Statement
    payments: int  # so far
    paid: Decimal
    owed: dict[int, Decimal]  # the partner's balance in the ledger less what is kept, by purpose
    rest: Decimal  # what the statement has still to pay, see `still_to_pay`
    held: Decimal = ZERO  # what a dispute under way holds back
    stopped: str = ""  # why somebody holds its payment
    credit_due: Decimal = ZERO  # of what was paid: credit notes that are still to be issued
    goods_due: Decimal = ZERO  # and goods that are still to be delivered
    method: str = Payment.Method.TRANSFER.value  # as what its programmes pay; "": they differ

    @property
    def offset(self) -> Decimal:
        """What of its own figure a negative balance takes up: it is set off, not paid."""
        return max(ZERO, self.statement.payable - self.paid - self.rest)

    @property
    def amount(self) -> Decimal:
        """The rest without what is disputed."""
        return max(ZERO, self.rest - self.held)

    @property
    def disputed(self) -> Decimal:
        """What of the rest a dispute under way holds back."""
        return self.rest - self.amount

    @property
    def is_blocked(self) -> bool:
        """Whether nothing of it is paid now: the partner is on hold, or somebody holds this payment."""
        return self.statement.partner.is_on_hold or bool(self.stopped)


def open_on(statements: Sequence[Statement]) -> list[Open]:
    """What is open on each, in a fixed number of queries for all."""
    ids = [statement.pk for statement in statements]
    figures = _figures(ids)
    counts = (
        Payment.objects.for_everyone(because=OF_CALLER)
        .filter(statement__in=ids)
        .order_by()
        .values_list("statement_id")
        .annotate(count=Count("pk"))
    )
    counted = dict(counts)
    held = Dispute.objects.all().held_of(statements)
    stopped, methods = PaymentHold.objects.all().reasons_of(statements), methods_of(statements)
    owed = _balances({statement.partner_id for statement in statements})
    return [
        Open(
            statement=statement,
            payments=counted.get(statement.pk, 0),
            owed=owed.get((statement.partner_id, statement.currency), {}),
            held=held.get(statement.pk, ZERO),
            stopped=stopped.get((statement.run_id, statement.partner_id), ""),
            method=methods.get(statement.pk, Payment.Method.TRANSFER.value),
            **figures[statement.pk],
        )
        for statement in statements
    ]


def _figures(ids: list[int]) -> dict[int, dict[str, Decimal]]:
    """By the id of each statement what was paid of it, and what it has still to pay."""
    rows = Statement.objects.for_everyone(because=OF_CALLER).filter(pk__in=ids).order_by()
    names = {"paid": "payments_sum", "rest": "unpaid", "credit_due": "credit_due", "goods_due": "goods_due"}
    found = rows.with_payments().with_unpaid().values("pk", *names.values())
    return {row["pk"]: {name: row[column] for name, column in names.items()} for row in found}


def _balances(partners: set[int]) -> dict[tuple[int, str], dict[int, Decimal]]:
    """What the ledger owes partners and minimum payouts do not keep: by partner and currency, then by purpose."""
    sums = (
        Entry.objects.for_everyone(because="narrowed to the partners of the caller's statements")
        .filter(
            account__partner_id__in=partners,
            account__kind__in=("payable", "approved"),
            purpose__kind="rebate",
        )
        .values_list("account__partner_id", "account__currency", "purpose_id")
        .annotate(owed=-Sum("amount"))
    )
    found: dict[tuple[int, str], dict[int, Decimal]] = defaultdict(dict)
    kept = kept_now(partners)
    for partner_id, currency, purpose_id, owed in sums:
        payable = owed - kept.get((partner_id, currency), {}).pop(purpose_id, ZERO)
        if payable:
            found[partner_id, currency][purpose_id] = payable
    for (
        whose,
        left,
    ) in kept.items():  # nothing stands in the ledger, yet something is kept: below zero, or paid before
        found[whose] |= {purpose: -amount for purpose, amount in left.items()}
    return found


def open_amount(statement: Statement) -> Decimal:
    """What can still be paid of the statement, whether or not its partner is on hold; disputed money cannot."""
    return open_on([statement])[0].amount


def payment_state(statement: Statement) -> Statement.PaymentState:
    """Follows from what is open; where nothing is, from why: paid, paid as what is still to come, nothing earned,
    carried on, or offset.
    """
    (found,) = open_on([statement])
    return state_of(found)


def state_of(found: Open) -> Statement.PaymentState:
    """The same of what is open on a statement."""
    statement = found.statement
    if found.rest == 0:
        if found.credit_due:
            return State.CREDIT_DUE
        if found.goods_due:
            return State.GOODS_DUE
        if 0 < statement.own_figure <= found.paid:
            return State.PAID
        if statement.closing < 0 or statement.kept:
            return State.CARRIED
        return State.OFFSET if statement.due else State.NOTHING
    if found.is_blocked:
        return State.BLOCKED
    if found.amount == 0:
        return State.DISPUTED
    return State.PART_PAID if found.paid else State.OPEN


@transaction.atomic
def pay_statement(
    *,
    statement: Statement,
    by: Actor,
    amount: Decimal | None = None,
    paid_on: date | None = None,
    reference: str = "",
    method: str = "",
    goods: str = "",
    account_checked: str = "",
    seen: int | None = None,
) -> Payment:
    """Release and pay what is open, or a part: neither who approved the run nor who wrote what it pays by.

    `method`: as what, a Payment.Method; without it as the programmes say. `goods`: what is delivered.
    `account_checked`: of a transfer to an account that is not kept here, how it was checked. `seen`: how many payments
    the statement had when the page was made on which it was pressed; with more by now PaidMeanwhile is raised.
    """
    require(by, "rebates.pay", statement)
    (partner,) = Partner.objects.hold([statement.partner_id])
    run = SettlementRun.objects.select_for_update().get(pk=statement.run_id)
    statement = Statement.objects.locked(statement)
    refuse_release(run, by)
    hold_balances()
    (found,) = open_on([statement])
    _refuse_paid_meanwhile(statement, found, seen)
    if found.rest <= 0:
        raise NothingToPay(number=statement.number)
    if partner.is_on_hold:
        raise PaymentBlocked(partner=partner.name, state=partner.get_status_display())
    if found.stopped:
        raise PaymentHeld(reason=found.stopped)
    refuse_reserved(statement)
    if found.amount <= 0:
        (live,) = Dispute.objects.for_everyone(because="of this statement").of(statement).live()
        raise PaymentDisputed(held=Money(found.rest, statement.currency), number=live.number)
    amount = found.amount if amount is None else amount
    if amount > found.amount or amount <= 0:
        raise MoreThanOpen(open=Money(found.amount, statement.currency))
    paid_on = payment_day(run, paid_on)
    method = method or found.method or Payment.Method.TRANSFER
    refuse_goods(method, goods)
    refuse_doubtful(statement, method=method, checked=account_checked)
    (payment,) = write_payments(
        [(found, amount)], paid_on=paid_on, reference=reference, by=by, method=method, goods=goods.strip(),
        account_checked=account_checked.strip() if method == Payment.Method.TRANSFER else "",
    )  # fmt: skip
    finish_run(run, by)
    return payment


def _refuse_paid_meanwhile(statement: Statement, found: Open, seen: int | None) -> None:
    if seen is None or seen == found.payments:
        return
    newest = statement.payments.order_by("pk").last()
    if newest is not None:
        raise PaidMeanwhile(
            number=newest.number,
            amount=Money(newest.amount, statement.currency),
            person=newest.released_by_label,
        )


def write_payments(
    due: Sequence[tuple[Open, Decimal]],
    *,
    paid_on: date,
    reference: str,
    by: Actor,
    releaser: tuple[int | None, str] | None = None,
    method: str = Payment.Method.TRANSFER,
    goods: str = "",
    account_checked: str = "",
) -> list[Payment]:
    """Pay each statement that amount. The caller holds the locks and has asked the rules.

    `account_checked`: how an account was checked that is not kept here. `releaser`: who released it, by id and name,
    where that is somebody else than `by`, who books it.
    """
    released_by_id, released_by_label = releaser or (by.user_id, by.label)
    payments = Payment.objects.bulk_create(
        Payment(
            statement=found.statement,
            number=f"{found.statement.number}-P{found.payments + 1}",
            amount=amount,
            method=method,
            paid_on=paid_on,
            reference=reference,
            released_by_id=released_by_id,
            released_by_label=released_by_label,
        )
        for found, amount in due
    )
    _post(payments, [found for found, _amount in due], by)
    for payment in payments:
        money = said.Money(payment.amount, payment.statement.currency)
        changes: dict[str, list[Any]] = {"amount": [None, money], "paid_on": [None, payment.paid_on]}
        if payment.reference:
            changes["reference"] = [None, payment.reference]
        if payment.method != Payment.Method.TRANSFER:
            changes["method"] = [None, Payment.Method(payment.method).label]  # in each reader's language
        if account_checked:
            changes["account_checked"] = [None, account_checked]
        record(payment.statement, "paid", by=by, changes=changes)
        emit(
            StatementPaid(statement_id=payment.statement_id, payment_id=payment.pk),
            object_key=f"statement:{payment.statement_id}",
        )
        hand_over(payment, goods)
    return payments


def payment_day(run: SettlementRun, day: date | None) -> date:
    """The day of a payment, today unless it is said: not to come, and not before the run was closed."""
    today = clock.today()
    day = day or today
    if day > today:
        raise PaidInTheFuture(today=today)
    closed = run.closed_at.astimezone(clock.tenant_zone()).date() if run.closed_at else day
    if day < closed:
        raise PaidBeforeTheClose(number=run.number, day=closed)
    return day


def refuse_release(run: SettlementRun, by: Actor) -> None:
    """Raise unless `by` may release payments of `run`: closed, by a second person, no author beyond the stated sum."""
    if not run.is_closed:
        raise NotInThisState(number=run.number, state=run.get_state_display())
    if by.user_id is not None and by.user_id == run.approved_by_id:
        raise SecondPersonNeeded(person=run.approver)
    if by.user_id is not None and by.user_id in approved_at_a_step(run):
        raise SecondPersonNeeded(person=by.label)
    refuse_author(run, by)


def _post(payments: Sequence[Payment], opens: Sequence[Open], by: Actor) -> None:
    programmes = {row.purpose_id: row for row in Programme.objects.select_related("purpose")}
    dues = dues_of([found.statement for found in opens])
    shares = [
        split(found.owed, dues[found.statement.pk], payment.amount, lambda purpose: programmes[purpose].code)
        for payment, found in zip(payments, opens, strict=True)
    ]
    for event, debit, to in (
        ("rebates.release", "payable", lambda payment: "approved"),
        ("rebates.pay", "approved", account_of),
    ):
        postings = [
            Posting(
                key=f"{event}:{payment.number}",
                moves=[
                    Move(debit, to(payment), programmes[purpose].purpose, share)
                    for purpose, share in by_purpose.items()
                ],
                currency=payment.statement.currency,
                booked_on=payment.paid_on,
                partner_id=payment.statement.partner_id,
                memo=payment.number,
            )
            for payment, by_purpose in zip(payments, shares, strict=True)
        ]
        post_many(event=event, postings=postings, by=by)


def finish_run(run: SettlementRun, by: Actor) -> None:
    """The run is paid when nothing is open on any of its statements, blocked ones included. The caller locked it."""
    if run.state != SettlementRun.State.CLOSED:
        return
    rows = Statement.objects.for_everyone(because="is the run paid?").filter(run=run)
    if rows.with_unpaid().filter(unpaid__gt=0).exists():
        return
    run.state, run.state_since = SettlementRun.State.PAID, clock.now()
    run.save(update_fields=["state", "state_since"])
    record(run, "paid", by=by)
