"""The configuration as text: taken away, compared, applied."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import connection
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from prm.access.decorators import requires
from prm.configuration import registry, services
from prm.configuration.errors import ChangedMeanwhile, ConfigurationProblem
from prm.configuration.forms import UploadForm
from prm.values import clock


@requires("configuration.view")
@require_http_methods(["GET", "POST"])
def page(request: Any) -> HttpResponse:
    """What is configured here, and what would another text change? A POST compares and changes nothing."""
    sent = request.method == "POST"
    form = UploadForm(request.POST if sent else None, request.FILES if sent else None, actor=request.actor)
    context: dict[str, Any] = _standing() | {"form": form}
    if form.is_valid():
        return _compared(request, form.cleaned_data["source"], context)
    return render(request, "configuration/page.html", context, status=form.status)


def _compared(request: Any, source: str, context: dict[str, Any]) -> HttpResponse:
    try:
        found = services.plan(source=source, by=request.actor)
    except ConfigurationProblem as problem:
        context["problems"] = problem.problems
        return render(request, "configuration/page.html", context, status=422)
    context |= {
        "source": source,
        "differences": found,
        "notes": found.notes,
        "effects": found.effects,
        "expected": services.fingerprint(found),
        "compared": True,
    }
    return render(request, "configuration/page.html", context)


@requires("configuration.apply")
@require_POST
def apply(request: Any) -> HttpResponse:
    """Apply the text whose differences were shown."""
    source = request.POST.get("source", "").replace("\r\n", "\n")
    try:
        found = services.apply(
            source=source, expected=request.POST.get("expected") or "none", by=request.actor
        )
    except ChangedMeanwhile as problem:
        messages.warning(request, problem.text)
        return _compared(request, source, _fresh(request))
    except ConfigurationProblem as problem:
        context = _fresh(request) | {"problems": problem.problems}
        return render(request, "configuration/page.html", context, status=422)
    text = ngettext("%(count)s difference applied.", "%(count)s differences applied.", len(found))
    messages.success(request, text % {"count": len(found)})
    for line in found.notes:
        messages.warning(request, line)
    return redirect("configuration:page")


def _fresh(request: Any) -> dict[str, Any]:
    return _standing() | {"form": UploadForm(actor=request.actor)}


def _standing() -> dict[str, Any]:
    """What the file has here, and what it leaves out because nobody has published it."""
    sections = [one.name for one in registry.sections(drafts=False)]
    return {"sections": sections, "unpublished": registry.unpublished()}


@requires("configuration.export")
@require_POST
def export(request: Any) -> HttpResponse:
    """The file; taking it away is recorded, so it is a POST."""
    written = services.export_text(drafts="drafts" in request.POST, by=request.actor)
    answer = HttpResponse(written, content_type="application/yaml; charset=utf-8")
    name = f"{connection.tenant.slug}-configuration-{clock.today():%Y-%m-%d}.yaml"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["X-Content-Type-Options"] = "nosniff"
    return answer
