"""Disputes of statements: what a partner does, what finance does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from prm.access.decorators import requires
from prm.ui import export, formats, refusals
from prm.ui.forms import ServiceForm
from rebates import dispute_pages, dispute_words, disputed, services
from rebates.could_change import could_change
from rebates.dispute_forms import (
    MORE,
    AcceptForm,
    AdjustmentForm,
    DisputeReasonForm,
    LedgerForm,
    LinesForm,
    SayForm,
    WithdrawForm,
)
from rebates.errors_of_disputes import DisputeBeingDecided, DisputeWindowOver, NothingToDispute
from rebates.ledger_reach import rests_on_earlier
from rebates.models import Dispute, Statement

LINES = 200  # to tick on the page; whoever has more uploads a ledger


@require_GET
@requires("rebates.view")
def detail(request: Any, number: str) -> HttpResponse:
    """Who says what, and what comes of it?"""
    dispute = _dispute(request, number)
    context = dispute_pages.dispute_page(dispute, request.actor)
    return render(request, "rebates/disputes/detail.html", context)


@require_GET
@requires("rebates.view")
def spreadsheet(request: Any, number: str) -> HttpResponseBase:
    """All lines of a dispute with both sides' figures."""
    dispute = _dispute(request, number)
    export.note(request.actor, dispute.number, kind="xlsx")
    heads, rows = dispute_words.heads(request.actor), dispute_words.rows(dispute, request.actor)
    return export.table("xlsx", dispute.number, heads, rows)


@requires("rebates.dispute")
def new(request: Any, number: str) -> HttpResponse:
    """Tick lines of a statement and say what is wrong."""
    statement = _statement(request, number)
    live = Dispute.objects.visible_to(request.actor).of(statement).live().first()
    until = disputed.window(statement)
    if live is not None and not live.takes_more:
        return _being_decided(request, live, until)
    results = disputed.open_results(statement)
    if request.method == "GET" and not results:  # before anybody types what nobody takes
        return _over(request, statement, until)
    text = request.POST.get("q", request.GET.get("q", "")).strip()[:60]
    known = live.known_lines() if live is not None else set()
    lines, has_more = _to_tick(statement, results, text, known, _ticked(request.POST))
    searches = "find" in request.POST or MORE in request.POST
    form = LinesForm(
        request.POST if request.method == "POST" and not searches else None, actor=request.actor, lines=lines,
        counted=disputed.counted(results, lines), typed=request.POST if searches else None,
    )  # fmt: skip
    service = (
        partial(services.open_dispute, statement=statement)
        if live is None
        else partial(services.add_to_dispute, dispute=live)
    )
    if form.is_valid() and form.run(service, by=request.actor):
        messages.success(request, _said(form.result, added=live is not None))
        return redirect(form.result)
    context = {
        "form": form,
        "statement": statement,
        "text": text,
        "has_more": has_more,
        "most": LINES,
        "until": until,
        "live": live,
        "held_stays": dispute_pages.held_stays(live, statement),
    }
    return render(request, "rebates/disputes/lines.html", context, status=form.status)


def _ticked(sent: Any) -> set[int]:
    """The lines of ours that are ticked on the page."""
    return {int(one) for one in sent.getlist("line") if one.isdecimal() and len(one) < 19}


def _to_tick(
    statement: Statement, results: Any, text: str, known: set[int], ticked: set[int]
) -> tuple[list[Any], bool]:
    """The lines that the page offers: what is ticked already, then what was looked for; whether there are more."""
    kept = disputed.lines_of(statement, results, ids=ticked - known) if ticked else []
    found = disputed.lines_of(statement, results, document=text, most=LINES + 1 + len(known) + len(kept))
    there = known | {line.pk for line in kept}
    others = [line for line in found if line.pk not in there]
    return [*kept, *others[:LINES]], len(others) > LINES


