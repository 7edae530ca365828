"""What a statement's opening, paid and closing figures are made of: the ledger's entries, programme by programme.

Guarantee: the amounts add up to the figure that the close wrote, because they are chosen as the close chose them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Q, Sum
from django.utils.translation import gettext_lazy as _

from prm.ledger.models import Entry
from rebates.books import posting_name
from rebates.models import Payment, Programme, SettlementRun, Statement
from rebates.statements import statement_lines

ZERO = Decimal("0.00")
SHOWN = 60  # bookings; what is older stands in one sum
CLOSES = ("rebates.close", "rebates.adjust", "rebates.correct")
# What each figure is, and what it is called.
FIGURES = {
    "opening": (
        _("Opening"),
        _("What was owed before this settlement's own figures: the closing of the statement before, and what was booked"
          " since, such as a balance at go-live."),
    ),
    "paid": (_("Paid"), _("What was paid after the close before and until this one.")),
    "closing": (_("Closing"), _("Opening plus earned plus adjusted, less paid: what was owed when it was issued.")),
}  # fmt: skip


@dataclass(frozen=True)
class Booking:
    """A transaction's effect on what the partner is owed, with `running`: the sum up to and with it."""

    transaction_id: int
    name: str
    booked_on: date
    amount: Decimal
    running: Decimal
    statement: Statement | None
    awaits: str = ""  # of a payment: what is still to come of it


@dataclass(frozen=True)
class Behind:
    """`amount` = `earlier` + the bookings, oldest first. Of an opening `before` is the last statement's closing."""

    amount: Decimal
    earlier: Decimal
    bookings: list[Booking]
    before: Decimal | None = None

    @property
    def since(self) -> Decimal:
        """What was booked between the closing before and this opening."""
        return self.amount - (self.before or ZERO)


def behind(statement: Statement, programme: Programme, figure: str) -> Behind:
    """The bookings behind one of FIGURES. The caller loaded the statement, with its run, through `visible_to`."""
    rows = list(
        _entries(statement, programme, figure)
        .values(
            "transaction_id",
            "transaction__event",
            "transaction__booked_on",
            "transaction__memo",
            "transaction__reverses",
        )
        .annotate(owed=-Sum("amount"))
        .exclude(owed=0)
        .order_by("transaction_id")
    )
    sign = -1 if figure == "paid" else 1  # a payment lowers what is owed, and is shown as what was paid
    earlier = sum((sign * row["owed"] for row in rows[:-SHOWN]), ZERO)
    memos = {row["transaction__memo"] for row in rows[-SHOWN:]}
    statements, awaited = _statements(statement, memos), _awaited(statement, memos)
    running, bookings = earlier, []
    for row in rows[-SHOWN:]:
        running += sign * row["owed"]
        bookings.append(
            Booking(
                transaction_id=row["transaction_id"],
                name=posting_name(
                    row["transaction__event"],
                    row["transaction__memo"],
                    reverses=row["transaction__reverses"] is not None,
                ),
                booked_on=row["transaction__booked_on"],
                amount=sign * row["owed"],
                running=running,
                statement=statements.get(row["transaction__memo"]),
                awaits=awaited.get(row["transaction__memo"], ""),
            )
        )
    before = _closing_before(statement, programme) if figure == "opening" else None
    return Behind(running, earlier, bookings, before)


def _closing_before(statement: Statement, programme: Programme) -> Decimal | None:
    """What the partner's statement before this one closed with under the programme; None where there is none."""
    own = Statement.objects.for_everyone(because="of the statement's own partner").select_related(
        "run", "partner"
    )
    earlier = Q(run__closed_at__lt=statement.run.closed_at) | Q(
        run__closed_at=statement.run.closed_at, run__lt=statement.run_id
    )
    before = own.filter(earlier, partner_id=statement.partner_id, currency=statement.currency)
    last = before.order_by("-run__closed_at", "-run_id").first()
    if last is None:
        return None
    return next((one.closing for one in statement_lines(last) if one.programme.pk == programme.pk), ZERO)


def _entries(statement: Statement, programme: Programme, figure: str) -> Any:
    """As the close read them: what stood in the ledger at its cut, with or without what it wrote itself."""
    run, since = statement.run, _cut_before(statement.run)
    own = Q(transaction__event__in=CLOSES, transaction__memo=run.number)
    entries = Entry.objects.for_everyone(because="the statement names the partner").filter(
        account__partner_id=statement.partner_id,
        account__currency=statement.currency,
        account__kind__in=("payable", "approved"),
        purpose_id=programme.purpose_id,
    )
    entries = entries.filter(Q(transaction_id__lte=run.ledger_cut) | own)
    payments = Q(transaction__event="rebates.pay", transaction_id__gt=since)
    if figure == "paid":
        return entries.filter(payments)
    return entries.exclude(payments | own) if figure == "opening" else entries


def paid_before(statement: Statement) -> list[dict[str, str]]:
    """The payments that the statement's paid figure consists of, programme by programme, in the order of the ledger."""
    codes = dict(Programme.objects.values_list("purpose_id", "code"))
    entries = Entry.objects.for_everyone(because="the statement names the partner").filter(
        account__partner_id=statement.partner_id,
        account__currency=statement.currency,
        account__kind="approved",
        transaction__event="rebates.pay",
        transaction_id__gt=_cut_before(statement.run),
        transaction_id__lte=statement.run.ledger_cut or 0,
        purpose__in=codes,
    )
    rows = entries.values_list("transaction__memo", "purpose_id", "transaction__booked_on")
    return [
        {"number": number, "programme": codes[purpose], "amount": f"{amount:.2f}", "paid_on": str(day)}
        for number, purpose, day, amount in rows.annotate(sum=Sum("amount")).order_by(
            "transaction_id", "purpose_id"
        )
    ]


def _cut_before(run: SettlementRun) -> int:
    """The cut of the close before; payments after it belong to this run's statements."""
    earlier = Q(closed_at__lt=run.closed_at) | Q(closed_at=run.closed_at, pk__lt=run.pk)
    before = SettlementRun.objects.closed().filter(earlier).order_by("-closed_at", "-pk").first()
    return before.ledger_cut or 0 if before else 0


def _statements(statement: Statement, memos: set[str]) -> dict[str, Statement]:
    """The partner's statements that the bookings' texts name: by run, or by payment."""
    own = Statement.objects.for_everyone(because="of the statement's own partner").filter(
        partner_id=statement.partner_id, currency=statement.currency
    )
    found = {row.run.number: row for row in own.filter(run__number__in=memos).select_related("run")}
    payments = Payment.objects.for_everyone(because="of the statement's own partner").filter(
        statement__in=own, number__in=memos
    )
    return found | {payment.number: payment.statement for payment in payments.select_related("statement")}


def _awaited(statement: Statement, memos: set[str]) -> dict[str, str]:
    """Of the payments that the bookings name: those that are still to come, by number, in words."""
    own = Payment.objects.for_everyone(because="of the statement's own partner").filter(
        statement__partner_id=statement.partner_id, number__in=memos
    )
    words = {"credit_note": Statement.PaymentState.CREDIT_DUE, "goods": Statement.PaymentState.GOODS_DUE}
    due = Q(credit_note__state="due") | Q(goods__state="due")
    return {
        number: str(words[method].label) for number, method in own.filter(due).values_list("number", "method")
    }
