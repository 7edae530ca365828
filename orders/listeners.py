"""Who is told what after an order moved. Each listener may run again: a notice is stored once per fact."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.contrib.auth import get_user_model
from django.utils.translation import gettext_lazy as _

from dealreg.waiting import deciders_by_partner
from orders import events
from orders.models import Invoice, Order, Shipment
from partners.models import Member
from prm.access.roles import Role
from prm.approvals import reads as approvals
from prm.notices.services import notify
from prm.outbox.events import listens_to
from prm.ui import said
from prm.values import clock

Values = Callable[[], dict[str, Any]]


@listens_to(events.OrderSubmitted)
def ask_for_approval(fact: events.OrderSubmitted) -> None:
    order = _order(fact.order_id)
    if approvals.run_of("order", order.pk) is None:  # a flow asks its people itself
        _tell(_deciders(order), "submitted", order, values=lambda: {"total": without_tax(order)})


@listens_to(events.OrderApproved)
def tell_of_approval(fact: events.OrderApproved) -> None:
    order = _order(fact.order_id)
    _tell(_buyers(order), "approved", order)


@listens_to(events.OrderRejected)
def tell_of_rejection(fact: events.OrderRejected) -> None:
    order = _order(fact.order_id)
    _tell(_buyers(order), "rejected", order)


@listens_to(events.OrderReturned)
def ask_the_partner(fact: events.OrderReturned) -> None:
    order = _order(fact.order_id)
    _tell(_buyers(order), "returned", order, about=fact.at)


@listens_to(events.OrderResubmitted)
def ask_for_approval_anew(fact: events.OrderResubmitted) -> None:
    order = _order(fact.order_id)
    if approvals.run_of("order", order.pk) is None:  # a flow asks its people itself
        _tell(
            _deciders(order),
            "resubmitted",
            order,
            about=fact.at,
            values=lambda: {"total": without_tax(order)},
        )


@listens_to(events.OrderCancelled)
def tell_of_the_end(fact: events.OrderCancelled) -> None:
    order = _order(fact.order_id)
    if not fact.by_partner:
        _tell(_buyers(order), "cancelled", order)
    elif order.submitted_at:
        _tell(_deciders(order), "withdrawn", order)


@listens_to(events.OrderConfirmed)
def tell_of_confirmation(fact: events.OrderConfirmed) -> None:
    order = _order(fact.order_id)
    _tell(_buyers(order), "confirmed", order)


@listens_to(events.OrderShipped)
def tell_of_shipment(fact: events.OrderShipped) -> None:
    order = _order(fact.order_id)
    shipment = Shipment.objects.for_everyone(because="an event names it").get(pk=fact.shipment_id)
    _tell(
        _buyers(order), "shipped", order, about=shipment.number,
        values=lambda: {
            "shipment": shipment.number, "carrier": shipment.carrier, "tracking": shipment.tracking_number
        },
    )  # fmt: skip


@listens_to(events.OrderInvoiced)
def tell_of_invoice(fact: events.OrderInvoiced) -> None:
    order, invoice = _order(fact.order_id), _invoice(fact.invoice_id)
    _tell(
        _buyers(order), "invoiced", order, about=invoice.number, link=invoice.get_absolute_url(),
        values=lambda: {"invoice": invoice.number, "total": said.Money(invoice.total, invoice.currency)},
    )  # fmt: skip


@listens_to(events.InvoiceCredited)
def tell_of_credit_note(fact: events.InvoiceCredited) -> None:
    if fact.order_id is None:
        return
    order, note = _order(fact.order_id), _invoice(fact.credit_note_id)
    _tell(
        _buyers(order), "credited", order, about=note.number, link=note.get_absolute_url(),
        values=lambda: {
            "invoice": note.number, "origin": note.credits.number, "reason": note.reason,
            "total": said.Money(note.total, note.currency),
        },
    )  # fmt: skip


@listens_to(events.OrderClosed)
def tell_of_completion(fact: events.OrderClosed) -> None:
    order = _order(fact.order_id)
    _tell(_buyers(order), "closed", order)


def _order(order_id: int) -> Order:
    return Order.objects.for_everyone(because="an event names it").for_page().get(pk=order_id)


def _invoice(invoice_id: int) -> Invoice:
    return (
        Invoice.objects.for_everyone(because="an event names it").select_related("credits").get(pk=invoice_id)
    )


def _deciders(order: Order) -> list[Any]:
    return deciders_by_partner([order.partner_id])[order.partner_id]


def _buyers(order: Order) -> list[Any]:
    """At the partner: who ordered and still belongs there, and the company's administrators."""
    today = Member.objects.for_everyone(because="people of the order's own partner").on(clock.today())
    members = today.filter(partner_id=order.partner_id).values("user_id")
    people = get_user_model().objects.filter(pk__in=members, is_active=True)
    return [user for user in people if user.pk == order.created_by_id or user.role == Role.PARTNER_ADMIN]


def with_tax(order: Order) -> said.Sentence:
    return said.Sentence(_("%(amount)s with tax"), amount=said.Money(order.total, order.currency))


def without_tax(order: Order) -> said.Sentence:
    """Who approves knows orders by their net total: lists, facts and conditions of flows show that one."""
    return said.Sentence(_("%(amount)s net"), amount=said.Money(order.net_total, order.currency))


def _tell(
    people: Iterable[Any], kind: str, order: Order, *, about: str = "", link: str = "", values: Values = dict
) -> None:
    known = {
        "number": order.number, "partner": order.partner.name, "who": str(order.decided_by or ""),
        "reason": order.state_reason, "total": with_tax(order),
    }  # fmt: skip
    notify(
        users=people, kind=f"orders.{kind}", fact=f"order.{kind}:{order.pk}{f':{about}' if about else ''}",
        values=known | values(), link=link or order.get_absolute_url(),
    )  # fmt: skip
