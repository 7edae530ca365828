"""On the tenant's site: the administrator's page, and the operator's way in and out."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from prm.access.decorators import public, requires, safe_while_acting, signed_in
from prm.accounts.models import SupportAccess
from prm.accounts.support import middleware, services
from prm.accounts.support.middleware import let_in
from prm.accounts.support.querysets import with_standing
from prm.values.errors import DomainError

CONSENT = "accounts.consent_to_support"


@requires(CONSENT)
@require_GET
def settings_page(request: HttpRequest) -> HttpResponse:
    return render(request, "accounts/support.html", {"requests": with_standing(limit=50)})


@requires(CONSENT)
@require_POST
def decide(request: Any, pk: int) -> HttpResponse:
    """`answer` is read, write or refuse."""
    answer = request.POST.get("answer")
    access = get_object_or_404(SupportAccess, pk=pk)
    granted = answer in ("read", "write")
    try:
        services.decide_support(access=access, granted=granted, may_write=answer == "write", by=request.actor)
        messages.success(request, _("Consented for one hour.") if granted else _("Refused."))
    except DomainError as refusal:
        messages.warning(request, refusal.text)
    return redirect("support")


@requires(CONSENT)
@require_POST
def end(request: Any, pk: int) -> HttpResponse:
    services.end_support(access=get_object_or_404(SupportAccess, pk=pk), by=request.actor)
    messages.success(request, _("Ended. The operator is out."))
    return redirect("support")


@csrf_exempt  # the word is good once and is worth more than a form token; the form stands on another host
@public
@require_POST
def enter(request: Any) -> HttpResponse:
    """The operator comes from the public site with the word in the form."""
    try:
        access = services.enter_with(word=request.POST.get("word", ""), by=request.actor)
    except DomainError as refusal:
        return render(request, "accounts/support_over.html", {"sentence": refusal.text}, status=403)
    let_in(request, access)
    return redirect("/")


@safe_while_acting
@signed_in
@require_POST
def stop(request: Any) -> HttpResponse:
    """The End button of the band."""
    return middleware.stop(request) if request.support else redirect("support_over")


@public
@require_GET
def over(request: HttpRequest) -> HttpResponse:
    return render(request, "accounts/support_over.html")
