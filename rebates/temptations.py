"""Who stood just below a bound at which a version would have paid more: a band, a full increment, a jump of a formula.

Such a bound tempts to pull an order forward, or to book one that is none. Told only where what one more order brings
hangs on the partner's own sums, or on those of its group as a whole, and nothing else. What a cap over all partners
takes off again is left out: it hangs on what the others buy.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.utils.translation import gettext as _

from prm.customfields import expressions
from prm.customfields.expressions import Node
from prm.values.money import minor_unit
from prm.values.periods import Period
from rebates import arithmetic, backtest_groups, currencies, formula, line_rounding, partner_pools
from rebates.arithmetic import Figures
from rebates.links import linked_with
from rebates.mechanisms import Bands, bands_of
from rebates.models import Version

NEAR = Decimal("0.05")  # of the bound: whoever is nearer may be tempted


@dataclass(frozen=True)
class Stood:
    """A partner's sums at the end of a period. `barred`: a gate or an unpaid invoice stands between one more order and
    its rebate; `counted`: what counts before a cap, where one lowered it; `read`: what a formula read, as JSON;
    `members`: of a group, which counts as one partner, see `backtest_groups.py`, whose sums it adds up.
    """

    partner_id: int
    earned: Decimal
    qualifier: Decimal
    base: Decimal
    reference: Decimal | None
    lines: int
    barred: bool | None
    counted: str | None
    read: str | None
    members: tuple[int, ...] = ()

    @property
    def figures(self) -> Figures:
        return Figures(self.qualifier, self.base, self.reference)

    def reads(self, figures: Figures) -> dict[str, Any]:
        """What a formula reads where the partner stands at other figures than its own."""
        read = json.loads(self.read) if self.read else {}
        return read | {"qualifier": figures.qualifier, "base": figures.base}


@dataclass(frozen=True)
class Temptation:
    """A partner that stood just below a bound in a period: `missing` more would have paid `gain` more."""

    partner_id: int
    period: Period
    missing: Decimal
    gain: Decimal
    place: int = 0  # of the version among those tried


def why_untold(version: Version) -> str:
    """Why what one more order would have brought is not known from a partner's sums; empty where it is."""
    policy, bands = version.policy, bands_of(version.policy)
    if bands.counts_sets:
        return _("what a set still lacks hangs on each of its products")
    if bands.increment is not None and _pays_on_other_lines(policy):
        return _("its full steps are counted in other sales than those that count")
    if formula.by_formula(policy) and bands.reads_units != bands.pays_units:
        return _("its formula reads units and money")
    if line_rounding.by_line(policy):
        return _("it is rounded line by line")
    if currencies.needs_rates(policy):
        return _("it counts sales of several currencies")
    if currencies.is_gross(policy):
        return _("it counts gross amounts")
    if partner_pools.is_group(policy) and backtest_groups.asks_members(policy):
        return _("how much of a member’s sales counts hangs on its own gates and factors")
    if linked_with(version, list(Version.objects.published().select_related("programme"))):
        return _("other programmes change what it pays")
    return ""


def found(version: Version, period: Period, rows: Sequence[Stood], *, place: int = 0) -> list[Temptation]:
    """Who stood just below a bound, by what it would have brought; nobody to whom it would have brought nothing.

    Of a version of which `why_untold` says nothing. `place`: of the version among those tried.
    """
    policy, bands = version.policy, bands_of(version.policy)
    steps = list(_steps_of(formula.parsed(policy))) if formula.by_formula(policy) else []
    told = []
    for one in rows:
        if one.barred or (not steps and _is_far(bands, one)):
            continue
        if steps:
            near = _to_next_jump(policy, steps, one)
        elif bands.increment is not None:
            near = _to_next_increment(policy, one)
        else:
            near = _to_next_band(policy, one)
        if near is not None and near[1] > 0:
            told.append(Temptation(one.partner_id, period, *near, place))
    return told


