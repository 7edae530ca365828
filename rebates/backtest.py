"""What a policy would have cost: versions run over past periods by the settlement's own SQL. Nothing is stored as real.

Guarantee: for a period that is closed, a version costs exactly what its settlement computed, as long as no line came
in since and partners' tiers of that day stand as they stood.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

from prm.access.rules import require
from prm.exchange.book import Book
from prm.values import clock
from prm.values.actor import Actor
from prm.values.periods import Period
from rebates import (
    arithmetic,
    backtest_posted,
    currencies,
    formula,
    line_rounding,
    partner_pools,
    settlement,
    traits,
)
from rebates.backtest_posted import AS_IT_WAS
from rebates.errors import NotComputedYet
from rebates.links import linked_with
from rebates.mechanisms import bands_of
from rebates.models import Version
from rebates.plans import Plan, plans_for
from rebates.policy import uncomputed
from rebates.scope import Scope
from rebates.sums import READ_SETTINGS, READ_SETTINGS_END

ZERO = Decimal("0.00")
MOST_MONTHS = 36
MOST_VERSIONS = 5  # up to four drafts beside the policy in force
SWINGS = (Decimal("0.9"), Decimal("1.1"))
BARRED = '{"gates": [{"passed": false}]}'
NEAR = Decimal("0.05")  # of the bound: whoever is nearer may be tempted to pull an order forward


@dataclass(frozen=True)
class PartnerCost:
    """What a partner would have earned over all periods under each version, in the order of the back-test."""

    partner_id: int
    amounts: tuple[Decimal, ...]

    @property
    def difference(self) -> Decimal:
        """The first version less the second, the policy that it is held against."""
        return self.amounts[0] - self.amounts[1] if len(self.amounts) > 1 else self.amounts[0]


@dataclass(frozen=True)
class Temptation:
    """A partner that stood just below a bound in the newest period: `missing` more would have paid `gain` more."""

    partner_id: int
    period: Period
    missing: Decimal
    gain: Decimal


@dataclass
class BackTest:
    """`versions[0]` is the one tried; the others are what it is held against."""

    versions: list[Version]
    periods: list[Period]
    partners: list[PartnerCost] = field(default_factory=list)
    # By period: what each version would have cost. By swing of volume (0.9, 1.1): the same over all periods.
    costs: dict[Period, list[Decimal]] = field(default_factory=dict)
    swings: dict[Decimal, list[Decimal]] = field(default_factory=dict)
    temptations: list[Temptation] = field(default_factory=list)
    base: Decimal = ZERO  # sales on which the first version would have paid
    lines: int = 0

    @property
    def totals(self) -> list[Decimal]:
        return [sum(column, ZERO) for column in zip(*self.costs.values(), strict=True)] if self.costs else []

    @property
    def winners(self) -> int:
        return sum(1 for row in self.partners if row.difference > 0)

    @property
    def losers(self) -> int:
        return sum(1 for row in self.partners if row.difference < 0)


def periods_between(length: str, first: Period, last: Period) -> list[Period]:
    """The periods of that length from the one that begins in `first` to the one that ends in `last`, oldest first."""
    period, found = Period.of(length, first.start), []
    while period.end <= last.end and len(found) < MOST_MONTHS:
        if period.start >= first.start:
            found.append(period)
        period = period.next
    return found


def last_full_month() -> Period:
    return Period.of("month", clock.today()).previous


@transaction.atomic
def back_test(*, versions: Sequence[Version], first: Period, last: Period, by: Actor) -> BackTest:
    """Run `versions`, all settled as often, over whole periods from `first` to `last`, for partners that `by` sees.

    Raises NotComputedYet where one asks for what this release does not calculate.
    """
    require(by, "rebates.view_programmes")
    for version in versions:
        if missing := uncomputed(version.policy):
            raise NotComputedYet(programme=str(version.programme), names=", ".join(missing))
    tried = BackTest(list(versions), periods_between(versions[0].period_length, first, last))
    by_partner: dict[int, list[Decimal]] = defaultdict(lambda: [ZERO] * len(versions))
    tried.swings = {swing: [ZERO] * len(versions) for swing in SWINGS}
    for period in _year_before(tried):
        _computed(tried, period, by)
    tried.swings = {swing: [ZERO] * len(versions) for swing in SWINGS}
    for period in tried.periods:
        _try_period(tried, period, by_partner, by)
    tried.partners = sorted(
        (PartnerCost(partner_id, tuple(amounts)) for partner_id, amounts in by_partner.items()),
        key=lambda row: (-abs(row.difference), row.partner_id),
    )
    return tried


def _year_before(tried: BackTest) -> list[Period]:
    """The periods of the first one's year before it, where a version counts the year as a whole."""
    if not tried.periods:
        return []
    period = tried.periods[0]
    if any(version.policy.get("cumulative") for version in tried.versions):
        period = Period.of(period.length, date(period.start.year, 1, 1))
    plans = _plans_of(tried.versions, period)
    if backtest_posted.look_back(plans):
        with connection.cursor() as cursor:
            backtest_posted.begin(cursor, plans, (AS_IT_WAS, *SWINGS))
    found = []
    while period < tried.periods[0]:
        found.append(period)
        period = period.next
    return found


