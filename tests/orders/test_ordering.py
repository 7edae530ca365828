"""From the cart to a submitted order."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from orders import errors, services
from orders.models import CartLine, Order
from partners.models import Partner
from prm.audit.models import AuditEntry
from prm.outbox.models import OutboxEvent
from prm.values.errors import NotAllowed
from tests.factories.catalogue import ProductFactory
from tests.factories.orders import PriceFactory, PriceListFactory, order_of
from tests.orders.conftest import again

pytestmark = pytest.mark.django_db


def cart_of(company):
    lines = CartLine.objects.visible_to(company.sales).of(company.sales.user_id).for_page()
    return {line.product.code: line.quantity for line in lines}


def test_the_cart_adds_up_changes_and_empties(acme, router, cable):
    services.put_in_cart(product=router, quantity=Decimal(2), by=acme.sales)
    services.put_in_cart(product=router, quantity=Decimal(3), by=acme.sales)
    services.put_in_cart(product=cable, quantity=Decimal("1.5"), by=acme.sales)
    assert cart_of(acme) == {"RT-100": 5, "CB-1": Decimal("1.5")}
    services.set_cart_quantity(product=router, quantity=Decimal(1), by=acme.sales)
    services.set_cart_quantity(product=cable, quantity=Decimal(0), by=acme.sales)
    assert cart_of(acme) == {"RT-100": 1}
    services.empty_cart(by=acme.sales)
    assert cart_of(acme) == {}


def test_a_cart_is_its_persons_own(acme, rival, manager, router):
    services.put_in_cart(product=router, quantity=Decimal(2), by=acme.sales)
    assert cart_of(rival) == {}
    assert not CartLine.objects.visible_to(acme.admin).of(acme.admin.user_id).exists()
    with pytest.raises(NotAllowed):
        services.put_in_cart(product=router, quantity=Decimal(1), by=manager)


@pytest.mark.parametrize("quantity", ["0", "-1", "0.0001", "NaN", "1E+13"])
def test_a_quantity_that_is_none_is_refused(acme, router, quantity):
    with pytest.raises(errors.BadQuantity):
        services.put_in_cart(product=router, quantity=Decimal(quantity), by=acme.sales)


def test_prices_are_fixed_at_submission(acme, router):
    prices = PriceListFactory(tier="gold")
    price = PriceFactory(price_list=prices, product=router, unit_price=Decimal("96"))
    order = services.place_order(partner=acme.row, items=[(router, Decimal(10))], by=acme.sales)
    price.unit_price = Decimal("90")
    price.save()
    order = services.submit_order(order=order, by=acme.sales)
    price.delete()
    line = again(order).lines.get()
    assert (line.unit_price, line.list_price, line.price_source) == (
        Decimal(90),
        Decimal(120),
        "Gold price list",
    )
    assert (order.net_total, order.tax_total, order.total) == (Decimal(900), Decimal(117), Decimal(1017))


def test_a_line_is_rounded_half_up_to_the_currencys_cents(acme, cable):
    order = order_of(acme.row, items=[(cable, Decimal(1))])
    assert (order.net_total, order.tax_total) == (Decimal("0.34"), Decimal("0.04"))


def test_submission_is_told_recorded_and_starts_the_clock(acme, router):
    order = order_of(acme.row, items=[(router, Decimal(1))], by=acme.sales)
    assert order.waiting_since == order.submitted_at is not None
    assert [entry.verb for entry in AuditEntry.objects.of(order)] == ["submitted", "created"]
    assert OutboxEvent.objects.filter(name="orders.submitted", payload={"order_id": order.pk}).count() == 1


def test_a_partner_orders_for_itself_only(acme, rival, manager, router):
    with pytest.raises(NotAllowed):
        services.place_order(partner=rival.row, items=[(router, Decimal(1))], by=acme.sales)
    order = order_of(rival.row, state="draft", items=[(router, Decimal(1))])
    for verb in (services.submit_order, services.cancel_order, services.reorder):
        with pytest.raises(NotAllowed):
            verb(order=order, by=acme.sales)
    with pytest.raises(NotAllowed):
        services.submit_order(order=order, by=manager)


def test_an_order_needs_lines_sold_products_and_one_currency(acme, router):
    def place(*items):
        services.place_order(partner=acme.row, items=items, by=acme.sales)

    with pytest.raises(errors.NothingOrdered):
        place()
    with pytest.raises(errors.ProductTwice):
        place((router, Decimal(1)), (router, Decimal(1)))
    with pytest.raises(errors.SeveralCurrencies, match="CNY, USD"):
        place((router, Decimal(1)), (ProductFactory(currency="USD"), Decimal(1)))
    with pytest.raises(errors.NotForSale):
        place((ProductFactory(is_active=False), Decimal(1)))
    assert not Order.objects.visible_to(acme.sales).exists()


def test_a_suspended_partner_cannot_order(acme, router):
    Partner.objects.visible_to(acme.sales).update(status="suspended")
    with pytest.raises(errors.PartnerMayNotOrder):
        services.place_order(partner=acme.row, items=[(router, Decimal(1))], by=acme.sales)


def test_check_out_empties_the_cart_only_when_the_order_is_in(acme, router, cable):
    services.put_in_cart(product=router, quantity=Decimal(2), by=acme.sales)
    with pytest.raises(errors.NothingOrdered):
        services.order_at_once(partner=acme.row, items=[], by=acme.sales, clear_cart=True)
    assert cart_of(acme) == {"RT-100": 2}
    order = services.order_at_once(
        partner=acme.row, items=[(router, Decimal(2))], by=acme.sales, clear_cart=True, purchase_number="PO-7"
    )
    assert (order.state, order.purchase_number, cart_of(acme)) == ("submitted", "PO-7", {})


def test_ordering_again_fills_the_cart_with_what_is_still_sold(acme, router, cable):
    order = order_of(acme.row, items=[(router, Decimal(2)), (cable, Decimal(5))])
    cable.is_active = False
    cable.save()
    assert services.reorder(order=order, by=acme.sales) == 1
    assert cart_of(acme) == {"RT-100": 2}


def test_a_draft_can_be_changed_and_a_submitted_order_cannot(acme, router, cable):
    order = order_of(acme.row, state="draft", items=[(router, Decimal(2))])
    services.change_order(order=order, items=[(cable, Decimal(100))], by=acme.sales, ship_to="Dock 4")
    assert (again(order).net_total, again(order).ship_to) == (Decimal("33.50"), "Dock 4")
    services.submit_order(order=order, by=acme.sales)
    with pytest.raises(errors.WrongState, match="Submitted"):
        services.change_order(order=order, items=[(router, Decimal(1))], by=acme.sales)


def test_an_order_is_not_wanted_on_a_day_that_is_over(acme, router):
    with pytest.raises(errors.WantedInThePast) as refused:
        services.place_order(
            partner=acme.row, items=[(router, Decimal(1))], wanted_on=date(2020, 1, 1), by=acme.sales
        )
    assert refused.value.field == "wanted_on"
