"""What the result of a computed field is: money is not counted in days, nor multiplied with money.

Asked when a field is defined. Values are computed without it, so what was kept before still computes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from django.utils.translation import gettext_lazy as _

from prm.customfields.expressions import COMPARISONS, Node, WrongKind

WORDS = {"money": _("money"), "number": _("number"), "date": _("date"), "truth": _("comparison")}


def unit_of(node: Node, money: Collection[str]) -> str:
    """ "money", "number", "date" or "truth" of an expression; `money` names the fields that are amounts.

    Raises WrongKind where an amount meets a day, or an amount is multiplied with an amount.
    """
    if node.what == "name":
        return "money" if node.parts[0] in money else node.kind
    if node.what == "number":
        return "number"
    units = [unit_of(part, money) for part in node.parts]
    return _RULES.get(node.what, _together)(node, units)


def _sum(node: Node, units: list[str]) -> str:
    if set(units) == {"date", "money"}:
        raise _wrong(node, units)
    return _together(node, units)


def _product(node: Node, units: list[str]) -> str:
    if units == ["money", "money"]:
        raise _wrong(node, units)
    return _together(node, units)


def _quotient(node: Node, units: list[str]) -> str:
    return "money" if units == ["money", "number"] else node.kind


def _same_kind(node: Node, units: list[str]) -> str:
    return node.kind


def _together(node: Node, units: list[str]) -> str:
    return "money" if node.kind == "number" and "money" in units else node.kind


def _wrong(node: Node, units: list[str]) -> WrongKind:
    return WrongKind(at=node.what, kinds=", ".join(str(WORDS[unit]) for unit in units))


_RULES: dict[str, Callable[[Node, list[str]], str]] = {
    "+": _sum, "-": _sum, "*": _product, "/": _quotient, **dict.fromkeys(COMPARISONS, _same_kind),
}  # fmt: skip
