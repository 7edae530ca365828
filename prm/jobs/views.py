from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from prm.access.decorators import requires
from prm.audit.history import history_of
from prm.jobs.models import Job
from prm.jobs.progress import begun_by, card_of, counts_of, kind_of
from prm.jobs.services import cancel_job, retry_job
from prm.ui import formats
from prm.ui.parts import Fact


@requires("jobs.view")
@require_GET
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """A job with live progress: the part with the bar asks for itself again while it runs."""
    job = get_object_or_404(Job.objects.visible_to(request.actor), pk=pk)
    facts = [
        Fact(_("Number"), job.pk),
        Fact(_("Kind"), kind_of(job)),
        Fact(_("Begun by"), begun_by(job)),
        Fact(_("Attempts"), job.attempt),
        *[Fact(label, formats.number(value)) for label, value in counts_of(job)],
    ]
    context = {
        "job": job,
        "card": card_of(job, request.actor),
        "facts": facts,
        "happenings": history_of(job, request.actor) if request.actor.is_staff else [],
    }
    return render(request, "jobs/detail.html", context)


@requires("jobs.manage")
@require_POST
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    job = get_object_or_404(Job.objects.visible_to(request.actor), pk=pk)
    cancel_job(job=job, by=request.actor)
    messages.success(request, _("The job stops after its current step."))
    return redirect(job)


@requires("jobs.manage")
@require_POST
def retry(request: HttpRequest, pk: int) -> HttpResponse:
    job = get_object_or_404(Job.objects.visible_to(request.actor), pk=pk)
    retry_job(job=job, by=request.actor)
    messages.success(request, _("The job goes on where it stopped."))
    return redirect(job)
