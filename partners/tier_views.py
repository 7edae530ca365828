"""Pages about tiers: what a partner must reach for each, and who should move."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from partners import criteria, services
from partners.forms import LevelForm, ReviewForm
from partners.models import Tier
from partners.services.levels import in_words
from prm.access.decorators import requires
from prm.audit.history import history_of
from prm.values.errors import DomainError, NotAllowed

SHOWN = 200


@require_GET
@requires("partners.configure")
def tiers(request: Any) -> HttpResponse:
    """Which tiers are there, and what opens and keeps each?"""
    rows = [
        {"tier": tier, "entry": _words(tier.entry), "renewal": _words(tier.renewal), "held": tier.held}
        for tier in criteria.tiers_with_partners()
    ]
    return render(request, "partners/tier_list.html", {"rows": rows, "unsound": criteria.unsound()})


def _words(condition: Any) -> str:
    return in_words(condition) if condition else ""


@requires("partners.configure")
def tier_new(request: Any) -> HttpResponse:
    return _form(request, None)


@requires("partners.configure")
def tier_settings(request: Any, code: str) -> HttpResponse:
    return _form(request, get_object_or_404(Tier, code=code))


def _form(request: Any, known: Tier | None) -> HttpResponse:
    form = LevelForm(request.POST or None, known=known, actor=request.actor)
    if form.is_valid() and form.run(services.save_tier, tier=known, by=request.actor):
        messages.success(request, _("%(tier)s is saved.") % {"tier": form.result})
        return redirect("partners:tiers")
    context = {
        "form": form,
        "tier": known,
        "entry": form["entry"].value() or {},
        "renewal": form["renewal"].value() or {},
        "happenings": history_of(known, request.actor, limit=10) if known else [],
    }
    return render(request, "partners/tier_form.html", context, status=form.status)


@requires("partners.configure")
@require_http_methods(["GET", "POST"])
def tier_remove(request: Any, code: str) -> HttpResponse:
    """Says what is lost, then does it; a tier that partners have or had stays."""
    tier = get_object_or_404(Tier, code=code)
    if request.method == "POST":
        try:
            services.remove_tier(tier=tier, by=request.actor)
            messages.success(request, _("%(tier)s is removed.") % {"tier": tier})
            return redirect("partners:tiers")
        except NotAllowed:
            raise
        except DomainError as refusal:
            messages.error(request, refusal.text)
            return redirect(tier)
    context = {
        "title": _("Remove %(name)s?") % {"name": tier},
        "effect": _("Its criteria go with it. A tier that a partner has or had cannot be removed."),
        "verb": _("Remove tier"),
        "back": tier.get_absolute_url(),
        "about": tier,
    }
    return render(request, "partners/confirm.html", context)


@requires("partners.set_tier")
@require_http_methods(["GET", "POST"])
def review(request: Any) -> HttpResponse:
    """Who should move up or down, and why?"""
    form = ReviewForm(request.POST or None, actor=request.actor)
    if form.is_valid() and form.run(services.follow_review, chosen=_chosen(request), by=request.actor):
        _tell(request, form.result)
        return redirect("partners:tier_review")
    found = criteria.proposals(request.actor)
    shown = found[:SHOWN]  # promotions come first
    context = {
        "form": form,
        "groups": [
            (_("Promotions"), "trending-up", [one for one in shown if one.is_promotion]),
            (_("Demotions"), "arrow-down", [one for one in shown if not one.is_promotion]),
        ],
        "count": len(found),
        "more": len(found) - len(shown),
        "has_criteria": criteria.are_stated(),
        "ticked": set(request.POST.getlist("partner")),
    }
    return render(request, "partners/tier_review.html", context, status=form.status)


def _chosen(request: Any) -> dict[int, str]:
    """{partner: proposed tier} of the ticked rows."""
    found = {}
    for said in request.POST.getlist("partner")[:SHOWN]:
        pk, _dot, code = said.partition(":")
        if pk.isdecimal() and len(pk) < 19:
            found[int(pk)] = code
    return found


def _tell(request: Any, outcome: services.reviews.Outcome) -> None:
    for name, why in outcome.refused:
        messages.error(request, f"{name}: {why}")
    if outcome.done:
        count = len(outcome.done)
        text = ngettext(
            "%(count)s partner has its new tier.", "%(count)s partners have their new tiers.", count
        )
        messages.success(request, text % {"count": count})
    if outcome.asked:
        count = len(outcome.asked)
        text = ngettext("%(count)s change waits for approval.", "%(count)s changes wait for approval.", count)
        messages.info(request, text % {"count": count})
