"""What a product costs a partner.

Guarantee: one rule, and each price says where it comes from. A partner pays the price on the list of its tier on
that day; a product that stands not there, the price on the list without tier; a product on neither, its list
price. All products are priced with one query for the tier and one for the prices, however many they are.
The examples in docs/explanation/pricing.md are the tests of this module.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext

from orders.models import Price
from partners.models import Partner, TierMembership
from prm.catalogue.models import Product
from prm.ui import formats
from prm.values.money import minor_unit, round_money


@dataclass(frozen=True, slots=True)
class PartnerPrice:
    """A unit price net of tax. `source` is the price list's name, empty for the list price."""

    unit_price: Decimal
    currency: str
    list_price: Decimal
    list_currency: str
    source: str

    @property
    def is_list_price(self) -> bool:
        return not self.source

    @property
    def saved(self) -> Decimal | None:
        """The part of the list price that the partner does not pay, 0.2 for 20 %; None when it is not less."""
        if self.currency != self.list_currency or not self.list_price or self.unit_price >= self.list_price:
            return None
        return 1 - self.unit_price / self.list_price

    @property
    def derivation(self) -> str:
        """`List 120.00 · Gold price list 96.00`."""
        return derivation(
            unit_price=self.unit_price, list_price=self.list_price, source=self.source,
            currency=self.currency, list_currency=self.list_currency,
        )  # fmt: skip


def derivation(
    *, unit_price: Decimal, list_price: Decimal, source: str, currency: str, list_currency: str = ""
) -> str:
    """Where a price comes from, in the reader's language."""
    other = list_currency if list_currency and list_currency != currency else ""
    parts = [f"{gettext('List')} {other} {price_text(list_price, other or currency)}".replace("  ", " ")]
    if source:
        parts.append(
            f"{source} {currency if other else ''} {price_text(unit_price, currency)}".replace("  ", " ")
        )
    return " · ".join(parts)


def price_text(price: Decimal, currency: str) -> str:
    """A unit price with the decimals of its currency, or more where they matter."""
    if price != round_money(price, currency):
        return formats.number(price, None)
    return formats.number(price, max(-int(minor_unit(currency).as_tuple().exponent), 0))


def tier_id_of(partner: Partner, on: date) -> int | None:
    """The tier that `partner` has on the day `on`."""
    memberships = TierMembership.objects.for_everyone(because="the caller holds this partner").on(on)
    return memberships.filter(partner=partner).values_list("tier_id", flat=True).first()


def prices_for(products: Iterable[Product], partner: Partner, on: date) -> dict[int, PartnerPrice]:
    """The price of each product for `partner` on the day `on`, by product id. Two queries."""
    products = list(products)
    tier_id = tier_id_of(partner, on)
    found: dict[int, Price] = {}
    # The list without tier comes first, so that the tier's own price replaces it.
    for price in Price.objects.that_hold_for(tier_id=tier_id, products=products):
        found[price.product_id] = price
    return {product.pk: _priced(product, found.get(product.pk)) for product in products}


def price_for(product: Product, partner: Partner, on: date) -> PartnerPrice:
    """The price of one product for `partner` on the day `on`."""
    return prices_for([product], partner, on)[product.pk]


def line_amount(quantity: Decimal, unit_price: Decimal, currency: str) -> Decimal:
    """Quantity × unit price, half-up at the currency's minor unit."""
    return round_money(quantity * unit_price, currency)


def _priced(product: Product, price: Price | None) -> PartnerPrice:
    own = (price.unit_price, price.price_list.currency, price.price_list.name) if price else None
    unit_price, currency, source = own or (product.list_price, product.currency, "")
    return PartnerPrice(unit_price, currency, product.list_price, product.currency, source)
