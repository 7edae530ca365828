"""Orders that would have paid to be booked earlier: those just after a period's end that would have lifted their
partner into a higher band, had they been booked before it.

Guarantee: what such orders would have cost is what the period would have paid more, less what the next one would have
paid less, both by the policy's own arithmetic. Told where `temptations.why_untold` says nothing and a sale does not
count by the tier of its day. Returns are never pulled forward.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from prm.values.periods import Period
from rebates import arithmetic, formula, tier_days
from rebates.arithmetic import Figures
from rebates.models import Version
from rebates.narrowing import selection
from rebates.plans import Plan
from rebates.returned import BY_ORIGIN, how, negative, table
from rebates.scope import Scope
from rebates.temptations import Stood, paid_by_formula

DAYS = 10  # after the period's end: an order that is booked later is not one that waited for the end
MOST_DOCUMENTS = 5  # of a partner and period: whoever needs more is not lifted by an order, but by trade
ZERO = Decimal(0)


@dataclass(frozen=True)
class Document:
    """An invoice or order, and what of it counts: its amount, and the measure of each term by its name."""

    partner_id: int
    number: str
    day: date
    amount: Decimal
    counts: Mapping[str, Decimal]


@dataclass(frozen=True)
class Pulled:
    """Documents of a partner, or of a group's members, that would have lifted it over the next bound, `missing` away,
    of the period before.

    `more` is what that period would have paid more, `less` what the next would have paid less; None where that hangs
    on more than sums.
    """

    partner_id: int
    period: Period
    documents: tuple[Document, ...]
    missing: Decimal | None
    more: Decimal
    less: Decimal | None
    place: int = 0  # of the version among those tried

    @property
    def cost(self) -> Decimal:
        return self.more - (self.less or ZERO)


def why_untold(version: Version) -> str:
    """Why this is not known of a version of which `temptations.why_untold` says nothing; empty where it is."""
    if tier_days.by_line(version.policy):
        return _("a sale counts by the partner’s tier on its own day")
    return ""


def ends_a_count(version: Version, period: Period) -> bool:
    """Whether a sale counts for another figure after the period: within a year counted as a whole it does not."""
    return not version.policy.get("cumulative") or period.end == date(period.start.year + 1, 1, 1)


def found(
    plan: Plan,
    rows: Iterable[Stood],
    after: Iterable[Stood],
    *,
    partners: Sequence[int] | None,
    place: int = 0,
) -> list[Pulled]:
    """The hints of a period: `plan` is the version applied to it, `rows` its figures, `after` those of the next one.

    `partners`: whose documents are looked at; None: everybody's.
    """
    if not _may_jump(plan) or not ends_a_count(plan.version, plan.period):
        return []
    rows = list(rows)
    documents = _by_group(rows, _documents(plan, partners))
    next_rows = {one.partner_id: one for one in after if one.partner_id in documents}
    told = []
    for one in rows:
        own = documents.get(one.partner_id)
        if own is None or one.barred or _is_far(plan, one, own):
            continue
        hint = _of_partner(plan, one, next_rows.get(one.partner_id), own)
        if hint is not None:
            told.append(replace(hint, place=place))
    return told


def _may_jump(plan: Plan) -> bool:
    bands = plan.bands
    stepped = bands.increment is not None or formula.by_formula(plan.policy)
    return stepped or len(bands.lower) > 1 or bands.lower[0] > 0


def _is_far(plan: Plan, one: Stood, documents: Sequence[Document]) -> bool:
    """Whether all that may be moved reaches no bound: most partners of most periods, at the cost of a comparison."""
    bands = plan.bands
    if bands.increment is not None or bands.share_of == "total" or formula.by_formula(plan.policy):
        return False
    term, measured = ("base", one.base) if bands.by_base else ("qualifier", one.qualifier)
    most = measured + sum(document.counts[term] for document in documents[:MOST_DOCUMENTS])
    if not bands.share_of:
        return not any(measured < low <= most for low in bands.lower)
    reference = one.reference
    return reference is None or not any(measured < low * reference <= most for low in bands.lower)


def _of_partner(plan: Plan, one: Stood, after: Stood | None, documents: Sequence[Document]) -> Pulled | None:
    """The fewest of the first documents that would have lifted the partner; None where none would, or at no cost."""
    for count in range(1, min(len(documents), MOST_DOCUMENTS) + 1):
        if _lifts(plan, one, documents[:count]):
            chosen = list(documents[:count])
            break
    else:
        return None
    for document in tuple(chosen[:-1]):  # the first ones may not be needed beside a large one
        rest = [other for other in chosen if other is not document]
        if _lifts(plan, one, rest):
            chosen = rest
    more = _paid(plan, one, _sums(chosen)) - _paid(plan, one, {})
    less = _paid_less(plan, one, after, chosen)
    if more - (less or ZERO) <= 0:
        return None
    missing = arithmetic.to_next_band(plan.policy, one.figures)
    return Pulled(one.partner_id, plan.period, tuple(chosen), missing, more, less)


def _lifts(plan: Plan, one: Stood, documents: Sequence[Document]) -> bool:
    """Whether a higher band is reached with them; of steps and formulas, which have none, whether more is paid."""
    policy, bands = plan.policy, plan.bands
    moved = _sums(documents)
    if formula.by_formula(policy) or bands.increment is not None:
        return _paid(plan, one, moved) > _paid(plan, one, {})
    now, then = (arithmetic.capped(bands, figures) for figures in (one.figures, _with(plan, one, moved)))
    return arithmetic.band_reached(bands, then) > arithmetic.band_reached(bands, now)


def _sums(documents: Iterable[Document]) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for document in documents:
        for term, measure in document.counts.items():
            found[term] = found.get(term, ZERO) + measure
    return found


def _with(plan: Plan, one: Stood, moved: Mapping[str, Decimal]) -> Figures:
    """The partner's figures with so much more of each term; negative where it leaves."""
    bands = plan.bands
    reference, base = one.reference, one.base + moved.get("base", ZERO)
    if bands.share_of == "total" and reference is not None:
        reference += moved.get("reference", ZERO)
    if bands.increment is not None:
        bought = (Decimal(one.counted) if one.counted is not None else one.qualifier) + moved.get(
            "base", ZERO
        )
        most = bought if bands.most_base is None else min(bought, bands.most_base)
        base = Decimal(max(most, ZERO) // bands.increment)
    return Figures(one.qualifier + moved.get("qualifier", ZERO), base, reference)


def _paid(
    plan: Plan, one: Stood, moved: Mapping[str, Decimal], *, reference: Decimal | None = None
) -> Decimal:
    """The rounded rebate of a partner with so much more of each term. `reference`: where that moves too."""
    figures = _with(plan, one, moved)
    if reference is not None:
        figures = replace(figures, reference=reference)
    if formula.by_formula(plan.policy):
        return paid_by_formula(plan.policy, one.reads(arithmetic.capped(plan.bands, figures)))
    return arithmetic.rebate(plan.policy, figures)


def _paid_less(plan: Plan, one: Stood, after: Stood | None, chosen: Sequence[Document]) -> Decimal | None:
    """What the next period would have paid less without them; 0 where it pays this partner nothing."""
    if after is None:
        return ZERO
    if after.barred:
        return None
    moved = _sums(chosen)
    gone = {term: -measure for term, measure in moved.items()}
    reference = None
    if _grows_over_this(plan) and after.reference is not None:
        # What was booked before the end would have been in what the next period grows over.
        reference = after.reference + moved.get("qualifier", ZERO)
    return _paid(plan, after, {}) - _paid(plan, after, gone, reference=reference)


def _grows_over_this(plan: Plan) -> bool:
    kind = plan.policy.get("baseline", {}).get("kind", "prior_period")
    return plan.bands.share_of == "baseline" and kind == "prior_period" and not plan.cumulative


def _by_group(rows: Iterable[Stood], documents: dict[int, list[Document]]) -> dict[int, list[Document]]:
    """The documents of all members of a group together; of who is none as they were."""
    together = {
        one.partner_id: sorted(
            (each for member in one.members for each in documents.get(member, ())),
            key=lambda each: (each.day, each.partner_id, each.number),
        )
        for one in rows
        if one.members
    }
    return {one: own for one, own in together.items() if own} if together else documents


def _documents(plan: Plan, partners: Sequence[int] | None) -> dict[int, list[Document]]:
    """The documents of each partner that count on one of the days after the plan's period, in order of their day."""
    first = plan.period.end
    params: dict[str, Any] = {
        "first": first, "after": first + timedelta(days=DAYS), "currency": plan.version.currency,
        "partners": list(partners or []),
    }  # fmt: skip
    terms, counted = plan.own_terms, []
    for number, term in enumerate(terms):
        taken = selection(plan, term, f"pulled_{number}", params)
        counted.append((taken, "quantity" if plan.units_of(term) else "net_amount"))
    sums = ", ".join(f"COALESCE(sum({column}) FILTER (WHERE {taken}), 0)" for taken, column in counted)
    any_of = " OR ".join(f"({taken})" for taken, _column in counted)
    # A return is never pulled forward; by origin it lowers the sale that it takes back, wherever that is counted.
    sold = "" if how(plan.policy) == BY_ORIGIN else f" AND NOT {negative(plan)}"
    text = (
        f"SELECT partner_id, document, min(booking_date), sum(net_amount), {sums} FROM {table(plan, Scope())} line"
        f" WHERE ({any_of}) AND booking_date >= %(first)s AND booking_date < %(after)s{sold}"
        " AND currency = %(currency)s"
        f"{'' if partners is None else ' AND partner_id = ANY(%(partners)s)'}"
        " GROUP BY partner_id, document HAVING sum(net_amount) > 0 ORDER BY partner_id, min(booking_date), document"
    )
    found: dict[int, list[Document]] = {}
    with connection.cursor() as cursor:
        cursor.execute(text, params)
        for partner_id, number, day, amount, *measures in cursor.fetchall():
            document = Document(partner_id, number, day, amount, dict(zip(terms, measures, strict=True)))
            found.setdefault(partner_id, []).append(document)
    return found
