"""Pages of invoices, credit notes and price lists."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import connection
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from orders import pages, services
from orders.forms import CreditForm, PaidForm, PriceListForm, PricesForm, to_credit
from orders.models import Invoice, PriceList
from orders.views import posted
from prm.access.decorators import requires
from prm.audit.history import history_of


def invoice_of(request: Any, number: str) -> Invoice:
    rows = Invoice.objects.visible_to(request.actor).select_related("partner", "order", "credits")
    return get_object_or_404(rows, number=number)


@require_GET
@requires("orders.view")
def invoice(request: Any, number: str) -> HttpResponse:
    """What was invoiced, and is it paid?"""
    context = pages.invoice_page(invoice_of(request, number), request.actor)
    return render(request, "orders/invoice.html", context)


@requires("orders.invoice")
def credit(request: Any, number: str) -> HttpResponse:
    found = invoice_of(request, number)
    lines = list(found.lines.select_related("product"))
    form = CreditForm(posted(request), actor=request.actor, lines=lines, offered=to_credit(found), fill=False)
    if form.is_valid() and form.run(services.credit_invoice, invoice=found, by=request.actor):
        messages.success(request, _("%(made)s was issued.") % {"made": form.result})
        return redirect(form.result)
    context = {
        "invoice": found, "form": form, "cancel": found.get_absolute_url(), "currency": found.currency,
        "title": _("Credit"), "open_label": _("Left to credit"),
        "effect": _("A credit note is never changed. Its lines are booked as returns of the lines that they name."),
    }  # fmt: skip
    return render(request, "orders/quantities.html", context, status=form.status)


@requires("orders.pay")
def paid(request: Any, number: str) -> HttpResponse:
    found = invoice_of(request, number)
    form = PaidForm(posted(request), actor=request.actor)
    if form.is_valid() and form.run(services.mark_paid, invoice=found, by=request.actor):
        messages.success(request, _("%(invoice)s is marked as paid.") % {"invoice": found})
        return redirect(found)
    context = {
        "invoice": found, "form": form, "cancel": found.get_absolute_url(), "title": _("Mark as paid"),
        "effect": _("The day is never changed. The order closes when it is all shipped, invoiced and paid."),
    }  # fmt: skip
    return render(request, "orders/verb.html", context, status=form.status)


@require_GET
@requires("orders.price")
def price_lists(request: Any) -> HttpResponse:
    """Which lists are there, and for whom?"""
    return render(request, "orders/price_lists.html", {"lists": PriceList.objects.for_page()})


@requires("orders.price")
def new_price_list(request: Any) -> HttpResponse:
    currency = getattr(connection.tenant, "currency", "CNY")
    form = PriceListForm(posted(request), actor=request.actor, initial={"currency": currency})
    if form.is_valid() and form.run(services.create_price_list, by=request.actor):
        return redirect("orders:prices", pk=form.result.pk)
    return render(request, "orders/price_list_form.html", {"form": form}, status=form.status)


@requires("orders.price")
def prices(request: Any, pk: int) -> HttpResponse:
    """What do partners of this tier pay? One product line at a time."""
    price_list = get_object_or_404(PriceList.objects.for_page(), pk=pk)
    lines, chosen, products, known = pages.price_grid(price_list, request.GET.get("line", ""))
    form = PricesForm(posted(request), actor=request.actor, products=products, prices=known)
    if form.is_valid() and form.run(services.set_prices, price_list=price_list, by=request.actor):
        messages.success(request, _("%(count)s prices were changed.") % {"count": form.result})
        return redirect(request.get_full_path())
    context = {
        "price_list": price_list, "lines": lines, "chosen": chosen, "form": form,
        "history": history_of(price_list, request.actor),
    }  # fmt: skip
    return render(request, "orders/prices.html", context, status=form.status)
