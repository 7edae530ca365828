"""From a wish to a submitted order. Prices are fixed when the order is submitted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import transaction

from dealreg.models import DealRegistration
from orders.approvals import CODE
from orders.errors import (
    BadQuantity,
    DealNotWon,
    DealOfAnotherPartner,
    NotForSale,
    NothingOrdered,
    PartnerMayNotOrder,
    ProductTwice,
    SeveralCurrencies,
    TooManyLines,
    WantedInThePast,
)
from orders.events import OrderSubmitted
from orders.models import Order, OrderLine
from orders.pricing import PartnerPrice, line_amount, prices_for
from orders.services.cart import empty_cart, put_in_cart
from orders.services.steps import checked_quantity, locked, move
from partners.models import Partner
from prm.access.rules import require
from prm.approvals.services import start_run
from prm.audit.services import record
from prm.catalogue.models import Product
from prm.customfields.values import apply as apply_custom
from prm.customfields.values import changes_between
from prm.outbox.services import emit
from prm.values import clock
from prm.values.actor import Actor
from prm.values.numbers import new_number

MOST_LINES = 500
LARGEST_TOTAL = Decimal(10) ** 15  # what the database keeps, with room for sums
Items = Iterable[tuple[Product, Decimal]]


@transaction.atomic
def place_order(
    *, partner: Partner, items: Items, by: Actor, registration: DealRegistration | None = None,
    purchase_number: str = "", ship_to: str = "", wanted_on: date | None = None, note: str = "",
    custom: Mapping[str, Any] | None = None,
) -> Order:  # fmt: skip
    """A draft order of `partner` over `items` (product, quantity), priced as of today until it is submitted.

    `custom` are values of the tenant's own fields by code; a draft may lack those that an order must have.
    """
    require(by, "orders.order", partner)
    partner = Partner.objects.locked(partner)
    check_partner(partner)
    check_registration(registration, partner)
    check_wanted(wanted_on)
    order = Order(
        number=new_number("SO", Order, on=clock.today()), partner=partner, registration=registration, currency="",
        end_customer_id=registration.end_customer_id if registration else None,
        purchase_number=purchase_number, ship_to=ship_to, wanted_on=wanted_on, note=note, created_by_id=by.user_id,
    )  # fmt: skip
    write_lines(order, items, custom, by=by)
    record(order, "created", by=by, changes={"net_total": [None, order.net_total]})
    return order


@transaction.atomic
def change_order(
    *, order: Order, items: Items, by: Actor, purchase_number: str = "", ship_to: str = "",
    wanted_on: date | None = None, note: str = "", custom: Mapping[str, Any] | None = None,
) -> Order:  # fmt: skip
    """Replace the lines and words of a draft."""
    require(by, "orders.order", order)
    order = locked(order, Order.State.DRAFT)
    check_wanted(wanted_on)
    before, held = order.net_total, dict(order.custom)
    order.purchase_number, order.ship_to, order.wanted_on, order.note = (
        purchase_number,
        ship_to,
        wanted_on,
        note,
    )
    order.lines.all().delete()
    write_lines(order, items, custom, by=by)
    changes = {"net_total": [before, order.net_total], **changes_between("order", held, order.custom)}
    record(order, "changed", by=by, changes=changes)
    return order


@transaction.atomic
def submit_order(*, order: Order, by: Actor) -> Order:
    """Fix the lines at the partner's prices of today and hand the order to the staff."""
    require(by, "orders.order", order)
    partner = Partner.objects.locked(order.partner)
    order = locked(order, Order.State.DRAFT)
    check_partner(partner)
    check_registration(order.registration, partner)
    items = [(line.product, line.quantity) for line in order.lines.select_related("product")]
    order.lines.all().delete()
    order.submitted_at = clock.now()
    write_lines(order, items, None, by=by, draft=False)
    move(order, Order.State.SUBMITTED, by=by, verb="submitted", fields=("submitted_at",))
    order.waiting_since = order.submitted_at
    order.save(update_fields=["waiting_since"])
    emit(OrderSubmitted(order_id=order.pk), object_key=f"order:{order.pk}")
    start_run(subject=CODE, obj=order, by=by)
    order.refresh_from_db()  # a flow without people may have decided at once
    return order


