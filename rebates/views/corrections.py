"""Corrections of closed statements by hand: who proposes, and who confirms."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from prm.access.decorators import requires
from prm.access.rules import allowed
from prm.ui import formats, refusals
from prm.ui.parts import Fact, Verb
from prm.values.actor import Actor
from rebates import services
from rebates.beyond import refuse_beyond
from rebates.correction_forms import CorrectionForm
from rebates.forms import ReasonForm
from rebates.models import ManualAdjustment, Programme, Statement
from rebates.services.deciding import refuse_to_confirm

STATE = ManualAdjustment.State


@requires("rebates.settle")
def propose(request: Any, number: str) -> HttpResponse:
    """A closed statement is wrong, and no sales line can put it right."""
    rows = Statement.objects.visible_to(request.actor).select_related("partner", "run")
    statement = get_object_or_404(rows, number=number)
    form = CorrectionForm(
        request.POST if request.method == "POST" else None, actor=request.actor, currency=statement.currency,
        programmes=Programme.objects.visible_to(request.actor).of_partner(statement.partner_id).paid_in(statement.currency),
    )  # fmt: skip
    if form.is_valid() and form.run(services.propose_correction, statement=statement, by=request.actor):
        messages.success(request, _("Proposed. Nothing is booked until somebody else confirms it."))
        return redirect(form.result)
    context = {"form": form, "statement": statement}
    return render(request, "rebates/correction_propose.html", context, status=form.status)


@require_GET
@requires("rebates.view")
def detail(request: Any, number: str) -> HttpResponse:
    """How much, why, who says so, and where it is posted?"""
    found = _found(request, number)
    context = {"found": found, "facts": _facts(found, request.actor), "verbs": _verbs(found, request.actor)}
    return render(request, "rebates/correction.html", context)


@require_POST
@requires("rebates.approve")
def confirm(request: Any, number: str) -> HttpResponse:
    found = _found(request, number)
    with refusals.told(request):
        services.confirm_correction(adjustment=found, by=request.actor)
        messages.success(request, _("Confirmed: the next close posts it."))
    return redirect(found)


@requires("rebates.view_runs")
def refuse(request: Any, number: str) -> HttpResponse:
    found = _found(request, number)
    form = ReasonForm(request.POST if request.method == "POST" else None, actor=request.actor)
    if form.is_valid() and form.run(services.refuse_correction, adjustment=found, by=request.actor):
        messages.success(request, _("Noted: nothing is booked."))
        return redirect(found)
    own = found.proposed_by_id == request.actor.user_id
    context = {
        "form": form, "title": _("Take it back") if own else _("Do not confirm"), "cancel": found.get_absolute_url(),
        "crumb": number, "effect": _("Nothing is booked. The proposal and your reason stay on record."),
    }  # fmt: skip
    return render(request, "rebates/verb.html", context, status=form.status)


def _facts(found: ManualAdjustment, actor: Actor) -> list[Fact]:
    statement = found.statement
    facts = (
        [] if actor.is_partner else [Fact(_("Partner"), found.partner.name, found.partner.get_absolute_url())]
    )
    facts += [
        Fact(
            _("Corrects"),
            f"{statement.number}{formats.comma()}{formats.month(statement.starts)}",
            statement.get_absolute_url(),
        ),
        Fact(_("Programme"), str(found.programme)),
        Fact(_("Amount"), formats.money(found.amount, found.currency, 2)),
        Fact(_("Reason"), found.reason),
    ]
    if found.run is not None:
        facts.append(Fact(_("Posted with"), formats.month(found.run.starts), _posted_on(found)))
    if actor.is_partner:
        return facts
    facts.append(
        Fact(_("Proposed by"), f"{found.proposer}{formats.comma()}{formats.exact(found.proposed_at)}")
    )
    if found.confirmed_at:
        facts.append(
            Fact(_("Confirmed by"), f"{found.confirmer}{formats.comma()}{formats.exact(found.confirmed_at)}")
        )
    if found.refused_at:
        facts.append(
            Fact(_("Not confirmed by"), f"{found.refuser}{formats.comma()}{formats.exact(found.refused_at)}")
        )
        facts.append(Fact(_("Why not"), found.refusal))
    return facts


def _posted_on(found: ManualAdjustment) -> str:
    """The statement on which it stands; nothing while the close is under way."""
    rows = Statement.objects.for_everyone(because="of the adjustment's own partner").filter(
        run=found.run, partner_id=found.partner_id, currency=found.currency
    )
    statement = rows.first() if found.run and found.run.is_closed else None
    return statement.get_absolute_url() if statement else ""


def _verbs(found: ManualAdjustment, actor: Actor) -> list[Verb]:
    if found.state != STATE.PROPOSED:
        return []

    def to(name: str) -> str:
        return reverse(f"rebates:{name}", args=[found.number])

    if found.proposed_by_id == actor.user_id:
        if not allowed(actor, "rebates.settle", found):
            return []
        return [Verb(_("Take it back…"), href=to("adjustment_refuse"), icon="arrow-back-up", final=True)]
    if not allowed(actor, "rebates.approve", found):
        return []
    why = refusals.why_not(refuse_to_confirm, found, actor)
    return [
        Verb(
            _("Confirm the sum"),
            post=to("adjustment_confirm"),
            primary=True,
            why_not=why,
            ask=refusals.why_not(refuse_beyond, found.amount, found.statement),
        ),
        Verb(_("Do not confirm…"), href=to("adjustment_refuse"), icon="ban", final=True),
    ]


def _found(request: Any, number: str) -> ManualAdjustment:
    rows = ManualAdjustment.objects.visible_to(request.actor).of_their_own().for_list()
    return get_object_or_404(rows, number=number)
