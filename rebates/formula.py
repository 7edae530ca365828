"""Programmes that pay by a formula: an exact expression over declared figures, computed in SQL for all at once.

Guarantees
- The language is that of computed fields (`prm/customfields/expressions.py`): it can read the figures that the policy
  declares and nothing else. Every step is a fraction; nothing is rounded before the total unless the formula says so.
- A division by zero, and a figure from 10^15 on, make the formula empty; an empty one pays nothing. So does a base
  below zero.
- A figure is asked of its measure once for all partners and frozen with the run, as gates do.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from prm.customfields import expressions
from prm.customfields.expressions import Node
from prm.measures import registry
from rebates.plans import Plan

KIND = "formula"
OWN = ("base", "qualifier")  # what is paid on and what counts


def by_formula(policy: dict[str, Any]) -> bool:
    return bool(policy["mechanism"]["kind"] == KIND)


def matter(plans: Iterable[Plan]) -> bool:
    return any(by_formula(plan.policy) for plan in plans)


def name_of(code: str) -> str:
    """How a formula calls a measure: `orders.net_sales` is `orders_net_sales`."""
    return re.sub(r"\W", "_", code)


def measures_of(policy: dict[str, Any]) -> dict[str, str]:
    """The declared measures, by the name that the formula gives them."""
    return {name_of(code): code for code in policy["mechanism"].get("measures", [])}


def asked_of(policy: dict[str, Any]) -> list[dict[str, str]]:
    """What is asked of partners, each as a gate would: {"kind", "code"}."""
    if not by_formula(policy):
        return []
    found = ((code, registry.find(code)) for code in policy["mechanism"].get("measures", []))
    return [{"kind": measure.kind if measure else "measure", "code": code} for code, measure in found]


def names_read(expression: str) -> set[str]:
    """The names that an expression reads."""
    return set(re.findall(r"[^\W\d]\w*", expression))


def names_in(policy: dict[str, Any]) -> set[str]:
    """The names that the policy's expression reads."""
    return names_read(policy["mechanism"]["expression"])


def parsed(policy: dict[str, Any]) -> Node:
    """The formula as a tree; DomainError where it cannot be read."""
    names = (*OWN, *measures_of(policy))
    node = expressions.parse(policy["mechanism"]["expression"], dict.fromkeys(names, "number"))
    expressions.refuse_division_by_zero(node)
    return node


def value(policy: dict[str, Any], figures: dict[str, Any]) -> Fraction:
    """What the formula pays on these figures; measures that are not among them count as 0."""
    known = dict.fromkeys(measures_of(policy), 0) | figures
    if known["base"] < 0:
        return Fraction(0)
    found = expressions.evaluate(parsed(policy), known)
    number = Fraction(found) if isinstance(found, Fraction | int) else Fraction(0)
    return number if abs(number) < expressions.LARGEST else Fraction(0)


# SQL


