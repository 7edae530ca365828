"""Pages of an import: upload, columns, preview, progress, result."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from prm.access.decorators import requires
from prm.spreadsheets import errorfile, pages, services
from prm.spreadsheets.forms import ColumnsForm, CorrectionForm, UploadForm
from prm.spreadsheets.models import Import
from prm.spreadsheets.rights import require_import
from prm.ui import refusals

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def import_of(request: Any, number: str) -> Import:
    return get_object_or_404(Import.objects.visible_to(request.actor).select_related("job"), number=number)


@requires("imports.view")
def new(request: Any) -> HttpResponse:
    """Choose a file; nothing is written."""
    sent = request.method == "POST"
    form = UploadForm(
        request.POST if sent else None, request.FILES if sent else None, actor=request.actor,
        initial={"kind": request.GET.get("kind", "")},
    )  # fmt: skip
    if form.is_valid() and form.run(services.upload_file, by=request.actor):
        return redirect(form.result)
    return render(request, "spreadsheets/new.html", {"form": form}, status=form.status)


@requires("imports.view")
def detail(request: Any, number: str) -> HttpResponse:
    """Did every row arrive? A POST says which column holds what, and starts checking."""
    upload = import_of(request, number)
    form = ColumnsForm(request.POST if request.method == "POST" else None, actor=request.actor, upload=upload)
    if form.is_valid() and form.run(services.match_columns, upload=upload, by=request.actor):
        return redirect(upload)
    wants_columns = "columns" in request.GET and upload.is_open
    context = {**pages.page_of(upload, request.actor), "form": form}
    if wants_columns or form.is_bound or upload.state == Import.State.UPLOADED:
        context |= {"matches": pages.matches_of(upload), "matching": True}
    return render(request, "spreadsheets/import.html", context, status=form.status)


@require_GET
@requires("imports.view")
def progress(request: Any, number: str) -> HttpResponse:
    """The job's card while it runs; then the page loads anew."""
    upload = import_of(request, number)
    if not upload.is_busy or upload.job is None:
        answer = HttpResponse(status=204)
        answer["HX-Refresh"] = "true"
        return answer
    card = pages.card_for(upload.job, request.actor)
    return render(request, "spreadsheets/progress.html", {"upload": upload, "card": card})


@require_POST
@requires("imports.view")
def correct(request: Any, number: str) -> HttpResponse:
    """Read a value as another one wherever it stands in the column."""
    upload = import_of(request, number)
    form = CorrectionForm(request.POST, actor=request.actor)
    if not (form.is_valid() and form.run(services.correct_value, upload=upload, by=request.actor)):
        for problem in form.problems:
            messages.error(request, problem["text"])
    return redirect(upload)


@require_POST
@requires("imports.view")
def write(request: Any, number: str) -> HttpResponse:
    """Import all rows, or with `only_good` those that are good."""
    upload = import_of(request, number)
    return _press(request, upload, services.start_import, only_good=bool(request.POST.get("only_good")))


@require_POST
@requires("imports.view")
def discard(request: Any, number: str) -> HttpResponse:
    upload = import_of(request, number)
    return _press(request, upload, services.discard_import)


def _press(request: Any, upload: Import, service: Any, **how: Any) -> HttpResponse:
    with refusals.told(request):
        service(upload=upload, by=request.actor, **how)
    return redirect(upload)


@require_GET
@requires("imports.view")
def errors(request: Any, number: str, form: str) -> HttpResponse:
    """The bad rows as a file, each with what is wrong."""
    upload = import_of(request, number)
    require_import(request.actor, upload)
    makers = {"csv": (errorfile.as_csv, "text/csv; charset=utf-8"), "xlsx": (errorfile.as_xlsx, XLSX)}
    if form not in makers or not upload.bad:
        raise Http404
    make, content_type = makers[form]
    answer = HttpResponse(make(upload), content_type=content_type)
    answer["Content-Disposition"] = f'attachment; filename="errors-{upload.number}.{form}"'
    return answer
