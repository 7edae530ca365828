"""Who ever registered an end customer: a card on its page, of the partners that the reader may see."""

from __future__ import annotations

from typing import Any

from dealreg.models import DealRegistration
from dealreg.registrations import TONES
from prm.customers.models import EndCustomer
from prm.customers.pages import add_section
from prm.values.actor import Actor

SHOWN = 50


def register() -> None:
    add_section(template="dealreg/customer_part.html", verb="dealreg.view", order=10, build=of_customer)


def of_customer(customer: EndCustomer, actor: Actor) -> dict[str, Any]:
    """The registrations of a customer and of those merged into it, newest first."""
    rows = (
        DealRegistration.objects.visible_to(actor)
        .handed_in()
        .filter(end_customer__in=[customer.pk, *customer.merged.values_list("pk", flat=True)])
        .select_related("partner")
        .order_by("-pk")
    )
    return {
        "rows": [
            {"deal": deal, "word": deal.get_state_display(), "tone": TONES[deal.state]}
            for deal in rows[:SHOWN]
        ]
    }
