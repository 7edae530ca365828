"""Which accruals are kept, whether they still hold, and reading them.

Guarantees
- A partner's kept figures hold while their basis is that of now and nothing of the partner is marked. The basis is all
  that figures of every partner hang on: the day, the versions in force with their open periods, the catalogue's
  products that they name, the exchange rates. What belongs to one partner alone marks it, by triggers of the database:
  sales lines, payments received, tiers, type, region.
- Figures that ask a measure of another app (gates, certificates) can change without a mark, and those of a year that is
  counted as a whole, or of returns at the original rate, hang on what was settled, and under a cap over all partners
  or in a group on everybody. They, and what is settled together with them, are never kept: they are computed for whom
  they are asked.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Sum

from prm.exchange.book import Book
from prm.values import clock
from prm.values.actor import Actor
from prm.values.periods import Period
from rebates import currencies, partner_pools, returned, traits
from rebates.accrual_figures import Accrual, Pair
from rebates.links import linked_with
from rebates.mechanisms import named_products
from rebates.models import AccrualCheck, KeptAccrual, KeptPartner, Version
from rebates.plans import Plan, plans_for

LIVE = 200  # partners whose figures are computed while somebody waits for a page
FORMAT = "1"  # raised when a new version of the product computes otherwise: everything is computed anew


@dataclass(frozen=True)
class Basis:
    """`kept` and `asked`: the open pairs, each with the day whose tiers count; kept, and computed when asked."""

    code: str
    kept: list[tuple[date, Pair]]
    asked: list[tuple[date, Pair]]

    @classmethod
    def now(cls) -> Basis:
        today = clock.today()
        pairs = [(min(period.last_day, today), (version, period)) for version, period in
                 Version.objects.unsettled_on(today)]  # fmt: skip
        plans = plans_for(pair for _day, pair in pairs)
        asking = _asking(plans)
        kept = [one for one in pairs if one[1][0].pk not in asking]
        own = [plan for plan in plans if plan.version.pk not in asking]
        return cls(_code(today, kept, own), kept, [one for one in pairs if one[1][0].pk in asking])

    @classmethod
    def remembered(cls) -> Basis:
        """The same for whoever keeps after each invoice: found once in a process, while all that it hangs on stays.

        The versions in it were read then; they are not for saving. Where policies name products or partners, or need
        rates, it is found each time.
        """
        stamp, schema = _stamp(), connection.schema_name
        known = _known.get(schema)
        if known is not None and known[0] == stamp:
            return known[1]
        basis = cls.now()
        policies = [version.policy for _day, (version, _period) in (*basis.kept, *basis.asked)]
        if not any(map(_names_more, policies)) and stamp == _stamp():  # else something changed in between
            _known[schema] = stamp, basis
        return basis


_known: dict[str, tuple[str, Basis]] = {}  # by schema, with the stamp that it was found under


def _names_more(policy: dict[str, Any]) -> bool:
    return bool(
        named_products(policy)
        or "partners" in policy.get("who", {})
        or "targets" in policy["mechanism"]
        or currencies.needs_rates(policy)
    )


def _stamp() -> str:
    """Differs when anything differs that a basis hangs on, but for what `_names_more` finds."""
    with connection.cursor() as cursor:
        cursor.execute(_STAMP, {"today": clock.today()})
        return str(cursor.fetchone()[0])


_STAMP = """
SELECT md5(jsonb_build_array(
    %(today)s::date,
    (SELECT jsonb_agg(version ORDER BY id) FROM rebates_version version WHERE state = 'published'),
    (SELECT jsonb_agg(programme ORDER BY id) FROM rebates_programme programme),
    (SELECT jsonb_agg(jsonb_build_array(id, code) ORDER BY id) FROM catalogue_productline),
    (SELECT jsonb_agg(ends ORDER BY ends) FROM rebates_settlementrun WHERE state IN ('closed', 'paid')),
    (SELECT jsonb_agg(outside ORDER BY outside) FROM (
        SELECT DISTINCT jsonb_build_array(programme_id, ends) FROM rebates_settledoutside WHERE reversed_at IS NULL
    ) settled(outside))
)::text)
"""


def _asking(plans: Sequence[Plan]) -> set[int]:
    """The versions that are never kept, and all that are settled together with one."""
    versions = list({plan.version.pk: plan.version for plan in plans}.values())
    found = {plan.version.pk for plan in plans if traits.all_asked([plan]) or _looks_elsewhere(plan)}
    for version in versions:
        if version.pk in found:
            found |= {other.pk for other in linked_with(version, versions)}
    return found


def _looks_elsewhere(plan: Plan) -> bool:
    """At what was settled, or at other partners."""
    return plan.cumulative or returned.at_original_rate([plan]) or partner_pools.hangs_on_all(plan.policy)


def _code(today: date, pairs: Sequence[tuple[date, Pair]], plans: Sequence[Plan]) -> str:
    said: list[Any] = [FORMAT, today, sorted(frozenset().union(*(plan.catalogue for plan in plans)))]
    for (day, (version, period)), plan in zip(pairs, plans, strict=True):
        terms = {
            name: (sorted(one.lines), one.products and sorted(one.products))
            for name, one in plan.terms.items()
        }
        chosen = None if plan.chosen is None else sorted(plan.chosen)
        said.append([version.pk, version.policy, period.start, period.end, day, terms, chosen])
    wanting = [plan for plan in plans if currencies.needs_rates(plan.policy)]
    if wanting:
        book = Book.between(*currencies.days_of(wanting))
        rates = [
            (one.base, one.quote, one.day, one.value) for _days, rows in book.by_pair.values() for one in rows
        ]
        said.append([book.source, book.most_days, book.through, sorted(rates)])
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()


@dataclass(frozen=True)
class Waiting:
    """Partners whose kept figures do not hold; `never` those of them that have none."""

    partners: list[int]
    never: list[int]


def waiting(basis: Basis, visible: Iterable[int] | None) -> Waiting:
    """Of the `visible` partners, all of them without."""
    narrowed = "" if visible is None else " AND partner.id = ANY(%(visible)s)"
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT partner.id, kept.partner_id IS NULL FROM partners_partner partner"
            " LEFT JOIN rebates_keptpartner kept ON kept.partner_id = partner.id"
            " WHERE (kept.basis IS DISTINCT FROM %(basis)s OR EXISTS ("
            f"SELECT FROM rebates_accrualmark mark WHERE mark.partner_id = partner.id)){narrowed} ORDER BY partner.id",
            {"basis": basis.code, "visible": None if visible is None else sorted(visible)},
        )
        rows = cursor.fetchall()
    return Waiting([partner for partner, _never in rows], [partner for partner, never in rows if never])


# Reading


@dataclass(frozen=True)
class Share:
    """Whose figures are computed now, the others' being read. `everybody`: nothing is read."""

    live: list[int]
    everybody: bool


