"""The one box finds products: for staff as the tenant keeps them. The partners' catalogue is the orders app's."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from prm.catalogue.finding import named
from prm.catalogue.models import Product
from prm.customfields.showing import with_own
from prm.search.registry import Row, register


def register_products() -> None:
    register(
        "products",
        label=_("Products"),
        icon="package",
        find=find,
        order=40,
        verb="catalogue.view",
        more=lambda text: f"/products/?{urlencode({'view': 'all', 'q': text})}",
    )


def find(actor: Any, text: str, limit: int) -> list[Row]:
    if not text:
        return []
    rows = Product._default_manager.all()
    found = with_own("product", actor, rows, rows.filter(named(text)), text)
    return [
        Row(title=str(product), detail=product.code, href=reverse("catalogue:product", args=[product.pk]))
        for product in found.order_by("code")[:limit]
    ]
