"""Pages of orders: the order itself and what people do with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from orders import pages, services
from orders.forms import (
    ConfirmForm,
    InvoiceForm,
    OptionalReasonForm,
    ReasonForm,
    ReturnForm,
    ShipForm,
    to_invoice,
    to_ship,
)
from orders.models import Order
from prm.access.decorators import requires
from prm.ui import refusals
from prm.ui.forms import ServiceForm
from prm.values.errors import DomainError, NotAllowed


def posted(request: Any) -> Any:
    """What was sent, even when it is empty; None for a page that is only read."""
    return request.POST if request.method == "POST" else None


def order_of(request: Any, number: str) -> Order:
    rows = Order.objects.visible_to(request.actor).readable_by(request.actor)
    return get_object_or_404(rows.for_page(), number=number)


@require_GET
@requires("orders.view")
def detail(request: Any, number: str) -> HttpResponse:
    """Where is it?"""
    return render(request, "orders/detail.html", pages.order_page(order_of(request, number), request.actor))


@require_POST
@requires("orders.order")
def submit(request: Any, number: str) -> HttpResponse:
    return _press(request, number, services.submit_order, _("%(order)s was submitted."))


@require_POST
@requires("orders.approve")
def approve(request: Any, number: str) -> HttpResponse:
    return _press(request, number, services.approve_order, _approved)


def _approved(order: Order) -> str:
    """What an approval came to: the last one of a flow approves the order, the others do not yet."""
    if order.state == Order.State.SUBMITTED:
        return _("You approved %(order)s. It goes on to the next step of its flow.") % {"order": order}
    return _("%(order)s was approved.") % {"order": order}


@require_POST
@requires("orders.fulfil")
def delivered(request: Any, number: str) -> HttpResponse:
    return _press(request, number, services.mark_delivered, _("%(order)s is delivered."))


@require_POST
@requires("orders.order")
def reorder(request: Any, number: str) -> HttpResponse:
    order = order_of(request, number)
    try:
        count = services.reorder(order=order, by=request.actor)
    except NotAllowed:
        raise
    except DomainError as error:
        messages.error(request, error.text)
        return redirect(order)
    messages.success(request, _("%(count)s products are in your cart.") % {"count": count})
    return redirect("orders:cart")


@requires("orders.approve")
def reject(request: Any, number: str) -> HttpResponse:
    return _do(
        request, number, ReasonForm, services.reject_order, _("%(order)s was rejected."),
        title=_("Reject order"), final=True,
        effect=_("This is final. The partner reads your reason and may order anew."),
    )  # fmt: skip


@requires("orders.approve")
def send_back(request: Any, number: str) -> HttpResponse:
    return _do(
        request, number, ReturnForm, services.return_order, _("%(order)s was sent back."),
        title=_("Send back"), effect=_("Your promise stops. When it comes back it is decided anew."),
    )  # fmt: skip


@requires("orders.cancel")
def cancel(request: Any, number: str) -> HttpResponse:
    form = OptionalReasonForm if request.actor.is_partner else ReasonForm
    return _do(
        request, number, form, services.cancel_order, _("%(order)s was cancelled."),
        title=_("Cancel order"), effect=_("Nothing of it will be shipped. This cannot be undone."), final=True,
    )  # fmt: skip


@requires("orders.fulfil")
def confirm(request: Any, number: str) -> HttpResponse:
    return _do(
        request, number, ConfirmForm, services.confirm_order, _("%(order)s was confirmed."),
        title=_("Confirm order"), effect=_("The partner is told that the goods will come."),
    )  # fmt: skip


@requires("orders.fulfil")
def ship(request: Any, number: str) -> HttpResponse:
    order = order_of(request, number)
    form = ShipForm(
        posted(request),
        actor=request.actor,
        lines=list(order.lines.select_related("product")),
        offered=to_ship(order),
    )
    return _quantities(
        request, order, form, services.ship_order, _("%(made)s is on its way."), title=_("Ship"),
        effect=_("The partner is told carrier and tracking number. What is left stays to be shipped."),
        open_label=_("To ship"),
    )  # fmt: skip


@requires("orders.invoice")
def invoice_order(request: Any, number: str) -> HttpResponse:
    order = order_of(request, number)
    form = InvoiceForm(
        posted(request),
        actor=request.actor,
        lines=list(order.lines.select_related("product")),
        offered=to_invoice(order),
    )
    return _quantities(
        request, order, form, services.invoice_order, _("%(made)s was issued."), title=_("Invoice"),
        effect=_("An invoice is never changed, only credited. Its lines are booked as sales of that day."),
        open_label=_("To invoice"),
    )  # fmt: skip


def _press(
    request: Any, number: str, service: Callable[..., Any], done: str | Callable[[Order], str]
) -> HttpResponse:
    """A verb that asks for nothing more."""
    order = order_of(request, number)
    with refusals.told(request):
        service(order=order, by=request.actor)
        order.refresh_from_db()
        messages.success(request, done(order) if callable(done) else done % {"order": order})
    return redirect(order)


def _do(
    request: Any, number: str, kind: type[ServiceForm], service: Callable[..., Any], done: str, **words: Any
) -> HttpResponse:
    """A verb with a form: the form, then the service, then the order's page."""
    order = order_of(request, number)
    form = kind(posted(request), actor=request.actor)
    if form.is_valid() and form.run(service, order=order, by=request.actor):
        messages.success(request, done % {"order": order})
        return redirect(order)
    context = {"order": order, "form": form, "cancel": order.get_absolute_url(), **words}
    return render(request, "orders/verb.html", context, status=form.status)


def _quantities(
    request: Any, order: Order, form: Any, service: Callable[..., Any], done: str, **words: Any
) -> HttpResponse:
    """A verb with a quantity for each line."""
    if form.is_valid() and form.run(service, order=order, by=request.actor):
        messages.success(request, done % {"made": form.result})
        return redirect(order)
    context = {
        "order": order,
        "form": form,
        "cancel": order.get_absolute_url(),
        "currency": order.currency,
        **words,
    }
    return render(request, "orders/quantities.html", context, status=form.status)
