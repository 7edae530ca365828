"""The price list with which a tenant begins."""

from __future__ import annotations

from typing import Any

from orders.models import PriceList
from prm.starter import kit
from prm.values.actor import Actor


@kit.part("orders", order=30)
def apply(text: dict[str, Any], *, tenant: Any, by: Actor) -> None:
    """Add the list for all partners, empty, in the tenant's currency: until it has prices, list prices count."""
    wanted = text.get("price_list")
    if wanted:
        name = wanted.get("name_zh") if tenant.language.startswith("zh") else None
        PriceList.objects.get_or_create(
            tier=None, defaults={"name": name or wanted["name"], "currency": tenant.currency}
        )
