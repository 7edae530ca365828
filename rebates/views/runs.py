"""Settlement: may I close this month?"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.db import connection
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
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
from rebates import (
    dispute_pages,
    pages,
    published_since,
    review_pages,
    run_totals,
    services,
    without_result,
    wording,
)
from rebates.errors_of_reviews import FindingsUnanswered
from rebates.foretold import FORETOLD, Whose, foretold, summed_up
from rebates.forms import ReasonForm, ReleaseForm
from rebates.group_words import band_of
from rebates.models import ManualAdjustment, Result, SettlementRun, Statement
from rebates.services import closing, computing, issuing, offered, releasing
from rebates.since import came_in

PARTNERS_A_PAGE = 50
WITHOUT = "without"


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
    without, tabs = _tabs_of_partners(request, run)
    rows, more = (_page_without if without else _page_of_partners)(request, run, manual)
    since, by_programme = came_in(run), run_totals.programme_totals(run, request.actor)
    return render(
        request,
        "rebates/run.html",
        {
            "run": run,
            "read_from": pages.read_from(run),
            "history": history_of(run, request.actor),
            "job": job,
            "begun_by": begun_by(job) if job else "",
            "released": pages.release_said(job),
            "since": since,
            "published": published_since.told(run),
            "release_kind": releasing.JOB,
            "blocked": pages.blocked_payments(run, request.actor),
            "stages": pages.stages(run),
            "findings": pages.findings_of(run),
            "programmes": by_programme,
            "programme_sums": run_totals.sums_of(by_programme),
            "partners": rows,
            "without": without,
            "partner_tabs": tabs,
            "next_after": _last(rows[-1]) if more else None,
            "foretells": run.state in FORETOLD,
            "waiting": pages.waiting_line(run),
            "approval": pages.approval_of(run, request.actor),
            "late": Result.objects.visible_to(request.actor).late(run)[:20],
            "manual": manual,
            "manual_sums": dispute_pages.sums_of(manual),
            "verbs": pages.run_verbs(run, request.actor, since),
        }
        | review_pages.of_run(run, request.actor),
    )


def _tabs_of_partners(request: Any, run: SettlementRun) -> tuple[bool, list[dict[str, Any]]]:
    """Whether the partners without a result are asked for, and the two tabs; none where everybody has one."""
    count = without_result.members_without(run, request.actor).count() if run.computed_at else 0
    without = bool(count) and request.GET.get("show") == WITHOUT
    here = run.get_absolute_url()
    tabs = [
        {"label": _("With a result"), "href": f"{here}#partners", "current": not without},
        {"label": _("Without a result"), "href": f"{here}?show={WITHOUT}#partners", "current": without, "count": count},
    ]  # fmt: skip
    return without, tabs if count else []


def _last(row: Any) -> int:
    return row.partner.pk if isinstance(row, without_result.Without) else row["partner_id"]


def _after(request: Any, rows: Any) -> Any:
    """The rows of partners from `?after=` on."""
    after = request.GET.get("after", "")
    return rows.filter(partner_id__gt=int(after)) if after.isdecimal() and len(after) < 19 else rows


def _page_without(
    request: Any, run: SettlementRun, manual: list[ManualAdjustment]
) -> tuple[list[without_result.Without], bool]:
    """A page of the partners without a result, with their reasons; and whether more follow."""
    members = list(_after(request, without_result.members_without(run, request.actor))[: PARTNERS_A_PAGE + 1])
    return without_result.explained(run, members[:PARTNERS_A_PAGE]), len(members) > PARTNERS_A_PAGE


def _page_of_partners(
    request: Any, run: SettlementRun, manual: list[ManualAdjustment]
) -> tuple[list[dict[str, Any]], bool]:
    """The partners from `?after=` on with their figures, what decided disputes give or take, and each with its
    statement once there is one, before that with what it would pay; and whether more follow.
    """
    partners = _after(request, Result.objects.visible_to(request.actor).by_partner(run))
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
    own = {
        (row["partner_id"], row["currency"]): row["earned"] + row["adjusted"]
        + decided.get((row["partner_id"], row["currency"]), 0)
        for row in shown
    }  # fmt: skip
    coming = foretold(run, own)
    for row in shown:
        whose = (row["partner_id"], row["currency"])
        row["manual"], row["statement"] = decided.get(whose), statements.get(whose)
        row["foretold"] = coming.get(whose)
    return shown, len(rows) > PARTNERS_A_PAGE


@requires("rebates.view_runs")
def partner(request: Any, number: str, pk: int) -> HttpResponse:
    """One partner's results in a run, each open to its explanation."""
    run = _run(request, number)
    results = list(Result.objects.visible_to(request.actor).for_review(run).filter(partner_id=pk))
    if not results:
        return _partner_without(request, run, pk)
    whose = results[0].partner
    statements = Statement.objects.visible_to(request.actor).for_list().filter(run=run, partner=whose)
    own: dict[tuple[int, str], Decimal] = {}
    manual = [one for one in dispute_pages.of_run(run, request.actor) if one.partner_id == pk]
    for one in (*results, *manual):
        own[pk, one.currency] = own.get((pk, one.currency), Decimal("0.00")) + one.amount
    context = {
        "foretold": list(foretold(run, own).values()),
        "run": run,
        "partner": whose,
        "results": [(one, band_of(one)) for one in results],
        "statements": statements.order_by("currency"),
    }
    return render(
        request, "rebates/run_partner.html", context | review_pages.of_partner(run, whose, request.actor)
    )


