"""Agreements: what is agreed, who approved it, and how much of it is used?"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import connection
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from claims import pages, services
from claims.forms import AgreementForm, EndForm, ItemForm, ReasonForm, VersionForm
from claims.models import Agreement, AgreementItem
from prm.access.decorators import requires
from prm.ui import refusals


def _agreement(request: Any, number: str, version: int) -> Agreement:
    rows = Agreement.objects.visible_to(request.actor).for_list()
    return get_object_or_404(rows, number=number, version=version)


@requires("claims.enter_agreement")
def new(request: Any) -> HttpResponse:
    form = AgreementForm(
        request.POST or None, actor=request.actor, initial={"currency": connection.tenant.currency}
    )
    if form.is_valid() and form.run(services.create_agreement, by=request.actor):
        messages.success(request, _("Kept as a draft. Add its products."))
        return redirect(form.result)
    return render(request, "claims/agreement_form.html", {"form": form}, status=form.status)


@requires("claims.view_agreements")
def detail(request: Any, number: str, version: int) -> HttpResponse:
    agreement = _agreement(request, number, version)
    return render(request, "claims/agreement.html", pages.agreement_page(agreement, request.actor))


@requires("claims.enter_agreement")
def add(request: Any, number: str, version: int) -> HttpResponse:
    """Agree on the price of a further product."""
    agreement = _agreement(request, number, version)
    form = ItemForm(request.POST or None, actor=request.actor)
    if form.is_valid() and form.run(services.add_item, agreement=agreement, by=request.actor):
        return redirect(agreement)
    return _verb(
        request,
        agreement,
        form,
        _("Add product"),
        _("It is part of the agreement once that is approved."),
        True,
    )


@require_POST
@requires("claims.enter_agreement")
def remove(request: Any, number: str, version: int, pk: int) -> HttpResponse:
    agreement = _agreement(request, number, version)
    items = AgreementItem.objects.visible_to(request.actor).of_agreements([agreement.pk])
    item = get_object_or_404(items, pk=pk)
    with refusals.told(request):
        services.remove_item(item=item, by=request.actor)
        messages.success(request, _("Removed."))
    return redirect(agreement)


@require_POST
@requires("claims.enter_agreement")
def submit(request: Any, number: str, version: int) -> HttpResponse:
    agreement = _agreement(request, number, version)
    with refusals.told(request):
        services.submit_agreement(agreement=agreement, by=request.actor)
        messages.success(request, _("Submitted. A second person approves it."))
    return redirect(agreement)


@require_POST
@requires("claims.approve_agreement")
def approve(request: Any, number: str, version: int) -> HttpResponse:
    agreement = _agreement(request, number, version)
    with refusals.told(request):
        services.approve_agreement(agreement=agreement, by=request.actor)
        messages.success(request, _("Approved. The partner is told."))
    return redirect(agreement)


@requires("claims.approve_agreement")
def send_back(request: Any, number: str, version: int) -> HttpResponse:
    agreement = _agreement(request, number, version)
    form = ReasonForm(request.POST or None, actor=request.actor)
    if form.is_valid() and form.run(services.send_back_agreement, agreement=agreement, by=request.actor):
        return redirect(agreement)
    return _verb(request, agreement, form, _("Send back"), _("It is a draft again."), True)


@requires("claims.enter_agreement")
def withdraw(request: Any, number: str, version: int) -> HttpResponse:
    agreement = _agreement(request, number, version)
    form = ReasonForm(request.POST or None, actor=request.actor)
    if form.is_valid() and form.run(services.withdraw_agreement, agreement=agreement, by=request.actor):
        return redirect(agreement)
    return _verb(
        request, agreement, form, _("Withdraw agreement"), _("It was never in force, and never will be.")
    )


@requires("claims.approve_agreement")
def end(request: Any, number: str, version: int) -> HttpResponse:
    agreement = _agreement(request, number, version)
    form = EndForm(request.POST or None, actor=request.actor)
    if form.is_valid() and form.run(services.end_agreement, agreement=agreement, by=request.actor):
        return redirect(agreement)
    effect = _(
        "Sales after the last day no longer count; sales until then are claimed as before. The partner is told."
    )
    return _verb(request, agreement, form, _("End agreement early"), effect)


@requires("claims.enter_agreement")
def version(request: Any, number: str, version: int) -> HttpResponse:
    agreement = _agreement(request, number, version)
    form = VersionForm(request.POST or None, actor=request.actor)
    if form.is_valid() and form.run(services.new_version, agreement=agreement, by=request.actor):
        messages.success(request, _("Kept as a draft with the same products. Change them, then submit it."))
        return redirect(form.result)
    effect = _("Sales count by the version of their day. The new one has limits of its own.")
    return _verb(request, agreement, form, _("New version"), effect, True)


def _verb(
    request: Any, agreement: Agreement, form: Any, title: str, effect: str, plain: bool = False
) -> HttpResponse:
    context = {
        "form": form, "title": title, "effect": effect, "cancel": agreement.get_absolute_url(),
        "crumb": str(agreement), "plain": plain,
    }  # fmt: skip
    return render(request, "claims/verb.html", context, status=form.status)
