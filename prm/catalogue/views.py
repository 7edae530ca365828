"""Pages about products and product lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from prm.access.decorators import requires
from prm.audit.history import history_of
from prm.catalogue import finding, services
from prm.catalogue.forms import ProductForm, ProductLineForm
from prm.catalogue.models import Product, ProductLine
from prm.customfields.showing import facts_of
from prm.ui import formats
from prm.ui.parts import Fact

MOST_CODES = 200  # of which the names are asked


@requires("catalogue.edit")
def product_new(request: Any) -> HttpResponse:
    return _product(request, None)


@requires("catalogue.view")
def product(request: Any, pk: int) -> HttpResponse:
    return _product(request, get_object_or_404(Product, pk=pk))


@require_GET
@requires("catalogue.view")
def pick(request: Any) -> JsonResponse:
    """What a field of product codes offers for `q`; with `codes` the products of these."""
    codes = [code for code in request.GET.get("codes", "").split(",") if code][:MOST_CODES]
    text = request.GET.get("q", "").strip()[:100].replace("\x00", "")
    return JsonResponse({"rows": finding.offered(text, codes)})


def _product(request: Any, known: Product | None) -> HttpResponse:
    currency = known.currency if known else connection.tenant.currency
    form = ProductForm(
        request.POST or None,
        request.FILES or None,
        actor=request.actor,
        currency=currency,
        obj=known,
        initial=_initial(known) if known else None,
    )
    if form.is_valid() and form.run(
        services.save_product, product=known, currency=currency, by=request.actor
    ):
        return redirect("catalogue:products")
    title = known.name if known else _("Add a product")
    own = facts_of("product", known, request.actor) if known else []
    return _page(request, form, known, title, "catalogue:products", _("Products"), own)


def _initial(known: Product) -> dict[str, Any]:
    values = {name: getattr(known, name) for name in ProductForm.base_fields if hasattr(known, name)}
    values["list_price"] = formats.number(known.list_price, None).replace(",", "")
    return values | {"tax_percent": formats.number(known.tax_rate * 100, None)}


@requires("catalogue.edit")
def line_new(request: Any) -> HttpResponse:
    return _line(request, None)


@requires("catalogue.view")
def line(request: Any, pk: int) -> HttpResponse:
    return _line(request, get_object_or_404(ProductLine, pk=pk))


def _line(request: Any, known: ProductLine | None) -> HttpResponse:
    initial = {name: getattr(known, name) for name in ProductLineForm.base_fields} if known else None
    form = ProductLineForm(request.POST or None, actor=request.actor, initial=initial)
    if form.is_valid() and form.run(services.save_product_line, line=known, by=request.actor):
        return redirect("catalogue:lines")
    title = known.name if known else _("Add a product line")
    return _page(request, form, known, title, "catalogue:lines", _("Product lines"))


def _page(
    request: Any, form: Any, known: Any, title: str, back: str, back_label: str, own: Sequence[Fact] = ()
) -> HttpResponse:
    may_edit = "catalogue.edit" in request.actor.permissions
    history = history_of(known, request.actor) if known and request.actor.is_staff else []
    context = {
        "form": form, "title": title, "back": back, "back_label": back_label, "may_edit": may_edit, "history": history,
        "own": own,
    }  # fmt: skip
    return render(request, "catalogue/form.html", context, status=form.status)