@dataclass
class _Steps:
    """A formula as lateral steps, each a fraction (n, d) with d above zero, or a truth (t); empty is NULL."""

    plan: Plan
    prefix: str
    names: dict[str, tuple[str, str]]  # SQL of numerator and denominator
    texts: list[str] = field(default_factory=list)

    def _add(self, columns: str) -> str:
        name = f"{self.prefix}_{len(self.texts)}"
        self.texts.append(f"CROSS JOIN LATERAL (SELECT {columns} OFFSET 0) {name}")
        return name

    def _fraction(self, up: str, down: str) -> tuple[str, str]:
        name = self._add(f"({up})::numeric AS n, ({down})::numeric AS d")
        return f"{name}.n", f"{name}.d"

    def fraction(self, node: Node) -> tuple[str, str]:
        if node.what == "number":
            number = Fraction(node.parts[0])
            return f"{number.numerator}::numeric", f"{number.denominator}::numeric"
        if node.what == "name":
            return self.names[node.parts[0]]
        if node.what == "if":
            return self._choice(node)
        parts = [self.fraction(part) for part in node.parts if isinstance(part, Node)]
        if node.what in ("min", "max"):
            return self._furthest(parts, "<=" if node.what == "min" else ">=")
        (up, down), (other_up, other_down) = parts[0], parts[-1]
        if node.what == "negative":
            return self._fraction(f"-{up}", down)
        if node.what == "value":
            empty = f"CASE WHEN {up} IS NULL THEN {{}} ELSE {{}} END"
            return self._fraction(empty.format(other_up, up), empty.format(other_down, down))
        if node.what == "round":
            unit = 10 ** int(node.parts[1].parts[0]) if len(node.parts) > 1 else 1
            whole = f"sign({up}) * div(2 * abs({up}) * {unit} + {down}, 2 * {down})"
            return self._fraction(whole, str(unit))
        if node.what == "*":
            return self._fraction(f"{up} * {other_up}", f"{down} * {other_down}")
        if node.what == "/":
            none = f"CASE WHEN {other_up} = 0 THEN NULL ELSE {{}} END"
            return self._fraction(
                none.format(f"{up} * {other_down} * sign({other_up})"),
                none.format(f"{down} * abs({other_up})"),
            )
        sign = "+" if node.what == "+" else "-"
        return self._fraction(f"{up} * {other_down} {sign} {other_up} * {down}", f"{down} * {other_down}")

    def _choice(self, node: Node) -> tuple[str, str]:
        truth, yes, no = self.truth(node.parts[0]), self.fraction(node.parts[1]), self.fraction(node.parts[2])
        up, down = (f"CASE WHEN {truth} THEN {one} WHEN NOT {truth} THEN {other} END"
                    for one, other in zip(yes, no, strict=True))  # fmt: skip
        return self._fraction(up, down)

    def _furthest(self, parts: list[tuple[str, str]], sign: str) -> tuple[str, str]:
        best = parts[0]
        for up, down in parts[1:]:
            first = f"{best[0]} * {down} {sign} {up} * {best[1]}"
            best = self._fraction(
                f"CASE WHEN {first} THEN {best[0]} WHEN NOT ({first}) THEN {up} END",
                f"CASE WHEN {first} THEN {best[1]} WHEN NOT ({first}) THEN {down} END",
            )
        return best

    def truth(self, node: Node) -> str:
        if node.what == "not":
            words = f"NOT {self.truth(node.parts[0])}"
        elif node.what in ("and", "or"):
            words = f" {node.what.upper()} ".join(self.truth(part) for part in node.parts)
        else:
            (up, down), (other_up, other_down) = (self.fraction(part) for part in node.parts)
            sign = "<>" if node.what == "!=" else node.what
            words = f"{up} * {other_down} {sign} {other_up} * {down}"
        return f"{self._add(f'({words}) AS t')}.t"


def laterals(plans: Sequence[Plan], params: dict[str, Any], keys: dict[int, dict[str, str]]) -> str:
    """The lateral relation `formula` with n, d and read, of the plans that have one. `keys`: by plan and code the
    frozen key. The steps of a formula are taken for its own plan only.
    """
    parts = []
    for number, plan in enumerate(plans):
        if not by_formula(plan.policy):
            continue
        names = {
            "base": ("plan.base", f"{plan.paid_on_in}::numeric"),
            "qualifier": ("plan.qualifier", f"{plan.counted_in}::numeric"),
        }
        pairs = []
        for place, (name, code) in enumerate(measures_of(plan.policy).items()):
            params[f"formula_{number}_{place}"] = keys[number][code]
            found = f"COALESCE((plan.figures ->> %(formula_{number}_{place})s)::numeric, 0)"
            names[name] = (found, "1::numeric")
            pairs.append(f"'{name}', {found}::text")
        steps = _Steps(plan, f"formula_{number}", names)
        up, down = steps.fraction(parsed(plan.policy))
        fits = f"plan.base >= 0 AND abs({up}) < {expressions.LARGEST} * {down}"
        parts.append(
            f"SELECT CASE WHEN {fits} THEN {up} ELSE 0 END AS n, CASE WHEN {fits} THEN {down} ELSE 1 END AS d,"
            f" jsonb_build_object({', '.join(pairs)}) AS read FROM (SELECT) row {' '.join(steps.texts)}"
            f" WHERE plan.no = {number}"
        )
    return f"LEFT JOIN LATERAL ({' UNION ALL '.join(parts)} OFFSET 0) formula ON true"


def numbers(plans: Sequence[Plan]) -> str:
    return ", ".join(str(number) for number, plan in enumerate(plans) if by_formula(plan.policy))


SAID = (
    " || CASE WHEN formula.read IS NULL THEN '{}'::jsonb ELSE jsonb_build_object('formula', jsonb_build_object("
    "'up', formula.n::text, 'down', formula.d::text, 'read', formula.read)) END"
)
