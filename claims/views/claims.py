"""Claims: what is asked, what the check said of each line, what is paid?"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from claims import pages, services
from claims.forms import ClaimForm, PayForm, ReasonForm
from claims.models import Claim, ClaimLine
from claims.services.paying import payable, refuse_to_pay
from prm.access.decorators import requires
from prm.ui import formats, refusals
from rebates.services.unconfirmed import NOT_KEPT, doubts


def _claim(request: Any, number: str) -> Claim:
    rows = Claim.objects.visible_to(request.actor).select_related("partner", "drop")
    return get_object_or_404(rows, number=number)


@requires("claims.submit")
def new(request: Any) -> HttpResponse:
    """Take what was reported under an agreement; nothing is checked before it is submitted."""
    form = ClaimForm(
        request.POST or None, actor=request.actor, initial={"agreement": request.GET.get("agreement")}
    )
    if form.is_valid() and form.run(services.draft_claim, by=request.actor):
        return redirect(form.result)
    return render(request, "claims/claim_form.html", {"form": form}, status=form.status)


@requires("claims.view")
def detail(request: Any, number: str) -> HttpResponse:
    claim = _claim(request, number)
    return render(request, "claims/claim.html", pages.claim_page(claim, request.actor))


@require_POST
@requires("claims.submit")
def submit(request: Any, number: str) -> HttpResponse:
    claim = _claim(request, number)
    with refusals.told(request):
        services.submit_claim(claim=claim, by=request.actor)
        messages.success(request, _("Submitted. Each line says what the check found."))
    return redirect(claim)


@requires("claims.submit")
def withdraw(request: Any, number: str) -> HttpResponse:
    claim = _claim(request, number)
    form = ReasonForm(request.POST or None, actor=request.actor)
    if form.is_valid() and form.run(services.withdraw_claim, claim=claim, by=request.actor):
        return redirect(claim)
    return _verb(request, claim, form, _("Withdraw claim"), _("What it took can be claimed again."))


@require_POST
@requires("claims.decide")
def approve(request: Any, number: str) -> HttpResponse:
    claim = _claim(request, number)
    with refusals.told(request):
        services.approve_claim(claim=claim, by=request.actor)
        messages.success(request, _("Approved, and booked as owed."))
    return redirect(claim)


@requires("claims.decide")
def reject(request: Any, number: str) -> HttpResponse:
    claim = _claim(request, number)
    form = ReasonForm(request.POST or None, actor=request.actor)
    if form.is_valid() and form.run(services.reject_claim, claim=claim, by=request.actor):
        return redirect(claim)
    effect = _("Nothing of it is paid, and what it took can be claimed again. The partner reads your reason.")
    return _verb(request, claim, form, _("Reject claim"), effect)


@requires("claims.pay")
def pay(request: Any, number: str) -> HttpResponse:
    claim = _claim(request, number)
    refused = refusals.why_not(refuse_to_pay, claim, request.actor)
    if request.method == "GET" and refused:
        messages.error(request, refused)
        return redirect(claim)
    most = payable(claim)
    form = PayForm(
        request.POST or None, actor=request.actor, currency=claim.currency, open_amount=most,
        asks_about_account=doubts([claim]).get(claim.pk) == NOT_KEPT,
    )  # fmt: skip
    if form.is_valid() and form.run(services.pay_claim, claim=claim, by=request.actor):
        messages.success(request, _("Paid, and booked."))
        return redirect(claim)
    effect = _("%(money)s is owed to %(partner)s. A payment is booked at once, and the partner is told.") % {
        "money": formats.money(most, claim.currency), "partner": claim.partner.name,
    }  # fmt: skip
    return _verb(request, claim, form, _("Pay claim"), effect, plain=True)


@requires("claims.decide")
def accept_line(request: Any, number: str, pk: int) -> HttpResponse:
    effect = _("It is paid as far as the agreement's limits leave something. The partner reads your reason.")
    return _decide(request, number, pk, accept=True, title=_("Accept line"), effect=effect)


@requires("claims.decide")
def reject_line(request: Any, number: str, pk: int) -> HttpResponse:
    effect = _("It is not paid; it can be claimed again. The partner reads your reason.")
    return _decide(request, number, pk, accept=False, title=_("Reject line"), effect=effect)


def _decide(request: Any, number: str, pk: int, *, accept: bool, title: str, effect: str) -> HttpResponse:
    claim = _claim(request, number)
    line = get_object_or_404(ClaimLine.objects.visible_to(request.actor), claim=claim, pk=pk)
    form = ReasonForm(request.POST or None, actor=request.actor)
    if form.is_valid() and form.run(services.decide_line, line=line, accept=accept, by=request.actor):
        return redirect(claim)
    return _verb(request, claim, form, title, effect, plain=accept)


def _verb(
    request: Any, claim: Claim, form: Any, title: str, effect: str, plain: bool = False
) -> HttpResponse:
    context = {
        "form": form, "title": title, "effect": effect, "cancel": claim.get_absolute_url(), "crumb": claim.number,
        "plain": plain,
    }  # fmt: skip
    return render(request, "claims/verb.html", context, status=form.status)
