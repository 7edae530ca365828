"""Approving, rejecting, confirming and cancelling an order.

`approve_order` and `reject_order` are the verbs of the order's page: where an approval flow is under way they decide
the reader's task in it. `accept_order` and `refuse_order` change the order; they are called by those verbs or by the
end of the flow.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction

from orders.approvals import CODE
from orders.errors import ReasonMissing, TooLateToCancel
from orders.events import OrderApproved, OrderCancelled, OrderConfirmed, OrderRejected
from orders.models import Order
from orders.services.steps import locked, move
from prm.access.rules import require
from prm.approvals import services as approvals
from prm.outbox.services import emit
from prm.values import clock
from prm.values.actor import Actor

PARTNER_MAY_CANCEL = (Order.State.DRAFT, Order.State.SUBMITTED, Order.State.RETURNED)


@transaction.atomic
def approve_order(*, order: Order, by: Actor) -> Order:
    """Say yes: at one's step of the flow that is under way, else at once."""
    task, order = turn(order, by)
    if task is None:
        return accept_order(order=order, by=by)
    approvals.approve(task=task, by=by)
    order.refresh_from_db()
    return order


@transaction.atomic
def reject_order(*, order: Order, reason: str, by: Actor) -> Order:
    """Say no. It is final, at whichever step of a flow."""
    task, order = turn(order, by)
    if not reason.strip():
        raise ReasonMissing()
    if task is None:
        return refuse_order(order=order, reason=reason, by=by)
    approvals.reject(task=task, by=by, text=reason)
    order.refresh_from_db()
    return order


def turn(order: Order, by: Actor) -> tuple[Any, Order]:
    """The task with which `by` decides, None where no flow is under way; and the order under its lock."""
    require(by, "orders.approve", order)
    approvals.hold(CODE, order.pk)  # the run before everything else
    order = locked(order, Order.State.SUBMITTED)
    if by.is_system:
        approvals.cancel_run(subject=CODE, obj=order, by=by)
        return None, order
    return approvals.turn_for(subject=CODE, obj=order, by=by), order


@transaction.atomic
def accept_order(*, order: Order, by: Actor) -> Order:
    """Accept a submitted order at the prices it was submitted with."""
    require(by, "orders.approve", order)
    order = locked(order, Order.State.SUBMITTED)
    _decide(order, Order.State.APPROVED, by=by, verb="approved")
    emit(OrderApproved(order_id=order.pk), object_key=f"order:{order.pk}")
    return order


@transaction.atomic
def refuse_order(*, order: Order, reason: str, by: Actor) -> Order:
    """Refuse a submitted order; the partner reads the reason."""
    require(by, "orders.approve", order)
    order = locked(order, Order.State.SUBMITTED)
    if not reason.strip():
        raise ReasonMissing()
    _decide(order, Order.State.REJECTED, by=by, verb="rejected", reason=reason.strip())
    emit(OrderRejected(order_id=order.pk), object_key=f"order:{order.pk}")
    return order


@transaction.atomic
def confirm_order(*, order: Order, by: Actor, erp_number: str = "") -> Order:
    """Promise delivery of an approved order; `erp_number` is its number in the ERP, where there is one."""
    require(by, "orders.fulfil", order)
    order = locked(order, Order.State.APPROVED, Order.State.SENT)
    order.confirmed_at, order.erp_number = clock.now(), erp_number.strip()
    move(order, Order.State.CONFIRMED, by=by, verb="confirmed", fields=("confirmed_at", "erp_number"))
    emit(OrderConfirmed(order_id=order.pk), object_key=f"order:{order.pk}")
    return order


@transaction.atomic
def cancel_order(*, order: Order, by: Actor, reason: str = "") -> Order:
    """End an order: the partner until it is approved, staff (with a reason) until something was shipped."""
    require(by, "orders.cancel", order)
    approvals.hold(CODE, order.pk)
    order = locked(order)
    if by.is_partner and order.may_become(Order.State.CANCELLED) and order.state not in PARTNER_MAY_CANCEL:
        raise TooLateToCancel(state=Order.State(order.state).label)
    if not by.is_partner and not reason.strip():
        raise ReasonMissing()
    move(order, Order.State.CANCELLED, by=by, verb="cancelled", reason=reason.strip())
    approvals.cancel_run(subject=CODE, obj=order, by=by, reason=reason.strip())
    emit(OrderCancelled(order_id=order.pk, by_partner=by.is_partner), object_key=f"order:{order.pk}")
    return order


def _decide(order: Order, state: str, *, by: Actor, verb: str, reason: str = "") -> None:
    order.decided_at, order.decided_by_id = clock.now(), by.user_id
    move(order, state, by=by, verb=verb, reason=reason, fields=("decided_at", "decided_by"))