def _is_far(bands: Bands, one: Stood) -> bool:
    """Whether no bound is near whatever else is read: most partners of most periods, at the cost of a comparison."""
    if bands.increment is not None or bands.share_of == "total":
        return False
    measured = one.base if bands.by_base else one.qualifier
    scale = one.reference if bands.share_of and one.reference is not None else Decimal(1)
    return not any(
        low * scale > measured and _is_near(low * scale - measured, max(measured, one.qualifier))
        for low in bands.lower
    )


Near = tuple[Decimal, Decimal]  # what is missing, and what it would bring


def _is_near(missing: Decimal, measured: Decimal) -> bool:
    return missing <= NEAR * (measured + missing)


def _to_next_band(policy: dict[str, Any], one: Stood) -> Near | None:
    missing = arithmetic.to_next_band(policy, one.figures)
    if missing is None or not _is_near(missing, one.qualifier):
        return None
    return missing, arithmetic.one_more(policy, one.figures, extra=missing)


def _pays_on_other_lines(policy: dict[str, Any]) -> bool:
    """Whether what is paid on is not what counts: of increments only their number is known then."""
    counted = policy.get("qualify")
    return policy.get("pay", counted) != counted


def _to_next_increment(policy: dict[str, Any], one: Stood) -> Near | None:
    """To the next full step of what was bought; None above a cap."""
    bands = bands_of(policy)
    if bands.increment is None:
        return None
    bought = Decimal(one.counted) if one.counted is not None else one.qualifier
    bound = bands.increment * (one.base + 1)
    missing = bound - bought
    if not _is_near(missing, bought) or (bands.most_base is not None and bound > bands.most_base):
        return None
    more = replace(one.figures, qualifier=one.qualifier + missing, base=one.base + 1)
    return missing, arithmetic.rebate(policy, more) - arithmetic.rebate(policy, one.figures)


def _steps_of(node: Node) -> Iterator[Node]:
    """The parts of a formula at which it may jump: comparisons and roundings."""
    if node.what in expressions.COMPARISONS or node.what == "round":
        yield node
    for part in node.parts:
        if isinstance(part, Node):
            yield from _steps_of(part)


def _to_next_jump(policy: dict[str, Any], steps: Sequence[Node], one: Stood) -> Near | None:
    """To the nearest bound at which a formula pays more than the cent that was bought."""
    bands = bands_of(policy)
    unit = Decimal(1) if bands.pays_units else minor_unit(policy["currency"])

    def known(count: int) -> dict[str, Any]:
        more = replace(one.figures, qualifier=one.qualifier + count * unit, base=one.base + count * unit)
        return one.reads(arithmetic.capped(bands, more))

    def paid(count: int) -> Decimal:
        return paid_by_formula(policy, known(count))

    nearest = None
    for node in steps:
        measured = one.qualifier if "qualifier" in expressions.names_in(node) else one.base
        most = int(measured * NEAR / (1 - NEAR) / unit)
        count = _first_change(node, known, most)
        if count and paid(count) - paid(count - 1) > unit and (nearest is None or count < nearest):
            nearest = count
    return None if nearest is None else (nearest * unit, paid(nearest) - paid(0))


def _first_change(node: Node, known: Any, most: int) -> int | None:
    """The fewest units more at which a part of a formula comes out differently; None where `most` change nothing."""
    before = expressions.evaluate(node, known(0))
    if most < 1 or expressions.evaluate(node, known(most)) == before:
        return None
    low, high = 0, most
    while high - low > 1:
        middle = (low + high) // 2
        if expressions.evaluate(node, known(middle)) == before:
            low = middle
        else:
            high = middle
    return high


def paid_by_formula(policy: dict[str, Any], known: dict[str, Any]) -> Decimal:
    """The rounded rebate of a formula on what it reads, see `Stood.reads`."""
    value: Fraction = arithmetic.limited(bands_of(policy), formula.value(policy, known))
    return arithmetic.rounded(value, policy["currency"], policy.get("rounding", {}).get("mode", "half_up"))
