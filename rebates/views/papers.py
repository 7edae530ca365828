"""All statements of a settlement on paper: made by a job, fetched as one ZIP."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from prm.access.decorators import requires
from prm.access.rules import require
from prm.jobs.progress import card_of
from prm.ui import export, refusals, said
from rebates import services
from rebates.models import SettlementRun
from rebates.services.printing import as_one_zip, finished_print, newest_print


@require_GET
@requires("rebates.view_runs")
def page(request: Any, number: str) -> HttpResponse:
    """Are they made, and how far is it?"""
    require(request.actor, "rebates.export")
    run = _run(request, number)
    job = newest_print(run)
    context = {
        "run": run,
        "job": job,
        "finished": finished_print(run),
        "card": card_of(job, request.actor) if job else None,
    }
    return render(request, "rebates/papers.html", context)


@require_POST
@requires("rebates.view_runs")
def make(request: Any, number: str) -> HttpResponse:
    run = _run(request, number)
    with refusals.told(request):
        services.start_printing(run=run, by=request.actor)
    return redirect("rebates:papers", run.number)


@require_GET
@requires("rebates.view_runs")
def download(request: Any, number: str) -> StreamingHttpResponse:
    """The papers of the newest job that is done."""
    require(request.actor, "rebates.export")
    run = _run(request, number)
    job = finished_print(run)
    if job is None:
        raise Http404
    title = said.Sentence(gettext_lazy("Statements of %(number)s as PDF"), number=run.number)
    export.note(request.actor, title, kind="zip")
    answer = StreamingHttpResponse(as_one_zip(job), content_type="application/zip")
    answer["Content-Disposition"] = f'attachment; filename="{run.number}-statements.zip"'
    return answer


def _run(request: Any, number: str) -> SettlementRun:
    return get_object_or_404(SettlementRun.objects.visible_to(request.actor), number=number)
