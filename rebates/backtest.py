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
from functools import cached_property
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from prm.access.rules import require
from prm.exchange.book import Book
from prm.values import clock
from prm.values.actor import Actor
from prm.values.periods import MONTHS, Period
from rebates import (
    backtest_groups,
    backtest_posted,
    cliffs,
    collection,
    currencies,
    formula,
    partner_pools,
    pulled,
    settlement,
    temptations,
    traits,
)
from rebates.backtest_posted import AS_IT_WAS
from rebates.errors import NotComputedYet
from rebates.links import linked_with
from rebates.models import Version
from rebates.plans import Plan, counted_days, plans_for
from rebates.policy import uncomputed
from rebates.scope import Scope
from rebates.sums import READ_SETTINGS, READ_SETTINGS_END

ZERO = Decimal("0.00")
MOST_MONTHS = 36
MOST_VERSIONS = 5  # up to four drafts beside the policy in force
SWINGS = (Decimal("0.9"), Decimal("1.1"))
BARRED = '{"gates": [{"passed": false}]}'


@dataclass(frozen=True)
class PartnerCost:
    """What a partner would have earned over all periods under each version, in the order of the back-test."""

    partner_id: int
    amounts: tuple[Decimal, ...]

    def difference_from(self, place: int) -> Decimal:
        """The version tried less the one at `place`; where there is none, all that it costs."""
        return self.amounts[0] - self.amounts[place] if place < len(self.amounts) else self.amounts[0]

    @property
    def difference(self) -> Decimal:
        """From the first that it is held against."""
        return self.difference_from(1)


@dataclass(frozen=True)
class Held:
    """What the version tried makes of another, over all periods."""

    place: int
    version: Version
    cost: Decimal
    difference: Decimal
    winners: int
    losers: int


@dataclass
class BackTest:
    """`versions[0]` is the one tried; the others are what it is held against.

    `periods` are those of the version that is settled least often; of the others the periods within them are added up.
    """

    versions: list[Version]
    periods: list[Period]
    partners: list[PartnerCost] = field(default_factory=list)
    # By period: what each version would have cost. By swing of volume (0.9, 1.1): the same over all periods.
    costs: dict[Period, list[Decimal]] = field(default_factory=dict)
    swings: dict[Decimal, list[Decimal]] = field(default_factory=dict)
    temptations: list[temptations.Temptation] = field(default_factory=list)
    # Orders after a period's end that would have paid to be booked before it, and the edges at which versions jump.
    pulled: list[pulled.Pulled] = field(default_factory=list)
    cliffs: list[cliffs.Cliff] = field(default_factory=list)
    # Sales on which the first version would have paid, by the day from which they are counted.
    bases: dict[date, Decimal] = field(default_factory=dict)
    bases_before: dict[date, Decimal] = field(default_factory=dict)
    lines: int = 0
    # The months asked for; those in no whole period are left out.
    months: list[Period] = field(default_factory=list)
    # By place and period, where invoices wait for their payment: whether one is on file for any of them.
    paid_for: dict[tuple[int, Period], bool] = field(default_factory=dict)
    # By place the partners that a gate left without anything in some period, and all of which there is a figure.
    shut: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    asked: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    # Whether all partners are seen, or only some: of a group as a whole nothing more is told then.
    sees_all: bool = True

    @property
    def base(self) -> Decimal:
        """Each sale once: a year that is counted as a whole stands with its newest period."""
        return sum((base - self.bases_before.get(day, ZERO) for day, base in self.bases.items()), ZERO)

    @property
    def totals(self) -> list[Decimal]:
        return [sum(column, ZERO) for column in zip(*self.costs.values(), strict=True)] if self.costs else []

    def by_difference_from(self, place: int) -> list[PartnerCost]:
        """The partners by what they gain or lose against one of the versions, most first."""
        return sorted(self.partners, key=lambda row: (-abs(row.difference_from(place)), row.partner_id))

    @property
    def held(self) -> list[Held]:
        """The version tried against each of the others."""
        found = []
        for place, (version, cost) in enumerate(zip(self.versions, self.totals, strict=False)):
            if place:
                moved = [row.difference_from(place) for row in self.partners]
                up, down = sum(1 for one in moved if one > 0), sum(1 for one in moved if one < 0)
                found.append(Held(place, version, cost, self.totals[0] - cost, up, down))
        return found

    def newest_of(self, place: int) -> Period | None:
        """The newest period of a version that has begun."""
        own = [one for row in self.periods for one in within(row, self.versions[place].period_length)]
        begun = [one for one in own if one.start <= clock.today()]
        return (begun or own or [None])[-1]

    @property
    def left_out(self) -> list[Period]:
        """The months asked for that lie in no whole period of the version that is settled least often."""
        return [
            month
            for month in self.months
            if not any(period.start <= month.start < period.end for period in self.periods)
        ]

    @property
    def unfinished(self) -> list[Period]:
        """The periods that have begun and are not over."""
        return [period for period in self.periods if period.start <= clock.today() < period.end]

    @property
    def to_come(self) -> list[Period]:
        """The periods that have not begun."""
        return [period for period in self.periods if clock.today() < period.start]

    @property
    def counts_more_than_settled(self) -> bool:
        """Whether a year is counted as a whole that the version tried, once settled, counts from its first day on."""
        version = self.versions[0]
        if not version.policy.get("cumulative") or not self.periods:
            return False
        begins_within = (version.starts.month, version.starts.day) != (1, 1)
        return begins_within and self.periods[0].start < version.starts

    @cached_property
    def untold(self) -> dict[int, str]:
        """By place the versions of which nobody knows what one more order would have brought, and why."""
        reasons = {
            place: temptations.why_untold(version) or self._why_unseen(version)
            for place, version in enumerate(self.versions)
        }
        return {place: why for place, why in reasons.items() if why}

    def _why_unseen(self, version: Version) -> str:
        unseen = partner_pools.is_group(version.policy) and not self.sees_all
        return _("you do not see all the partners that it takes together") if unseen else ""

    @cached_property
    def unnamed(self) -> dict[int, str]:
        """By place the versions of which no order is named that would have paid to be booked earlier, and why."""
        reasons = {
            place: self.untold.get(place) or pulled.why_untold(version)
            for place, version in enumerate(self.versions)
        }
        return {place: why for place, why in reasons.items() if why}


