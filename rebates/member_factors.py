"""Gates and factors of the members of a group: each is asked by itself how much of its part counts.

Guarantees
- The unrounded figure of a group, where it is above zero, is multiplied by what the members are paid on behind their
  own gates and factors ÷ what they are paid on, as an exact fraction; then it is capped, rounded once, and shared by
  what each is paid on behind its own gates and factors. What does not count of a member's part falls to nobody.
- A figure that is not above zero stays, and is shared as it would be without gates and factors.
- Of a collection factor each member's own invoices and payments make its own: a fraction, see `collection.py`.
  Thousands of them have no common denominator that could be written down: what counts of each is cut off behind 400
  decimals, and the figure and the shares are rounded to 200 before they are rounded to minor units, as under a cap over
  all partners (`pooled_sql.py`): what ties exactly still ties.
- Both sums are told where four members at least stand behind them, and behind any part of them that has one factor. Of
  fractions the second one is told to ten decimals: all its digits would tell what others bought.
- Programmes without gates and factors cost nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rebates import collection, measure_factors, partner_pools, traits
from rebates.partner_pools import DECIMALS, TICKS, TOLD_TO
from rebates.plans import Plan

ALIKE_TO = 30  # decimals to which a fraction is held against another member's, or its own of before


def matter(plans: Sequence[Plan]) -> bool:
    """Whether members of groups are asked for anything."""
    return any(
        partner_pools.is_group(plan.policy)
        and (
            traits.gates_for(plan)
            or measure_factors.factors_of(plan.policy)
            or collection.steps_of(plan.policy)
        )
        for plan in plans
    )


def collects(plans: Sequence[Plan]) -> bool:
    """Whether members of groups have fractions for factors."""
    return any(partner_pools.is_group(plan.policy) and collection.steps_of(plan.policy) for plan in plans)


# SQL


@dataclass(frozen=True)
class Asked:
    """What is asked of each member: joins to rows called `plan`, its `factor` as it is told and held against others',
    what the explanation says, and what counts of its `weight`; `product` is a column of what gates and measures leave.
    """

    laterals: str = ""
    factor: str = "1::numeric"
    said: str = "'{}'::jsonb"
    product: str = "1::numeric"
    counts: str = "weight * factor"


def asked_of(plan: Plan, params: dict[str, Any], keys: dict[int, dict[str, str]], *, converts: bool) -> Asked:
    """`keys`: by plan and code under which key the figure of each measure is frozen; `converts`: whether sums are in
    parts of the currency.
    """
    if not matter([plan]):
        return Asked()
    gated, factored = traits.gates_for(plan), measure_factors.factors_of(plan.policy)
    product = "factor.value" if factored else "1"
    notes = [
        *(["'gates', gate.said"] if gated else []),
        *(["'factors', factor.said"] if factored else []),
    ]
    lateral = measure_factors.lateral([plan], params, keys) if factored else ""
    laterals = f"{traits.GATE if gated else ''} {lateral}"
    product = f"CASE WHEN gate.passed THEN {product} ELSE 0 END" if gated else product
    said = f"jsonb_build_object({', '.join(notes)})"
    if not collects([plan]):
        return Asked(laterals, product, said, product)
    return Asked(
        laterals,
        f"round(CASE WHEN plan.due > 0 THEN ({product}) * plan.collected / plan.due ELSE {product} END, {ALIKE_TO})",
        said + collection.said(converts),
        product,
        f"CASE WHEN due > 0 THEN div(weight * product * collected * 1e{DECIMALS}, due) * 1e-{DECIMALS}"
        " ELSE weight * product END",
    )


# The group's unrounded figure and its divisor behind what its members are asked; `plan` has the two sums.
_MOVES = "{was}.raw > 0 AND plan.weights <> 0"
_RAW = f"CASE WHEN {_MOVES} THEN {{was}}.raw * abs(plan.counting) ELSE {{was}}.raw END"
_DIVISOR = f"CASE WHEN {_MOVES} THEN {{was}}.divisor * abs(plan.weights) ELSE {{was}}.divisor END"
# The same of sums of fractions, with so many decimals that only what ties is a tie.
_CUT = (
    f"CASE WHEN {_MOVES} THEN div(2 * {{was}}.raw * abs(plan.counting) * 1e{TICKS}"
    f" + {{was}}.divisor * abs(plan.weights), 2 * {{was}}.divisor * abs(plan.weights)) * 1e-{TICKS}"
    " ELSE {was}.raw END"
)
_CUT_DIVISOR = f"CASE WHEN {_MOVES} THEN 1 ELSE {{was}}.divisor END"


def moved(plans: Sequence[Plan]) -> tuple[str, str] | None:
    """The two of a row called `was`; None where nobody is asked."""
    if collects(plans):
        return _CUT, _CUT_DIVISOR
    return (_RAW, _DIVISOR) if matter(plans) else None


def parted(plans: Sequence[Plan], units: str, weight: str, weights: str) -> tuple[str, str]:
    """What of so many minor units falls to `weight` of `weights`: whole ones, and the rest of another one."""
    if not collects(plans):
        shared = f"{units} * {weight}, nullif({weights}, 0)"
        return f"div({shared})", f"mod({shared})"
    ticks = f"div(2 * {units} * {weight} * 1e{TICKS} + {weights}, 2 * nullif({weights}, 0))"
    return f"div({ticks}, 1e{TICKS})", f"mod({ticks}, 1e{TICKS})"


def told(plans: Sequence[Plan]) -> str:
    """What the explanation of a member says of what counts of all, and of its own."""
    if not collects(plans):
        return ", 'counting', trim_scale(shared.counting)::text, 'own', trim_scale(shared.factor)::text"
    return (
        f", 'counting', trim_scale(round(shared.counting, {TOLD_TO}))::text, 'decimals', {TOLD_TO},"
        " 'own', trim_scale(shared.factor)::text"
    )


def few() -> str:
    """Whether so few members stand behind what counts, or have another factor than all others, that the sums would tell
    of them; of rows of `sided` as a group.
    """
    least, many = partner_pools.LEAST_MEMBERS, "count(*) FILTER (WHERE weight > 0)"
    return (
        f"count(*) FILTER (WHERE weight > 0 AND factor > 0) < {least}"
        f" OR {many} - max(alike) FILTER (WHERE weight > 0) BETWEEN 1 AND {least - 1}"
    )


ALIKE = "count(*) FILTER (WHERE weight > 0) OVER (PARTITION BY head, factor) AS alike"