@requires("rebates.dispute")
def ledger(request: Any, number: str) -> HttpResponse:
    """Compare the partner's own ledger; what differs is shown before anything is sent."""
    statement = _statement(request, number)
    live = Dispute.objects.visible_to(request.actor).of(statement).live().first()
    until = disputed.window(statement)
    if live is not None and not live.takes_more:  # before anybody uploads another one
        return _being_decided(request, live, until)
    if request.method == "GET" and not disputed.open_results(statement):
        return _over(request, statement, until)
    form = LedgerForm(
        request.POST if request.method == "POST" else None, request.FILES or None, actor=request.actor,
        earlier=rests_on_earlier(disputed.open_results(statement)),
    )  # fmt: skip
    agrees = ""
    if form.is_valid() and form.run(services.compare_ledger, statement=statement, by=request.actor):
        if isinstance(form.result, Dispute):
            return redirect(form.result)
        agrees = dispute_words.agreement(form.result, request.actor)
    context = {
        "form": form, "statement": statement, "until": until, "live": live, "agrees": agrees,
        "held_stays": dispute_pages.held_stays(live, statement),
    }  # fmt: skip
    return render(request, "rebates/disputes/ledger.html", context, status=form.status)


def _being_decided(request: Any, live: Dispute, until: date | None) -> HttpResponse:
    messages.error(request, formats.refusal(DisputeBeingDecided(number=live.number, day=until)))
    return redirect(live)


def _over(request: Any, statement: Statement, until: date | None) -> HttpResponse:
    """To the statement, with why no figure of it is disputed any more."""
    refusal = (
        NothingToDispute(number=statement.number)
        if until is None
        else DisputeWindowOver(number=statement.number, day=until)
    )
    messages.error(request, formats.refusal(refusal))
    return redirect(statement)


def _said(dispute: Dispute, *, added: bool = False) -> str:
    words = _("Dispute %(number)s was sent to finance. Held back until the decision: %(money)s.")
    if added:
        words = _("Added to dispute %(number)s. Held back until the decision: %(money)s.")
    return words % {"number": dispute.number, "money": formats.money(dispute.held, dispute.currency, 2)}


def _page(
    verb: str, form_class: type[ServiceForm], service: Callable[..., Any], *, title: Any, effect: Any, done: Any,
    final: bool = False,
) -> Any:  # fmt: skip
    """A verb that asks for words first: its form, one service, then to the dispute that this answers."""

    @requires(verb)
    def view(request: Any, number: str) -> HttpResponse:
        dispute = _dispute(request, number)
        form = form_class(
            request.POST if request.method == "POST" else None, actor=request.actor, currency=dispute.currency,
            **_choices(form_class, dispute),
        )  # fmt: skip
        if form.is_valid() and form.run(service, dispute=dispute, by=request.actor):
            # A comparison that was sent is gone where its lines went to a dispute under way: that one is the answer.
            goes_on, is_other = form.result, form.result.pk != dispute.pk
            said = _said(goes_on, added=True) if is_other else done % {"number": dispute.number}
            messages.success(request, said)
            return redirect(goes_on)
        context = {"form": form, "dispute": dispute, "title": title, "effect": effect, "final": final}
        return render(request, "rebates/disputes/verb.html", context, status=form.status)

    return view


def _choices(form_class: type[ServiceForm], dispute: Dispute) -> dict[str, Any]:
    if form_class is not AdjustmentForm:
        return {}
    return {"programmes": disputed.programmes_of(dispute.statement), "could": could_change(dispute)}


def _press(verb: str, service: Callable[..., Any], done: Any, *, gone: bool = False) -> Any:
    """A button: one service, then back with its word or its refusal."""

    @require_POST
    @requires(verb)
    def view(request: Any, number: str) -> HttpResponse:
        dispute = _dispute(request, number)
        with refusals.told(request):
            service(dispute=dispute, by=request.actor)
            messages.success(request, done % {"number": dispute.number})
            return redirect(dispute.statement if gone else dispute)
        return redirect(dispute)

    return view


