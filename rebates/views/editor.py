"""The programme's editor: one form, read back while it is typed."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import NON_FIELD_ERRORS
from django.db import connection
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from prm.access.decorators import requires
from rebates import common_policies, services
from rebates.errors import DraftMovedOn, VersionInReview
from rebates.first_days import first_possible
from rebates.forms import TextForm
from rebates.missed_start import missed_start
from rebates.models import Programme, Version
from rebates.previews import preview_of
from rebates.programme_currency import typed_currency
from rebates.programme_details import without_other_columns
from rebates.programme_form import BAND_NAMES, ProgrammeForm, initial_of, kept_of
from rebates.programme_rows import one_more
from rebates.programme_steps import steps_of
from rebates.programme_who import GATE_NAMES
from rebates.services.drafting import mark_of

ROWS = {"bands": BAND_NAMES, "gates": GATE_NAMES}


@requires("rebates.edit_programmes")
def create(request: Any) -> HttpResponse:
    """An empty form, or one that begins with a policy that most channels know: `?template=quarterly-growth`."""
    common = common_policies.find(request.POST.get("template") or request.GET.get("template", ""))
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
    beginning = common_policies.beginning(common) if common else None
    form = _form(
        _typed(request), request.actor, newest, common,
        initial=_beginning(newest, draft) if newest else beginning,
    )  # fmt: skip
    opened = request.POST.get("over") or request.POST.get("opened")
    if form.is_valid() and form.run(
        services.save_draft, version=draft, is_new=newest is None, opened=opened, by=request.actor
    ):
        return redirect(form.result.programme)
    mark = mark_of(draft) if opened is None else opened
    form.draft = (
        f"programme-{newest.programme.code}-{newest.number}-{mark[:12]}" if newest else _draft_name(common)
    )
    context = {"form": form, "title": title, "cancel": cancel, "preview": None, "common": common}
    moved_on = form.has_error(NON_FIELD_ERRORS, DraftMovedOn.code)
    context |= {
        "amends": newest.programme.code if newest else "",
        "opened": mark,
        "steps": steps_of(form),
        "over": mark_of(draft) if moved_on else "",
        "missed": missed_start(draft),
    }
    context["commons"] = [] if newest else common_policies.COMMON
    return render(request, "rebates/programme_form.html", context, status=form.status)


def _typed(request: Any) -> Any:
    """What was typed; where the next possible start was pressed, with that as the first day."""
    if "begin_on" not in request.POST:
        return request.POST or None
    typed = request.POST.copy()
    typed["starts"] = request.POST["begin_on"]
    return typed


def _draft_name(common: common_policies.CommonPolicy | None) -> str:
    return f"programme-new-{common.code}" if common else "programme-new"


def _form(
    data: Any, actor: Any, newest: Version | None, common: common_policies.CommonPolicy | None, **kwargs: Any
) -> ProgrammeForm:
    """The form of a new programme, or of the next version of one that is there: its code is not asked for again."""
    published = newest is not None and newest.programme.versions.published().exists()
    return ProgrammeForm(
        data,
        actor=actor,
        currency=newest.currency if newest else connection.tenant.currency,
        currency_fixed=published,
        known_code=newest.programme.code if newest else "",
        kept=kept_of(newest) if newest else None,
        asks=common.asks if common else "",
        **kwargs,
    )


def _beginning(newest: Version, draft: Version | None) -> dict[str, Any]:
    """The draft as it is; of a next version what the newest says, from the first day that can be and without a last
    day that lies before it."""
    known = initial_of(newest)
    if draft:
        return known
    starts, until = first_possible(newest), known["until"]
    return known | {"starts": starts, "until": until if until and until >= starts else None}


def _amended(request: Any) -> Version | None:
    """The newest version of the programme whose form is typed in; None where it is a new programme's."""
    code = request.POST.get("amends", "")
    if not code:
        return None
    programme = get_object_or_404(Programme.objects.visible_to(request.actor), code=code)
    return programme.versions.select_related("programme").order_by("-number").first()


@require_POST
@requires("rebates.edit_programmes")
def preview(request: Any) -> HttpResponse:
    """What the form as typed would pay, or what is wrong in which field; nothing is stored."""
    common = common_policies.find(request.POST.get("template", ""))
    form = _form(request.POST, request.actor, _amended(request), common)
    context: dict[str, Any] = {"preview": None, "swapped": True}
    if form.is_valid():
        context |= {"preview": preview_of(form.cleaned_data["text"].policy), "steps": steps_of(form)}
        return render(request, "rebates/preview.html", context)
    missing = [
        form[name].label
        for name, errors in form.errors.as_data().items()
        if name in form.fields and all(error.code == "required" for error in errors)
    ]
    wrong = [one for one in form.problems if one["label"] not in missing]
    context |= {"missing": missing, "wrong": wrong, "steps": steps_of(form)}
    return render(request, "rebates/preview.html", context)


@require_POST
@requires("rebates.edit_programmes")
def details(request: Any) -> HttpResponse:
    """The fields of the mechanism just chosen, with what was typed, or one row more; nothing is stored."""
    currency = typed_currency(request.POST, connection.tenant.currency)
    typed = ProgrammeForm(request.POST, actor=request.actor, currency=currency)
    values = {name: typed[name].value() for name in typed.fields}
    more = request.POST.get("more", "")
    values = without_other_columns(values, request.POST.get("columns", ""), typed.kind)
    if more in ROWS:
        values = one_more(values, typed, more, ROWS[more])
    common = common_policies.find(request.POST.get("template", ""))
    asks = common.asks if common else ""
    form = ProgrammeForm(actor=request.actor, currency=currency, initial=values, asks=asks)
    part = "rebates/programme_gates.html" if more == "gates" else "rebates/programme_details.html"
    context = {"form": form, "steps": steps_of(form), "swapped": more not in ROWS}
    return render(request, part, context)
