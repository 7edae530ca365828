"""The verifier's part for what a result states beside its money: what counts, what is paid on, the band, the lines.

Shares no code with the product and needs only Python's standard library. A recompute kit holds it within `verify.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from rebates.verifier_mechanisms import Facts, facts, paid_base, rate
from rebates.verifier_terms import rounded


@dataclass(frozen=True)
class Seen:
    """What stands behind a figure; without a band where the sums that reach it are in no kit."""

    it: Facts
    band: int | None


NOTHING_COUNTED = Seen(Facts(Fraction(0), Fraction(0), None, 0), 0)


def band_number(policy: dict[str, Any], it: Facts) -> int:
    """The band that is reached, from 1; 0 below the first. A mechanism without bands has one."""
    rules = policy["mechanism"]
    kind = rules["kind"]
    rows = rules.get("points", rules.get("bands"))
    if not rows:
        return 1
    if kind in ("growth", "target", "mix"):
        if it.reference is None:
            return 0
        more = 1 if kind == "growth" else 0
        met = [
            at for at, row in enumerate(rows, start=1)
            if it.qualifier >= (rate(row["from"]) + more) * it.reference
        ]  # fmt: skip
    else:
        own = kind == "per_unit_stepped" or (
            kind == "marginal" and rules.get("split", "own_bands") == "own_bands"
        )
        value = it.base if own else it.qualifier
        met = [at for at, row in enumerate(rows, start=1) if value >= rate(row.get("at", row.get("from")))]
    return max(met, default=0)


def seen_alone(policy: dict[str, Any], it: Facts) -> Seen:
    return Seen(it, band_number(policy, it))


def seen_as_member(
    policy: dict[str, Any], lines: list[Any], before: list[Any], less: Fraction, group: dict[str, Any]
) -> Seen:
    """A member's own sums, before any cap and full increments; the band is that of the group. `less` is what earlier
    programmes pay the member.
    """
    own = facts({name: part for name, part in policy.items() if name != "caps"}, lines, before)
    if policy["mechanism"]["kind"] != "bundle":
        own = replace(own, base=paid_base(policy, lines, less))
    own = replace(own, reference=None)
    if "sum" not in group:
        return Seen(own, None)
    counted_in, paid_on_in = Fraction(group["counted_in"]), Fraction(group["paid_on_in"])
    reference = None if group["reference"] is None else Fraction(group["reference"]) / counted_in
    whole = Facts(
        Fraction(group["qualifier"]) / counted_in, Fraction(group["base"]) / paid_on_in, reference, 1
    )
    return Seen(own, band_number(policy, whole))


def beside_the_money(one: dict[str, Any], seen: Seen) -> Iterable[tuple[str, Any, Any]]:
    """Pairs of what a result states and what it comes to here, each with its name."""
    it = seen.it
    for name in ("qualifier", "base", "reference"):
        value = getattr(it, name)
        stated = None if one[name] is None else Fraction(one[name])
        yield name, stated, None if value is None else rounded(value, "half_up", 3)
    if seen.band is not None:
        yield "band", one["band"], seen.band
    yield "number of lines", one["line_count"], it.lines


def plain(value: Any, digits: int = 2) -> str:
    """A figure as kit.json writes them: no grouping, so many digits after the point."""
    if not isinstance(value, Fraction):
        return str(value)
    unit = 10**digits
    cents = rounded(abs(value), "half_up", digits) * unit
    whole, rest = divmod(int(cents), unit)
    return f"{'-' if value < 0 else ''}{whole}" + (f".{rest:0{digits}d}" if digits else "")
