"""Settlement: may I close this month?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from prm.access.decorators import requires
from prm.access.rules import allowed
from prm.audit.history import history_of
from prm.jobs.models import Job
from prm.jobs.progress import begun_by
from prm.ui import formats, refusals
from prm.values.errors import DomainError, NotAllowed
from prm.values.periods import Period
from rebates import dispute_pages, pages, review_pages, run_totals, services, wording
from rebates.forms import ReasonForm, ReleaseForm
from rebates.models import ManualAdjustment, Result, SettlementRun, Statement
from rebates.services import closing, computing, issuing, releasing
from rebates.since import came_in

PARTNERS_A_PAGE = 50


def _run(request: Any, number: str) -> SettlementRun:
    return get_object_or_404(SettlementRun.objects.visible_to(request.actor), number=number)


@requires("rebates.view_runs")
def detail(request: Any, number: str) -> HttpResponse:
    # Before the run: a job that ends in between has then left its figures in what is read after it.
    job = (
        Job.objects.visible_to(request.actor)
        .filter(kind__in=(computing.JOB, issuing.JOB, releasing.JOB), key=number)
        .order_by("-id")
        .first()
    )
    run = _run(request, number)
    manual = dispute_pages.of_run(run, request.actor)
    rows, more = _page_of_partners(request, run, manual)
    since = came_in(run)
    return render(
        request,
        "rebates/run.html",
        {
            "run": run,
            "history": history_of(run, request.actor),
            "job": job,
            "begun_by": begun_by(job) if job else "",
            "released": pages.release_said(job),
            "since": since,
            "release_kind": releasing.JOB,
            "blocked": pages.blocked_payments(run, request.actor),
            "stages": pages.stages(run),
            "programmes": run_totals.programme_totals(run, request.actor),
            "partners": rows,
            "next_after": rows[-1]["partner_id"] if more else None,
            "waiting": pages.waiting_line(run),
            "approval": pages.approval_of(run, request.actor),
            "late": Result.objects.visible_to(request.actor).late(run)[:20],
            "manual": manual,
            "manual_sums": dispute_pages.sums_of(manual),
            "verbs": pages.run_verbs(run, request.actor, since),
        }
        | review_pages.of_run(run, request.actor),
    )


def _page_of_partners(
    request: Any, run: SettlementRun, manual: list[ManualAdjustment]
) -> tuple[list[dict[str, Any]], bool]:
    """The partners from `?after=` on with their figures, what decided disputes give or take, and each with its
    statement once there is one; and whether more follow.
    """
    after = request.GET.get("after", "")
    partners = Result.objects.visible_to(request.actor).by_partner(run)
    if after.isdecimal() and len(after) < 19:
        partners = partners.filter(partner_id__gt=int(after))
    rows = list(partners[: PARTNERS_A_PAGE + 1])
    shown, statements = rows[:PARTNERS_A_PAGE], {}
    if run.is_closed:
        of_page = (
            Statement.objects.visible_to(request.actor)
            .for_list()
            .filter(run=run, partner_id__in=[row["partner_id"] for row in shown])
        )
        statements = {(row.partner_id, row.currency): row for row in of_page}
    decided = dispute_pages.sums_of(manual, "partner_id")
    for row in shown:
        row["manual"] = decided.get((row["partner_id"], row["currency"]))
        row["statement"] = statements.get((row["partner_id"], row["currency"]))
    return shown, len(rows) > PARTNERS_A_PAGE


@requires("rebates.view_runs")
def partner(request: Any, number: str, pk: int) -> HttpResponse:
    """One partner's results in a run, each open to its explanation."""
    run = _run(request, number)
    results = list(Result.objects.visible_to(request.actor).for_review(run).filter(partner_id=pk))
    if not results:
        raise Http404
    whose = results[0].partner
    context = {"run": run, "partner": whose, "results": results}
    return render(
        request, "rebates/run_partner.html", context | review_pages.of_partner(run, whose, request.actor)
    )


@require_POST
@requires("rebates.settle")
def start(request: Any) -> HttpResponse:
    """Settle a month in the background. Pressed twice it is one run."""
    try:
        period = Period.parse(request.POST.get("period", ""))
        services.start_settlement(period=period, by=request.actor)
    except ValueError as problem:
        messages.error(request, str(problem))
        return redirect("rebates:runs")
    except NotAllowed:
        raise
    except DomainError as refusal:
        messages.error(request, formats.refusal(refusal))
        return redirect("rebates:runs")
    run = SettlementRun.objects.visible_to(request.actor).get(ends=period.end)
    return redirect(run)


