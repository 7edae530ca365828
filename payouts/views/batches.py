"""Payouts: what is paid by which file, and what did the bank do with it?"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from payouts import files, pages, reads, services
from payouts.forms import AmountForm, ExecutedForm, PrepareForm, ReasonForm, RefusedByBankForm
from payouts.models import Batch, BatchLine
from payouts.prospect import prospect, reason_text
from payouts.services import executing
from prm.access.decorators import requires
from prm.access.rules import allowed
from prm.audit.history import history_of
from prm.jobs.models import Job
from prm.jobs.progress import begun_by
from prm.ui import export, formats, refusals
from prm.values.errors import DomainError
from rebates.models import SettlementRun
from rebates.services.payments import open_amount

SHOWN_LEFT_OUT = 200


def _batch(request: Any, number: str) -> Batch:
    return get_object_or_404(Batch.objects.visible_to(request.actor).select_related("run"), number=number)


def _line(request: Any, number: str, pk: int) -> BatchLine:
    batch = _batch(request, number)
    rows = BatchLine.objects.visible_to(request.actor).filter(batch=batch)
    return get_object_or_404(rows.select_related("batch__run", "statement__partner"), pk=pk)


@requires("payouts.prepare")
def prepare(request: Any) -> HttpResponse:
    """What can be paid of a closed settlement, what is left out and why; then the payout itself."""
    form = PrepareForm(
        request.POST or None, actor=request.actor, initial={"settlement": request.GET.get("run")}
    )
    if form.is_valid() and form.run(services.prepare_batch, by=request.actor):
        messages.success(request, _("Prepared. Look at it; then somebody else releases it."))
        return redirect(form.result)
    runs = SettlementRun.objects.visible_to(request.actor).closed()
    wanted = form.data.get("settlement") if form.is_bound else request.GET.get("run", "")
    known = wanted and str(wanted).isdecimal() and len(str(wanted)) < 19
    run = runs.filter(pk=int(wanted)).first() if known else None
    found = prospect(run, by=request.actor) if run is not None else None
    context = {
        "form": form, "run": run, "found": found, "runs": runs.order_by("-ends")[:24],
        "left_out": found.left_out[:SHOWN_LEFT_OUT] if found else [],
    }  # fmt: skip
    return render(request, "payouts/prepare.html", context, status=form.status)


@requires("payouts.view")
def detail(request: Any, number: str) -> HttpResponse:
    # Before the payout: a job that ends in between has then left its figures in what is read after it.
    jobs = Job.objects.visible_to(request.actor).filter(kind=executing.JOB, key=number)
    job = jobs.order_by("-id").first()
    batch = _batch(request, number)
    page = reads.lines_page(batch, request.actor, request.GET.get("after", ""))
    prepares, executes = (allowed(request.actor, f"payouts.{verb}") for verb in ("prepare", "execute"))
    context = {
        "batch": batch,
        "job": job,
        "begun_by": begun_by(job) if job else "",
        "page": page,
        "sums": reads.sums_by_state(batch, request.actor),
        "stages": pages.batch_stages(batch),
        "facts": pages.batch_facts(batch),
        "verbs": pages.batch_verbs(batch, request.actor),
        "left_out": [
            {**row, "text": reason_text(row["reason"], row["detail"])}
            for row in batch.left_out[:SHOWN_LEFT_OUT]
        ],
        "may_change": prepares and batch.state == Batch.State.PREPARED,
        "may_fail": executes and batch.state in (Batch.State.RELEASED, Batch.State.BOOKING),
        "may_download": batch.has_file and allowed(request.actor, "payouts.download"),
        "history": history_of(batch, request.actor),
    }
    return render(request, "payouts/batch.html", context)


@require_POST
@requires("payouts.release")
def release(request: Any, number: str) -> HttpResponse:
    batch = _batch(request, number)
    with refusals.told(request):
        services.release_batch(batch=batch, by=request.actor)
        messages.success(request, _("Released. Download the file and hand it to the bank."))
    return redirect(batch)


@requires("payouts.prepare")
def cancel(request: Any, number: str) -> HttpResponse:
    batch = _batch(request, number)
    form = ReasonForm(request.POST or None, actor=request.actor)
    if form.is_valid() and form.run(services.cancel_batch, batch=batch, by=request.actor):
        messages.success(request, _("Given up. Its statements are open again."))
        return redirect(batch)
    effect = _("Its statements are open again and can be paid otherwise.")
    if batch.has_file:
        effect = _(
            "Make sure that the bank has not got the file: its statements are open again and could be paid twice."
        )
    context = {
        "form": form, "title": _("Give up this payout"), "cancel": batch.get_absolute_url(), "crumb": batch.number,
        "effect": effect,
    }  # fmt: skip
    return render(request, "payouts/verb.html", context, status=form.status)


@requires("payouts.execute")
def execute(request: Any, number: str) -> HttpResponse:
    """The bank did it: when, and under which reference."""
    batch = _batch(request, number)
    if batch.state != Batch.State.RELEASED:
        return redirect(batch)
    form = ExecutedForm(request.POST or None, actor=request.actor)
    if form.is_valid() and form.run(services.start_booking, batch=batch, by=request.actor):
        messages.success(request, _("The booking has begun. This page shows how far it is."))
        return redirect(batch)
    context = {"form": form, "batch": batch, "sums": reads.sums_by_state(batch, request.actor)}
    return render(request, "payouts/execute.html", context, status=form.status)


@require_POST
@requires("payouts.execute")
def resume(request: Any, number: str) -> HttpResponse:
    """A booking whose job was given up goes on where it stopped."""
    batch = _batch(request, number)
    with refusals.told(request):
        services.start_booking(batch=batch, by=request.actor)
    return redirect(batch)


@requires("payouts.download")
def download(request: Any, number: str, kind: str) -> HttpResponse:
    """The released file: the same bytes each time, noted in the trail."""
    batch = _batch(request, number)
    if kind not in files.KINDS or not batch.has_file:
        raise Http404
    try:
        content = files.file_of(batch, kind)
    except DomainError as refusal:
        messages.error(request, formats.refusal(refusal))
        return redirect(batch)
    export.note(request.actor, f"{batch.number}.{kind}", kind=kind)
    answer = HttpResponse(content, content_type=files.KINDS[kind])
    answer["Content-Disposition"] = f'attachment; filename="{batch.number}.{kind}"'
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


@requires("payouts.prepare")
def amount(request: Any, number: str, pk: int) -> HttpResponse:
    line = _line(request, number, pk)
    form = AmountForm(
        request.POST or None, actor=request.actor, currency=line.currency, initial={"amount": line.amount}
    )
    if form.is_valid() and form.run(services.change_line, line=line, by=request.actor):
        return redirect(line.batch)
    still = formats.money(open_amount(line.statement), line.currency)
    context = {
        "form": form, "title": _("Pay a part"), "cancel": line.batch.get_absolute_url(), "crumb": line.batch.number,
        "effect": _("%(partner)s, %(statement)s: %(money)s is open.")
        % {"partner": line.statement.partner.name, "statement": line.statement.number, "money": still},
        "plain": True,
    }  # fmt: skip
    return render(request, "payouts/verb.html", context, status=form.status)


@requires("payouts.prepare")
def drop(request: Any, number: str, pk: int) -> HttpResponse:
    line = _line(request, number, pk)
    form = ReasonForm(request.POST or None, actor=request.actor)
    if form.is_valid() and form.run(services.drop_line, line=line, by=request.actor):
        return redirect(line.batch)
    context = {
        "form": form, "title": _("Leave out"), "cancel": line.batch.get_absolute_url(), "crumb": line.batch.number,
        "effect": _("%(statement)s of %(partner)s is not paid by this payout and stays open.")
        % {"partner": line.statement.partner.name, "statement": line.statement.number},
    }  # fmt: skip
    return render(request, "payouts/verb.html", context, status=form.status)


@requires("payouts.execute")
def fail(request: Any, number: str, pk: int) -> HttpResponse:
    line = _line(request, number, pk)
    form = RefusedByBankForm(request.POST or None, actor=request.actor)
    if form.is_valid() and form.run(services.fail_line, line=line, by=request.actor):
        stopped = form.cleaned_data["wrong_account"]
        messages.success(
            request,
            _("Noted. The statement is open again, and the account is stopped.")
            if stopped
            else _("Noted. The statement is open again."),
        )
        return redirect(line.batch)
    context = {
        "form": form, "title": _("Refused by the bank"), "cancel": line.batch.get_absolute_url(),
        "crumb": line.batch.number,
        "effect": _("%(statement)s of %(partner)s was not paid: it is open again for the next payout.")
        % {"partner": line.statement.partner.name, "statement": line.statement.number},
    }  # fmt: skip
    return render(request, "payouts/verb.html", context, status=form.status)