send = _page(
    "rebates.dispute", DisputeReasonForm, services.send_dispute,
    title=gettext_lazy("Send to finance"),
    effect=gettext_lazy("What rests on the disputed lines is held back until the decision; the rest is paid on time."),
    done=gettext_lazy("Dispute %(number)s was sent to finance."),
)  # fmt: skip
discard = _press(
    "rebates.dispute", services.discard_draft, gettext_lazy("The comparison was thrown away."), gone=True
)
answer = _page(
    "rebates.dispute", SayForm, services.answer_dispute,
    title=gettext_lazy("Write to finance"), effect=gettext_lazy("Finance is told, and reads it on this page."),
    done=gettext_lazy("Finance has your message on %(number)s."),
)  # fmt: skip
withdraw = _page(
    "rebates.dispute", WithdrawForm, services.withdraw_dispute, final=True,
    title=gettext_lazy("Withdraw"),
    effect=gettext_lazy("The statement stands as it was computed, and what was held back is paid."),
    done=gettext_lazy("Dispute %(number)s was withdrawn."),
)  # fmt: skip
take_up = _press(
    "rebates.decide_disputes", services.take_up_dispute, gettext_lazy("Dispute %(number)s is in review.")
)
ask = _page(
    "rebates.decide_disputes", SayForm, services.ask_back,
    title=gettext_lazy("Ask back"),
    effect=gettext_lazy("It is the partner’s turn until it answers; the money stays held back."),
    done=gettext_lazy("The partner was asked about %(number)s."),
)  # fmt: skip
comment = _page(
    "rebates.decide_disputes", SayForm, services.comment_dispute,
    title=gettext_lazy("Add a message"), effect=gettext_lazy("The partner is told; whose turn it is does not change."),
    done=gettext_lazy("The partner has your message on %(number)s."),
)  # fmt: skip
accept = _page(
    "rebates.decide_disputes", AcceptForm, services.accept_dispute,
    title=gettext_lazy("Accept, lines are corrected"),
    effect=gettext_lazy(
        "Import the corrected sales lines with their own booking dates. The next settlement computes what they change"
        " and posts it as an adjustment; what was held back is paid."
    ),
    done=gettext_lazy("Dispute %(number)s is decided."),
)  # fmt: skip
propose = _page(
    "rebates.decide_disputes", AdjustmentForm, services.propose_adjustment,
    title=gettext_lazy("Accept with a sum"),
    effect=gettext_lazy(
        "Somebody else has to confirm the sum. Then it is posted by the next close and stands on that statement with"
        " this dispute’s number."
    ),
    done=gettext_lazy("The sum for %(number)s waits for a second person."),
)  # fmt: skip
reject = _page(
    "rebates.decide_disputes", DisputeReasonForm, services.reject_dispute, final=True,
    title=gettext_lazy("Reject"),
    effect=gettext_lazy("The statement stands as it was computed, and what was held back is paid. This is final."),
    done=gettext_lazy("Dispute %(number)s is decided."),
)  # fmt: skip
confirm = _press(
    "rebates.approve",
    services.confirm_adjustment,
    gettext_lazy("The sum is confirmed: %(number)s is decided."),
)
send_back = _page(
    "rebates.approve", DisputeReasonForm, services.send_back_adjustment, final=True,
    title=gettext_lazy("Do not confirm"),
    effect=gettext_lazy("The proposed sum goes, and the dispute is in review again."),
    done=gettext_lazy("Dispute %(number)s is in review again."),
)  # fmt: skip


def _dispute(request: Any, number: str) -> Dispute:
    return get_object_or_404(Dispute.objects.visible_to(request.actor).for_page(), number=number)


def _statement(request: Any, number: str) -> Statement:
    rows = Statement.objects.visible_to(request.actor).select_related("run", "partner")
    return get_object_or_404(rows, number=number)
