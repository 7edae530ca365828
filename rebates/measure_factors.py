"""Factors by a measure: how much of a figure counts follows from the band that a score or another figure reaches.

Guarantees
- A figure above zero, behind the gates, is multiplied by each factor exactly; below the first band nothing counts. A
  figure that is not above zero stays.
- What was found is asked once for all partners and frozen with the run, as gates do.
- Programmes without such factors cost nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from prm.measures import registry
from rebates.plans import Plan

KIND = "measure"


def factors_of(policy: dict[str, Any]) -> list[dict[str, Any]]:
    """The factors, each {"code", "bands": [{"from", "factor"}]}."""
    return [factor for factor in policy.get("factors", []) if factor["kind"] == KIND]


def matter(plans: Iterable[Plan]) -> bool:
    return any(factors_of(plan.policy) for plan in plans)


def asked_of(policy: dict[str, Any]) -> list[dict[str, str]]:
    """What is asked of partners, each as a gate would: {"kind", "code"}."""
    found = (
        (factor["code"], registry.find(factor["code"])) for factor in factors_of(policy) if "code" in factor
    )
    return [{"kind": measure.kind if measure else "measure", "code": code} for code, measure in found]


# SQL

RAW = "CASE WHEN {was}.raw > 0 THEN {was}.raw * factor.value ELSE {was}.raw END"
SAID = (
    " || CASE WHEN factor.said IS NULL THEN '{}'::jsonb ELSE jsonb_build_object('factors', factor.said) END"
)


def lateral(plans: Sequence[Plan], params: dict[str, Any], keys: dict[int, dict[str, str]]) -> str:
    """The lateral relation `factor` with the product and what was found. `keys`: by plan and code the frozen key."""
    products, notes = [], []
    for number, plan in enumerate(plans):
        values, said = [], []
        for place, factor in enumerate(factors_of(plan.policy)):
            name = f"factor_{number}_{place}"
            params |= {f"{name}_key": keys[number][factor["code"]], f"{name}_code": factor["code"]}
            found = f"COALESCE((plan.figures ->> %({name}_key)s)::numeric, 0)"
            arms = "".join(
                f"WHEN {found} >= {Decimal(band['from']):f} THEN {Decimal(band['factor']):f} "
                for band in reversed(factor["bands"])
            )
            value = f"(CASE {arms} ELSE 0 END)::numeric"
            values.append(value)
            said.append(
                f"jsonb_build_object('code', %({name}_code)s::text, 'found', {found}::text, 'factor', {value}::text)"
            )
        if values:
            products.append(f"WHEN plan.no = {number} THEN {' * '.join(values)}")
            notes.append(f"WHEN plan.no = {number} THEN jsonb_build_array({', '.join(said)})")
    return (
        f"CROSS JOIN LATERAL (SELECT CASE {' '.join(products)} ELSE 1 END AS value,"
        f" CASE {' '.join(notes)} END AS said OFFSET 0) factor"
    )
