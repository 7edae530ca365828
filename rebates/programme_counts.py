"""The part of the programme's form that says which sales count and which are paid on, and whose: the partner's own, or
those that it brokered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from prm.catalogue.models import Product
from prm.ui.picker import CodePicker
from rebates.credited import CREDITED, OWN
from rebates.programme_details import Missing, codes_of
from rebates.programme_mechanism import lines

COUNTS = [
    (OWN, _("What the partner itself bought")),
    (CREDITED, _("Sales that it is credited with as an agent, each by its share")),
]


def _goods(label: Any, help_text: Any) -> forms.CharField:
    return forms.CharField(
        label=label,
        required=False,
        max_length=2000,
        widget=CodePicker("rebates:pick", "products", coded=True),
        help_text=help_text,
    )


class CountsFields(forms.Form):
    product_lines = lines(_("Product lines"), _("None ticked: all sales count."))
    products = _goods(
        _("Only these products"), _("Codes with commas between. Empty: every product of the product lines.")
    )
    pay_lines = lines(pgettext_lazy("sales lines", "Paid on"), _("None ticked: what counts is also paid on."))
    pay_products = _goods(
        _("Paid on these products only"),
        _("Codes with commas between. Empty: every product of what is paid on."),
    )
    counts = forms.ChoiceField(
        label=_("What counts"), choices=COUNTS, required=False, initial=OWN,
        help_text=_("An agent brokers sales that are invoiced to somebody else; finance credits it with them."),
    )  # fmt: skip


def counts_of(values: dict[str, Any], asked: Sequence[str], *, asks: str) -> dict[str, Any]:
    """The policy's parts as typed; empty where they are the usual ones. `asked`: the fields of the mechanism.

    Raises Missing for unknown products, and where `asks` is "products" and none is named.
    """
    return {
        "counts": CREDITED if values["counts"] == CREDITED else "",
        "qualify": _qualifying(values, asks) if asked else {},
        "pay": _chosen(values, "pay_lines", "pay_products") if "pay_lines" in asked else {},
    }


def _qualifying(values: dict[str, Any], asks: str) -> dict[str, Any]:
    found = _chosen(values, "product_lines", "products")
    if asks == "products" and not found:
        words = _("Name the new products, or tick their lines: without them every sale would be paid for.")
        raise Missing("products", str(words))
    return found


def _chosen(values: dict[str, Any], of_lines: str, of_products: str) -> dict[str, Any]:
    """The product lines and products of two fields."""
    goods = codes_of(values[of_products])
    known = set(Product.objects.filter(code__in=goods).values_list("code", flat=True))
    for code in goods:
        if code not in known:
            raise Missing(of_products, str(_("No product has the code %(code)s.") % {"code": code}))
    found: dict[str, Any] = {}
    if values[of_lines]:
        found["product_lines"] = [line.code for line in values[of_lines]]
    return found | ({"products": goods} if goods else {})


def initial_counts(policy: dict[str, Any]) -> dict[str, Any]:
    return {"counts": policy.get("counts", OWN)}
