"""Price lists, orders brought to a state by the services themselves, and bare sales lines."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import factory
from factory.django import DjangoModelFactory

from orders import services
from orders.models import Order, Price, PriceList, SalesLine
from prm.values.actor import Actor
from tests.factories.catalogue import ProductFactory
from tests.factories.partners import PartnerFactory, TierFactory

STAFF = Actor.job("tests")


class PriceListFactory(DjangoModelFactory):
    """`tier="gold"` makes it that tier's list; without it, the list for all."""

    class Meta:
        model = PriceList

    currency = "CNY"
    tier = None

    @classmethod
    def _create(cls, model, *args, tier=None, **kwargs):
        tier = TierFactory(code=tier) if isinstance(tier, str) else tier
        kwargs["name"] = f"{tier.name} price list" if tier else "General price list"
        return model.objects.update_or_create(tier=tier, defaults=kwargs)[0]


class PriceFactory(DjangoModelFactory):
    class Meta:
        model = Price

    price_list = factory.SubFactory(PriceListFactory)
    product = factory.SubFactory(ProductFactory)
    unit_price = Decimal("80")


class SalesLineFactory(DjangoModelFactory):
    """What a partner bought: one piece for 100 on 1 October 2026, unless said otherwise."""

    class Meta:
        model = SalesLine

    line_number = factory.Sequence(lambda n: f"TEST-{n}")
    partner = factory.SubFactory(PartnerFactory)
    product = factory.SubFactory(ProductFactory)
    product_line = factory.LazyAttribute(lambda line: line.product.product_line)
    booking_date = date(2026, 10, 1)
    quantity = Decimal(1)
    net_amount = Decimal(100)
    currency = "CNY"
    source = SalesLine.Source.IMPORT
    document = factory.LazyAttribute(lambda line: line.line_number)


PATH = ("draft", "submitted", "approved", "confirmed", "shipped", "invoiced", "closed")


def order_of(partner, *, state: str = "submitted", items=None, by: Actor = STAFF, **words) -> Order:
    """An order of `partner` at one of PATH; by default over two products: 10 at 100.00 and 2.5 at 19.99."""
    if items is None:
        items = [
            (ProductFactory(list_price=Decimal("100"), tax_rate=Decimal("0.13")), Decimal(10)),
            (ProductFactory(list_price=Decimal("19.99"), tax_rate=Decimal("0.13")), Decimal("2.5")),
        ]
    order = services.place_order(partner=partner, items=items, by=by, **words)
    for step in PATH[1 : PATH.index(state) + 1]:
        _take_step(order, step)
        order = Order.objects.for_everyone(because="a test").get(pk=order.pk)
    return order


def _take_step(order: Order, step: str) -> None:
    if step == "submitted":
        services.submit_order(order=order, by=STAFF)
    elif step == "approved":
        services.approve_order(order=order, by=STAFF)
    elif step == "confirmed":
        services.confirm_order(order=order, by=STAFF)
    elif step == "shipped":
        services.ship_order(
            order=order, quantities={line.pk: line.to_ship for line in order.lines.all()}, by=STAFF
        )
    elif step == "invoiced":
        quantities = {line.pk: line.to_invoice for line in order.lines.all()}
        services.invoice_order(order=order, quantities=quantities, by=STAFF)
    elif step == "closed":
        for invoice in order.invoices.all():
            services.mark_paid(invoice=invoice, by=STAFF)