@transaction.atomic
def order_at_once(
    *, partner: Partner, items: Items, by: Actor, clear_cart: bool = False, **words: object
) -> Order:
    """Place and submit in one step, as the check-out does; `words` as in place_order.

    With `clear_cart` the cart is what is ordered: pressed twice at once, the second finds it empty and orders nothing.
    """
    order = place_order(partner=partner, items=items, by=by, **words)  # type: ignore[arg-type]
    order = submit_order(order=order, by=by)
    if clear_cart and not empty_cart(by=by):
        raise NothingOrdered()
    return order


@transaction.atomic
def reorder(*, order: Order, by: Actor) -> int:
    """Put what is still sold of an earlier order into the actor's cart. Returns how many products."""
    require(by, "orders.order", order)
    lines = order.lines.select_related("product").filter(product__is_active=True)
    for line in lines:
        put_in_cart(product=line.product, quantity=line.quantity, by=by)
    return len(lines)


def check_wanted(wanted_on: date | None) -> None:
    """Goods cannot be wanted before today."""
    if wanted_on is not None and wanted_on < clock.today():
        raise WantedInThePast()


def check_partner(partner: Partner) -> None:
    """Only an active partner orders."""
    if partner.status != Partner.Status.ACTIVE:
        raise PartnerMayNotOrder(partner=partner.name)


def check_registration(registration: DealRegistration | None, partner: Partner) -> None:
    """The deal behind an order is the partner's own, and won."""
    if registration is None:
        return
    if registration.partner_id != partner.pk:
        raise DealOfAnotherPartner()
    if registration.state != DealRegistration.State.WON:
        raise DealNotWon(number=registration.number, state=registration.get_state_display())


def write_lines(
    order: Order, items: Items, custom: Mapping[str, Any] | None, *, by: Actor, draft: bool = True
) -> None:
    """Save the order with its lines and sums, at the partner's prices of today."""
    items = [(product, checked_quantity(quantity)) for product, quantity in items]
    check_items(items)
    prices = prices_for([product for product, _ in items], order.partner, clock.today())
    order.currency = _one_currency(prices)
    lines = [
        _line(order, position, product, quantity, prices[product.pk])
        for position, (product, quantity) in enumerate(items, start=1)
    ]
    order.net_total = sum((line.net_amount for line in lines), Decimal(0))
    order.tax_total = sum((line.tax_amount for line in lines), Decimal(0))
    if order.total >= LARGEST_TOTAL:
        raise BadQuantity()
    apply_custom("order", order, custom, by=by, draft=draft)
    order.save()
    OrderLine.objects.bulk_create(lines)


def check_items(items: list[tuple[Product, Decimal]]) -> None:
    """An order has lines, each of another product that is sold."""
    if not items:
        raise NothingOrdered()
    if len(items) > MOST_LINES:
        raise TooManyLines(limit=MOST_LINES)
    seen: set[int] = set()
    for product, _quantity in items:
        if not product.is_active:
            raise NotForSale(product=str(product))
        if product.pk in seen:
            raise ProductTwice(product=str(product))
        seen.add(product.pk)


def _one_currency(prices: dict[int, PartnerPrice]) -> str:
    currencies = sorted({price.currency for price in prices.values()})
    if len(currencies) > 1:
        raise SeveralCurrencies(currencies=", ".join(currencies))
    return currencies[0]


def _line(order: Order, position: int, product: Product, quantity: Decimal, price: PartnerPrice) -> OrderLine:
    return OrderLine(
        order=order, position=position, product=product, quantity=quantity, unit_price=price.unit_price,
        list_price=price.list_price, price_source=price.source, tax_rate=product.tax_rate,
        net_amount=line_amount(quantity, price.unit_price, price.currency),
    )  # fmt: skip