def _partner_without(request: Any, run: SettlementRun, pk: int) -> HttpResponse:
    """Why the settlement has no result of a partner; there is nothing to hold or to comment on."""
    member = get_object_or_404(without_result.members_without(run, request.actor), partner_id=pk)
    (found,) = without_result.explained(run, [member])
    return render(request, "rebates/run_partner_without.html", {"run": run, "found": found})


@require_POST
@requires("rebates.settle")
def start(request: Any) -> HttpResponse:
    """Settle a month in the background. Pressed twice it is one run."""
    try:
        period = Period.parse(request.POST.get("period", ""))
        offered.begin(period=period, by=request.actor)
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


def _verb(verb: str, service: Callable[..., Any], done: Any, further: Any = None) -> Any:
    """A button on the run's page: one service, then back with its word or its refusal. `further`: what else the
    service is told, from the request.
    """

    @require_POST
    @requires(verb)
    def view(request: Any, number: str) -> HttpResponse:
        run = _run(request, number)
        with refusals.told(request):
            said = further(request) if further else {}
            outcome = offered.pressed(service, run=run, mark=_mark(request), by=request.actor, **said)
            messages.success(request, done(outcome))
        return redirect(run)

    return view


@require_POST
@requires("rebates.settle")
def review(request: Any, number: str) -> HttpResponse:
    """Hand over for approval; where findings are unanswered a page lists them first and asks why they may stay."""
    run = _run(request, number)
    with refusals.told(request):
        try:
            offered.pressed(services.submit_for_review, run=run, mark=_mark(request), by=request.actor)
        except FindingsUnanswered:
            return redirect(reverse("rebates:hand_over", args=[run.number], query={"seen": _mark(request)}))
        messages.success(request, _("Handed over for approval."))
    return redirect(run)


def _mark(request: Any) -> str:
    """Of the page on which the verb was pressed, see services/offered.py."""
    return request.GET.get("seen", "")


recompute = _verb("rebates.settle", offered.compute_again, lambda outcome: _("The computation has begun."))
discard = _verb(
    "rebates.settle",
    services.discard_run,
    lambda outcome: _("The computation was thrown away. Compute again when you are ready."),
)
approve = _verb(
    "rebates.approve",
    services.approve_run,
    lambda run: (
        _("Approved. It can be closed now.")
        if run.state == SettlementRun.State.APPROVED
        else _("Approved at your step. Others decide next.")
    ),
)
close = _verb(
    "rebates.close",
    services.start_close,
    lambda outcome: _("The close has begun. This page shows how far it is."),
    lambda request: {"without": _told_of(request)},
)


def _told_of(request: Any) -> int:
    """Of how many lines that the figures leave out the confirmation told; none where it was not asked."""
    told = request.POST.get("without", "")
    return int(told) if told.isdecimal() and len(told) < 19 else 0


