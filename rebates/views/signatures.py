"""Agreements that partners sign: what it says, who signed, who has not."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from prm.access.decorators import requires
from prm.access.rules import allowed
from prm.files import paper
from rebates import services, signing, wording
from rebates.models import Programme, Version
from rebates.paper import agreement_text
from rebates.signature_forms import DeclineForm, SignForm


@require_GET
@requires("rebates.view")
def mine(request: Any) -> HttpResponse:
    """Which agreements does my company have, and which wait for a signature?"""
    found = signing.own_versions(request.actor)
    return render(request, "rebates/agreements.html", {"agreements": found})


@requires("rebates.view")
def agreement(request: Any, code: str, number: int) -> HttpResponse:
    """What does it say, and is it signed? An administrator signs it here."""
    version, standing = _own(request, code, number)
    text = signing.text_of(version)
    digest = signing.digest_of(text)
    may_sign = allowed(request.actor, "rebates.sign") and standing.state != "signed"
    form = SignForm(
        request.POST if request.method == "POST" and may_sign else None,
        actor=request.actor,
        initial={"digest": digest},
    )
    if form.is_valid() and form.run(services.sign_version, version=version, by=request.actor):
        messages.success(request, _("Signed. Finance has been told."))
        return redirect("rebates:agreement_sign", code, number)
    answer = standing.answer
    context = {
        "version": version, "standing": standing, "answer": answer, "form": form, "may_sign": may_sign,
        "sentence": wording.sentence(version), "digest": digest,
        "is_other_text": answer is not None and answer.digest != digest,
    }  # fmt: skip
    return render(request, "rebates/agreement_sign.html", context, status=form.status)


@requires("rebates.sign")
def decline(request: Any, code: str, number: int) -> HttpResponse:
    version, _standing = _own(request, code, number)
    digest = signing.digest_of(signing.text_of(version))
    form = DeclineForm(request.POST if request.method == "POST" else None, actor=request.actor)
    if form.is_valid() and form.run(
        services.decline_version, version=version, digest=digest, by=request.actor
    ):
        messages.success(request, _("Declined. Finance reads your reason; you can still sign later."))
        return redirect("rebates:agreement_sign", code, number)
    back = reverse("rebates:agreement_sign", args=[code, number])
    context = {
        "form": form, "title": _("Decline to sign"), "cancel": back, "crumb": version.programme,
        "effect": _("Finance reads your reason and talks to you. You can still sign later."),
    }  # fmt: skip
    return render(request, "rebates/verb.html", context, status=form.status)


@require_GET
@requires("rebates.view")
def document(request: Any, code: str, number: int) -> HttpResponse:
    """The agreement on paper, for whom it asks, with its signature once there is one."""
    version, standing = _own(request, code, number)
    name, signed = f"{code}-{number}", standing.answer if standing.state == "signed" else None
    return paper.answer(request, lambda: agreement_text(version, request, signed), about=version, number=name)


@require_GET
@requires("rebates.view_programmes")
def of_programme(request: Any, code: str) -> HttpResponse:
    """Who has signed a version, and who has not?"""
    version = _version(request, code)
    standings = signing.standings(version, by=request.actor)
    counts = Counter(one.state for one in standings)
    context = {
        "version": version, "programme": version.programme, "standings": standings, "open": counts["open"],
        "signed": counts["signed"], "declined": counts["declined"],
        "may_remind": allowed(request.actor, "rebates.edit_programmes") and bool(counts["open"]),
    }  # fmt: skip
    return render(request, "rebates/signatures.html", context)


@require_POST
@requires("rebates.edit_programmes")
def remind(request: Any, code: str) -> HttpResponse:
    version = _version(request, code)
    count = services.remind_of_signatures(version=version, by=request.actor)
    said = ngettext("%(count)s partner was reminded.", "%(count)s partners were reminded.", count)
    messages.success(request, said % {"count": count})
    return redirect(f"{reverse('rebates:signatures', args=[code])}?version={version.number}")


def _version(request: Any, code: str) -> Version:
    """The version of `?version=`, else the newest one that asks for signatures."""
    programme = get_object_or_404(Programme.objects.visible_to(request.actor), code=code)
    rows = programme.versions.published().filter(policy__has_key="sign_off").select_related("programme")
    number = request.GET.get("version", "")
    if number.isdecimal() and len(number) < 5:
        return get_object_or_404(rows, number=int(number))
    found = rows.order_by("-number").first()
    if found is None:
        raise Http404
    return found


def _own(request: Any, code: str, number: int) -> tuple[Version, signing.Standing]:
    found = signing.own_version(request.actor, code, number)
    if found is None:
        raise Http404
    return found
