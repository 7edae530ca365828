"""The seal on the audit trail: how far it goes, whether it holds, who gets its head."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from prm.access.decorators import requires
from prm.sealing import pages, services
from prm.sealing.forms import AddressesForm, HeadForm


@requires("audit.view")
@require_http_methods(["GET", "POST"])
def seal(request: Any) -> HttpResponse:
    """How far is the trail sealed, and does the seal hold?"""
    known = {"addresses": "\n".join(services.settings_now().addresses)}
    form = AddressesForm(request.POST or None, actor=request.actor, initial=known)
    if form.is_valid() and form.run(services.set_head_addresses, by=request.actor):
        messages.success(request, _("Saved."))
        return redirect("sealing:seal")
    return render(request, "sealing/seal.html", _page(request, form=form), status=form.status)


@requires("audit.verify")
@require_POST
def verify(request: Any) -> HttpResponse:
    """Start a verification, of a head too where one is given; one that cannot be read is said beside its field."""
    if "head" not in request.POST:
        services.start_verification(by=request.actor)
        return redirect("sealing:seal")
    form = HeadForm(request.POST, actor=request.actor)
    if form.is_valid() and form.run(services.start_verification, by=request.actor):
        return redirect("sealing:seal")
    return render(request, "sealing/seal.html", _page(request, head_form=form), status=form.status)


def _page(request: Any, **forms: Any) -> dict[str, Any]:
    known = {"addresses": "\n".join(services.settings_now().addresses)}
    empty = {
        "form": AddressesForm(actor=request.actor, initial=known),
        "head_form": HeadForm(actor=request.actor),
    }
    return pages.seal_page(request.actor) | empty | forms
