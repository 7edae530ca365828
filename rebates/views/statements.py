"""What a partner is owed, and why that much."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partners.models import Partner
from prm.access.decorators import requires
from prm.access.rules import allowed
from prm.audit.history import history_of
from prm.files import paper
from prm.ui import export, said
from prm.values.actor import Actor
from prm.values.errors import DomainError
from rebates import dispute_pages, further, kept, pages, services, wording
from rebates.closing_words import why_closing_differs
from rebates.forms import PaymentForm
from rebates.kit import facts_of, recompute_kit
from rebates.limit_words import kept_rows
from rebates.models import Payment, Statement
from rebates.paper import statement_text
from rebates.payment_pace import open_since, usually_by
from rebates.services.payments import open_amount, open_on, payment_state, refuse_release
from rebates.services.unconfirmed import NOT_KEPT, doubts
from rebates.statement_book import sheets_of
from rebates.statements import statement_lines


@requires("rebates.view")
def overview(request: Any) -> HttpResponse:
    """A partner's own money; staff go to the statements."""
    if not request.actor.is_partner:
        return redirect("rebates:statements")
    own = get_object_or_404(Partner.objects.visible_to(request.actor), pk=request.actor.partner_id)
    statements = Statement.objects.visible_to(request.actor).filter(partner=own).for_list()[:12]
    return render(
        request,
        "rebates/overview.html",
        {
            "partner": own,
            "owed": pages.owed_to(request.actor),
            "further": further.owed_to(request.actor),
            "statements": statements,
            "age": kept.age(request.actor, [own.pk]),
        },
    )


@requires("rebates.view")
def statement(request: Any, number: str) -> HttpResponse:
    found = _statement(request, number)
    lines, paid, (parts,) = statement_lines(found), payment_state(found), open_on([found])
    may_pay = allowed(request.actor, "rebates.pay", found)
    return render(
        request,
        "rebates/statement.html",
        {
            "statement": found,
            "lines": lines,
            "kept": kept_rows(found),
            "further": further.parts_of(found, request.actor),
            "open": parts.amount,
            "parts": parts,
            "payment_state": paid,
            "open_since": open_since(found, parts.amount),
            "why_closing": why_closing_differs(found, request.actor),
            "usually_by": usually_by(found) if parts.amount and not parts.is_blocked else None,
            "tone": Statement.PAYMENT_TONES.get(paid, ""),
            "payments": found.payments.prefetch_related("returns")
            .select_related("goods", "credit_note")
            .order_by("id"),
            "history": history_of(found, request.actor) if request.actor.is_staff else [],
            "may_pay": may_pay,
            "may_correct": allowed(request.actor, "rebates.settle", found),
            "pay_refused": _refused(found, request.actor) if may_pay else "",
            "explained": None,
        }
        | dispute_pages.of_statement(found, request.actor),
    )


@requires("rebates.view")
def pdf(request: Any, number: str) -> HttpResponse:
    """The statement on paper."""
    found = _statement(request, number)
    return paper.answer(request, lambda: statement_text(found, request), about=found, number=found.number)


@requires("rebates.view")
def data(request: Any, number: str) -> HttpResponse:
    """The statement for another program: its figures, for each result the policy that was in force, and what is owed
    beside rebates.
    """
    found = _statement(request, number)
    export.note(request.actor, found.number, kind="json")
    told = facts_of(found) | {"beside": further.as_data(further.parts_of(found, request.actor))}
    answer = JsonResponse(told, json_dumps_params={"ensure_ascii": False, "indent": 1})
    answer["Content-Disposition"] = f'attachment; filename="{found.number}.json"'
    return answer


@requires("rebates.view")
def spreadsheet(request: Any, number: str) -> HttpResponseBase:
    """A workbook: the figures by programme, how each came about, and the lines behind each."""
    found = _statement(request, number)
    export.note(request.actor, found.number, kind="xlsx")
    return export.book(found.number, sheets_of(found, request.actor))


@requires("rebates.view")
def kit(request: Any, number: str) -> HttpResponse:
    """All that is needed to compute the statement anew, without the product."""
    found = _statement(request, number)
    title = said.Sentence(gettext_lazy("Recompute kit of %(number)s"), number=found.number)
    export.note(request.actor, title, kind="zip")
    answer = HttpResponse(recompute_kit(found), content_type="application/zip")
    answer["Content-Disposition"] = f'attachment; filename="{found.number}-recompute.zip"'
    return answer


@requires("rebates.pay")
def pay(request: Any, number: str) -> HttpResponse:
    found = _statement(request, number)
    refusal = _refused(found, request.actor) or _nothing_open(found)
    if request.method == "GET" and refusal:
        messages.error(request, refusal)
        return redirect(found)
    (parts,) = open_on([found])
    form = PaymentForm(
        request.POST or None,
        actor=request.actor,
        currency=found.currency,
        initial={
            "amount": parts.amount,
            "method": parts.method or Payment.Method.TRANSFER,
            "seen": parts.payments,
        },
    )
    if form.is_valid() and form.run(services.pay_statement, statement=found, by=request.actor):
        messages.success(request, wording.paid(form.result, found.currency))
        return redirect(found)
    doubt = doubts([found]).get(found.pk)
    form.show_anew(parts.payments)
    form.ask_about_accounts(doubt == NOT_KEPT)
    context = {"form": form, "statement": found, "open": parts.amount, "parts": parts}
    context |= {
        "not_kept": doubt == NOT_KEPT,
        "doubt": doubt,
        "author_limit": pages.author_limit(found.currency),
    }
    return render(request, "rebates/pay.html", context, status=form.status)


def _refused(found: Statement, by: Actor) -> str:
    """Why this person may not pay the statement, "" when they may."""
    try:
        refuse_release(found.run, by)
    except DomainError as refusal:
        return refusal.text
    return ""


def _nothing_open(found: Statement) -> str:
    return "" if open_amount(found) > 0 else _("Nothing is open on %(number)s.") % {"number": found.number}


def _statement(request: Any, number: str) -> Statement:
    rows = Statement.objects.visible_to(request.actor).select_related("run", "partner")
    return get_object_or_404(rows, number=number)