def periods_between(length: str, first: Period, last: Period) -> list[Period]:
    """The periods of that length from the one that begins in `first` to the one that ends in `last`, oldest first."""
    period, found = Period.of(length, first.start), []
    while period.end <= last.end and len(found) < MOST_MONTHS:
        if period.start >= first.start:
            found.append(period)
        period = period.next
    return found


def within(period: Period, length: str) -> list[Period]:
    """The periods of that length that lie in a longer one, or the period itself."""
    return periods_between(length, period, period)


def last_full_month() -> Period:
    return Period.of("month", clock.today()).previous


@transaction.atomic
def back_test(*, versions: Sequence[Version], first: Period, last: Period, by: Actor) -> BackTest:
    """Run `versions` over whole periods from `first` to `last`, for partners that `by` sees.

    Raises NotComputedYet where one asks for what this release does not calculate.
    """
    require(by, "rebates.view_programmes")
    for version in versions:
        if missing := uncomputed(version.policy):
            raise NotComputedYet(programme=str(version.programme), names=", ".join(missing))
    lengths = sorted({version.period_length for version in versions}, key=MONTHS.__getitem__)
    tried = BackTest(
        list(versions), periods_between(lengths[-1], first, last), sees_all=by.partner_ids is None
    )
    tried.months = periods_between("month", first, last)
    by_partner: dict[int, list[Decimal]] = defaultdict(lambda: [ZERO] * len(versions))
    tried.swings = {swing: [ZERO] * len(versions) for swing in SWINGS}
    for period in _years_before(tried, lengths):
        _before(tried, period, by)
    tried.swings = {swing: [ZERO] * len(versions) for swing in SWINGS}
    tried.cliffs = [one for place, version in enumerate(versions) for one in cliffs.cliffs_of(version, place)]
    before: dict[int, _Before] = {}
    for whole in tried.periods:
        tried.costs[whole] = [ZERO] * len(versions)
        for length in lengths:
            for period in within(whole, length):
                _try_period(tried, whole, period, by_partner, before, by)
    _look_behind(tried, before, by)
    tried.pulled.sort(key=lambda one: (-one.cost, one.place, one.period, one.partner_id))
    tried.temptations.sort(key=lambda one: (-one.gain, one.place, one.period, one.partner_id))
    tried.partners = sorted(
        (PartnerCost(partner_id, tuple(amounts)) for partner_id, amounts in by_partner.items()),
        key=lambda row: (-abs(row.difference), row.partner_id),
    )
    return tried