@requires("rebates.approve")
def reject(request: Any, number: str) -> HttpResponse:
    """The figures are not right: why, and back to whoever computed them."""
    return _with_reason(
        request,
        number,
        services.reject_run,
        title=_("Reject settlement"),
        effect=_("Nothing is closed. Whoever handed the settlement over reads your reason."),
        done=_("Rejected. It can be computed again and handed over anew."),
    )


@requires("rebates.approve")
def withdraw(request: Any, number: str) -> HttpResponse:
    """Approved figures go back to review: why."""
    return _with_reason(
        request,
        number,
        services.withdraw_approval,
        title=_("Withdraw approval"),
        effect=_("The run goes back to review. Nobody can close it until it is approved anew."),
        done=_("The approval was withdrawn."),
    )


def _with_reason(
    request: Any, number: str, service: Callable[..., Any], *, title: str, effect: str, done: str
) -> HttpResponse:
    """A verb that asks why: its page, then the service, in the state in which it was offered."""
    run, form = _run(request, number), ReasonForm(request.POST or None, actor=request.actor)
    if _refused(request, offered.refuse_when_moved_on, run, _mark(request)):
        return redirect(run)
    if form.is_valid() and form.run(
        offered.pressed, verb=service, run=run, mark=_mark(request), by=request.actor
    ):
        messages.success(request, done)
        return redirect(run)
    context = {
        "form": form, "title": title, "cancel": run.get_absolute_url(), "crumb": run.number, "effect": effect,
    }  # fmt: skip
    return render(request, "rebates/verb.html", context, status=form.status)


def _refused(request: Any, rule: Callable[..., None], *arguments: Any) -> bool:
    """Whether the rule says no; then its sentence is told."""
    try:
        rule(*arguments)
    except DomainError as refusal:
        messages.error(request, formats.refusal(refusal))
        return True
    return False


@requires("rebates.close")
def confirm_close(request: Any, number: str) -> HttpResponse:
    """What closing writes, before it is done for ever."""
    run = _run(request, number)
    if _refused(request, offered.refuse_when_moved_on, run, _mark(request)) or _refused(
        request, closing.refuse_before_the_end, run
    ):
        return redirect(run)
    results = Result.objects.visible_to(request.actor).filter(run=run)
    manual = dispute_pages.of_run(run, request.actor)
    own: dict[Whose, Decimal] = dict(dispute_pages.sums_of(manual, "partner_id"))
    for row in Result.objects.visible_to(request.actor).by_partner(run):
        whose = (row["partner_id"], row["currency"])
        own[whose] = own.get(whose, Decimal("0.00")) + row["earned"] + row["adjusted"]
    since, published = came_in(run), published_since.told(run)
    context = {
        "run": run,
        "mark": offered.mark_of(run),
        "since": since,
        "published": published,
        "overtaken": bool(since.count or published),
        "may_settle": allowed(request.actor, "rebates.settle"),
        "statement_count": results.values("partner_id", "currency").distinct().count(),
        "result_count": results.count(),
        "manual_sums": dispute_pages.sums_of(manual),
        "summaries": summed_up(run, own),
    }
    return render(request, "rebates/run_close.html", context)


@requires("rebates.pay")
def confirm_release(request: Any, number: str) -> HttpResponse:
    """What releasing all payments pays and what it leaves out, before it is done; and under which date."""
    run = _run(request, number)
    if _refused(request, offered.refuse_when_moved_on, run, _mark(request)):
        return redirect(run)
    return _release_page(request, run, ReleaseForm(actor=request.actor))


@require_POST
@requires("rebates.pay")
def release(request: Any, number: str) -> HttpResponse:
    run, form = _run(request, number), ReleaseForm(request.POST, actor=request.actor)
    if _refused(request, offered.refuse_when_moved_on, run, _mark(request)):
        return redirect(run)
    if not form.is_valid() or not form.run(
        offered.pressed, verb=services.start_release, run=run, mark=_mark(request), by=request.actor
    ):
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
    form.ask_about_accounts(bool(found.not_kept))
    context = {"run": run, "outlook": found, "form": form, "mark": _mark(request) or offered.mark_of(run)}
    context["author_limit"] = pages.author_limit(connection.tenant.currency)
    return render(request, "rebates/run_release.html", context, status=form.status)
