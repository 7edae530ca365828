"""Operators come in, ask to act for somebody, and begin it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST
from django_tenants.utils import tenant_context

from prm.access.decorators import public, requires
from prm.accounts.operators.forms import OperatorSignInForm, SupportForm
from prm.accounts.operators.services import demo_operator, sign_in_operator
from prm.accounts.support import services as support
from prm.accounts.support.querysets import requests_of, with_standing
from prm.tenancy.models import Tenant
from prm.tenancy.operator_access import let_in, let_out
from prm.values.errors import DomainError


@public
@require_http_methods(["GET", "POST"])
def sign_in(request: Any) -> HttpResponse:
    if request.operator is not None:
        return redirect("operator:tenants")
    form = OperatorSignInForm(request.POST or None)
    if form.is_valid() and form.run(sign_in_operator, by=request.actor):
        let_in(request, form.result)
        return redirect(_following(request))
    context = {
        "form": form,
        "demo": settings.DEMO and demo_operator(),
        "following": request.GET.get("next", ""),
    }
    return render(request, "operator/sign_in.html", context, status=form.status)


@public
@require_POST
def demo_sign_in(request: Any) -> HttpResponse:
    """One click, in demo mode and nowhere else."""
    operator = demo_operator() if settings.DEMO else None
    if operator is None:
        raise Http404
    let_in(request, operator)
    return redirect(_following(request))


@public
@require_POST
def sign_out(request: Any) -> HttpResponse:
    let_out(request)
    return redirect("operator_sign_in")


@requires("tenancy.operate")
@require_http_methods(["GET", "POST"])
def act(request: Any, slug: str) -> HttpResponse:
    """Ask to act for a person, and see how one's requests stand."""
    tenant = get_object_or_404(Tenant, slug=slug)
    form = SupportForm(request.POST or None, actor=request.actor)
    with tenant_context(tenant):
        if form.is_valid() and form.run(support.ask_for_support, tenant=tenant, by=request.actor):
            messages.success(request, _("Asked. An administrator of the tenant decides."))
            return redirect("operator_act", slug=slug)
        asked = with_standing(limit=20, operator_email=request.actor.label)
    context = {"tenant": tenant, "form": form, "requests": asked}
    return render(request, "operator/act.html", context, status=form.status)


@requires("tenancy.operate")
@require_POST
def begin(request: Any, slug: str, pk: int) -> HttpResponse:
    """The page with the one button that leads to the tenant's site; its word is good once, for two minutes."""
    tenant = get_object_or_404(Tenant, slug=slug)
    try:
        with tenant_context(tenant):
            access = get_object_or_404(requests_of(request.actor.label), pk=pk)
            word = support.begin_support(access=access, by=request.actor)
    except DomainError as refusal:
        messages.warning(request, refusal.text)
        return redirect("operator_act", slug=slug)
    context = {"tenant": tenant, "access": access, "word": word}
    answer = render(request, "operator/begin.html", context)
    answer["Cache-Control"] = "no-store"
    # The form leads to another host, which the policy forbids everywhere else.
    answer._csp_update = {"form-action": ["'self'", tenant.address.rstrip("/")]}  # type: ignore[attr-defined]
    return answer


@requires("tenancy.operate")
@require_POST
def end(request: Any, slug: str, pk: int) -> HttpResponse:
    tenant = get_object_or_404(Tenant, slug=slug)
    with tenant_context(tenant):
        access = get_object_or_404(requests_of(request.actor.label), pk=pk)
        support.end_support(access=access, by=request.actor)
    messages.success(request, _("Ended."))
    return redirect("operator_act", slug=slug)


def _following(request: Any) -> str:
    """Where the person wanted to go, when that is a page of this site."""
    wanted = request.POST.get("next", "")
    good = wanted.startswith("/operator/") and url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if good else "/operator/tenants/"
