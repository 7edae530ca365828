"""The verifier's part for mechanisms: what lines come to, and what that pays before anything is rounded."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from rebates.verifier_days import serials_of
from rebates.verifier_formula import formula
from rebates.verifier_terms import (
    by_measures,
    matches,
    measured,
    most_paid,
    pays_units,
    rounded,
    through_gates,
)


def rate(text: Any) -> Fraction:
    words = str(text)
    return Fraction(words[:-1]) / 100 if words.endswith("%") else Fraction(words)


@dataclass(frozen=True)
class Facts:
    """What one partner's lines of a period come to."""

    qualifier: Fraction
    base: Fraction
    reference: Fraction | None
    lines: int


def facts(policy: dict[str, Any], lines: list[Any], before: list[Any], less: Fraction = Fraction(0)) -> Facts:
    """`before` are the lines of the baseline's period; `less` is taken off what is paid on, before it is capped."""
    rules = policy["mechanism"]
    kind = rules["kind"]
    if kind == "bundle":
        return sets_of(rules["parts"], lines)
    units = pays_units(policy)
    reads_units = units or policy.get("measure") == "quantity"
    counts, paid = policy.get("qualify"), policy.get("pay", policy.get("qualify"))
    counted_lines = [line for line in lines if matches(counts, line)]
    paid_lines = [line for line in lines if matches(paid, line)]
    number = sum(1 for line in lines if matches(counts, line) or matches(paid, line))
    qualifier, base, reference = measured(counted_lines, reads_units), measured(paid_lines, units), None
    if kind == "spif" and rules.get("per", "serial") == "serial":
        qualifier = base = serials_of(paid_lines)
    focus = [line for line in counted_lines if kind == "mix" and line.product_line in rules["focus"]]
    whole, base = qualifier, lowered(base, less)
    for cap in policy.get("caps", []):
        if cap["on"] == "measure":
            ceiling = Fraction(str(cap["amount"]))
            qualifier = qualifier if cap.get("of") == "base" else min(qualifier, ceiling)
            base = base if cap.get("of") == "qualifier" else min(base, ceiling)
    if kind == "mix":
        reference = whole
        qualifier = measured(focus, reads_units)
    elif kind == "target":
        reference = Fraction(str(rules["target"]))
    elif kind == "growth":
        reference = baseline(policy, [line for line in before if matches(counts, line)], reads_units)
    elif kind == "per_increment":
        base = Fraction(max(base, Fraction(0)) // Fraction(str(rules["increment"])))
    return Facts(qualifier, base, reference, number)


def lowered(base: Fraction, less: Fraction) -> Fraction:
    """Towards zero, never beyond it."""
    if base < 0:
        return -lowered(-base, -less)
    return max(Fraction(0), base - max(less, Fraction(0)))


def sets_of(parts: list[dict[str, Any]], lines: list[Any]) -> Facts:
    counts, number = [], set()
    for part in parts:
        mine = [
            index for index, line in enumerate(lines)
            if (line.product == part["product"] if "product" in part else line.product_line == part["product_line"])
        ]  # fmt: skip
        number.update(mine)
        have = measured((lines[index] for index in mine), units=True)
        counts.append(max(have, Fraction(0)) // Fraction(str(part["quantity"])))
    complete = Fraction(min(counts))
    return Facts(complete, complete, None, len(number))


def baseline(policy: dict[str, Any], before: list[Any], units: bool) -> Fraction | None:
    rules = policy.get("baseline", {})
    if rules.get("kind") == "stated":
        return Fraction(str(rules["amount"]))
    if measured(before, units) if policy.get("counts") == "credited" else before:
        return max(measured(before, units), Fraction(0))
    new = rules.get("new_partner", "skip")
    if new == "skip":
        return None
    return Fraction(0) if new == "zero" else Fraction(str(rules["amount"]))


def reached(bands: list[dict[str, Any]], value: Fraction) -> dict[str, Any] | None:
    return next((band for band in reversed(bands) if value >= Fraction(str(band["from"]))), None)


def share_reached(
    bands: list[dict[str, Any]], value: Fraction, whole: Fraction | None, more: int
) -> Fraction:
    """The rate of the last band whose share (and `more` times the whole on top) of `whole` is reached; 0 for none."""
    found = Fraction(0)
    for band in bands:
        if whole is not None and value >= (rate(band["from"]) + more) * whole:
            found = rate(band["rate"])
    return found


def raw_of_shares(policy: dict[str, Any], it: Facts) -> Fraction:
    rules = policy["mechanism"]
    if it.base < 0 or it.reference is None:
        return Fraction(0)
    reached_rate = share_reached(rules["bands"], it.qualifier, it.reference, rules["kind"] == "growth")
    above = rules.get("on") in ("growth", "excess")
    return reached_rate * (it.base - it.reference if above else it.base)


def raw_between(points: list[dict[str, Any]], it: Facts) -> Fraction:
    (low, first), (high, last) = ((Fraction(str(one["at"])), rate(one["rate"])) for one in points)
    if it.base < 0 or it.qualifier < low:
        return Fraction(0)
    share = min(Fraction(1), (it.qualifier - low) / (high - low))
    return it.base * (first + (last - first) * share)


def raw_of_split(rules: dict[str, Any], it: Facts) -> Fraction:
    """The paid base at the average of all that counts, or as the top of it."""
    bands = rules["bands"]
    if it.base < 0:
        return it.base * rate(bands[0]["rate"])
    if reached(bands, it.qualifier) is None:
        return Fraction(0)
    if rules["split"] == "top_slice":
        return sliced(bands, it.qualifier) - sliced(bands, it.qualifier - it.base)
    if it.qualifier <= 0:
        return it.base * rate(bands[0]["rate"])
    return it.base * sliced(bands, it.qualifier) / it.qualifier


def raw(policy: dict[str, Any], it: Facts) -> Fraction:
    rules, qualifier, base = policy["mechanism"], it.qualifier, it.base
    kind, bands = rules["kind"], rules.get("bands", [])
    if kind == "formula":
        return Fraction(0)  # see `exact`
    if kind in ("growth", "target", "mix"):
        return raw_of_shares(policy, it)
    if kind == "linear":
        return raw_between(rules["points"], it)
    if kind == "spif" and rules.get("per", "serial") == "serial":
        return base * Fraction(str(rules["amount"]))
    if kind in ("per_increment", "bundle", "spif"):
        return max(base, Fraction(0)) * Fraction(str(rules["amount"]))
    if kind == "marginal" and rules.get("split", "own_bands") != "own_bands":
        return raw_of_split(rules, it)
    if kind in ("flat", "per_unit"):
        return base * rate(rules.get("rate", rules.get("amount")))
    if kind == "lump_sum":
        band = reached(bands, qualifier)
        return Fraction(str(band["amount"])) if band and base >= 0 else Fraction(0)
    if kind in ("marginal", "per_unit_stepped"):
        return sliced(bands, base)
    if kind == "retroactive_from_floor":
        floor = Fraction(str(rules["floor"]))
        if base <= floor:
            return base * rate(rules["first_rate"])
        band = reached(bands, qualifier)
        return floor * rate(rules["first_rate"]) + (base - floor) * (rate(band["rate"]) if band else 0)
    if base < 0:
        return base * rate(bands[0]["rate"])
    band = reached(bands, qualifier)
    return base * rate(band["rate"]) if band else Fraction(0)


def sliced(bands: list[dict[str, Any]], base: Fraction) -> Fraction:
    prices = [rate(band.get("rate", band.get("amount"))) for band in bands]
    if base < 0:
        return base * prices[0]
    total = Fraction(0)
    for index, band in enumerate(bands):
        low = Fraction(str(band["from"]))
        high = Fraction(str(bands[index + 1]["from"])) if index + 1 < len(bands) else base
        total += max(Fraction(0), min(base, high) - low) * prices[index]
    return total


# Partners that count as one group


def paid_base(policy: dict[str, Any], lines: list[Any], less: Fraction = Fraction(0)) -> Fraction:
    """What of a partner's lines is paid on, as it is before a cap or full increments; `less` is what earlier programmes
    pay it.
    """
    paid = [line for line in lines if matches(policy.get("pay", policy.get("qualify")), line)]
    return lowered(measured(paid, pays_units(policy)), less)


class Contradiction(Exception):
    """Sums of a group of which one cannot be, as another one is."""


def refuse_contradictions(
    policy: dict[str, Any], base: Fraction, group: dict[str, Any], own: Fraction
) -> None:
    """The sums of a group are given, not computed; but what shares the figure is at least what the members are paid on
    together, and no member's own is more of it.
    """
    whole = Fraction(group["sum"]) / Fraction(group["parts"])
    if base * whole > 0 and abs(base) > abs(whole):
        raise Contradiction(f"{policy['code']}: the partner's own sum is above what all share by")
    if base * whole > 0 and abs(base) * own > abs(whole) * counting(group, most=True):
        raise Contradiction(
            f"{policy['code']}: what counts of the partner's own sum is above what counts of all"
        )
    as_bought = policy["mechanism"]["kind"] != "per_increment" and not any(
        cap["on"] == "measure" for cap in policy.get("caps", [])
    )
    if as_bought and abs(whole) < abs(Fraction(group["base"]) / Fraction(group["paid_on_in"])):
        raise Contradiction(f"{policy['code']}: the group is paid on more than what all share by")


def counting(group: dict[str, Any], *, most: bool = False) -> Fraction:
    """How much of what shares a group's figure counts behind its members' gates and factors; at least, or at most.

    A sum of fractions is rounded to so many "decimals", for all its digits would tell what others bought.
    """
    whole = Fraction(group["sum"])
    if "counting" not in group or not whole:
        return Fraction(1)
    away = Fraction(1, 2 * 10 ** group["decimals"]) if "decimals" in group else Fraction(0)
    return max(Fraction(0), abs(Fraction(group["counting"])) + (away if most else -away)) / abs(whole)


def own_factor(policy: dict[str, Any], found: dict[str, Any]) -> Fraction:
    """How much of what a member is paid on counts behind its own gates and factors."""
    return by_measures(policy, through_gates(policy, Fraction(1), found), found)


def figure_of_group(
    policy: dict[str, Any], it: Facts, mode: str, digits: int, counts: Fraction = Fraction(1)
) -> Fraction:
    """What all members together are paid; `counts` of a figure above zero."""
    figure = raw(policy, it)
    if policy["mechanism"]["kind"] == "formula":
        figure = formula(policy["mechanism"], it.base, it.qualifier, {})
    return rounded(most_paid(policy, figure * counts if figure > 0 else figure), mode, digits)


def share_of_group(
    policy: dict[str, Any], base: Fraction, group: dict[str, Any], mode: str, digits: int,
    own: Fraction = Fraction(1),
) -> Fraction:  # fmt: skip
    """What of a group's figure falls to the member that is paid on `base`, of which `own` counts where the figure is
    above zero.

    "group" has the sums of all, the "sum" by which the figure is shared and what of it is "counting", still to be
    divided by "parts", and what was "paid": who is given a cent more hangs on the others' sums, so the share may be one
    above its whole cents. Of a group so small that its sums would tell another's there is nothing but what was "paid".
    """
    if "sum" not in group:
        return Fraction(group["paid"])
    refuse_contradictions(policy, base, group, own)
    counted_in, paid_on_in = Fraction(group["counted_in"]), Fraction(group["paid_on_in"])
    reference = None if group["reference"] is None else Fraction(group["reference"]) / counted_in
    it = Facts(Fraction(group["qualifier"]) / counted_in, Fraction(group["base"]) / paid_on_in, reference, 1)
    low, high = (
        figure_of_group(policy, it, mode, digits, counting(group, most=most)) for most in (False, True)
    )
    whole_base = Fraction(group["sum"]) / Fraction(group["parts"])
    least = most = whole_base
    if high > 0:
        base, least, most = base * own, whole_base * counting(group), whole_base * counting(group, most=True)
    if base * most <= 0:
        return Fraction(0)
    least = max(abs(least), abs(base))  # the member's own is a part of it
    lower, upper = (abs(base) * 10**digits * abs(one) / by for one, by in ((low, abs(most)), (high, least)))
    cents, sign = lower.numerator // lower.denominator, 1 if high >= 0 else -1
    stated = Fraction(group["paid"]) * 10**digits * sign
    # A cent more hangs on the others' sums; between two sums of which one is told rounded it may be either.
    fits = stated.denominator == 1 and cents <= stated < upper + 1
    return Fraction(sign * (stated if fits else cents), 10**digits)
