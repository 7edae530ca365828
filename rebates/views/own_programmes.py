"""What a partner may earn: the programmes that concern it today."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from prm.access.decorators import requires
from rebates import in_force


@require_GET
@requires("rebates.view")
def page(request: Any) -> HttpResponse:
    """Which programmes does my company take part in, and what do they pay? Staff go to all programmes."""
    if not request.actor.is_partner:
        return redirect("rebates:programmes")
    return render(
        request, "rebates/own_programmes.html", {"programmes": in_force.programmes_of(request.actor)}
    )