def _years_before(tried: BackTest, lengths: Sequence[str]) -> list[Period]:
    """The periods of the first one's year before it, where a version counts the year as a whole."""
    if not tried.periods:
        return []
    start = tried.periods[0].start
    year = date(start.year, 1, 1)
    firsts = [Period.of(length, year if _counts_years(tried, length) else start) for length in lengths]
    plans = [plan for period in firsts for plan in _plans_of(tried.versions, period)]
    if backtest_posted.look_back(plans):
        with connection.cursor() as cursor:
            backtest_posted.begin(cursor, plans, (AS_IT_WAS, *SWINGS))
    found = []
    for period in firsts:
        while period.start < start:
            found.append(period)
            period = period.next
    return found


def _counts_years(tried: BackTest, length: str) -> bool:
    return any(one.policy.get("cumulative") for one in tried.versions if one.period_length == length)


def _before(tried: BackTest, period: Period, by: Actor) -> None:
    """A period before the first: what it would have posted is taken off, what it would have counted too."""
    base = sum((row[4] for row in _computed(tried, period, by) if row[0] == 0), ZERO)
    if tried.versions[0].period_length == period.length:
        tried.bases_before[counted_days(tried.versions[0], period).start] = base


def _computed(
    tried: BackTest, period: Period, by: Actor, *, places: Sequence[int] | None = None
) -> list[tuple[Any, ...]]:
    """One period, for the versions of its length: the lines are read once, all versions and swings are computed from
    the sums. Each row begins with the place of its version. `places`: of these versions only.
    """
    if period.start > clock.today():
        return []
    plans = _plans_of(tried.versions, period, places)
    scope = Scope(partners=None if by.partner_ids is None else sorted(by.partner_ids), kept=True)
    on = min(period.last_day, clock.today())
    return [
        row
        for part in currencies.parts(plans, scope, books=Book.between, on=on)
        for row in _try_part(tried, part, period)
    ]


# The newest period of a version that was tried, and its figures: its orders are held against those of the next one.
_Before = tuple[Period, list[temptations.Stood]]


def _try_period(
    tried: BackTest,
    whole: Period,
    period: Period,
    by_partner: dict[int, list[Decimal]],
    before: dict[int, _Before],
    by: Actor,
) -> None:
    """What each version of the period's length would have cost in it, which lies in `whole`."""
    first, rows = tried.versions[0], _computed(tried, period, by)
    for place, partner_id, earned, *_figures, is_shut in rows:
        tried.costs[whole][place] += earned
        by_partner[partner_id][place] += earned
        tried.asked[place].add(partner_id)
        if is_shut:
            tried.shut[place].add(partner_id)
    for place, version in enumerate(tried.versions):
        if version.period_length != period.length or place in tried.untold:
            continue
        stood = _stood(tried, place, period, rows)
        cliffs.stood([one for one in tried.cliffs if one.place == place], version, stood)
        if _tells(tried, place, period):
            tried.temptations += temptations.found(version, period, stood, place=place)
        _name_pulled(tried, place, stood, before, by)
        before[place] = (period, stood)
    if first.period_length != period.length:
        return
    own = [row for row in rows if row[0] == 0]
    tried.bases[counted_days(first, period).start] = sum((row[4] for row in own), ZERO)
    tried.lines += sum(row[6] for row in own)


def _tells(tried: BackTest, place: int, period: Period) -> bool:
    """Whether missed bounds are looked for: a formula is tried cent by cent, and in its newest period only."""
    by_formula = formula.by_formula(tried.versions[place].policy)
    return not by_formula or period == tried.newest_of(place)


