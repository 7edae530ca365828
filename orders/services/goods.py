"""Goods that leave and arrive."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from django.db import transaction

from orders.errors import MoreThanOrdered, NothingToShip
from orders.events import OrderDelivered, OrderShipped
from orders.models import Order, OrderLine, Shipment, ShipmentLine
from orders.services.steps import checked_day, close_if_complete, locked, move, quantities_of
from prm.access.rules import require
from prm.outbox.services import emit
from prm.ui import formats
from prm.values import clock
from prm.values.actor import Actor
from prm.values.numbers import new_number


@transaction.atomic
def ship_order(
    *, order: Order, quantities: Mapping[int, Decimal | None], by: Actor, carrier: str = "",
    tracking_number: str = "", shipped_on: date | None = None,
) -> Shipment:  # fmt: skip
    """Let quantities (by order line id) of a confirmed order leave together; what is left stays to be shipped."""
    require(by, "orders.fulfil", order)
    order = locked(order, *Order.SHIPPABLE)
    lines = {line.pk: line for line in order.lines.all()}
    wanted = quantities_of(lines, quantities)
    if not wanted:
        raise NothingToShip()
    shipped_on = checked_day(shipped_on, field="shipped_on")
    shipment = Shipment.objects.create(
        order=order, number=new_number("SH", Shipment, on=shipped_on), carrier=carrier.strip(),
        tracking_number=tracking_number.strip(), shipped_on=shipped_on, created_by=by.label,
    )  # fmt: skip
    for line_id, quantity in wanted.items():
        _take(lines[line_id], quantity)
    ShipmentLine.objects.bulk_create(
        ShipmentLine(shipment=shipment, order_line=lines[line_id], quantity=quantity)
        for line_id, quantity in wanted.items()
    )
    complete = all(line.to_ship == 0 for line in lines.values())
    state = Order.State.SHIPPED if complete else Order.State.PARTLY_SHIPPED
    move(order, state, by=by, verb="shipped", reason=shipment.number)
    emit(OrderShipped(order_id=order.pk, shipment_id=shipment.pk), object_key=f"order:{order.pk}")
    close_if_complete(order, by=by)
    return shipment


@transaction.atomic
def mark_delivered(*, order: Order, by: Actor) -> Order:
    """Note that all goods of a shipped order have arrived."""
    require(by, "orders.fulfil", order)
    order = locked(order, Order.State.SHIPPED)
    order.delivered_at = clock.now()
    move(order, Order.State.DELIVERED, by=by, verb="delivered", fields=("delivered_at",))
    emit(OrderDelivered(order_id=order.pk), object_key=f"order:{order.pk}")
    close_if_complete(order, by=by)
    return order


def _take(line: OrderLine, quantity: Decimal) -> None:
    if quantity > line.to_ship:
        raise MoreThanOrdered(
            field=f"line_{line.pk}", position=line.position, open=formats.number(line.to_ship, None),
            ordered=formats.number(line.quantity, None),
        )  # fmt: skip
    line.shipped += quantity
    line.save(update_fields=["shipped"])