def share_of(basis: Basis, visible: Iterable[int] | None) -> Share:
    """A few that wait are computed at once; many are told as they were kept, but for those that never were."""
    found = waiting(basis, visible)
    if len(found.partners) <= LIVE:
        return Share(found.partners, False)
    few = len(found.never) <= LIVE
    return Share(found.never if few else [], not few)


def read(basis: Basis, visible: Iterable[int] | None, without: Sequence[int]) -> list[Accrual]:
    """The kept figures of open pairs, in no order."""
    pairs = {(version.pk, period.start): (version, period) for _day, (version, period) in basis.kept}
    return [
        _accrual(row, *pairs[row.version_id, row.starts])
        for row in _rows(visible, without)
        if (row.version_id, row.starts) in pairs
    ]


def sums(
    basis: Basis, visible: Iterable[int] | None, without: Sequence[int]
) -> dict[tuple[int, Period, str], Decimal]:
    """The same added up by programme's id, period and currency."""
    pairs = {(version.pk, period.start): (version, period) for _day, (version, period) in basis.kept}
    rows = _rows(visible, without).order_by().values_list("version_id", "starts", "currency")
    found: dict[tuple[int, Period, str], Decimal] = {}
    for version_id, starts, currency, amount in rows.annotate(sum=Sum("amount")):
        if (version_id, starts) in pairs:
            version, period = pairs[version_id, starts]
            key = (version.programme_id, period, currency)
            found[key] = found.get(key, Decimal("0.00")) + amount
    return found


def _rows(visible: Iterable[int] | None, without: Sequence[int]) -> Any:
    rows = KeptAccrual.objects.for_everyone(because="narrowed to the partners that the caller sees")
    if visible is not None:
        rows = rows.filter(partner_id__in=sorted(visible))
    return rows.exclude(partner_id__in=without) if without else rows


def _accrual(row: KeptAccrual, version: Version, period: Period) -> Accrual:
    return Accrual(
        partner_id=row.partner_id, programme=version.programme, version=version, period=period, currency=row.currency,
        tier=row.tier, qualifier=row.qualifier, base=row.base, reference=row.reference, band=row.band, lines=row.lines,
        amount=row.amount, explanation=row.explanation,
    )  # fmt: skip


# Their age


@dataclass(frozen=True)
class Age:
    """`oldest`: when the oldest of the kept figures was computed; None where all are of this moment. `waiting`: how
    many partners have newer sales, which are not in their figures yet. `beside`: further figures are never kept, and
    of this moment.
    """

    oldest: datetime | None
    waiting: int
    beside: bool = False


def age(by: Actor, partners: Iterable[int] | None = None) -> Age:
    """Of the figures that `by` sees."""
    visible, basis = seen_by(by, partners), Basis.now()
    found = waiting(basis, visible)
    few, none = len(found.partners) <= LIVE, len(found.never) > LIVE
    if none or not basis.kept:
        return Age(None, 0)
    rows = KeptPartner.objects.for_everyone(because="narrowed to the partners that the caller sees")
    if visible is not None:
        rows = rows.filter(partner_id__in=sorted(visible))
    if few:
        rows = rows.exclude(partner_id__in=found.partners)
    oldest = rows.order_by("kept_at").values_list("kept_at", flat=True).first()
    return Age(oldest, 0 if few else len(found.partners), bool(basis.asked))


def seen_by(by: Actor, partners: Iterable[int] | None) -> frozenset[int] | None:
    """Of `partners` those that `by` sees; None for everybody."""
    visible = by.partner_ids
    if partners is None:
        return visible
    return frozenset(partners) if visible is None else visible & frozenset(partners)


def last_check() -> AccrualCheck | None:
    """The last nightly check that came to its end."""
    return AccrualCheck.objects.filter(finished_at__isnull=False).order_by("-id").first()


def check_seen_by(actor: Actor) -> AccrualCheck | None:
    """The same for those who see the figures of everybody."""
    return last_check() if actor.partner_ids is None and "rebates.view_runs" in actor.permissions else None


def proven() -> bool:
    """Whether the last check is of these two days and found nothing: then a settlement reads the kept sums."""
    found = last_check()
    if found is None or found.finished_at is None or not found.agrees:
        return False
    return (clock.now() - found.finished_at).total_seconds() < 48 * 3600
