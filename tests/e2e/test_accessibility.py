"""The main pages of each role, at a desk and on a phone, in English and Chinese: axe finds nothing serious."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from tests.e2e.office import DESK, PHONE, Office, serious

ASKED = {
    "all": [
        {"field": "net_total", "op": "at_least", "value": "100.00"},
        {"any": [
            {"field": "state", "op": "one_of", "value": ["shipped", "delivered"]},
            {"field": "submitted_at", "op": "in_last", "value": {"count": 30, "unit": "day"}},
            {"measure": "orders.net_sales", "period": {"last": 4, "unit": "quarter"}, "op": "is_not", "value": "1"},
        ]},
    ]
}  # fmt: skip
BUILDER = f"/conditions/order/refine/?back={quote('/orders/?if=' + quote(json.dumps(ASKED)))}"
PAGES = {
    "partner-sales": "/ /deals/ /deals/new/ /deals/{deal}/ /check/ /catalogue/ /cart/ /orders/{order}/ /rebates/ "
    "/statements/{statement}/",
    "channel-manager": "/ /inbox/ /partners/ /partners/{partner}/ /deals/ /deals/{deal}/ /customers/ /orders/ "
    "/orders/{order}/ /search/?q=Lan " + BUILDER,
    "finance": "/ /programmes/ /programmes/new/ /programmes/core/ /accruals/ /settlements/ /settlements/{run}/ "
    "/statements/{statement}/ /ledger/ /imports/new/ /jobs/",
    "administrator": "/ /settings/users/ /settings/users/invite/ /settings/brand/ /settings/audit/ "
    "/settings/audit/seal/ /settings/modules/ /settings/modules/rebates/off/ /settings/configuration/ /products/ "
    "/prices/",
}

FITS = "() => document.documentElement.scrollWidth <= document.documentElement.clientWidth + 1"


@pytest.fixture
def world(cast: Any) -> dict[str, str]:
    """One of everything, so that no page is empty."""
    from rebates.models import Statement
    from tests.cast import Company
    from tests.factories.dealreg import in_review
    from tests.factories.orders import order_of
    from tests.factories.people import actor
    from tests.rebates import world as rebates

    company = Company.__new__(Company)
    company.row, company.sales_user = cast.acme, cast.sales
    deal = in_review(company, product_lines=[cast.routing.product_line])
    order = order_of(cast.acme, state="shipped", items=[(cast.routing, Decimal(3))], by=actor(cast.sales))
    rebates.apply(rebates.policy())
    rebates.sell(cast.acme, "260000", on="2026-09-10")
    run = rebates.settle("2026-09")
    statement = Statement.objects.for_everyone(because="a test").get()
    return {
        "deal": deal.number,
        "order": order.number,
        "run": run.number,
        "statement": statement.number,
        "partner": str(cast.acme.pk),
    }


@pytest.mark.parametrize("role", PAGES)
def test_nothing_serious(office: Office, world: dict[str, str], role: str) -> None:
    """Each page at both sizes and in both languages; nothing sticks out sideways."""
    found = []
    for size, locale in ((DESK, "en-GB"), (PHONE, "zh-CN")):
        page = office.enter(role, size=size, locale=locale)
        for number, path in enumerate(PAGES[role].split()):
            address = path.format(**world)
            page.goto(address)
            expect(page.locator("h1")).to_have_count(1)
            assert page.locator("html").get_attribute("lang") == ("zh-Hans" if locale == "zh-CN" else "en")
            assert page.evaluate(FITS), address
            faults = serious(page, frame=number == 0)
            found += [f"{address} ({size['width']}, {locale}) {fault}" for fault in faults]
    assert found == []
