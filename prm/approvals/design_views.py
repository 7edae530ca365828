"""The flow designer's pages: which flows there are, the tree, its drafts, dry runs and versions."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from prm.access.decorators import requires
from prm.approvals import compare as comparing
from prm.approvals import design_state, drafts, panel
from prm.approvals.design_errors import DraftChanged
from prm.approvals.design_forms import CasesForm, DraftForm, ImportForm, NodeForm, PublishForm
from prm.approvals.document import DocumentInvalid
from prm.approvals.models import ApprovalRun, FlowVersion
from prm.approvals.services import design as services
from prm.approvals.subjects import Subject, UnknownSubject, subject_of
from prm.approvals.world import world_for
from prm.values.errors import DomainError

# What static/js/flow.js imports: asked for at once, not one after the other.
SCRIPT_PARTS = ("flow-model", "flow-view", "flow-panel", "flow-save", "flow-drag")


@requires("approvals.design")
@require_GET
def flows(request: Any) -> HttpResponse:
    """Who decides about what, under which version?"""
    return render(request, "approvals/design/flows.html", {"rows": drafts.overview()})


@requires("approvals.design")
@require_GET
def designer(request: Any, subject: str) -> HttpResponse:
    """Who decides, and is it sound?"""
    known = _subject(subject)
    standing = drafts.standing(known)
    return render(
        request, "approvals/design/designer.html", _page(standing, standing.document, standing.next_number)
    )


def _page(
    standing: drafts.Standing, document: dict[str, Any], number: int, *, read_only: bool = False
) -> dict[str, Any]:
    world = world_for(standing.subject, document)
    state = design_state.state(standing, document)
    words = design_state.words() | {
        "start": _("%(subject)s is handed in") % {"subject": standing.subject.label},
        "end": _("Approved"),
    }
    return {
        "standing": standing,
        "subject": standing.subject,
        "number": number,
        "read_only": read_only,
        "document": document,
        "state": state,
        "words": words,
        "kinds": design_state.kinds(),
        "script_parts": SCRIPT_PARTS,
        "running": drafts.running(standing.published),
        "dry_run": None if read_only else design_state.dry_run_words(standing.dry_run(), world, document),
    }


@requires("approvals.design")
@require_POST
def save(request: Any, subject: str) -> JsonResponse:
    """Keep the draft; answers with what the page shows of it, or with what somebody else wrote meanwhile (409)."""
    known = _subject(subject)
    form = DraftForm(request.POST, actor=request.actor)
    if not form.is_valid():
        return JsonResponse({"text": form.problems[0]["text"]}, status=422)
    try:
        services.save_draft(subject=known, by=request.actor, **form.fields_for_service())
    except DraftChanged as error:
        return JsonResponse(_theirs(known, error, form.cleaned_data["document"]), status=409)
    except DomainError as error:
        return JsonResponse({"text": error.text}, status=422)
    return JsonResponse(design_state.state(drafts.standing(known), form.cleaned_data["document"]))


def _theirs(subject: Subject, error: DraftChanged, mine: dict[str, Any]) -> dict[str, Any]:
    theirs = error.version.document if error.version else drafts.beginning(subject)
    found = comparing.changes(theirs, mine, world_for(subject, theirs, mine))
    return {
        "text": error.text,
        "revision": drafts.fingerprint(theirs),
        "difference": [change.text for change in found] or [_("Only the order of the text differs.")],
    }


@requires("approvals.design")
@require_POST
def discard(request: Any, subject: str) -> HttpResponse:
    known = _subject(subject)
    services.discard_draft(subject=known, by=request.actor)
    messages.success(request, _("The draft was thrown away. What is in force stands as it was."))
    return redirect("flows:designer", subject=known.code)


@requires("approvals.design")
@require_POST
def node_panel(request: Any, subject: str) -> HttpResponse:
    """The form of one node of the flow as it stands in the page."""
    known = _subject(subject)
    form = NodeForm(request.POST)
    if not form.is_valid():
        raise Http404
    found = panel.context(known, form.cleaned_data["document"], form.cleaned_data["node"])
    if found is None:
        raise Http404
    return render(request, "approvals/design/panel.html", found)


@requires("approvals.design")
@require_POST
def dry_run(request: Any, subject: str) -> HttpResponse:
    """What the saved draft would have done with the last cases."""
    known = _subject(subject)
    try:
        made = services.dry_run(subject=known, by=request.actor)
    except DocumentInvalid:
        found = drafts.standing(known)
        problems = design_state.state(found, found.document)["problems"]
        return render(request, "approvals/design/dry_run_refused.html", {"problems": problems}, status=422)
    except DomainError as error:
        return render(request, "approvals/design/dry_run_refused.html", {"sentence": str(error)}, status=422)
    standing = drafts.standing(known)
    state = design_state.state(standing, standing.document)
    said = design_state.dry_run_words(made, world_for(known, standing.document), standing.document)
    return render(
        request,
        "approvals/design/dry_run.html",
        {"dry_run": said, "publish": state["publish"], "subject": known},
    )


@requires("approvals.publish")
@require_POST
def publish(request: Any, subject: str) -> HttpResponse:
    known = _subject(subject)
    form = PublishForm(request.POST, actor=request.actor)
    if form.is_valid() and form.run(services.publish, subject=known, by=request.actor):
        messages.success(request, _("Version %(number)s is in force.") % {"number": form.result.number})
        return redirect("flows:versions", subject=known.code)
    for problem in form.problems:
        messages.error(request, problem["text"])
    return redirect("flows:designer", subject=known.code)


@requires("approvals.design")
@require_http_methods(["GET", "POST"])
def import_text(request: Any, subject: str) -> HttpResponse:
    known = _subject(subject)
    form = ImportForm(request.POST or None, request.FILES or None, actor=request.actor)
    if form.is_valid() and form.run(services.import_text, subject=known, by=request.actor):
        messages.success(request, _("The text is the draft now. Look at it before it is published."))
        return redirect("flows:designer", subject=known.code)
    return render(
        request, "approvals/design/import.html", {"form": form, "subject": known}, status=form.status
    )


@requires("approvals.design")
@require_GET
def versions(request: Any, subject: str) -> HttpResponse:
    """What was in force, when, by whom; how many cases still run under each?"""
    standing = drafts.standing(_subject(subject))
    rows = drafts.with_cases(drafts.versions(standing.flow), request.actor) if standing.flow else []
    context = {"standing": standing, "subject": standing.subject, "versions": rows}
    return render(request, "approvals/design/versions.html", context)


@requires("approvals.design")
@require_GET
def version(request: Any, subject: str, number: int) -> HttpResponse:
    """How did this version decide? The tree, to be read only."""
    standing, shown = _version(subject, number)
    if shown.state == FlowVersion.State.DRAFT:
        return redirect("flows:designer", subject=standing.subject.code)
    context = _page(standing, shown.document, shown.number, read_only=True) | {"version": shown}
    tag = _("Version %(number)s, %(state)s") % {"number": number, "state": shown.get_state_display()}
    context["state"]["tag"] = tag
    return render(request, "approvals/design/version.html", context)


@requires("approvals.design")
@require_GET
def export_text(request: HttpRequest, subject: str, number: int) -> HttpResponse:
    standing, shown = _version(subject, number)
    answer = HttpResponse(drafts.as_text(shown.document), content_type="application/yaml; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="flow-{standing.subject.code}-{number}.yaml"'
    return answer


@requires("approvals.design")
@require_POST
def restore(request: Any, subject: str, number: int) -> HttpResponse:
    standing, shown = _version(subject, number)
    services.restore_version(version=shown, subject=standing.subject, by=request.actor)
    messages.success(request, _("The draft says what version %(number)s said.") % {"number": number})
    return redirect("flows:designer", subject=standing.subject.code)


@requires("approvals.publish")
@require_POST
def move_cases(request: Any, subject: str, number: int) -> HttpResponse:
    standing, shown = _version(subject, number)
    form = CasesForm(request.POST, actor=request.actor)
    if not form.is_valid():
        messages.error(request, _("Tick at least one first."))
        return redirect("flows:versions", subject=standing.subject.code)
    cases = form.cleaned_data["case"]
    if ApprovalRun.objects.visible_to(request.actor).filter(pk__in=cases).count() < len(set(cases)):
        raise Http404
    moved = services.move_cases(
        version=shown, subject=standing.subject, by=request.actor, **form.fields_for_service()
    )
    words = ngettext("%(moved)s case was moved.", "%(moved)s cases were moved.", moved) % {"moved": moved}
    messages.success(request, words)
    return redirect("flows:versions", subject=standing.subject.code)


@requires("approvals.design")
@require_GET
def compare(request: Any, subject: str) -> HttpResponse:
    """What differs between two versions?"""
    standing = drafts.standing(_subject(subject))
    rows = drafts.versions(standing.flow) if standing.flow else []
    old, new = _chosen(rows, request.GET.get("old"), -1), _chosen(rows, request.GET.get("new"), 0)
    if old is None or new is None:
        raise Http404
    world = world_for(standing.subject, old.document, new.document)
    context = {
        "standing": standing,
        "subject": standing.subject,
        "versions": rows,
        "old": old,
        "new": new,
        "changes": comparing.changes(old.document, new.document, world),
        "lines": comparing.text_difference(
            drafts.as_text(old.document), drafts.as_text(new.document), str(old.number), str(new.number)
        ),
    }
    return render(request, "approvals/design/compare.html", context)


def _chosen(rows: list[FlowVersion], number: str | None, otherwise: int) -> FlowVersion | None:
    if number:
        return next((row for row in rows if str(row.number) == number), None)
    return rows[1] if otherwise == -1 and len(rows) > 1 else rows[0] if rows else None


def _subject(code: str) -> Subject:
    """The subject with this code; 404 while its module is off, as if there were none."""
    try:
        known = subject_of(code)
    except UnknownSubject:
        raise Http404 from None
    if not known.is_on:
        raise Http404
    return known


def _version(code: str, number: int) -> tuple[drafts.Standing, FlowVersion]:
    standing = drafts.standing(_subject(code))
    rows = drafts.versions(standing.flow) if standing.flow else []
    found = next((row for row in rows if row.number == number), None)
    if found is None:
        raise Http404
    return standing, found
