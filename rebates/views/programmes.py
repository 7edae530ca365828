"""Programmes: what does this policy pay?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from prm.access.decorators import requires
from prm.audit.history import history_of_many
from prm.files import paper
from prm.ui import formats, refusals
from prm.values import clock
from prm.values.actor import Actor
from rebates import pages, services, ties
from rebates.amendments import amendment
from rebates.budgets import Use, uses
from rebates.exchange import as_yaml
from rebates.forms import ReasonForm, TextForm
from rebates.missed_start import missed_start
from rebates.models import Programme, Version
from rebates.paper import agreement_text
from rebates.policy import MECHANISMS
from rebates.previews import preview_of
from rebates.programme_form import is_editable
from rebates.published_since import computed_without
from rebates.services.drafting import mark_of

IN_REVIEW = Version.State.IN_REVIEW


@requires("rebates.view_programmes")
def detail(request: Any, code: str) -> HttpResponse:
    programme = get_object_or_404(Programme.objects.visible_to(request.actor), code=code)
    versions = list(programme.versions.order_by("-number"))
    number = request.GET.get("version", "")
    shown = next((version for version in versions if str(version.number) == number), versions[0])
    importable = all(version.state != IN_REVIEW for version in versions)
    return render(
        request,
        "rebates/programme.html",
        {
            "programme": programme,
            "budget": _budget(request.actor, programme),
            "amendment": amendment(shown),
            "missed": missed_start(shown),
            "computed_without": computed_without(shown),
            "history": history_of_many([programme, *versions], request.actor),
            "versions": versions,
            "shown": shown,
            "in_force": next((one for one in versions if one.is_in_force(clock.today())), None),
            "mechanism": pages.mechanism_name(shown.mechanism),
            "preview": preview_of(shown.policy) if shown.mechanism in MECHANISMS else None,
            "own_targets": pages.own_targets(shown, request.actor),
            "linked": ties.sentences(shown),
            "effects": ties.effects(shown) if shown.state != Version.State.PUBLISHED else [],
            "may_edit": "rebates.edit_programmes" in request.actor.permissions,
            "editable": importable and is_editable(shown.policy),
            "importable": importable,
            **pages.publication(shown, request.actor),
        },
    )


@requires("rebates.view_programmes")
def agreement(request: Any, code: str) -> HttpResponse:
    """What both sides sign, on paper; `?version=2`."""
    programme = get_object_or_404(Programme.objects.visible_to(request.actor), code=code)
    versions = programme.versions.select_related("programme").order_by("-number")
    number = request.GET.get("version", "")
    found = get_object_or_404(versions, number=int(number)) if number.isdecimal() else versions.first()
    name = f"{programme.code}-{found.number}"
    return paper.answer(request, lambda: agreement_text(found, request), about=found, number=name)


def _budget(actor: Actor, programme: Programme) -> Use | None:
    if "rebates.view_runs" not in actor.permissions:
        return None
    return next(iter(uses(actor, programme=programme)), None)


@require_POST
@requires("rebates.edit_programmes")
def publish(request: Any, code: str) -> HttpResponse:
    return _on_draft(request, code, services.publish_version, _publication_said)


def _publication_said(version: Version) -> str:
    waits = version.state == Version.State.IN_REVIEW
    return _("Handed in. It is in force once it is approved.") if waits else _("Published.")


@require_POST
@requires("rebates.edit_programmes")
def move_start(request: Any, code: str) -> HttpResponse:
    """The draft begins on the first day that is still possible."""
    return _on_draft(
        request,
        code,
        services.move_start,
        lambda moved: _("The draft begins on %(day)s now.") % {"day": formats.day(moved.starts)},
    )


@requires("rebates.edit_programmes")
def delete_draft(request: Any, code: str) -> HttpResponse:
    """What is lost with the draft, before it is; then gone."""
    if request.method != "POST":
        return _confirm_delete(request, code)
    answer = _on_draft(request, code, services.delete_draft, lambda gone: _("The draft was deleted."))
    if not Programme.objects.visible_to(request.actor).filter(code=code).exists():
        return redirect("rebates:programmes")
    return answer


def _confirm_delete(request: Any, code: str) -> HttpResponse:
    programme = get_object_or_404(Programme.objects.visible_to(request.actor), code=code)
    draft = programme.versions.filter(state=Version.State.DRAFT).order_by("-number").first()
    if draft is None:
        return _nothing_there(request, programme, Version.State.DRAFT)
    context = {"programme": programme, "draft": draft, "only": programme.versions.count() == 1}
    return render(request, "rebates/draft_delete.html", context)


@require_POST
@requires("rebates.edit_programmes")
def approve(request: Any, code: str) -> HttpResponse:
    """One's own step of the publication's approval."""
    return _on_draft(request, code, services.approve_publication, _approval_said, state=IN_REVIEW)


def _approval_said(version: Version) -> str:
    if version.state == Version.State.PUBLISHED:
        return _("Approved. The version is published.")
    return _("Approved at your step. Others decide next.")


@require_POST
@requires("rebates.edit_programmes")
def withdraw(request: Any, code: str) -> HttpResponse:
    said = _("Withdrawn. The version is a draft again.")
    return _on_draft(request, code, services.withdraw_publication, lambda version: said, state=IN_REVIEW)


@requires("rebates.edit_programmes")
def reject(request: Any, code: str) -> HttpResponse:
    programme = get_object_or_404(Programme.objects.visible_to(request.actor), code=code)
    version = programme.versions.filter(state=IN_REVIEW).order_by("-number").first()
    if version is None:
        return _nothing_there(request, programme, IN_REVIEW)
    form = ReasonForm(request.POST or None, actor=request.actor)
    if form.is_valid() and form.run(services.reject_publication, version=version, by=request.actor):
        messages.success(request, _("Rejected. The version is a draft again."))
        return redirect(version)
    context = {
        "form": form, "title": _("Reject publication"), "cancel": version.get_absolute_url(), "crumb": programme,
        "effect": _("The version becomes a draft again. Whoever asked for its publication reads your reason."),
    }  # fmt: skip
    return render(request, "rebates/verb.html", context, status=form.status)


def _on_draft(
    request: Any, code: str, service: Any, said: Callable[[Any], str], *, state: str = Version.State.DRAFT
) -> HttpResponse:
    """A button on the draft, or on the version in review: one service, then back with its word or its refusal."""
    programme = get_object_or_404(Programme.objects.visible_to(request.actor), code=code)
    version = programme.versions.filter(state=state).order_by("-number").first()
    if version is None:
        return _nothing_there(request, programme, state)
    with refusals.told(request):
        messages.success(request, said(service(version=version, by=request.actor)))
    return redirect(programme)


def _nothing_there(request: Any, programme: Programme, state: str) -> HttpResponse:
    words = _("There is no draft: it was published or deleted already.")
    if state == IN_REVIEW:
        words = _("No publication waits for approval: it was decided or withdrawn already.")
    messages.info(request, words)
    return redirect(programme)


@requires("rebates.view_programmes")
def text(request: Any, code: str) -> HttpResponse:
    """The programme as YAML, as `programmes apply` reads it."""
    programme = get_object_or_404(Programme.objects.visible_to(request.actor), code=code)
    answer = HttpResponse(as_yaml(programme), content_type="application/yaml; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{programme.code}.yaml"'
    return answer


@requires("rebates.edit_programmes")
def import_text(request: Any, code: str) -> HttpResponse:
    """A text becomes the draft; nothing accrues before it is published."""
    programme = get_object_or_404(Programme.objects.visible_to(request.actor), code=code)
    before = {version.pk: mark_of(version) for version in programme.versions.all()}
    form = TextForm(request.POST or None, request.FILES or None, actor=request.actor)
    if form.is_valid() and form.run(services.import_draft, programme=programme, by=request.actor):
        if before.get(form.result.pk) == mark_of(form.result):
            messages.info(request, _("The draft says that already: nothing was changed."))
        else:
            messages.success(request, _("The text is the draft now. Look at it before it is published."))
        return redirect(form.result)
    context = {"form": form, "programme": programme}
    return render(request, "rebates/import.html", context, status=form.status)