def _computed(tried: BackTest, period: Period, by: Actor) -> list[tuple[Any, ...]]:
    """One period: the lines are read once, all versions and swings are computed from the sums."""
    plans = _plans_of(tried.versions, period)
    scope = Scope(partners=None if by.partner_ids is None else sorted(by.partner_ids), kept=True)
    on = min(period.last_day, clock.today())
    return [
        row
        for part in currencies.parts(plans, scope, books=Book.between, on=on)
        for row in _try_part(tried, part, period)
    ]


def _try_period(tried: BackTest, period: Period, by_partner: dict[int, list[Decimal]], by: Actor) -> None:
    """What each version would have cost in one period."""
    rows = _computed(tried, period, by)
    costs = [ZERO] * len(tried.versions)
    for plan, partner_id, earned, _qualifier, base, _reference, lines, _barred in rows:
        costs[plan] += earned
        by_partner[partner_id][plan] += earned
        if plan == 0:
            tried.base += base
            tried.lines += lines
    tried.costs[period] = costs
    if period == tried.periods[-1]:
        tried.temptations = _temptations(tried.versions[0], period, [row for row in rows if row[0] == 0])


def _try_part(tried: BackTest, part: currencies.Part, period: Period) -> list[tuple[Any, ...]]:
    """What is read together: a row a version and partner, and what both swings would cost."""
    sums, members = part.sums, traits.members_on(period.last_day, part.sums.plans)
    read, looks_back = sums.read(), backtest_posted.look_back(sums.plans)
    with connection.cursor() as cursor:
        cursor.execute(READ_SETTINGS)
        cursor.execute("DROP TABLE IF EXISTS pg_temp.back_test_sums")
        cursor.execute(f"CREATE TEMP TABLE back_test_sums ON COMMIT DROP AS {read.text}", read.params)
        found: dict[Decimal, list[tuple[Any, ...]]] = {}
        for swing in (AS_IT_WAS, *SWINGS):
            moved = sums.moved(
                None if swing == AS_IT_WAS else swing,
                posted=backtest_posted.of(swing) if looks_back else "",
            )
            figures = settlement.figures(moved, relation="back_test_sums", members=f"({members.text})")
            params = figures.params | members.params
            relation = f"({figures.text}) figures"
            if looks_back:
                relation = backtest_posted.keep(cursor, sums.plans, figures.text, params, swing)
                params = {}
            wanted = _TRIED if swing == AS_IT_WAS else _MOVED
            cursor.execute(wanted.format(figures=relation), params | {"barred": BARRED})
            rows = [(part.numbers[row[0]], *row[1:]) for row in cursor.fetchall()]
            # The others are only settled with them.
            found[swing] = [row for row in rows if row[0] < len(tried.versions)]
        for swing in SWINGS:
            for place, amount in found[swing]:
                tried.swings[swing][place] += amount
        cursor.execute("DROP TABLE pg_temp.back_test_sums")
        cursor.execute(READ_SETTINGS_END)
    return found[AS_IT_WAS]


_TRIED = """
SELECT plan, partner_id, earned, qualifier, base, reference, lines,
       explanation @> %(barred)s OR explanation ?| '{{collection,returned,factors}}' AS barred
FROM {figures}"""
_MOVED = "SELECT plan, sum(earned) FROM {figures} GROUP BY plan"


def _plans_of(versions: Sequence[Version], period: Period) -> list[Plan]:
    """Plans of the versions, then of what each would have been settled together with, in a world of its own."""
    worlds = [(version, world) for world, version in enumerate(versions)]
    in_force = list(Version.objects.in_force(period).select_related("programme"))
    worlds += [
        (other, world)
        for world, version in enumerate(versions)
        for other in linked_with(version, in_force)
        if other.period_length == version.period_length
    ]
    plans = plans_for((version, period) for version, _world in worlds)
    return [replace(plan, world=world) for plan, (_version, world) in zip(plans, worlds, strict=True)]


def _temptations(version: Version, period: Period, rows: list[tuple[Any, ...]]) -> list[Temptation]:
    """Who stood just below a bound at which the payout jumps, by what it would have brought."""
    if (
        bands_of(version.policy).counts_increments
        or formula.by_formula(version.policy)
        or line_rounding.by_line(version.policy)  # a cent more or less hangs on the order's own lines
        or currencies.needs_rates(version.policy)
        or currencies.is_gross(version.policy)
        or partner_pools.cap_of(version.policy)
        or linked_with(version, list(Version.objects.published().select_related("programme")))
    ):
        return []  # what one more order brings hangs on other programmes too
    found = []
    for _plan, partner_id, _earned, qualifier, base, reference, _lines, barred in rows:
        if barred:
            continue  # a gate or an unpaid invoice stands between one more order and its rebate
        figures = arithmetic.Figures(qualifier, base, reference)
        missing = arithmetic.to_next_band(version.policy, figures)
        if missing is None or missing > NEAR * (qualifier + missing):
            continue
        gain = arithmetic.one_more(version.policy, figures, extra=missing)
        found.append(Temptation(partner_id, period, missing, gain))
    return sorted(found, key=lambda one: (-one.gain, one.partner_id))
