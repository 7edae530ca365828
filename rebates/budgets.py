"""What programmes cost, against what they may: earned and accrued are committed, the rest is forecast.

A policy states a budget for each period or for the calendar year; of a programme the version of today counts. A budget
warns people and changes nobody's rebate: what a policy promises is paid.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from django.db.models import Sum
from django.utils.translation import pgettext

from prm.values import clock
from prm.values.actor import Actor
from prm.values.periods import Period
from rebates.accruals import sums
from rebates.forecast import forecast_of_all
from rebates.models import Programme, Result, Version

LEVELS = (80, 100)  # per cent of a budget at which people are told, unless the policy says otherwise
ZERO = Decimal("0.00")
Figures = dict[tuple[int, Period], Decimal]  # by programme and period


def share_of(used: Decimal, budget: Decimal) -> int:
    """Per cent of a budget, half up; below the whole budget never 100."""
    share = int((used * 100 / budget).quantize(Decimal(1), ROUND_HALF_UP))
    return min(share, 99) if used < budget else share


def levels_said(levels: Iterable[int]) -> str:
    """80 %, 100 %."""
    return pgettext("between the words of a list", ", ").join(f"{level}%" for level in sorted(levels))


@dataclass(frozen=True)
class Use:
    """A budget and what is used of it. `forecast` is what its time will have cost at its end."""

    programme: Programme
    version: Version
    time: Period
    budget: Decimal
    earned: Decimal
    accrued: Decimal
    forecast: Decimal
    levels: tuple[int, ...]

    @property
    def code(self) -> str:
        return self.programme.code

    @property
    def currency(self) -> str:
        return self.version.paid_in

    @property
    def committed(self) -> Decimal:
        return self.earned + self.accrued

    @property
    def share(self) -> int:
        """Per cent of the budget that is committed."""
        return share_of(self.committed, self.budget)

    @property
    def left(self) -> Decimal:
        return self.budget - self.committed

    @property
    def warns_at(self) -> str:
        """The levels as people read them."""
        return levels_said(self.levels)

    @property
    def reached(self) -> list[int]:
        """The levels that what is committed has reached, and with `expected` those that the forecast reaches."""
        return self._reached(self.committed)

    @property
    def expected(self) -> list[int]:
        return [level for level in self._reached(self.forecast) if level not in self.reached]

    @property
    def tone(self) -> str:
        if self.committed >= self.budget:
            return "bad"
        return "warn" if self.reached or self.forecast > self.budget else ""

    def _reached(self, amount: Decimal) -> list[int]:
        return [level for level in self.levels if amount * 100 >= self.budget * level]


@dataclass(frozen=True)
class Overview:
    """The budgets of today, and those of this year's periods that are over, the newest first."""

    now: list[Use]
    over: list[Use]


def uses(by: Actor, *, programme: Programme | None = None) -> list[Use]:
    """The budgets of today, by programme code. `by` sees every partner: a part of the cost would say nothing."""
    return overview(by, programmes=None if programme is None else [programme.pk], with_over=False).now


def overview(
    by: Actor,
    *,
    programmes: Collection[int] | None = None,
    years: Collection[int] = (),
    with_over: bool = True,
) -> Overview:
    """The budgets of these programmes, of all without; periods that are over also of `years` beside the running one."""
    if by.partner_ids is not None:
        return Overview([], [])
    today = clock.today()
    budgeted = Version.objects.published().filter(policy__has_key="budget").select_related("programme")
    if programmes is not None:
        budgeted = budgeted.filter(programme__in=programmes)
    versions = list(budgeted.order_by("programme__code", "-number"))
    now = [one for one in versions if one.starts <= today and (one.ends is None or today < one.ends)]
    over = [pair for one in versions for pair in _over(one, {today.year, *years})] if with_over else []
    if not now and not over:
        return Overview([], [])
    settled, open_ = _settled([*now, *(one for one, _time in over)]), _open(by)
    ended = [_use_of_past(version, time, settled, open_) for version, time in over]
    return Overview(
        [_use(version, today, settled, open_) for version in now],
        sorted(
            (one for one in ended if one is not None), key=lambda one: (-one.time.start.toordinal(), one.code)
        ),
    )