def _name_pulled(
    tried: BackTest, place: int, after: list[temptations.Stood], before: dict[int, _Before], by: Actor
) -> None:
    """The orders that would have paid to be booked in the period before the one whose figures are `after`."""
    if place in tried.unnamed or place not in before:
        return
    period, stood = before[place]
    if not _tells(tried, place, period):
        return
    (plan,) = plans_for([(tried.versions[place], period)])
    partners = None if by.partner_ids is None else sorted(by.partner_ids)
    tried.pulled += pulled.found(plan, stood, after, partners=partners, place=place)


def _look_behind(tried: BackTest, before: dict[int, _Before], by: Actor) -> None:
    """The period behind the newest one of each length, as far as it has begun: its orders may have waited too."""
    for period in sorted({period.next for period, _stood in before.values()}):
        aside = BackTest(tried.versions, [])  # what it costs is no part of what is tried
        aside.swings = {swing: [ZERO] * len(tried.versions) for swing in SWINGS}
        places = [
            place
            for place, (newest, _stood) in before.items()
            if newest.next == period and place not in tried.unnamed
        ]
        rows = _computed(aside, period, by, places=places) if places else []
        for place in places if period.start <= clock.today() else []:
            _name_pulled(tried, place, _stood(tried, place, period, rows), before, by)


def _stood(
    tried: BackTest, place: int, period: Period, rows: Sequence[tuple[Any, ...]]
) -> list[temptations.Stood]:
    """Where the partners of a version stood at the end of a period, or the groups that it takes together."""
    version = tried.versions[place]
    own = [(temptations.Stood(*row[1:-2]), row[-2]) for row in rows if row[0] == place]
    if partner_pools.is_group(version.policy):
        return backtest_groups.as_one(version, period, own)
    return [one for one, _group in own]


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
            found[swing] = _of_versions(tried, sums.plans, cursor.fetchall())
        for swing in SWINGS:
            for place, amount in found[swing]:
                tried.swings[swing][place] += amount
        _note_payments(tried, sums, period, {row[:2] for row in found[AS_IT_WAS]})
        cursor.execute("DROP TABLE pg_temp.back_test_sums")
        cursor.execute(READ_SETTINGS_END)
    return found[AS_IT_WAS]


def _note_payments(tried: BackTest, sums: Any, period: Period, earners: set[tuple[Any, ...]]) -> None:
    """Whether a payment is on file for any invoice of the partners that take part, by version."""
    if not collection.matter(sums.plans):
        return
    linked = collection.linked(sums)
    with connection.cursor() as cursor:
        cursor.execute(linked.text, linked.params)
        for place, partner_id, paid in _of_versions(tried, sums.plans, cursor.fetchall()):
            if (place, partner_id) in earners:
                tried.paid_for[place, period] = paid or tried.paid_for.get((place, period), False)


def _of_versions(
    tried: BackTest, plans: Sequence[Plan], rows: list[tuple[Any, ...]]
) -> list[tuple[Any, ...]]:
    """Rows of plans as rows of the versions tried; the others are only settled with them."""
    return [
        (plan.world, *row[1:])
        for row in rows
        if (plan := plans[row[0]]).version == tried.versions[plan.world]
    ]


_TRIED = """
SELECT plan, partner_id, earned, qualifier, base, reference, lines,
       explanation @> %(barred)s OR explanation ?| '{{collection,returned,factors}}' AS barred,
       explanation ->> 'counted' AS counted, explanation #>> '{{formula,read}}' AS read,
       explanation ->> 'grouped' AS grouped, explanation @> %(barred)s AS shut
FROM {figures}"""
_MOVED = "SELECT plan, sum(earned) FROM {figures} GROUP BY plan"


def _plans_of(versions: Sequence[Version], period: Period, places: Sequence[int] | None = None) -> list[Plan]:
    """Plans of the versions that are settled as often as `period`, then of what each would have been settled together
    with, each in a world of its own: the place of the version.
    """
    worlds = [
        (version, world)
        for world, version in enumerate(versions)
        if version.period_length == period.length and (places is None or world in places)
    ]
    in_force = list(Version.objects.in_force(period).select_related("programme"))
    worlds += [
        (other, world)
        for version, world in tuple(worlds)
        for other in linked_with(version, in_force)
        if other.period_length == version.period_length
    ]
    plans = plans_for((version, period) for version, _world in worlds)
    return [replace(plan, world=world) for plan, (_version, world) in zip(plans, worlds, strict=True)]
