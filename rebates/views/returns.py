"""Payments that the bank sent back: who says so, and who confirms it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from prm.access.decorators import requires
from prm.ui import formats, refusals
from prm.ui.parts import Fact, Verb
from prm.values.actor import Actor
from rebates import services
from rebates.forms import ReasonForm
from rebates.models import Payment, PaymentReturn
from rebates.return_forms import ReturnForm
from rebates.services.returning import refuse_to_confirm


@requires("rebates.pay")
def report(request: Any, number: str) -> HttpResponse:
    """The bank sent a booked payment back."""
    rows = Payment.objects.visible_to(request.actor).select_related("statement__partner")
    payment = get_object_or_404(rows, number=number)
    form = ReturnForm(request.POST if request.method == "POST" else None, actor=request.actor)
    if form.is_valid() and form.run(services.report_return, payment=payment, by=request.actor):
        messages.success(request, _("Reported. Nothing is booked until somebody else confirms it."))
        return redirect(form.result)
    context = {"form": form, "payment": payment, "statement": payment.statement}
    return render(request, "rebates/return_report.html", context, status=form.status)


@require_GET
@requires("rebates.pay")
def detail(request: Any, number: str) -> HttpResponse:
    """Did it come back, who says so, and what follows?"""
    found = _found(request, number)
    facts = [
        Fact(_("Partner"), found.payment.statement.partner.name),
        Fact(_("Amount"), formats.money(found.payment.amount, found.payment.statement.currency)),
        Fact(_("Paid on"), formats.day(found.payment.paid_on)),
        Fact(_("Returned on"), formats.day(found.returned_on)),
        Fact(_("What the bank says"), found.reason),
        Fact(
            _("Account"), _("wrong: nothing is paid to it by file") if found.wrong_account else _("may stay")
        ),
        Fact(_("Reported by"), f"{found.reporter}{formats.comma()}{formats.exact(found.reported_at)}"),
    ]
    if found.decided_at:
        facts.append(
            Fact(_("Decided by"), f"{found.decider}{formats.comma()}{formats.exact(found.decided_at)}")
        )
    if found.decision:
        facts.append(Fact(_("Decision"), found.decision))
    context = {"found": found, "statement": found.payment.statement, "facts": facts,
               "verbs": _verbs(found, request.actor)}  # fmt: skip
    return render(request, "rebates/return.html", context)


@require_POST
@requires("rebates.pay")
def confirm(request: Any, number: str) -> HttpResponse:
    found = _found(request, number)
    with refusals.told(request):
        services.confirm_return(found=found, by=request.actor)
        messages.success(
            request, _("Confirmed: the ledger has taken the payment back, and it is open again.")
        )
    return redirect(found)


@requires("rebates.pay")
def refuse(request: Any, number: str) -> HttpResponse:
    found = _found(request, number)
    form = ReasonForm(request.POST if request.method == "POST" else None, actor=request.actor)
    if form.is_valid() and form.run(services.refuse_return, found=found, by=request.actor):
        messages.success(request, _("Noted: the payment stands."))
        return redirect(found)
    context = {
        "form": form, "title": _("Not returned"), "cancel": found.get_absolute_url(), "crumb": number,
        "effect": _("The payment stands as it was booked."),
    }  # fmt: skip
    return render(request, "rebates/verb.html", context, status=form.status)


def _verbs(found: PaymentReturn, actor: Actor) -> list[Verb]:
    if found.state != PaymentReturn.State.REPORTED:
        return []

    def to(name: str) -> str:
        return reverse(f"rebates:{name}", args=[found.payment.number])

    why = refusals.why_not(refuse_to_confirm, found, actor)
    return [
        Verb(_("Confirm the return"), post=to("return_confirm"), primary=True, why_not=why),
        Verb(_("Not returned…"), href=to("return_refuse"), icon="ban", final=True),
    ]


def _found(request: Any, number: str) -> PaymentReturn:
    """The newest report about the payment."""
    rows = PaymentReturn.objects.visible_to(request.actor).for_page().filter(payment__number=number)
    return get_object_or_404(rows.filter(pk=rows.order_by("-pk").values("pk")[:1]))
