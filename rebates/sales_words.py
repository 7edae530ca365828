"""Which sales a policy means, in words: those that its bands are read from, and those that it pays on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from prm.catalogue.models import Product, ProductLine
from prm.ui.formats import filled
from rebates.mechanisms import bands_of
from rebates.numbers_in_words import measured
from rebates.serials import by_serial


def listed(words: Iterable[str]) -> str:
    return pgettext("between the words of a list", ", ").join(words)


def names(model: Any, codes: Iterable[str]) -> list[str]:
    """Names by code, in the order of the codes; the code where nothing has it any more."""
    codes = list(codes)
    found = {row.code: str(row) for row in model.objects.filter(code__in=codes)}
    return [found.get(code, code) for code in codes]


def names_of_parts(parts: list[dict[str, Any]]) -> list[str]:
    """What a set consists of, part by part."""
    return [
        names(ProductLine, [part["product_line"]])[0]
        if "product_line" in part
        else names(Product, [part["product"]])[0]
        for part in parts
    ]


def unit_of(policy: dict[str, Any]) -> str:
    """The currency in which what counts is measured; empty where units count."""
    return "" if policy.get("measure") == "quantity" else str(policy["currency"])


def chosen(policy: dict[str, Any], part: str) -> dict[str, Any]:
    """The product lines and products of `qualify` or `pay`; what is paid on is what counts unless it is said."""
    found = policy.get(part)
    if found is None and part == "pay":
        found = policy.get("qualify")
    return found or {}


def pays_on_others(policy: dict[str, Any]) -> bool:
    """Whether other sales are paid on than count."""
    return chosen(policy, "pay") != chosen(policy, "qualify")


def goods(policy: dict[str, Any], part: str) -> str:
    """The product lines and products themselves."""
    codes = chosen(policy, part)
    lines = _("all product lines")
    if "product_lines" in codes:
        lines = listed(names(ProductLine, codes["product_lines"]))
    if "products" not in codes:
        return lines
    words = {"lines": lines, "products": listed(names(Product, codes["products"]))}
    return filled(_("%(lines)s (only %(products)s)"), words)


def net_sales(policy: dict[str, Any], part: str) -> str:
    return filled(_("net sales of %(lines)s"), {"lines": goods(policy, part)})


def units(policy: dict[str, Any], part: str) -> str:
    words = {"lines": goods(policy, part)}
    if by_serial(policy):
        return filled(_("serial numbers of %(lines)s"), words)
    return filled(_("units sold of %(lines)s"), words)


def counted(policy: dict[str, Any]) -> str:
    """What the bands are read from; of a mix all of which the focus lines are a share."""
    return net_sales(policy, "qualify") if unit_of(policy) else units(policy, "qualify")


def qualifier(policy: dict[str, Any]) -> str:
    """The figure that counts: of a mix that of the focus lines."""
    kind = policy["mechanism"]["kind"]
    if kind == "bundle":
        return _("the sets' parts")
    if kind == "mix":
        lines = listed(names(ProductLine, policy["mechanism"]["focus"]))
        words = _("net sales of %(lines)s") if unit_of(policy) else _("units sold of %(lines)s")
        return filled(words, {"lines": lines})
    return units(policy, "qualify") if bands_of(policy).reads_units else net_sales(policy, "qualify")


def paid_on(policy: dict[str, Any]) -> str:
    """What is paid on, and what of it counts as one."""
    rules = policy["mechanism"]
    if rules["kind"] == "bundle":
        return _("complete sets")
    if rules["kind"] == "per_increment":
        whole = net_sales(policy, "pay") if unit_of(policy) else units(policy, "pay")
        words = {"step": measured(rules["increment"], unit_of(policy)), "lines": whole}
        return filled(_("full steps of %(step)s in %(lines)s"), words)
    return units(policy, "pay") if bands_of(policy).pays_units else net_sales(policy, "pay")
