"""What an open period is likely to pay when it ends: the figure as it stands, carried on at the pace of the past.

In each of the last periods some share of the sales was booked by the same part of the period. The median of these
shares carries today's sales to the end; the largest and the smallest give the range. The rebate of each is computed by
the settlement's own SQL, so that bands, caps and programmes settled together count. With less than two earlier periods
sales are taken to go on as they went, and there is no range.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from statistics import median

from django.db.models import Q, Sum

from orders.models import SalesLine
from prm.values import clock
from prm.values.periods import Period
from rebates import settlement
from rebates.accruals import Accrual
from rebates.changes import Step, steps_of
from rebates.moments import together
from rebates.plans import Plan, plans_for
from rebates.sums import Scope, Sums

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
    """Of a period that runs; None for one that is over. The caller loaded the accrual."""
    today = clock.today()
    if today not in accrual.period:
        return None
    scopes = together(accrual)
    plans = plans_for(scopes.values())
    own = next(plan for plan in plans if plan.version.programme_id == accrual.programme.pk)
    shares = _shares(own, accrual.partner_id, today)
    if len(shares) < FEWEST:
        amount = _at_volume(plans, accrual, 1 / _passed(accrual.period, today))
        return Forecast(amount, amount, amount, [])
    paces = (max(shares), median(shares), min(shares))
    low, likely, high = sorted(_at_volume(plans, accrual, 1 / share) for share in paces)
    return Forecast(low, likely, high, shares)


def _passed(period: Period, today: date) -> Decimal:
    """How much of the period is over with today, above 0."""
    return Decimal((today - period.start).days + 1) / (period.end - period.start).days


def _shares(plan: Plan, partner_id: int, today: date) -> list[Decimal]:
    """Of each earlier period with sales: how much of them was booked by the same part of it."""
    passed, period = _passed(plan.period, today), plan.period
    wanted, cuts = {}, []
    lines = SalesLine.objects.for_everyone(because="the accrual names the partner").filter(
        plan.lines_of(plan.own_terms), partner_id=partner_id, currency=plan.version.currency
    )
    for number in range(BACK):
        period = period.previous
        cut = period.start + timedelta(days=int(passed * (period.end - period.start).days))
        cuts.append((period, cut))
        wanted[f"all_{number}"] = _sum_between(period.start, period.end)
        wanted[f"part_{number}"] = _sum_between(period.start, cut)
    sums = lines.filter(booking_date__gte=cuts[-1][0].start, booking_date__lt=plan.period.start).aggregate(
        **wanted
    )
    found = []
    for number in range(BACK):
        whole, part = sums[f"all_{number}"] or ZERO, sums[f"part_{number}"] or ZERO
        if whole > 0 and part > 0:
            found.append(min(Decimal(1), max(LEAST, part / whole)))
    return found


def _sum_between(first: date, end: date) -> Sum:
    return Sum("net_amount", filter=Q(booking_date__gte=first, booking_date__lt=end))


def _at_volume(plans: list[Plan], accrual: Accrual, volume: Decimal) -> Decimal:
    """The figure if everything that was bought in the period came to `volume` times as much."""
    sums = Sums(plans, Scope(partners=[accrual.partner_id]), volume=volume.quantize(PLACES))
    members = settlement.members_on(clock.today())
    found = steps_of(sums, f"({members.text})", members.params)
    return found.get(accrual.programme.pk, Step()).amount
