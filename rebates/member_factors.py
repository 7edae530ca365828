"""Gates and factors of the members of a group: each is asked by itself how much of its part counts.

Guarantees
- The unrounded figure of a group, where it is above zero, is multiplied by what the members are paid on behind their
  own gates and factors ÷ what they are paid on, as an exact fraction; then it is capped, rounded once, and shared by
  what each is paid on behind its own gates and factors. What does not count of a member's part falls to nobody.
- A figure that is not above zero stays, and is shared as it would be without gates and factors.
- Both sums are told where four members at least stand behind them, and behind any part of them that has one factor.
- Programmes without gates and factors cost nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rebates import measure_factors, partner_pools, traits
from rebates.plans import Plan


def matter(plans: Sequence[Plan]) -> bool:
    """Whether members of groups are asked for anything."""
    return any(
        partner_pools.is_group(plan.policy)
        and (traits.gates_for(plan) or measure_factors.factors_of(plan.policy))
        for plan in plans
    )


# SQL


@dataclass(frozen=True)
class Asked:
    """What is asked of each member: joins to rows called `plan`, its factor, and what the explanation says."""

    laterals: str = ""
    factor: str = "1::numeric"
    said: str = "'{}'::jsonb"


def asked_of(plan: Plan, params: dict[str, Any], keys: dict[int, dict[str, str]]) -> Asked:
    """`keys`: by plan and code under which key the figure of each measure is frozen."""
    gated, factored = traits.gates_for(plan), measure_factors.factors_of(plan.policy)
    if not (gated or factored):
        return Asked()
    product = "factor.value" if factored else "1"
    notes = [
        *(["'gates', gate.said"] if gated else []),
        *(["'factors', factor.said"] if factored else []),
    ]
    lateral = measure_factors.lateral([plan], params, keys) if factored else ""
    return Asked(
        f"{traits.GATE if gated else ''} {lateral}",
        f"CASE WHEN gate.passed THEN {product} ELSE 0 END" if gated else product,
        f"jsonb_build_object({', '.join(notes)})",
    )


# The group's unrounded figure and its divisor behind what its members are asked; `plan` has the two sums.
COLUMNS = ("weights", "counting")
_MOVES = "{was}.raw > 0 AND plan.weights <> 0"
RAW = f"CASE WHEN {_MOVES} THEN {{was}}.raw * abs(plan.counting) ELSE {{was}}.raw END"
DIVISOR = f"CASE WHEN {_MOVES} THEN {{was}}.divisor * abs(plan.weights) ELSE {{was}}.divisor END"


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
