"""Pages about exchange rates, for finance."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from prm.access.decorators import requires
from prm.audit.history import history_of
from prm.exchange import services
from prm.exchange.book import policy_of_tenant, stored_policy
from prm.exchange.errors import RateFarOff
from prm.exchange.forms import PolicyForm, RateForm, RejectForm
from prm.exchange.models import Batch
from prm.exchange.unlikely import FarOff, far_off
from prm.ui import formats, refusals
from prm.ui.parts import Fact, Verb

SHOWN = 200
ASKED = 3  # unlikely rates that are named before they are confirmed; the page has all


def _batch(pk: int) -> Batch:
    return get_object_or_404(Batch.objects.for_page(), pk=pk)


@requires("exchange.propose")
def new(request: Any) -> HttpResponse:
    form = RateForm(request.POST or None, actor=request.actor)
    if form.is_valid() and form.run(services.propose_rate, by=request.actor):
        messages.success(request, _("Entered. It counts when somebody else has confirmed it."))
        return redirect(form.result)
    context = {"form": form, "title": _("Enter a rate"), "back": reverse("exchange:rates")}
    return render(request, "exchange/form.html", context, status=form.status)


@requires("exchange.configure")
def configure(request: Any) -> HttpResponse:
    policy = stored_policy()
    initial = {name: getattr(policy, name) for name in PolicyForm.base_fields}
    form = PolicyForm(request.POST or None, actor=request.actor, initial=initial)
    if form.is_valid() and form.run(services.set_exchange, by=request.actor):
        messages.success(request, _("Saved."))
        return redirect("exchange:rates")
    context = {"form": form, "title": _("Whose rates count"), "back": reverse("exchange:rates")}
    return render(request, "exchange/form.html", context, status=form.status)


@requires("exchange.view")
@require_GET
def batch(request: Any, pk: int) -> HttpResponse:
    """Rates that were entered together: who did, who confirmed, and what each corrects."""
    row = _batch(pk)
    rates = list(row.rates.select_related("replaces").order_by("-day", "base", "quote")[: SHOWN + 1])
    unlikely = far_off(list(row.rates.all()), without=[row.pk]) if row.state == "waiting" else []
    context = {
        "row": row,
        "rates": rates[:SHOWN],
        "count": row.rates.count() if len(rates) > SHOWN else len(rates),
        "facts": _facts(row),
        "verbs": _verbs(row, request.actor, unlikely),
        "unlikely": [formats.refusal(RateFarOff(**one.said)) for one in unlikely[:SHOWN]],
        "waits": row.state == "waiting" and row.proposed_by_id == request.actor.user_id,
        "is_other_source": row.source != policy_of_tenant().source,
        "policy": policy_of_tenant(),
        "happenings": history_of(row, request.actor, limit=10),
    }
    return render(request, "exchange/batch.html", context)


def _facts(row: Batch) -> list[Fact]:
    facts = [
        Fact(_("Source"), row.source),
        Fact(_("How it came"), row.get_kind_display()),
        Fact(_("Entered by"), row.proposer),
        Fact(_("Entered"), formats.exact(row.proposed_at)),
    ]
    if row.note:
        facts.append(Fact(_("Note"), row.note))
    if row.state != "waiting":
        facts.append(Fact(_("Decided by"), row.decision.decided_by_label))
        facts.append(Fact(_("Decided"), formats.exact(row.decision.decided_at)))
    if row.state == "rejected":
        facts.append(Fact(_("Reason"), row.decision.reason))
    return facts


def _verbs(row: Batch, actor: Any, unlikely: list[FarOff]) -> list[Verb]:
    """`unlikely`: what the second person is asked about too."""
    if row.state != "waiting" or "exchange.confirm" not in actor.permissions:
        return []
    if row.proposed_by_id == actor.user_id:
        return []
    ask = " ".join(formats.refusal(RateFarOff(**one.said)) for one in unlikely[:ASKED])
    confirm = reverse("exchange:confirm", args=[row.pk])
    return [
        Verb(_("Confirm"), post=confirm, icon="checks", primary=True, ask=ask),
        Verb(_("Do not confirm"), href=reverse("exchange:reject", args=[row.pk]), icon="x", final=True),
    ]


@requires("exchange.confirm")
@require_POST
def confirm(request: Any, pk: int) -> HttpResponse:
    row = _batch(pk)
    with refusals.told(request):
        services.confirm_rates(batch=row, by=request.actor)
        source = policy_of_tenant().source
        if row.source == source:
            messages.success(request, _("Confirmed. The rates count from now on."))
        else:
            words = _("Confirmed. Programmes compute with “%(source)s”, so these rates change nothing now.")
            messages.success(request, words % {"source": source})
    return redirect(row)


@requires("exchange.confirm")
def reject(request: Any, pk: int) -> HttpResponse:
    row = _batch(pk)
    form = RejectForm(request.POST or None, actor=request.actor)
    if form.is_valid() and form.run(services.reject_rates, batch=row, by=request.actor):
        return redirect(row)
    context = {
        "form": form,
        "title": _("Do not confirm %(batch)s") % {"batch": row},
        "back": row.get_absolute_url(),
    }
    return render(request, "exchange/form.html", context, status=form.status)
