"""Price drops: what became cheaper, and whose stock is protected?"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import connection
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from claims import pages, services
from claims.forms import DropForm, StockClaimForm
from claims.models import PriceDrop
from prm.access.decorators import requires
from prm.ui import refusals


def _drop(request: Any, number: str) -> PriceDrop:
    return get_object_or_404(PriceDrop.objects.visible_to(request.actor).for_list(), number=number)


@requires("claims.enter_drop")
def new(request: Any) -> HttpResponse:
    form = DropForm(
        request.POST or None, actor=request.actor, initial={"currency": connection.tenant.currency}
    )
    if form.is_valid() and form.run(services.enter_drop, by=request.actor):
        return redirect(form.result)
    return render(request, "claims/drop_form.html", {"form": form}, status=form.status)


@requires("claims.view")
def detail(request: Any, number: str) -> HttpResponse:
    return render(request, "claims/drop.html", pages.drop_page(_drop(request, number), request.actor))


@require_POST
@requires("claims.confirm_drop")
def confirm(request: Any, number: str) -> HttpResponse:
    drop = _drop(request, number)
    with refusals.told(request):
        services.confirm_drop(drop=drop, by=request.actor)
        messages.success(request, _("Confirmed. Partners that bought it shortly before are told."))
    return redirect(drop)


@require_POST
@requires("claims.confirm_drop")
def refuse(request: Any, number: str) -> HttpResponse:
    drop = _drop(request, number)
    with refusals.told(request):
        services.refuse_drop(drop=drop, by=request.actor)
        messages.success(request, _("Refused. Nobody can claim it."))
    return redirect(drop)


@requires("claims.submit")
def claim(request: Any, number: str) -> HttpResponse:
    """Claim the drop on a partner's stock."""
    drop = _drop(request, number)
    form = StockClaimForm(request.POST or None, actor=request.actor)
    if form.is_valid() and form.run(services.draft_price_claim, drop=drop, by=request.actor):
        return redirect(form.result)
    context = {
        "form": form, "title": _("Claim stock"), "cancel": drop.get_absolute_url(), "crumb": drop.number, "plain": True,
        "effect": _("The difference on the stock reported for the day, of no more than was bought before."),
    }  # fmt: skip
    return render(request, "claims/verb.html", context, status=form.status)
