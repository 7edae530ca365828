"""Finance's overview: what rebates cost, what is owed, for how long, and whether the books agree. Each figure from SQL.

Guarantee: a fixed number of queries, however many partners there are; accruals take one more for each open period.
Brought in, earned, adjusted, paid and owed are sums of the ledger; what is open is what the statements say. The ageing
adds up to what is owed: what no statement pays, because none has opened with what was brought in yet or because a later
negative figure took it up, has a column of its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Case, F, IntegerField, Q, Sum, Value, When
from django.utils.translation import gettext_lazy as _

from orders.models import SalesLine
from payouts.models import BatchLine
from prm.ledger.models import Entry
from prm.values import clock
from prm.values.actor import Actor
from rebates import accruals, still_to_pay
from rebates.books import reconciled
from rebates.models import ManualAdjustment, Programme, Result, RunScope, Statement
from rebates.services.golive import EVENTS as BROUGHT

ZERO = Decimal("0.00")
# Late lines and returns of closed periods, and what decided disputes give or take.
ADJUSTED = ("rebates.adjust", "rebates.correct")
# The last day of age of each column; the last one has none.
AGES = (30, 60, 90)
AGE_NAMES = (_("0–30 days"), _("31–60 days"), _("61–90 days"), _("Over 90 days"))


@dataclass(frozen=True)
class Asked:
    """The days, both included, and the programme: all of them without one."""

    first: date
    last: date
    programme: Programme | None = None

    @property
    def is_past(self) -> bool:
        """Whether the last day is over: what open periods would pay is known of today only."""
        return self.last < clock.today()


@dataclass
class Row:
    """A programme in a currency."""

    programme: Programme
    currency: str
    accrued: Decimal = ZERO
    brought: Decimal = ZERO  # owed of before go-live: earned less paid elsewhere, or the stated balance
    earned: Decimal = ZERO
    adjusted: Decimal = ZERO
    paid: Decimal = ZERO
    owed: Decimal = ZERO
    booked: Decimal = ZERO  # accrued in the ledger at the last month's end before the day

    @property
    def liability(self) -> Decimal:
        """What the books owe partners on the last day: settled and not paid, and accrued."""
        return self.owed + self.booked


@dataclass
class Cost:
    """Earned and adjusted beside the net sales of the periods that were settled."""

    currency: str
    cost: Decimal
    revenue: Decimal

    @property
    def share(self) -> Decimal | None:
        return self.cost / self.revenue if self.revenue > 0 else None


@dataclass
class Ageing:
    """What is owed in a currency, by how long ago its statement was issued; `later` is booked in the days and was told
    by a statement that was issued after them, `other` is on no statement any more.
    """

    currency: str
    open: list[Decimal] = field(default_factory=lambda: [ZERO] * len(AGE_NAMES))
    owed: Decimal = ZERO
    later: Decimal = ZERO

    @property
    def other(self) -> Decimal:
        return self.owed - sum(self.open, ZERO) - self.later


@dataclass(frozen=True)
class Check:
    """Two figures that must be the same; `href` shows one of them."""

    text: Any
    currency: str
    left: Decimal
    right: Decimal
    href: str

    @property
    def difference(self) -> Decimal:
        return self.left - self.right


def by_programme(asked: Asked, *, by: Actor) -> list[Row]:
    """Brought in, earned, adjusted and paid in the days, owed on the last of them; accrued now."""
    programmes = {row.purpose_id: row for row in Programme.objects.visible_to(by)}
    if asked.programme is not None:
        programmes = {asked.programme.purpose_id: asked.programme}
    rows: dict[tuple[int, str], Row] = {}

    def row(programme: Programme, currency: str) -> Row:
        return rows.setdefault((programme.pk, currency), Row(programme, currency))

    within = Q(transaction__booked_on__gte=asked.first)
    owing = Q(account__kind__in=("payable", "approved"))
    sums = (
        Entry.objects.visible_to(by)
        .filter(purpose__in=programmes, transaction__booked_on__lte=asked.last)
        .order_by()
        .values("purpose_id", "account__currency")
        .annotate(
            brought=Sum("amount", filter=within & owing & Q(transaction__event__in=BROUGHT)),
            earned=Sum("amount", filter=within & owing & Q(transaction__event="rebates.close")),
            adjusted=Sum("amount", filter=within & owing & Q(transaction__event__in=ADJUSTED)),
            paid=Sum("amount", filter=within & Q(account__kind="approved", transaction__event="rebates.pay")),
            owed=Sum("amount", filter=owing),
            booked=Sum("amount", filter=Q(account__kind="accrued")),
        )
    )
    for found in sums:
        one = row(programmes[found["purpose_id"]], found["account__currency"])
        one.brought, one.earned, one.adjusted, one.owed, one.booked = (
            -(found[name] or ZERO) for name in ("brought", "earned", "adjusted", "owed", "booked")
        )
        one.paid = found["paid"] or ZERO
    known = {programme.pk: programme for programme in programmes.values()}
    open_now = {} if asked.is_past else accruals.sums(by=by)
    for (programme_id, _period, currency), amount in open_now.items():
        if programme_id in known:
            row(known[programme_id], currency).accrued += amount
    return sorted(rows.values(), key=lambda one: (one.programme.code, one.currency))


def totals(rows: Iterable[Row]) -> dict[str, dict[str, Decimal]]:
    """By currency: the sum of each column."""
    found: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(lambda: ZERO))
    for row in rows:
        for name in ("accrued", "brought", "earned", "adjusted", "paid", "owed", "booked", "liability"):
            found[row.currency][name] += getattr(row, name)
    return {currency: dict(sums) for currency, sums in sorted(found.items())}


def cost(rows: Iterable[Row], asked: Asked, *, by: Actor) -> list[Cost]:
    """By currency: what was earned and adjusted, as a share of the net sales of the periods that were settled by it.

    Sales of months that nobody has settled yet have cost nothing so far and are left out: like is divided by like.
    """
    settled = Q(pk__in=[])
    for first, after in settled_periods(asked, by=by):
        settled |= Q(booking_date__gte=first, booking_date__lt=after)
    lines = SalesLine.objects.visible_to(by).filter(settled)
    sales = dict(lines.order_by().values_list("currency").annotate(net=Sum("net_amount")))
    sums = totals(rows)
    return [
        Cost(code, sums[code]["earned"] + sums[code]["adjusted"], sales.get(code) or ZERO) for code in sums
    ]


def settled_periods(asked: Asked, *, by: Actor) -> list[tuple[date, date]]:
    """The days whose sales were settled by closes of these days, without overlaps: [first, day after the last)."""
    booked = Entry.objects.visible_to(by).filter(
        transaction__event="rebates.close",
        transaction__booked_on__gte=asked.first,
        transaction__booked_on__lte=asked.last,
    )
    scopes = RunScope.objects.filter(
        run__number__in=booked.order_by().values("transaction__memo").distinct(),
        run__state__in=("closed", "paid"),
    )
    if asked.programme is not None:
        scopes = scopes.filter(programme=asked.programme)
    found: list[tuple[date, date]] = []
    for first, after in scopes.order_by("starts", "ends").values_list("starts", "ends").distinct():
        if found and first <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], after))
        else:
            found.append((first, after))
    return found


def ageing(asked: Asked, *, by: Actor) -> list[Ageing]:
    """By currency: what was open at the end of the last day, by the age of its statement. Of all programmes."""
    end = clock.start_of_day(clock.days_after(asked.last, 1))
    bounds = [clock.start_of_day(clock.days_after(asked.last, -days)) for days in AGES]
    cases = [When(issued_at__gte=bound, then=Value(at)) for at, bound in enumerate(bounds)]
    rows = (
        Statement.objects.visible_to(by)
        .filter(ends__lte=clock.days_after(asked.last, 1))  # a close is booked on its month's last day
        .annotate(
            unpaid_then=still_to_pay.unpaid(asked.last),
            age=Case(
                When(issued_at__gte=end, then=None),
                *cases,
                default=Value(len(AGES)),
                output_field=IntegerField(),
            ),
        )
        .order_by()
        .values("currency", "age")
        .annotate(sum=Sum("unpaid_then"))
    )
    owed = (
        Entry.objects.visible_to(by)
        .filter(account__kind__in=("payable", "approved"), purpose__kind="rebate")
        .filter(transaction__booked_on__lte=asked.last)
        .order_by()
        .values_list("account__currency")
        .annotate(owed=-Sum("amount"))
    )
    found: dict[str, Ageing] = {code: Ageing(code, owed=sum_) for code, sum_ in owed}
    for row in rows:
        one = found.setdefault(row["currency"], Ageing(row["currency"]))
        if row["age"] is None:
            one.later += row["sum"]
        else:
            one.open[row["age"]] += row["sum"]
    return [found[code] for code in sorted(found)]


def checks(*, by: Actor) -> list[Check]:
    """Whether ledger, settlements, statements, payments and payouts say the same, as of now."""
    books = reconciled(by)
    closed = Result.objects.visible_to(by).filter(run__state__in=("closed", "paid")).order_by()
    results = dict(closed.values_list("currency").annotate(sum=Sum(F("earned") + F("adjusted"))))
    for sums in ManualAdjustment.objects.visible_to(by).posted_sums().values():
        for code, amount in sums.items():
            results[code] = (results.get(code) or ZERO) + amount
    told = Statement.objects.visible_to(by).order_by()
    statements = dict(told.values_list("currency").annotate(sum=Sum(F("earned") + F("adjusted"))))
    lines = BatchLine.objects.visible_to(by).filter(state="executed").order_by()
    executed = {
        code: (amount, paid)
        for code, amount, paid in lines.values_list("statement__currency").annotate(
            amount=Sum("amount"), paid=Sum("payment__amount")
        )
    }
    found = [
        Check(
            _("Ledger: owed = brought in + settled − paid"),
            one.currency,
            one.owed,
            one.brought + one.settled - one.paid,
            "/ledger/",
        )
        for one in books
    ]
    for code in sorted({*results, *statements}):
        left, right = statements.get(code) or ZERO, results.get(code) or ZERO
        found.append(Check(_("Statements = settlements"), code, left, right, "/statements/"))
    for code, (amount, paid) in sorted(executed.items()):
        found.append(Check(_("Executed payouts = payments"), code, amount, paid, "/payout-files/"))
    return found
