"""A plan's qualifier, base and reference from the sums of its terms, as SQL."""

from __future__ import annotations

from decimal import Decimal

from rebates.credited import is_credited
from rebates.plans import Plan


def figures_of(plan: Plan, sums: dict[str, str], booked: str) -> dict[str, str]:
    """SQL of a plan's figures by name, see `based`. `booked` counts the lines of the baseline."""
    bands = plan.bands
    if bands.counts_sets:
        sets = ", ".join(
            f"div({sums[f'part{number}']}, {part.quantity})" for number, part in enumerate(bands.parts)
        )
        complete = f"greatest(least({sets}), 0)"
        names = ("qualifier", "base", "counted", "payable")
        return dict.fromkeys(names, complete) | {"reference": "NULL::numeric"}
    reference = "NULL::numeric"
    if bands.target is not None:
        reference = f"{bands.target}::numeric"
    elif bands.share_of == "total":
        reference = sums["reference"]
    elif bands.share_of == "baseline":
        reference = _baseline(plan, sums.get("reference", ""), booked)
    counted, payable = sums["qualifier"], sums["base"]
    base = _at_most(payable, bands.most_base)
    if bands.increment is not None:
        base = f"div(greatest({base}, 0), {bands.increment})"
    qualifier = _at_most(counted, bands.most_counted)
    return {
        "qualifier": qualifier, "base": base, "reference": reference, "counted": counted, "payable": payable,
    }  # fmt: skip


def _at_most(text: str, cap: Decimal | None) -> str:
    return text if cap is None else f"least({text}, {cap}::numeric)"


def _baseline(plan: Plan, booked_sum: str, booked: str) -> str:
    """SQL of the baseline: what the partner bought before, or what the policy says of one that bought nothing."""
    rules = plan.policy.get("baseline", {})
    stated = f"{rules['amount']}::numeric * {plan.counted_in}" if "amount" in rules else "NULL::numeric"
    if plan.baseline is None:
        return stated
    new = {"skip": "NULL::numeric", "zero": "0::numeric", "stated": stated}[rules.get("new_partner", "skip")]
    # A credit that was taken back is as if never given: an agent whose credits came to nothing then is a new one.
    known = f"({booked_sum}) <> 0" if is_credited(plan.policy) else f"({booked}) > 0"
    return f"CASE WHEN {known} THEN greatest({booked_sum}, 0) ELSE {new} END"
