"""Price lists and their prices."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from django.db import IntegrityError, transaction

from orders.errors import PriceBelowZero, PriceListExists, UnknownCurrency
from orders.models import Price, PriceList
from partners.models import Tier
from prm.access.rules import require
from prm.audit.services import record
from prm.catalogue.models import Product
from prm.values.actor import Actor
from prm.values.money import is_known_currency


@transaction.atomic
def create_price_list(*, name: str, currency: str, by: Actor, tier: Tier | None = None) -> PriceList:
    """A list for the partners of `tier`; without a tier, for all whose own list lacks a product."""
    require(by, "orders.price")
    if not is_known_currency(currency):
        raise UnknownCurrency(currency=currency)
    try:
        with transaction.atomic():
            made = PriceList.objects.create(name=name.strip(), currency=currency, tier=tier)
    except IntegrityError:
        raise PriceListExists() from None
    record(made, "created", by=by)
    return made


@transaction.atomic
def set_prices(*, price_list: PriceList, prices: Mapping[Product, Decimal | None], by: Actor) -> int:
    """Set the unit price of each product; None takes it off the list. Returns how many changed.

    Orders that were submitted keep their prices.
    """
    require(by, "orders.price")
    price_list = PriceList.objects.select_for_update().get(pk=price_list.pk)
    before = dict(price_list.prices.filter(product__in=list(prices)).values_list("product_id", "unit_price"))
    wrong = next((product for product, price in prices.items() if price is not None and price < 0), None)
    if wrong is not None:
        raise PriceBelowZero(product=str(wrong))
    changes = {product: price for product, price in prices.items() if price != before.get(product.pk)}
    gone = [product for product, price in changes.items() if price is None]
    price_list.prices.filter(product__in=gone).delete()
    Price.objects.bulk_create(
        [
            Price(price_list=price_list, product=product, unit_price=price)
            for product, price in changes.items()
            if price is not None
        ],
        update_conflicts=True, unique_fields=["price_list", "product"], update_fields=["unit_price"],
    )  # fmt: skip
    if changes:
        told = {product.code: [before.get(product.pk), price] for product, price in changes.items()}
        record(price_list, "prices_changed", by=by, changes=told)
    return len(changes)
