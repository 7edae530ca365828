"""Pages about end customers, for staff."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from prm.access.decorators import requires
from prm.audit.history import history_of
from prm.customers import services
from prm.customers.forms import CustomerForm, MergeForm
from prm.customers.matching import CLEAR, Match, find_matches
from prm.customers.models import EndCustomer
from prm.customers.pages import sections_for
from prm.customfields.showing import facts_of
from prm.values.errors import DomainError

SIMILAR = 6


@requires("customers.view")
def detail(request: Any, number: str) -> HttpResponse:
    """Who ever registered them?"""
    customer = _customer(request, number)
    if customer.merged_into:
        return redirect(customer.merged_into)
    return render(
        request,
        "customers/detail.html",
        {
            "customer": customer,
            "also_known": customer.merged.order_by("name")[:20],
            "similar": _similar(customer),
            "sections": sections_for(customer, request.actor),
            "history": history_of(customer, request.actor),
            "own": facts_of("customer", customer, request.actor),
        },
    )


@requires("customers.edit")
def create(request: Any) -> HttpResponse:
    form = CustomerForm(request.POST or None, request.FILES or None, actor=request.actor)
    if form.is_valid() and form.run(services.create_customer, by=request.actor):
        messages.success(request, _("%(name)s is on file.") % {"name": form.result.name})
        return redirect(form.result)
    context = {"form": form, "title": _("Add a customer"), "submit": _("Add customer"), "customer": None}
    return render(request, "customers/form.html", context, status=form.status)


@requires("customers.edit")
def edit(request: Any, number: str) -> HttpResponse:
    customer = _customer(request, number)
    initial = {field: getattr(customer, field) for field in services.FIELDS}
    form = CustomerForm(
        request.POST or None, request.FILES or None, actor=request.actor, initial=initial, obj=customer
    )
    if form.is_valid() and form.run(services.update_customer, customer=customer, by=request.actor):
        return redirect(customer)
    context = {"form": form, "title": _("Edit customer"), "submit": _("Save"), "customer": customer}
    return render(request, "customers/form.html", context, status=form.status)


@require_POST
@requires("customers.edit")
def confirm(request: Any, number: str) -> HttpResponse:
    """A company of its own, says staff."""
    customer = _customer(request, number)
    try:
        services.confirm_customer(customer=customer, by=request.actor)
    except DomainError as refused:
        messages.error(request, refused.text)
    return redirect(customer)


@requires("customers.merge")
def merge(request: Any, number: str) -> HttpResponse:
    customer = _customer(request, number)
    form = MergeForm(
        request.POST or None, actor=request.actor, initial={"into": request.GET.get("into", "")[:40]}
    )
    if form.is_valid() and form.run(services.merge_customers, customer=customer, by=request.actor):
        messages.success(
            request, _("%(name)s is now another name of this customer.") % {"name": customer.name}
        )
        return redirect(form.result)
    context = {
        "form": form,
        "title": _("Merge into another customer"),
        "submit": _("Merge"),
        "customer": customer,
    }
    return render(request, "customers/form.html", context, status=form.status)


def _customer(request: Any, number: str) -> EndCustomer:
    rows = EndCustomer.objects.visible_to(request.actor).select_related("merged_into")
    return get_object_or_404(rows, number=number)


def _similar(customer: EndCustomer) -> list[Match]:
    """Others on file that may be the same company."""
    matches = find_matches(
        name=customer.name,
        tax_number=customer.tax_number,
        domain=customer.domain,
        phone=customer.phone,
        limit=SIMILAR,
    )
    return [match for match in matches if match.customer_id != customer.pk and match.verdict != CLEAR]
