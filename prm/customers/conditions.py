"""What rules may ask about an end customer."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from prm.conditions import Field, registry
from prm.customers.models import EndCustomer


def register() -> None:
    registry.register_subject(
        "customer",
        model="customers.EndCustomer",
        label=_("End customer"),
        verb="customers.view",
        rows=lambda actor: EndCustomer.objects.visible_to(actor).living(),
        fields=[
            Field("name", "text", label=_("Name")),
            Field("number", "text", label=_("Number")),
            Field("region", "text", label=_("Region")),
            Field("country", "text", label=_("Country")),
            Field("tax_number", "text", label=_("Tax number")),
            Field("domain", "text", label=_("Web domain")),
            Field("named_account", "yes_no", label=_("Named account")),
            Field("direct_only", "yes_no", label=_("Direct sales only")),
            Field("provisional", "yes_no", label=_("Provisional")),
            Field("created_at", "moment", label=_("Date of creation")),
        ],
    )
