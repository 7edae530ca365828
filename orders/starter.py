"""The price list with which a tenant begins."""

from __future__ import annotations

from typing import Any

from django.utils.translation import override, pgettext

from orders.models import PriceList
from orders.services.price_lists import create_price_list
from prm.tenancy.provisioning import on_created
from prm.values.actor import Actor


def first_price_list(tenant: Any, *, administrator_email: str | None = None, by: Actor) -> None:
    """Add the list for all partners, empty, in the tenant's currency: until it has prices, list prices count."""
    if not PriceList.objects.filter(tier=None).exists():
        with override(tenant.language):
            name = pgettext("price list", "Standard")
        create_price_list(name=name, currency=tenant.currency, by=Actor.job(f"starter kit ({by.label})"))


on_created(first_price_list, order=20)
