"""What no schema can say: parts of a policy that contradict each other, each as its place and a sentence."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

Found = Iterator[tuple[tuple[str | int, ...], str]]


def contradictions(policy: dict[str, Any]) -> Found:
    """Of a normalised policy that the schema allows."""
    yield from _rising(policy["mechanism"])
    yield from _above_zero(policy["mechanism"])
    yield from _sets(policy)
    yield from _paid_above(policy)
    yield from _baseline(policy)


def _rising(mechanism: dict[str, Any]) -> Found:
    for rows, name in (("bands", "from"), ("points", "at")):
        bounds = [Decimal(row[name]) for row in mechanism.get(rows, [])]
        for index, (low, high) in enumerate(zip(bounds, bounds[1:], strict=False), start=1):
            if low >= high:
                yield ("mechanism", rows, index, name), _("Lower bounds must rise from band to band.")


def _above_zero(mechanism: dict[str, Any]) -> Found:
    for name in ("target", "increment"):
        if name in mechanism and Decimal(mechanism[name]) <= 0:
            yield ("mechanism", name), _("This must be above zero.")
    for index, part in enumerate(mechanism.get("parts", [])):
        if Decimal(part["quantity"]) <= 0:
            yield ("mechanism", "parts", index, "quantity"), _("This must be above zero.")


def _sets(policy: dict[str, Any]) -> Found:
    if policy["mechanism"]["kind"] != "bundle":
        return
    for index, part in enumerate(policy["mechanism"]["parts"]):
        if ("product" in part) == ("product_line" in part):
            yield ("mechanism", "parts", index), _("Name a product or a product line, not both.")
    for name in ("qualify", "pay"):
        if name in policy:
            yield (name,), _("The parts of the set say which sales count. Leave this out.")


def _paid_above(policy: dict[str, Any]) -> Found:
    """What is paid above a baseline or target must be the same sales that are held against it."""
    if policy["mechanism"].get("on") not in ("growth", "excess"):
        return
    if policy.get("pay", policy.get("qualify", {})) != policy.get("qualify", {}):
        yield ("pay",), _("Where only the part above is paid on, the sales paid on are those that count.")
    if policy.get("measure") == "quantity":
        yield ("measure",), _("Where only the part above is paid on, it is measured in money.")


def _baseline(policy: dict[str, Any]) -> Found:
    rules = policy.get("baseline")
    if rules is None:
        return
    if policy["mechanism"]["kind"] != "growth":
        yield ("baseline",), _("Only growth has a baseline.")
    wants = rules.get("kind") == "stated" or rules.get("new_partner") == "stated"
    if wants and "amount" not in rules:
        yield ("baseline", "amount"), _("Say how much the stated baseline is.")
    if not wants and "amount" in rules:
        yield ("baseline", "amount"), _("Nothing uses this amount. Leave it out, or state the baseline.")
