"""The partner's shop: catalogue at own prices, cart, check-out, orders from deals."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from dealreg.models import DealRegistration
from orders import services, shop
from orders.errors import BadQuantity
from orders.forms import CheckOutForm, QuantityField
from orders.views import order_of, posted
from partners.models import Partner
from prm.access.decorators import requires
from prm.catalogue.models import Product
from prm.ui import refusals
from prm.values.errors import DomainError, NotAllowed


def own_company(request: Any) -> Partner:
    return get_object_or_404(Partner.objects.visible_to(request.actor), pk=request.actor.partner_id)


@require_GET
@requires("orders.order")
def catalogue(request: Any) -> HttpResponse:
    """What can I buy, at what price?"""
    context = shop.catalogue_page(own_company(request), request.actor, request.GET)
    template = (
        "orders/catalogue_list.html"
        if request.headers.get("HX-Target") == "products"
        else "orders/catalogue.html"
    )
    return render(request, template, context)


@require_POST
@requires("orders.order")
def put(request: Any) -> HttpResponse:
    """Add to the cart; answers with the product's row, or goes back where no script asks."""
    product, quantity, problem = _product(request), _quantity(request), ""
    try:
        if quantity is None:
            raise BadQuantity()
        services.put_in_cart(product=product, quantity=quantity, by=request.actor)
    except NotAllowed:
        raise
    except DomainError as error:
        problem = error.text
    if request.headers.get("HX-Request"):
        row = shop.row_of(product, own_company(request), request.actor)
        context = {
            "row": row,
            "problem": problem,
            "just_added": not problem,
            "in_cart": shop.cart_of(request.actor).count(),
        }
        return render(request, "orders/catalogue_row.html", context)
    if problem:
        messages.error(request, problem)
    return redirect("orders:catalogue")


@require_POST
@requires("orders.order")
def change(request: Any) -> HttpResponse:
    """Change a quantity in the cart; 0 takes the product out."""
    product, quantity = _product(request), _quantity(request)
    with refusals.told(request):
        if quantity is None:
            raise BadQuantity()
        services.set_cart_quantity(product=product, quantity=quantity, by=request.actor)
    return redirect("orders:cart")


@requires("orders.order")
def cart(request: Any) -> HttpResponse:
    """Is this what I want, and what does it cost? The check-out stands below."""
    partner = own_company(request)
    lines = shop.cart_lines(partner, request.actor)
    form = CheckOutForm(posted(request), request.FILES or None, actor=request.actor)
    items = [(line.product, line.quantity) for line in lines]
    if form.is_valid() and form.run(
        services.order_at_once, partner=partner, items=items, clear_cart=True, by=request.actor
    ):
        messages.success(request, _("%(order)s was submitted.") % {"order": form.result})
        return redirect(form.result)
    context = {"lines": lines, "sums": shop.sums_of(lines), "form": form}
    return render(request, "orders/cart.html", context, status=form.status)


@requires("orders.order")
def new(request: Any) -> HttpResponse:
    """Order directly, or from a won deal of one's own, whose end customer and product lines it takes."""
    deal = _deal(request)
    partner = own_company(request)
    form = shop.order_form(
        posted(request), actor=request.actor, partner=partner, deal=deal, files=request.FILES or None
    )
    draft = "draft" in request.POST
    service = services.place_order if draft else services.order_at_once
    if form.is_valid() and form.run(service, partner=partner, registration=deal, by=request.actor):
        done = _("%(order)s is kept as a draft.") if draft else _("%(order)s was submitted.")
        messages.success(request, done % {"order": form.result})
        return redirect(form.result)
    context = {"form": form, "deal": deal, "title": _("New order"), "cancel": reverse("orders:list")}
    return render(request, "orders/order_form.html", context, status=form.status)


@requires("orders.order")
def edit(request: Any, number: str) -> HttpResponse:
    """Change a draft, or what came back for it and is submitted again."""
    order = order_of(request, number)
    if order.state not in ("draft", "returned"):
        return redirect(order)
    service = services.resubmit_order if order.state == "returned" else services.change_order
    form = shop.order_form(
        posted(request), actor=request.actor, partner=order.partner, deal=order.registration, order=order,
        files=request.FILES or None,
    )  # fmt: skip
    if form.is_valid() and form.run(service, order=order, by=request.actor):
        return redirect(order)
    context = {
        "form": form, "deal": order.registration, "order": order, "title": _("Change %(order)s") % {"order": order},
        "cancel": order.get_absolute_url(),
    }  # fmt: skip
    return render(request, "orders/order_form.html", context, status=form.status)


def _deal(request: Any) -> DealRegistration | None:
    """The won deal that is named; one that is not won, or not visible, is as good as none."""
    number = request.GET.get("deal") or request.POST.get("deal")
    if not number:
        return None
    if "dealreg.view" not in request.actor.permissions:
        raise Http404
    rows = DealRegistration.objects.visible_to(request.actor).filter(partner_id=request.actor.partner_id)
    return get_object_or_404(rows.select_related("end_customer"), number=number, state="won")


def _product(request: Any) -> Product:
    pk = request.POST.get("product", "")
    if not pk.isdecimal() or len(pk) > 18:
        raise Http404
    return get_object_or_404(Product, pk=pk)


def _quantity(request: Any) -> Decimal | None:
    """The quantity as typed; None when it is none."""
    field = QuantityField()
    try:
        return field.clean(request.POST.get("quantity", ""))
    except ValidationError:
        return None
