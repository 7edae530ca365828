"""Products as a target of fields and forms of the tenant's own."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from prm.customfields import targets
from prm.customfields.targets import Builtin
from prm.values.actor import Actor

BUILTIN = (
    Builtin("name", _("Name"), "text", locked=_("Catalogue and invoices show it.")),
    Builtin("name_zh", _("Chinese name"), "text"),
    Builtin("code", _("Code"), "text", locked=_("Price lists, orders and imports know the product by it.")),
    Builtin(
        "product_line",
        _("Product line"),
        "choice",
        locked=_("Protection and rebates go by product line."),
        choices=lambda: product_lines(),
        codes=lambda: line_codes(),
    ),
    Builtin(
        "list_price", _("List price"), "money", locked=_("It holds wherever no price list names another.")
    ),
    Builtin("tax_percent", _("Tax, %"), "number", locked=_("Orders and invoices reckon with it.")),
    Builtin("unit", _("Unit"), "text", locked=_("Quantities are in this unit.")),
    Builtin("description", _("Description"), "long_text"),
    Builtin(
        "is_active", _("Sold now"), "yes_no", given=True, locked=_("It decides whether partners can order.")
    ),
)


def register() -> None:
    targets.register(
        "product", model="catalogue.Product", label=_("Product"), verb="catalogue.view", builtin=BUILTIN, form=form,
        key=("product_code", "code"), change=change,
    )  # fmt: skip


def change(row: Any, custom: dict[str, Any], by: Actor) -> Any:
    from prm.catalogue.services import complete_product

    return complete_product(product=row, custom=custom, by=by)


def product_lines() -> list[tuple[str, str]]:
    from prm.catalogue.models import ProductLine

    return [(str(line.pk), str(line)) for line in ProductLine.objects.filter(is_active=True)]


def line_codes() -> dict[str, str]:
    from prm.catalogue.models import ProductLine

    return {str(line.pk): line.code for line in ProductLine.objects.all()}


def form(actor: Actor, **options: Any) -> Any:
    from prm.catalogue.forms import ProductForm

    return ProductForm(actor=actor, **options)
