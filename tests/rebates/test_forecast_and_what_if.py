"""What an open period is likely to pay, and what one more order would: exact, and nothing of it is stored."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
import time_machine

from orders.models import SalesLine
from prm.catalogue.models import Product, ProductLine
from rebates.accruals import accruals
from rebates.errors import NoSuchProduct, ProductOrAmountNeeded
from rebates.forecast import forecast
from rebates.whatif import what_if
from tests.cast import browse
from tests.factories.catalogue import ProductFactory
from tests.factories.partners import PartnerFactory
from tests.rebates.world import BY, apply, policy, sell

pytestmark = pytest.mark.django_db
__all__ = ["browse"]


@pytest.fixture
def mid_november():
    """The 15th of 30 days, noon in Shanghai."""
    with time_machine.travel(datetime(2026, 11, 15, 12, tzinfo=ZoneInfo("Asia/Shanghai")), tick=False):
        yield


def accrual_of(partner):
    """The newest period's."""
    return accruals(by=BY, partners=[partner.row.pk])[-1]


def order(partner, amount="20000", **more):
    asked = {"product_line": ProductLine.objects.get(code="routing"), "product": "", "quantity": Decimal(1)}
    asked |= {"currency": "CNY", "by": BY}
    return what_if(partner=partner.row, amount=Decimal(amount) if amount else None, **(asked | more))


def test_the_pace_of_the_past_carries_todays_sales_to_the_end(acme, mid_november):
    apply(policy(kind="retroactive"))
    for month, first, second in ((8, 25_000, 75_000), (9, 50_000, 50_000), (10, 40_000, 60_000)):
        sell(acme, first, f"2026-{month:02}-10")
        sell(acme, second, f"2026-{month:02}-25")
    sell(acme, 50_000, "2026-11-10")
    found = forecast(accrual_of(acme))
    assert sorted(found.shares) == [Decimal("0.25"), Decimal("0.4"), Decimal("0.5")]
    # 50,000 are half, two fifths or a quarter of the whole: 100,000 · 125,000 at 3 %, 200,000 at 3 %.
    assert (found.low, found.likely, found.high) == (Decimal(3000), Decimal(3750), Decimal(6000))


def test_without_a_past_sales_go_on_as_they_went(acme, mid_november):
    apply(policy(kind="retroactive"))
    sell(acme, 50_000, "2026-11-10")
    found = forecast(accrual_of(acme))
    assert (found.likely, found.shares) == (Decimal(3000), [])  # 15 of 30 days: 100,000 at 3 %


def test_a_period_that_is_over_has_no_forecast(acme):
    with time_machine.travel("2026-12-03"):
        apply(policy())
        sell(acme, 50_000, "2026-11-10")
        assert forecast(accrual_of(acme)) is None


def test_an_order_is_tried_on_all_programmes_and_leaves_nothing(acme, mid_november):
    apply(
        policy(kind="retroactive"),
        policy("flat", mechanism={"kind": "flat", "rate": "1%"}, stacking={"kind": "net_of", "programmes": ["core"]}),
    )  # fmt: skip
    sell(acme, 90_000, "2026-11-10")
    lines = SalesLine.objects.for_everyone(because="a test")
    before = lines.count()
    tried = order(acme)
    effects = {one.programme.code: (one.before, one.after) for one in tried.effects}
    assert effects == {
        "core": (Decimal("1800.00"), Decimal("3300.00")),
        "flat": (Decimal("882.00"), Decimal("1067.00")),  # 1 % of what core leaves
    }
    assert tried.totals == {"CNY": Decimal("1685.00")}
    assert tried.effects[0].to_next_band == Decimal("140000.00")
    assert lines.count() == before and only_flat(acme) == Decimal("882.00")


def only_flat(partner) -> Decimal:
    return next(
        one.amount for one in accruals(by=BY, partners=[partner.row.pk]) if one.programme.code == "flat"
    )


