"""What rules may ask about a product."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from prm.catalogue.models import Product
from prm.conditions import Field, registry


def register() -> None:
    registry.register_subject(
        "product",
        model="catalogue.Product",
        label=_("Product"),
        verb="catalogue.view",
        # The catalogue belongs to no partner; who may build conditions about it reads all of it.
        rows=lambda actor: Product._default_manager.all(),
        fields=[
            Field("name", "text", label=_("Name")),
            Field("name_zh", "text", label=_("Chinese name")),
            Field("code", "text", label=_("Code")),
            Field(
                "product_line", "reference", label=_("Product line"), to="catalogue.ProductLine", key="code"
            ),
            Field("list_price", "money", label=_("List price"), currency="currency"),
            Field("tax_rate", "number", label=_("Tax rate")),
            Field("unit", "text", label=_("Unit")),
            Field("description", "text", label=_("Description")),
            Field("is_active", "yes_no", label=_("Sold now")),
        ],
    )
