"""docs/explanation/pricing.md: its tables are the cases."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings

from orders.pricing import price_for, prices_for
from partners.models import TierMembership
from tests.factories.catalogue import ProductFactory
from tests.factories.orders import PriceFactory, PriceListFactory
from tests.factories.partners import PartnerFactory, TierFactory
from tests.orders.conftest import queries

pytestmark = pytest.mark.django_db
PAGE = Path(settings.BASE_DIR) / "docs/explanation/pricing.md"


def rows():
    for line in PAGE.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if len(cells) == 6 and re.match(r"[\d.]+", cells[0]):
            yield cells


@pytest.mark.parametrize("cells", list(rows()))
def test_the_pages_examples(cells):
    list_price, general, gold, tier, pays, derivation = cells
    product = ProductFactory(list_price=Decimal(list_price))
    for text, name in ((general, None), (gold, "gold")):
        prices = PriceListFactory(tier=name)
        if text != "—":
            PriceFactory(price_list=prices, product=product, unit_price=Decimal(text))
    partner = PartnerFactory(tier=None if tier == "—" else tier)
    price = price_for(product, partner, date(2026, 11, 1))
    assert (price.unit_price, price.derivation) == (Decimal(pays), derivation)


def test_there_are_examples():
    assert len(list(rows())) >= 6


def test_the_tier_of_the_day_decides():
    product, partner = ProductFactory(list_price=Decimal(100)), PartnerFactory()
    silver, gold = TierFactory(code="silver"), TierFactory(code="gold")
    for tier, price, first, after in ((silver, 90, 1, 7), (gold, 80, 7, 10)):
        PriceFactory(price_list=PriceListFactory(tier=tier), product=product, unit_price=Decimal(price))
        TierMembership.objects.create(
            partner=partner, tier=tier, during=(date(2026, first, 1), date(2026, after, 1)), set_by="test"
        )
    paid = [price_for(product, partner, date(2026, month, 1)).unit_price for month in (6, 7, 9, 10)]
    assert paid == [90, 80, 80, 100]


def test_many_products_cost_two_queries():
    partner, prices = PartnerFactory(tier="gold"), PriceListFactory(tier="gold")
    products = [PriceFactory(price_list=prices).product for _ in range(20)]
    with queries() as asked:
        assert len(prices_for(products, partner, date(2026, 11, 1))) == 20
    assert len(asked()) == 2


def test_a_list_in_another_currency_says_so():
    product, partner = ProductFactory(list_price=Decimal(700)), PartnerFactory(tier="gold")
    PriceFactory(
        price_list=PriceListFactory(tier="gold", currency="USD"), product=product, unit_price=Decimal(99)
    )
    price = price_for(product, partner, date(2026, 11, 1))
    assert (price.currency, price.saved) == ("USD", None)
    assert price.derivation == "List CNY 700.00 · Gold price list USD 99.00"
