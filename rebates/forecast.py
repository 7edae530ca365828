"""What an open period is likely to pay when it ends: the figure as it stands, carried on at the pace of the past.

In each of the last periods some share of the sales was booked by the same part of the period. The median of these
shares carries today's sales to the end; the largest and the smallest give the range. The rebate of each is computed by
the settlement's own SQL, so that bands, caps and programmes settled together count. With less than two earlier periods
sales are taken to go on as they went, and there is no range. What hangs on all partners is carried on for all only.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from statistics import median

from django.db.models import Q, Sum

from prm.exchange.book import Book
from prm.values import clock
from prm.values.periods import Period
from rebates import credited, currencies, settlement, traits
from rebates.accruals import Accrual
from rebates.models import Version
from rebates.moments import in_force_with, together
from rebates.partner_pools import hanging_in
from rebates.plans import Plan, Sql, plans_for
from rebates.scope import Scope

BACK, FEWEST = 6, 2  # earlier periods that are looked at, and how many are needed
LEAST = Decimal("0.02")  # a smaller share would carry a single early order to fifty times itself
PLACES = Decimal("0.000001")
ZERO = Decimal("0.00")


@dataclass(frozen=True)
class Forecast:
    """What the period's end is likely to pay: `low` ≤ `likely` ≤ `high`. `shares` (0–1) are those of the past."""

    low: Decimal
    likely: Decimal
    high: Decimal
    shares: list[Decimal]

    @property
    def lowest_share(self) -> Decimal:
        return min(self.shares)

    @property
    def highest_share(self) -> Decimal:
        return max(self.shares)


def forecast(accrual: Accrual) -> Forecast | None:
    """Of a period that runs; None for one that is over, and where the figure hangs on what all partners sell: one's own
    pace says nothing of theirs. The caller loaded the accrual.
    """
    today = clock.today()
    pk, partners = accrual.programme.pk, [accrual.partner_id]
    if today not in accrual.period or pk in hanging_in(accrual.period):
        return None
    plans = plans_for(together(accrual).values())
    shares = _shares(_plan_of(plans, pk), partners, today)
    open_before = Decimal(accrual.explanation.get("cumulative", {}).get("open", ZERO))
    if len(shares) < FEWEST:
        amount = _at_volume(plans, pk, partners, 1 / _passed(accrual.period, today)) - open_before
        return Forecast(amount, amount, amount, [])
    paces = (max(shares), median(shares), min(shares))
    low, likely, high = sorted(_at_volume(plans, pk, partners, 1 / share) - open_before for share in paces)
    return Forecast(low, likely, high, shares)


def forecast_of_all(version: Version, period: Period) -> Decimal:
    """What a period that runs is likely to cost, all partners together, at the pace that they had together."""
    today = clock.today()
    plans = plans_for(in_force_with(version, period).values())
    shares = _shares(_plan_of(plans, version.programme_id), None, today)
    pace = median(shares) if len(shares) >= FEWEST else _passed(period, today)
    return _at_volume(plans, version.programme_id, None, 1 / pace)


def _plan_of(plans: list[Plan], programme_id: int) -> Plan:
    return next(plan for plan in plans if plan.version.programme_id == programme_id)


def _passed(period: Period, today: date) -> Decimal:
    """How much of the period is over with today, above 0."""
    return Decimal((today - period.start).days + 1) / (period.end - period.start).days


def _shares(plan: Plan, partners: list[int] | None, today: date) -> list[Decimal]:
    """Of each earlier period with sales: how much of them was booked by the same part of it."""
    passed, period = _passed(plan.period, today), plan.period
    wanted: dict[str, Sum] = {}
    for number in range(BACK):
        period = period.previous
        cut = period.start + timedelta(days=int(passed * (period.end - period.start).days))
        wanted[f"all_{number}"] = _sum_between(period.start, period.end)
        wanted[f"part_{number}"] = _sum_between(period.start, cut)
    lines = credited.rows(plan.policy, because="the accrual names the partner, a budget is about all").filter(
        plan.lines_of(plan.own_terms), currency=plan.version.currency,
        booking_date__gte=period.start, booking_date__lt=plan.period.start,
    )  # fmt: skip
    sums = (lines if partners is None else lines.filter(partner__in=partners)).aggregate(**wanted)
    found = []
    for number in range(BACK):
        whole, part = sums[f"all_{number}"] or ZERO, sums[f"part_{number}"] or ZERO
        if whole > 0 and part > 0:
            found.append(min(Decimal(1), max(LEAST, part / whole)))
    return found


def _sum_between(first: date, end: date) -> Sum:
    return Sum("net_amount", filter=Q(booking_date__gte=first, booking_date__lt=end))


def _at_volume(plans: list[Plan], programme_id: int, partners: list[int] | None, volume: Decimal) -> Decimal:
    """What the programme costs if everything that was bought in the period came to `volume` times as much."""
    parts = currencies.parts(
        plans, Scope(partners=partners, kept=True), books=Book.between, on=clock.today(), stopped=[]
    )
    members, amount = traits.members_on(clock.today(), plans), ZERO
    first = _plan_of(plans, programme_id).period.start
    for part in parts:
        sums = part.sums.moved(volume.quantize(PLACES), since=first)
        read = sums.read()
        figures = settlement.figures(sums, relation="sums", members=f"({members.text})")
        text = (
            f"WITH sums AS MATERIALIZED ({read.text}) SELECT COALESCE(sum(earned), 0) AS earned"
            f" FROM ({figures.text}) figures WHERE programme_id = %(programme)s"
        )
        params = read.params | figures.params | members.params | {"programme": programme_id}
        (row,) = settlement.rows(Sql(text, params))
        amount += row["earned"]
    return amount
