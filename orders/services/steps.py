"""What several services of an order do alike."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.formats import date_format

from orders.errors import AlreadyDecided, BadQuantity, DateBefore, DateInFuture, UnknownLine, WrongState
from orders.events import OrderClosed
from orders.models import Invoice, Order
from prm.audit.services import record
from prm.outbox.services import emit
from prm.values import clock
from prm.values.actor import Actor

DECIDED = (Order.State.APPROVED, Order.State.REJECTED)
THOUSANDTH = Decimal("0.001")
LARGEST = Decimal(10) ** 12


def locked(order: Order, *states: str) -> Order:
    """The order under its row lock; refused unless it is in one of `states`."""
    order = Order.objects.locked(order)
    if states and order.state not in states:
        raise refusal(order)
    return order


def refusal(order: Order) -> WrongState:
    """Why a verb comes too late (or too early) for the order."""
    label = Order.State(order.state).label
    if order.state in DECIDED and order.decided_by_id:
        return AlreadyDecided(state=label, who=str(order.decided_by))
    return WrongState(state=label)


def move(
    order: Order, state: str, *, by: Actor, verb: str, reason: str = "", fields: tuple[str, ...] = (),
    changes: Mapping[str, Any] | None = None,
) -> None:  # fmt: skip
    """Bring the locked order into `state`, save that and `fields`, and record it, with `changes` that went before.

    Refused outside the table.
    """
    if not order.may_become(state):
        raise refusal(order)
    before, order.state, order.state_reason = order.state, state, reason
    order.waiting_since = None
    order.save(update_fields=["state", "state_reason", "waiting_since", *fields])
    record(order, verb, by=by, changes={"state": [before, state], **(changes or {})}, reason=reason)


def close_if_complete(order: Order, *, by: Actor) -> bool:
    """Close the locked order when all of it is shipped, invoiced and paid (or credited)."""
    if order.state not in (Order.State.SHIPPED, Order.State.DELIVERED):
        return False
    if any(line.invoiced < line.quantity for line in order.lines.all()):
        return False
    invoices = Invoice.objects.for_everyone(because="the caller holds the order").filter(order=order)
    if invoices.unsettled().exists():
        return False
    order.closed_at = clock.now()
    move(order, Order.State.CLOSED, by=by, verb="closed", fields=("closed_at",))
    emit(OrderClosed(order_id=order.pk), object_key=f"order:{order.pk}")
    return True


def quantities_of(lines: Mapping[int, Any], wanted: Mapping[int, Decimal | None]) -> dict[int, Decimal]:
    """`wanted` without the empty ones; refused when a line is unknown or a quantity is none."""
    found: dict[int, Decimal] = {}
    for line_id, quantity in wanted.items():
        if line_id not in lines:
            raise UnknownLine()
        if quantity is None or quantity == 0:
            continue
        found[line_id] = checked_quantity(quantity)
    return found


def checked_quantity(quantity: Decimal, *, field: str | None = None) -> Decimal:
    if not quantity.is_finite() or not 0 < quantity < LARGEST or quantity != quantity.quantize(THOUSANDTH):
        raise BadQuantity(field=field)
    return quantity


def checked_day(day: date | None, *, field: str, earliest: date | None = None) -> date:
    """`day`, by default today; refused when it is still to come or before `earliest`."""
    today = clock.today()
    day = day or today
    if day > today:
        raise DateInFuture(field=field)
    if earliest and day < earliest:
        raise DateBefore(field=field, earliest=date_format(earliest, "Y-m-d"))
    return day
