"""Programmes: what does this policy pay?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import NON_FIELD_ERRORS
from django.db import connection
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from prm.access.decorators import requires
from prm.audit.history import history_of_many
from prm.files import paper
from prm.ui import formats, refusals
from prm.values.actor import Actor
from rebates import common_policies, pages, services, ties, wording
from rebates.amendments import amendment
from rebates.budgets import Use, uses
from rebates.errors import DraftMovedOn, VersionInReview
from rebates.exchange import as_yaml
from rebates.first_days import first_possible
from rebates.forms import ReasonForm, TextForm
from rebates.links import named_programmes
from rebates.mechanism_words import falling_rates
from rebates.mechanisms import bands_of
from rebates.models import Programme, Version
from rebates.paper import agreement_text
from rebates.payout_chart import Chart, bounds_of, chart, example_reference, payout
from rebates.policy import MECHANISMS
from rebates.programme_currency import typed_currency
from rebates.programme_form import BAND_NAMES, ProgrammeForm, initial_of, is_editable, kept_of
from rebates.programme_rows import one_more
from rebates.programme_who import GATE_NAMES
from rebates.services.drafting import mark_of

IN_REVIEW = Version.State.IN_REVIEW
ROWS = {"bands": BAND_NAMES, "gates": GATE_NAMES}
TRIALS = ("0.5", "1", "1.25", "2")


@dataclass(frozen=True)
class Preview:
    """A policy read aloud, drawn, and tried at a few volumes."""

    sentences: list[str]
    others: list[dict[str, str]]  # the first of them in every other language: code and sentence
    warnings: list[str]
    chart: Chart | None
    trial: list[dict[str, str]]


def preview_of(policy: dict[str, Any]) -> Preview:
    currency = policy["currency"]
    units = bands_of(policy).pays_units
    top = max(bounds_of(policy), default=Decimal(100 if units else 100_000))
    trial = []
    for part in TRIALS:
        volume = (top * Decimal(part)).quantize(Decimal(1))
        paid = payout(policy, volume)
        share = paid / volume if volume else Decimal(0)
        trial.append(
            {
                "volume": formats.number(volume, 0) if units else formats.money(volume, currency, 0),
                "share": "" if units else formats.percent(share, 2),
                "payout": formats.money(paid, currency),
            }
        )
    sentences = [wording.sentence(Version(policy=policy))]
    if bands_of(policy).share_of == "baseline":
        drawn_for = formats.money(example_reference(policy), currency, 0)
        sentences.append(_("The curve is drawn for a baseline of %(amount)s.") % {"amount": drawn_for})
    if bands_of(policy).share_of == "total":
        sentences.append(_("The curve is drawn for sales of the focus product lines only."))
    if policy["mechanism"].get("measures"):
        sentences.append(_("The curve is drawn for partners of whom every other figure is 0."))
    if named_programmes(policy):
        sentences.append(_("The curve is drawn without what other programmes change."))
    return Preview(sentences, _in_other_languages(policy), falling_rates(policy), chart(policy), trial)


def _in_other_languages(policy: dict[str, Any]) -> list[dict[str, str]]:
    reader, found = translation.get_language(), []
    for code, _name in settings.LANGUAGES:
        if code != reader:
            with translation.override(code):
                found.append({"code": code, "sentence": wording.sentence(Version(policy=policy))})
    return found


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
            "history": history_of_many([programme, *versions], request.actor),
            "versions": versions,
            "shown": shown,
            "mechanism": pages.mechanism_name(shown.mechanism),
            "preview": preview_of(shown.policy) if shown.mechanism in MECHANISMS else None,
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


@requires("rebates.edit_programmes")
def create(request: Any) -> HttpResponse:
    """An empty form, or one that begins with a policy that most channels know: `?template=quarterly-growth`."""
    common = common_policies.find(request.GET.get("template", ""))
    return _editor(request, _("New programme"), "/programmes/", common=common)


@requires("rebates.edit_programmes")
def begin(request: Any) -> HttpResponse:
    """A text becomes the first draft of a new programme."""
    form = TextForm(request.POST or None, request.FILES or None, actor=request.actor)
    if form.is_valid() and form.run(services.begin_from_text, by=request.actor):
        messages.success(request, _("The text is the draft now. Look at it before it is published."))
        return redirect(form.result)
    return render(request, "rebates/begin.html", {"form": form}, status=form.status)


@requires("rebates.edit_programmes")
def amend(request: Any, code: str) -> HttpResponse:
    """The next version, beginning from the newest; or the draft that is open."""
    programme = get_object_or_404(Programme.objects.visible_to(request.actor), code=code)
    newest = programme.versions.order_by("-number").first()
    if newest and newest.state == Version.State.IN_REVIEW and request.method != "POST":
        messages.error(request, VersionInReview(programme=programme.code, number=newest.number).text)
        return redirect(newest)
    draft = newest if newest and newest.state == Version.State.DRAFT else None
    title = _("%(name)s, version %(number)s") % {
        "name": programme,
        "number": draft.number if draft else newest.number + 1,
    }
    return _editor(request, title, programme.get_absolute_url(), newest=newest, draft=draft)


def _editor(
    request: Any, title: str, cancel: str, *, newest: Version | None = None, draft: Version | None = None,
    common: common_policies.CommonPolicy | None = None,
) -> HttpResponse:  # fmt: skip
    published = newest is not None and newest.programme.versions.published().exists()
    form = ProgrammeForm(
        request.POST or None,
        actor=request.actor,
        currency=newest.currency if newest else connection.tenant.currency,
        currency_fixed=published,
        known_code=newest.programme.code if newest else "",
        kept=kept_of(newest) if newest else None,
        asks=common.asks if common else "",
        initial=_beginning(newest, draft)
        if newest
        else common_policies.beginning(common)
        if common
        else None,
    )
    opened = request.POST.get("over") or request.POST.get("opened")
    if form.is_valid() and form.run(
        services.save_draft, version=draft, is_new=newest is None, opened=opened, by=request.actor
    ):
        return redirect(form.result.programme)
    context = {"form": form, "title": title, "cancel": cancel, "preview": None, "common": common}
    moved_on = form.has_error(NON_FIELD_ERRORS, DraftMovedOn.code)
    context |= {
        "opened": mark_of(draft) if opened is None else opened,
        "over": mark_of(draft) if moved_on else "",
    }
    context["commons"] = [] if newest else common_policies.COMMON
    return render(request, "rebates/programme_form.html", context, status=form.status)


def _beginning(newest: Version, draft: Version | None) -> dict[str, Any]:
    """The draft as it is; of a next version what the newest says, from the first day that can be."""
    known = initial_of(newest)
    return known if draft else known | {"starts": first_possible(newest)}


@require_POST
@requires("rebates.edit_programmes")
def preview(request: Any) -> HttpResponse:
    """What the form as typed would pay, or what is wrong in which field; nothing is stored."""
    form = ProgrammeForm(request.POST, actor=request.actor, currency=connection.tenant.currency)
    if form.is_valid():
        return render(
            request, "rebates/preview.html", {"preview": preview_of(form.cleaned_data["text"].policy)}
        )
    missing = [
        form[name].label
        for name, errors in form.errors.as_data().items()
        if name in form.fields and all(error.code == "required" for error in errors)
    ]
    wrong = [one for one in form.problems if one["label"] not in missing]
    return render(request, "rebates/preview.html", {"preview": None, "missing": missing, "wrong": wrong})


@require_POST
@requires("rebates.edit_programmes")
def details(request: Any) -> HttpResponse:
    """The fields of the mechanism just chosen, with what was typed, or one row more; nothing is stored."""
    currency = typed_currency(request.POST, connection.tenant.currency)
    typed = ProgrammeForm(request.POST, actor=request.actor, currency=currency)
    values = {name: typed[name].value() for name in typed.fields}
    more = request.POST.get("more", "")
    if more in ROWS:
        values = one_more(values, typed, more, ROWS[more])
    form = ProgrammeForm(actor=request.actor, currency=currency, initial=values)
    part = "rebates/programme_gates.html" if more == "gates" else "rebates/programme_details.html"
    return render(request, part, {"form": form})


@require_POST
@requires("rebates.edit_programmes")
def publish(request: Any, code: str) -> HttpResponse:
    return _on_draft(request, code, services.publish_version, _publication_said)


def _publication_said(version: Version) -> str:
    waits = version.state == Version.State.IN_REVIEW
    return _("Handed in. It is in force once it is approved.") if waits else _("Published.")


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
    form = TextForm(request.POST or None, request.FILES or None, actor=request.actor)
    if form.is_valid() and form.run(services.import_draft, programme=programme, by=request.actor):
        messages.success(request, _("The text is the draft now. Look at it before it is published."))
        return redirect(form.result)
    context = {"form": form, "programme": programme}
    return render(request, "rebates/import.html", context, status=form.status)
