"""What rules may ask about an order."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from orders.models import Order
from prm.conditions import Field, Relation, registry


def register() -> None:
    registry.register_subject(
        "order",
        model="orders.Order",
        label=_("Order"),
        partner="partner",
        verb="orders.view",
        rows=lambda actor: Order.objects.visible_to(actor).readable_by(actor),
        fields=[
            Field("net_total", "money", label=_("Net total"), currency="currency"),
            Field("tax_total", "money", label=_("Tax"), currency="currency"),
            Field("state", "choice", label=_("State"), choices=Order.State.choices),
            Field("partner", "reference", label=_("Partner"), to="partners.Partner", key="number"),
            Field("products", "many", label=_("Products"), path="lines__product", to="catalogue.Product", key="code"),
            Field("product_lines", "many", label=_("Product lines"), path="lines__product__product_line",
                  to="catalogue.ProductLine", key="code"),
            Field("number", "text", label=_("Number")),
            Field("purchase_number", "text", label=_("Partner’s order number")),
            Field("erp_number", "text", label=_("ERP number"), staff=True),
            Field("ship_to", "text", label=_("Ship to")),
            Field("wanted_on", "date", label=_("Wanted on")),
            Field("created_at", "moment", label=_("Date of creation")),
            Field("submitted_at", "moment", label=_("Date of submission")),
            Field("waiting_since", "moment", label=_("Waiting since")),
            Field("confirmed_at", "moment", label=_("Date of confirmation")),
            Field("delivered_at", "moment", label=_("Date of delivery")),
            Field("closed_at", "moment", label=_("Date of closing")),
        ],
        relations=[
            Relation("partner", "partner", label=_("Partner")),
            Relation("deal", "deal", label=_("Deal registration"), path="registration"),
            Relation("end_customer", "customer", label=_("End customer"), staff=True),
        ],
    )  # fmt: skip
