"""The office of tenant alpha: two partners that buy, a manager, finance, and the products they speak about."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.e2e.office import Office
from tests.support.stack import Stack


@pytest.fixture
def office(live_stack: Stack, browser: Browser) -> Iterator[Office]:
    """Opens browsers; fails the test when one of them complained."""
    opened = Office(live_stack, browser)
    yield opened
    opened.close()
    assert opened.complaints == []


@pytest.fixture
def cast(live_stack: Stack) -> Any:
    """People whom the demo's buttons sign in, and Qin Lan of finance, who has a password."""
    from tests.factories.catalogue import ProductFactory, ProductLineFactory
    from tests.factories.partners import PartnerFactory, person_of
    from tests.factories.people import UserFactory

    acme = PartnerFactory(name="Lanqiao Living", number="P-1001", tier="gold", region="East")
    rival = PartnerFactory(name="Hexin Home", number="P-1002", tier="silver", region="East")
    sales = person_of(acme, "partner_sales", name="Xu Peng", email="partner-sales@demo.example")
    person_of(acme, "partner_admin", name="Zhou Wen", email="partner-admin@demo.example")
    person_of(rival, "partner_sales", name="Tang Jie", email="rival-sales@demo.example")
    UserFactory(manager=True, email="channel-manager@demo.example")
    finance = UserFactory(finance=True, email="finance@demo.example")
    UserFactory(administrator=True, email="administrator@demo.example")
    return SimpleNamespace(
        acme=acme,
        rival=rival,
        sales=sales,
        finance=finance,
        routing=ProductFactory(
            code="MR-2200",
            name="Metro router 2200",
            product_line=ProductLineFactory(code="routing", name="Routing"),
            list_price=Decimal(1000),
            tax_rate=Decimal("0.13"),
        ),
        wireless=ProductFactory(
            code="WX-10",
            name="Access point WX-10",
            product_line=ProductLineFactory(code="wireless", name="Wireless"),
            list_price=Decimal(400),
            tax_rate=Decimal("0.13"),
        ),
    )
