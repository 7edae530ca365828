"""What would one more order pay?"""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from partners.models import Partner
from prm.access.decorators import requires
from prm.conditions.values import own_currency
from rebates.forms import WhatIfForm
from rebates.models import Version
from rebates.whatif import what_if
from rebates.whatif_words import lowered


@requires("rebates.view")
@require_GET
def page(request: Any) -> HttpResponse:
    """An order that is tried on all programmes; a partner tries its own, staff choose whose."""
    asked = request.GET if "quantity" in request.GET else None
    form = WhatIfForm(asked, actor=request.actor, currencies=_currencies(), initial=request.GET.dict())
    context: dict[str, Any] = {"form": form, "tried": None, "partner": None}
    if form.is_valid():
        wanted = form.cleaned_data.pop("partner", None)
        whose = wanted or get_object_or_404(
            Partner.objects.visible_to(request.actor), pk=request.actor.partner_id
        )
        if form.run(what_if, partner=whose, by=request.actor):
            effects = [(effect, lowered(effect)) for effect in form.result.effects]
            context |= {"tried": form.result, "effects": effects, "partner": whose}
    return render(request, "rebates/what_if.html", context, status=form.status)


def _currencies() -> list[str]:
    """What programmes are measured in, the tenant's own currency first."""
    own = own_currency()
    found = {version.currency for version in Version.objects.published()}
    return [own, *sorted(found - {own})] if own in found or not found else sorted(found)