def test_sets_are_counted_by_the_product_that_is_named(acme, mid_november):
    ProductFactory(code="routing-1", product_line__code="routing")
    ProductFactory(code="licence", product_line__code="software")
    parts = [{"product": "routing-1", "quantity": 1}, {"product": "licence", "quantity": 1}]
    apply(policy(mechanism={"kind": "bundle", "amount": 50, "parts": parts}))
    sell(acme, 100, "2026-11-10", quantity=3)
    software = ProductLine.objects.get(code="software")
    tried = order(acme, "10", product_line=software, product="LICENCE", quantity=Decimal(2))
    assert tried.totals == {"CNY": Decimal("100.00")}
    with pytest.raises(NoSuchProduct):
        order(acme, product="licence")


def test_without_an_amount_the_partners_price_counts(acme, mid_november):
    apply(policy(mechanism={"kind": "flat", "rate": "10%"}))
    sell(acme, 100, "2026-11-10")
    Product.objects.filter(code="routing-1").update(list_price=Decimal("250.00"), currency="CNY")
    tried = order(acme, None, quantity=Decimal(4), product="routing-1")
    assert (tried.amount, tried.totals) == (Decimal("1000.00"), {"CNY": Decimal("100.00")})


def test_without_product_and_amount_no_price_is_invented(acme, mid_november, browse):
    apply(policy(mechanism={"kind": "flat", "rate": "10%"}))
    sell(acme, 100, "2026-11-10")
    with pytest.raises(ProductOrAmountNeeded):
        order(acme, None, quantity=Decimal(10))
    line = ProductLine.objects.get(code="routing")
    answer = browse(acme.admin).get(f"/rebates/what-if/?product_line={line.pk}&quantity=10&currency=CNY")
    assert answer.status_code == 422
    assert "the number of a product whose price is taken" in answer.content.decode()


def test_what_is_missing_to_the_next_band_has_its_currency(acme, mid_november):
    apply(policy(kind="retroactive"))
    sell(acme, 50_000, "2026-11-10")
    (effect,) = order(acme, "20000").effects
    assert effect.gap == "¥30,000.00"


def test_partners_try_their_own_and_staff_choose_whose(acme, rival, manager, browse, mid_november):
    apply(policy(mechanism={"kind": "flat", "rate": "10%"}))
    sell(acme, 100, "2026-11-10")
    line = ProductLine.objects.get(code="routing")
    asked = f"/rebates/what-if/?product_line={line.pk}&quantity=1&amount=500&currency=CNY"
    page = browse(rival.admin).get(f"{asked}&partner={acme.row.pk}")
    assert page.context["partner"] == rival.row and page.context["tried"].totals == {"CNY": Decimal("50.00")}
    assert browse(manager).get(asked).status_code == 422  # whose?
    page = browse(manager).get(f"{asked}&partner={acme.row.pk}")
    assert page.context["tried"].effects[0].before == Decimal("10.00")
    assert '<option value="routing-1">' in page.content.decode()  # what the browser completes
    accrual = browse(acme.admin).get(accrual_of(acme).get_absolute_url()).content.decode()
    assert "Forecast to 30 Nov 2026" in accrual and "What would an order pay?" in accrual


def test_an_order_under_a_cap_over_all_and_a_minimum_says_which_steps_lower_it(
    acme, manager, mid_november, browse
):
    pool = [{"on": "payout", "amount": 100, "over": "partners"}]
    flat = {"kind": "flat", "rate": "10%"}
    for _other in range(4):
        sell(PartnerFactory(status="active"), 1_000, "2026-11-10")
    apply(policy("pooled", mechanism=flat, caps=pool, minimum_payout=50), policy("own", mechanism=flat))
    sell(acme, 500, "2026-11-10")
    line = ProductLine.objects.get(code="routing").pk
    asked = f"/rebates/what-if/?product_line={line}&quantity=1&amount=500&currency=CNY&partner={acme.row.pk}"
    page = browse(manager).get(asked).content.decode()
    # 100 of what all come to with the order, 500: each counts a fifth.
    assert "so each figure counts × 0.2: ¥100.00 × 0.2, to the cent by largest remainder" in page
    assert "Less than ¥50 is not paid but carried forward." in page
    assert page.count("Cap over all partners:") == 1  # nothing lowers the other programme