def _verb(verb: str, service: Callable[..., Any], done: Any) -> Any:
    """A button on the run's page: one service, then back with its word or its refusal."""

    @require_POST
    @requires(verb)
    def view(request: Any, number: str) -> HttpResponse:
        run = _run(request, number)
        with refusals.told(request):
            outcome = service(run, request)
            messages.success(request, done(outcome))
        return redirect(run)

    return view


recompute = _verb(
    "rebates.settle",
    lambda run, request: (
        services.compute_approved_again(run=run, by=request.actor)
        if run.state == SettlementRun.State.APPROVED
        else services.start_settlement(period=run.period, by=request.actor)
    ),
    lambda outcome: _("The computation has begun."),
)
discard = _verb(
    "rebates.settle",
    lambda run, request: services.discard_run(run=run, by=request.actor),
    lambda outcome: _("The computation was thrown away. Compute again when you are ready."),
)
review = _verb(
    "rebates.settle",
    lambda run, request: services.submit_for_review(run=run, by=request.actor),
    lambda outcome: _("Handed over for approval."),
)
approve = _verb(
    "rebates.approve",
    lambda run, request: services.approve_run(run=run, by=request.actor),
    lambda run: (
        _("Approved. It can be closed now.")
        if run.state == SettlementRun.State.APPROVED
        else _("Approved at your step. Others decide next.")
    ),
)
withdraw = _verb(
    "rebates.approve",
    lambda run, request: services.withdraw_approval(
        run=run, reason=request.POST.get("reason", ""), by=request.actor
    ),
    lambda outcome: _("The approval was withdrawn."),
)
close = _verb(
    "rebates.close",
    lambda run, request: services.start_close(run=run, by=request.actor, without=_told_of(request)),
    lambda outcome: _("The close has begun. This page shows how far it is."),
)


def _told_of(request: Any) -> int:
    """Of how many lines that the figures leave out the confirmation told; none where it was not asked."""
    told = request.POST.get("without", "")
    return int(told) if told.isdecimal() and len(told) < 19 else 0


@requires("rebates.approve")
def reject(request: Any, number: str) -> HttpResponse:
    """The figures are not right: why, and back to whoever computed them."""
    run = _run(request, number)
    form = ReasonForm(request.POST or None, actor=request.actor)
    if form.is_valid() and form.run(services.reject_run, run=run, by=request.actor):
        messages.success(request, _("Rejected. It can be computed again and handed over anew."))
        return redirect(run)
    context = {
        "form": form, "title": _("Reject settlement"), "cancel": run.get_absolute_url(), "crumb": run.number,
        "effect": _("Nothing is closed. Whoever handed the settlement over reads your reason."),
    }  # fmt: skip
    return render(request, "rebates/verb.html", context, status=form.status)


@requires("rebates.close")
def confirm_close(request: Any, number: str) -> HttpResponse:
    """What closing writes, before it is done for ever."""
    run = _run(request, number)
    try:
        closing.refuse_before_the_end(run)
    except DomainError as refusal:
        messages.error(request, formats.refusal(refusal))
        return redirect(run)
    results = Result.objects.visible_to(request.actor).filter(run=run)
    context = {
        "run": run,
        "since": came_in(run),
        "may_settle": allowed(request.actor, "rebates.settle"),
        "statement_count": results.values("partner_id", "currency").distinct().count(),
        "result_count": results.count(),
        "manual_sums": dispute_pages.sums_of(dispute_pages.of_run(run, request.actor)),
    }
    return render(request, "rebates/run_close.html", context)


@requires("rebates.pay")
def confirm_release(request: Any, number: str) -> HttpResponse:
    """What releasing all payments pays and what it leaves out, before it is done; and under which date."""
    return _release_page(request, _run(request, number), ReleaseForm(actor=request.actor))


@require_POST
@requires("rebates.pay")
def release(request: Any, number: str) -> HttpResponse:
    run, form = _run(request, number), ReleaseForm(request.POST, actor=request.actor)
    if not form.is_valid() or not form.run(services.start_release, run=run, by=request.actor):
        return _release_page(request, run, form)
    said = wording.release(form.cleaned_data["paid_on"], form.cleaned_data["reference"])
    messages.success(
        request, _("The release has begun: %(said)s. This page shows how far it is.") % {"said": said}
    )
    return redirect(run)


def _release_page(request: Any, run: SettlementRun, form: ReleaseForm) -> HttpResponse:
    if releasing.is_releasing(run):
        return redirect(run)
    try:
        found = services.outlook(run=run, by=request.actor)
    except NotAllowed:
        raise
    except DomainError as refusal:
        messages.error(request, formats.refusal(refusal))
        return redirect(run)
    context = {"run": run, "outlook": found, "form": form}
    return render(request, "rebates/run_release.html", context, status=form.status)
