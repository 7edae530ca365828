"""What a statement shows, line by line, and the rows of `manage.py statements`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import F, Sum

from partners.models import Partner
from prm.ledger.models import Entry
from prm.values.actor import Actor
from prm.values.periods import Period
from rebates.accruals import accruals
from rebates.mechanisms import bands_of
from rebates.models import ManualAdjustment, Programme, Result, SettlementRun, Statement, Version

ZERO = Decimal("0.00")
COLUMNS = (
    "partner",
    "programme",
    "period",
    "currency",
    "base",
    "qualifier",
    "band",
    "accrued",
    "earned",
    "adjusted",
    "approved",
    "paid",
    "opening",
    "closing",
)


@dataclass
class StatementLine:
    """A programme on a statement: closing = opening + earned + adjusted − paid."""

    programme: Programme
    period: Period
    currency: str
    result: Result | None = None  # of the statement's own period
    adjustments: list[Result] = field(default_factory=list)
    manual: list[ManualAdjustment] = field(default_factory=list)  # what decided disputes give or take
    opening: Decimal = ZERO
    paid: Decimal = ZERO
    kept: Decimal = ZERO  # of the closing figure: below a minimum payout, for the next statement
    is_approved: bool = True
    live: Any = None  # an Accrual, while nothing is computed

    @property
    def accrued(self) -> Decimal:
        return self.result.accrued if self.result else self.live.amount if self.live else ZERO

    @property
    def earned(self) -> Decimal:
        return self.result.earned if self.result else ZERO

    @property
    def adjusted(self) -> Decimal:
        computed = sum((result.adjusted for result in self.adjustments), ZERO)
        return computed + sum((one.amount for one in self.manual), ZERO)

    @property
    def approved(self) -> Decimal:
        return self.earned + self.adjusted if self.is_approved else ZERO

    @property
    def closing(self) -> Decimal:
        return self.opening + self.earned + self.adjusted - self.paid

    @property
    def base(self) -> Decimal:
        source = self.result or self.live
        return source.base if source else ZERO

    @property
    def qualifier(self) -> Decimal:
        source = self.result or self.live
        return source.qualifier if source else ZERO

    @property
    def band(self) -> int | None:
        """None where the policy has no bands."""
        source = self.result or self.live
        if source and "bands" not in source.version.policy["mechanism"]:
            return None
        return source.band if source else 0

    @property
    def units(self) -> bool:
        """Whether the base is a quantity."""
        source = self.result or self.live
        return bool(source) and bands_of(source.version.policy).pays_units


def statement_lines(statement: Statement) -> list[StatementLine]:
    """The lines of a closed statement, by programme code."""
    results = (
        Result.objects.for_everyone(because="the statement names the partner")
        .filter(run_id=statement.run_id, partner_id=statement.partner_id, currency=statement.currency)
        .select_related("programme", "version", "run")
    )
    carried = {
        int(programme): (Decimal(money["opening"]), Decimal(money["paid"]), Decimal(money.get("kept", 0)))
        for programme, money in statement.carried.items()
    }
    programmes = Programme.objects.in_bulk(carried)
    lines = _merge(results, statement.period, is_approved=True)
    manual = ManualAdjustment.objects.for_everyone(because="the statement names the partner").on(statement)
    _add_manual(lines, manual, statement.period)
    for programme_id, (opening, paid, kept) in carried.items():
        key = (statement.partner_id, programme_id, statement.currency)
        line = lines.setdefault(
            key, StatementLine(programmes[programme_id], statement.period, statement.currency)
        )
        line.opening, line.paid, line.kept = opening, paid, kept
    return sorted(lines.values(), key=lambda line: line.programme.code)


Key = tuple[int, int, str]


def _merge(results: Iterable[Result], period: Period, *, is_approved: bool) -> dict[Key, StatementLine]:
    """Results by partner, programme and currency; earned ones and adjustments of a programme share a line."""
    lines: dict[Key, StatementLine] = {}
    for result in results:
        key = (result.partner_id, result.programme_id, result.currency)
        line = lines.setdefault(
            key, StatementLine(result.programme, period, result.currency, is_approved=is_approved)
        )
        if result.kind == Result.Kind.EARNED:
            line.result, line.period = result, result.period
        else:
            line.adjustments.append(result)
    return lines


def _add_manual(lines: dict[Key, StatementLine], manual: Iterable[ManualAdjustment], period: Period) -> None:
    for one in manual:
        key = (one.partner_id, one.programme_id, one.currency)
        line = lines.setdefault(key, StatementLine(one.programme, period, one.currency))
        line.manual.append(one)


# The command's rows


def statement_rows(*, period: Period, by: Actor) -> list[dict[str, str]]:
    """Rows with `COLUMNS` for every partner and programme, sorted by partner and programme.

    A month shows all that its run settles; a quarter or a year its own programmes only. Before the settlement is
    computed there are accruals only.
    """
    run = SettlementRun.objects.filter(ends=period.end).first()
    if run is None or run.state == SettlementRun.State.DRAFT:
        lines = _live_lines(period, by)
    else:
        approved = run.state in ("approved", "closing", "closed", "paid")
        results = (
            Result.objects.visible_to(by)
            .filter(run=run)
            .select_related("programme", "version")
            .order_by("id")
        )
        lines = _merge(results.iterator(chunk_size=5000), run.period, is_approved=approved)
    month = Period.of("month", period.last_day)
    if run is not None and run.state in ("closing", "closed", "paid"):
        _add_manual(lines, ManualAdjustment.objects.visible_to(by).posted_by(run), run.period)
    if run is not None and run.is_closed:
        _add_carried(lines, run, by)
    else:
        _add_balances(lines, month, by)
    numbers = dict(Partner.objects.visible_to(by).values_list("pk", "number"))
    found = [
        _row(numbers[partner_id], line)
        for (partner_id, _programme, _currency), line in lines.items()
        if partner_id in numbers and (period.length == "month" or line.period == period)
    ]
    return sorted(found, key=lambda row: (row["partner"], row["programme"], row["currency"]))


def _live_lines(period: Period, by: Actor) -> dict[Key, StatementLine]:
    return {
        (accrual.partner_id, accrual.programme.pk, accrual.currency): StatementLine(
            accrual.programme, accrual.period, accrual.currency, live=accrual, is_approved=False
        )
        for accrual in accruals(by=by, period=period)
    }


def _add_carried(lines: dict[Key, StatementLine], run: SettlementRun, by: Actor) -> None:
    programmes = Programme.objects.in_bulk()
    for statement in Statement.objects.visible_to(by).filter(run=run).exclude(carried={}):
        for programme_id, money in statement.carried.items():
            programme = programmes[int(programme_id)]
            key = (statement.partner_id, programme.pk, statement.currency)
            line = lines.setdefault(key, StatementLine(programme, run.period, statement.currency))
            line.opening, line.paid = Decimal(money["opening"]), Decimal(money["paid"])


def _add_balances(lines: dict[Key, StatementLine], month: Period, by: Actor) -> None:
    """Before the close: opening and paid as the ledger has them now; amid a close, as it had them at the cut.

    Payments since the last close stand in the month that is settled next, and only there; a later one opens with what
    that month closes with. A month in which nothing is settled has no statement, and so no balance.
    """
    last = SettlementRun.objects.closed().order_by("-closed_at").first()
    if last is not None and month.end <= last.ends:
        return  # a month before the last settled one: the ledger of today says nothing about it
    if not _settles(month):
        return
    is_next = last is None or not any(_settles(earlier) for earlier in _months_between(last.ends, month))
    cut = last.ledger_cut if last else 0
    entries = Entry.objects.visible_to(by).filter(purpose__kind="rebate")
    closing = SettlementRun.objects.filter(state=SettlementRun.State.CLOSING).first()
    if closing is not None:
        entries = entries.filter(transaction_id__lte=closing.ledger_cut)
    balance: dict[Key, Decimal] = defaultdict(lambda: ZERO)
    paid: dict[Key, Decimal] = defaultdict(lambda: ZERO)
    keys = ("account__partner_id", "purpose__programme", "account__currency")
    owed = entries.filter(account__kind__in=("payable", "approved"))
    for row in owed.values_list(*keys).annotate(owed=-Sum("amount")):
        balance[row[:3]] = row[3]
    if is_next:
        payments = entries.filter(
            account__kind="approved", transaction__event="rebates.pay", transaction_id__gt=cut
        )
        for row in payments.values_list(*keys).annotate(paid=Sum("amount")):
            paid[row[:3]] = row[3]
    for row in _computed_before(month, by):
        balance[row[:3]] += row[3]
    programmes = Programme.objects.in_bulk()
    for key in {**balance, **paid}:
        if not balance[key] and not paid[key] and key not in lines:
            continue
        line = lines.setdefault(key, StatementLine(programmes[key[1]], month, key[2], is_approved=False))
        line.paid, line.opening = paid[key], balance[key] + paid[key]


def _settles(month: Period) -> bool:
    """Whether the month has a settlement, or will: a period of a published programme ends with it."""
    return SettlementRun.objects.filter(ends=month.end).exists() or bool(
        Version.objects.ending_on(month.last_day)
    )


def _months_between(day: date, month: Period) -> Iterable[Period]:
    """The months from the one that begins on `day` on, before `month`."""
    earlier = Period.of("month", day)
    while earlier.start < month.start:
        yield earlier
        earlier = earlier.next


def _computed_before(month: Period, by: Actor) -> Any:
    """What runs before `month` have computed and no close has posted, by partner, programme and currency."""
    waiting = SettlementRun.objects.unclosed().filter(ends__lte=month.start)
    rows = Result.objects.visible_to(by).filter(run__in=waiting).order_by()
    keys = ("partner_id", "programme_id", "currency")
    return rows.values_list(*keys).annotate(sum=Sum(F("earned") + F("adjusted")))


def _row(number: str, line: StatementLine) -> dict[str, str]:
    measure = "0.001" if line.units else "0.01"
    return {
        "partner": number,
        "programme": line.programme.code,
        "period": str(line.period),
        "currency": line.currency,
        "base": str(line.base.quantize(Decimal(measure))),
        "qualifier": str(line.qualifier.quantize(Decimal(measure))),
        "band": "" if line.band is None else str(line.band),
        **{
            name: str(getattr(line, name).quantize(ZERO))
            for name in ("accrued", "earned", "adjusted", "approved", "paid", "opening", "closing")
        },
    }
