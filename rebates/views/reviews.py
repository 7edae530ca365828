"""Reviewing a settlement: what needs a look, what is said, whose payment waits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from partners.models import Partner
from prm.access.decorators import requires
from prm.ui import formats
from rebates import looks, review_pages, services
from rebates.errors_of_reviews import FindingGone
from rebates.models import RunComment, SettlementRun
from rebates.review_forms import AnswerForm, CommentForm, HandOverForm, HoldForm
from rebates.services import offered


@require_GET
@requires("rebates.view_runs")
def look(request: Any, number: str) -> HttpResponse:
    """Which figures, lines and partners should somebody look at before it is approved?"""
    run = _run(request, number)
    if run.computed_at is None:
        raise Http404
    if request.headers.get("HX-Request"):
        return render(request, "rebates/look_short.html", review_pages.look_in_short(run, request.actor))
    return render(request, "rebates/look.html", review_pages.look(run, request.actor))


@requires("rebates.settle")
def answer(request: Any, number: str, mark: str) -> HttpResponse:
    """Say why a finding may stay as it is."""
    run = _run(request, number)
    asked = next((one for one in looks.found_in(run).asked if one.mark == mark), None)
    back = reverse("rebates:look", args=[run.number])
    if asked is None:
        messages.error(request, formats.refusal(FindingGone()))
        return redirect(back)
    form = AnswerForm(request.POST if request.method == "POST" else None, actor=request.actor)
    if form.is_valid() and form.run(services.answer_finding, run=run, mark=mark, by=request.actor):
        messages.success(request, _("Your answer is kept."))
        return redirect(back)
    context = {
        "form": form, "title": _("Answer a finding"), "effect": asked.words, "cancel": back, "crumb": run.number,
        "is_plain": True,
    }  # fmt: skip
    return render(request, "rebates/verb.html", context, status=form.status)


@requires("rebates.settle")
def hand_over(request: Any, number: str) -> HttpResponse:
    """Hand a settlement over though findings are unanswered: which, and why they may stay."""
    run, mark = _run(request, number), request.GET.get("seen", "")
    if run.state != SettlementRun.State.COMPUTED:
        return redirect(run)
    left = looks.found_in(run).unanswered
    form = HandOverForm(request.POST or None, initial={"shown": looks.digest(left)}, actor=request.actor)
    if form.is_valid() and form.run(
        offered.pressed, verb=services.submit_for_review, run=run, mark=mark, by=request.actor
    ):
        messages.success(request, _("Handed over for approval."))
        return redirect(run)
    context = {"run": run, "unanswered": left, "form": form, "mark": mark}
    return render(request, "rebates/hand_over.html", context, status=form.status)


@requires("rebates.view_runs")
def comment(request: Any, number: str) -> HttpResponse:
    """Say something about the settlement."""
    return _comment(request, _run(request, number), None)


@requires("rebates.view_runs")
def partner_comment(request: Any, number: str, pk: int) -> HttpResponse:
    """Say something about one partner in it."""
    return _comment(request, _run(request, number), _partner(request, pk))


def _comment(request: Any, run: SettlementRun, partner: Partner | None) -> HttpResponse:
    form = CommentForm(
        request.POST if request.method == "POST" else None, request.FILES or None, actor=request.actor
    )
    back = _partner_page(run, partner) if partner is not None else run.get_absolute_url()
    if form.is_valid() and form.run(services.comment_run, run=run, partner=partner, by=request.actor):
        messages.success(request, _("Your comment is kept."))
        return redirect(f"{back}#talk")
    context = {"form": form, "run": run, "partner": partner, "cancel": back}
    return render(request, "rebates/run_comment.html", context, status=form.status)


@require_GET
@requires("rebates.view_runs")
def attachment(request: Any, number: str, pk: int) -> FileResponse:
    """A file of the talk, always as a download."""
    run = _run(request, number)
    found = get_object_or_404(RunComment.objects.visible_to(request.actor).filter(run=run), pk=pk)
    if not found.attachment:
        raise Http404
    answer = FileResponse(found.attachment.open("rb"), as_attachment=True, filename=found.attachment_name)
    answer["Content-Type"] = "application/octet-stream"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


def _hold(service: Callable[..., Any], *, title: Any, effect: Any, done: Any) -> Any:
    """A verb about one partner's payment that asks for its reason."""

    @requires("rebates.settle")
    def view(request: Any, number: str, pk: int) -> HttpResponse:
        run, partner = _run(request, number), _partner(request, pk)
        form = HoldForm(request.POST if request.method == "POST" else None, actor=request.actor)
        back = _partner_page(run, partner)
        if form.is_valid() and form.run(service, run=run, partner=partner, by=request.actor):
            messages.success(request, done % {"partner": partner.name})
            return redirect(back)
        context = {"form": form, "title": title, "effect": effect, "cancel": back, "crumb": partner.name}
        return render(request, "rebates/verb.html", context, status=form.status)

    return view


hold = _hold(
    services.hold_payment,
    title=gettext_lazy("Hold payment"),
    effect=gettext_lazy(
        "The partner is settled and closed with the others and gets its statement; nothing of it is paid until"
        " somebody releases the hold."
    ),
    done=gettext_lazy("The payment to %(partner)s is held."),
)
release_hold = _hold(
    services.release_hold,
    title=gettext_lazy("Release the hold"),
    effect=gettext_lazy("The payment is open again. Nothing is paid by this itself."),
    done=gettext_lazy("The payment to %(partner)s is open again."),
)


def _run(request: Any, number: str) -> SettlementRun:
    return get_object_or_404(SettlementRun.objects.visible_to(request.actor), number=number)


def _partner(request: Any, pk: int) -> Partner:
    return get_object_or_404(Partner.objects.visible_to(request.actor), pk=pk)


def _partner_page(run: SettlementRun, partner: Partner) -> str:
    return reverse("rebates:run_partner", args=[run.number, partner.pk])