def _over(version: Version, years: Collection[int]) -> list[tuple[Version, Period]]:
    """The times of a version's budget within these years that are over; of a whole year the version at its end."""
    length = "year" if _per_year(version) else version.period_length
    found = []
    for year in sorted(years):
        period = Period.of(length, date(year, 1, 1))
        while period.start.year == year and period.end <= clock.today():
            if version.covers(Period.of(version.period_length, period.last_day)):
                found.append((version, period))
            period = period.next
    return found


def _per_year(version: Version) -> bool:
    return bool(version.policy["budget"].get("per") == "year")


def _use_of_past(version: Version, time: Period, settled: Figures, open_: Figures) -> Use | None:
    """What was used of a budget whose time is over; None where nothing was settled and nothing accrues."""
    earned, accrued = _within(settled, version, time), _within(open_, version, time)
    if not earned and not accrued:
        return None
    total = sum(earned.values(), ZERO) + sum(accrued.values(), ZERO)
    return _made(version, time, earned, accrued, total)


def _within(figures: Figures, version: Version, time: Period) -> dict[Period, Decimal]:
    return {
        period: amount
        for (programme, period), amount in figures.items()
        if programme == version.programme_id and _lies_in(period, time)
    }


def _made(
    version: Version, time: Period, earned: dict[Period, Decimal], accrued: dict[Period, Decimal],
    expected: Decimal,
) -> Use:  # fmt: skip
    rules = version.policy["budget"]
    return Use(
        programme=version.programme, version=version, time=time, budget=Decimal(rules["amount"]),
        earned=sum(earned.values(), ZERO), accrued=sum(accrued.values(), ZERO), forecast=expected,
        levels=tuple(rules.get("warn_at", LEVELS)),
    )  # fmt: skip


def _use(version: Version, today: date, settled: Figures, open_: Figures) -> Use:
    pk = version.programme_id
    time = Period.of("year" if _per_year(version) else version.period_length, today)
    earned, accrued = _within(settled, version, time), _within(open_, version, time)
    current = Period.of(version.period_length, today)
    figures = earned | accrued
    if current not in earned:
        # Of a year that is counted as a whole the running period's difference follows the open ones before it.
        before = (
            sum(
                (
                    amount
                    for (one, period), amount in open_.items()
                    if one == pk and period < current and period.start.year == current.start.year
                ),
                ZERO,
            )
            if version.policy.get("cumulative")
            else ZERO
        )
        figures = figures | {current: forecast_of_all(version, current) - before}
    to_come = _periods_after(current, time)
    mean = sum(figures.values(), ZERO) / max(1, len(figures))
    expected = sum(figures.values(), ZERO) + (mean * to_come).quantize(ZERO)
    return _made(version, time, earned, accrued, expected)


def _lies_in(period: Period, time: Period) -> bool:
    return time.start <= period.start and period.end <= time.end


def _periods_after(current: Period, time: Period) -> int:
    """How many whole periods are still to come in `time`."""
    count, period = 0, current.next
    while period.end <= time.end:
        count, period = count + 1, period.next
    return count


def _settled(versions: list[Version]) -> Figures:
    """What closed settlements posted for each period, adjustments of it included."""
    rows = (
        Result.objects.for_everyone(because="a budget is about all partners")
        .filter(
            programme__in=[version.programme_id for version in versions], run__state__in=("closed", "paid")
        )
        .values_list("programme_id", "starts", "ends")
        .annotate(earned=Sum("earned"), adjusted=Sum("adjusted"))
        .order_by()
    )
    return {(pk, Period(starts, ends)): earned + adjusted for pk, starts, ends, earned, adjusted in rows}


def _open(by: Actor) -> Figures:
    found: Figures = defaultdict(lambda: ZERO)
    for (programme, period, _currency), amount in sums(by=by).items():
        found[programme, period] += amount
    return dict(found)
