"""A credit of an agent: given after a look at what it comes to, corrected, taken back."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET

from orders import services
from orders.credit_forms import CorrectForm, CreditForm, TakeBackForm
from orders.credit_lists import buyer_of, state_of
from orders.finding import SHORTEST_DOCUMENT
from orders.models import CreditedLine, SalesLine
from orders.services.credits import percent
from orders.views import posted
from prm.access.decorators import requires
from prm.audit.history import history_of
from prm.ui import formats
from prm.ui.parts import Fact, Verb
from prm.values.actor import Actor

MOST = 20  # lines offered at once


def credit_of(request: Any, pk: int) -> CreditedLine:
    rows = CreditedLine.objects.visible_to(request.actor).for_list()
    return get_object_or_404(rows, pk=pk)


@requires("credits.record")
def new(request: Any) -> HttpResponse:
    """Credit an agent: first what it comes to is shown, then it is written."""
    form = CreditForm(
        posted(request), actor=request.actor, initial={"line": request.GET.get("line", "")[:80]}
    )
    title, cancel = _("Credit an agent"), reverse("orders:credits")
    if form.is_valid() and "confirmed" in request.POST:
        if form.run(services.record_credit, by=request.actor):
            messages.success(request, _("%(agent)s is credited.") % {"agent": form.result.partner})
            return redirect(form.result)
    elif form.is_bound and form.is_valid():
        with transaction.atomic():
            tried = form.run(services.record_credit, by=request.actor)
            transaction.set_rollback(True)
        if tried:
            context = {
                "form": form, "title": title, "facts": _facts(form.result, request.actor, asked=True), "cancel": cancel,
                "typed": [(name, form.data.get(name, "")) for name in form.fields],
            }  # fmt: skip
            return render(request, "orders/credit_confirm.html", context)
    context = {
        "form": form, "title": title, "cancel": cancel, "crumb": _("Agents’ credits"),
        "effect": _("Nothing is written yet: the next page shows what the agent is credited with."),
    }  # fmt: skip
    return render(request, "orders/credit_form.html", context, status=form.status)


@require_GET
@requires("credits.record")
def pick_line(request: Any) -> JsonResponse:
    """Sales lines whose document's or own number begins with `q`; with `codes` the line of that number."""
    number, text = (
        request.GET.get("codes", "")[:80],
        request.GET.get("q", "").strip()[:80].replace("\x00", ""),
    )
    rows = SalesLine.objects.visible_to(request.actor).for_list().creditable()
    if number:
        rows = rows.filter(line_number=number.replace("\x00", ""))
    else:
        rows = rows.found_by(text) if len(text) >= SHORTEST_DOCUMENT else rows.none()
    # Sorted after the cut: of a short beginning there are too many lines to put in order first.
    found = sorted(rows.order_by()[:MOST], key=lambda line: (line.document, line.pk))
    return JsonResponse({"rows": [_offered(line) for line in found]})


def _offered(line: SalesLine) -> dict[str, str]:
    """What tells the lines of a document apart: product and quantity, the buyer, the net amount, the day."""
    name = f"{line.document} · {line.product} × {formats.number(line.quantity, None)}"
    amount = formats.money(line.net_amount, line.currency)
    note = f"{line.partner.name} · {amount} · {formats.day(line.booking_date)}"
    return {"code": line.line_number, "name": name, "note": note}


@require_GET
@requires("credits.record")
def detail(request: Any, pk: int) -> HttpResponse:
    """Of which line, by which share, and does it stand?"""
    found = credit_of(request, pk)
    context = {
        "found": found, "facts": _facts(found, request.actor), "state": state_of(found), "verbs": _verbs(found),
        "history": history_of(found, request.actor),
    }  # fmt: skip
    return render(request, "orders/credit.html", context)


@requires("credits.record")
def take_back(request: Any, pk: int) -> HttpResponse:
    found = credit_of(request, pk)
    form = TakeBackForm(posted(request), actor=request.actor)
    if form.is_valid() and form.run(services.take_back_credit, credit=found, by=request.actor):
        messages.success(request, _("Taken back: it is as if it had never been given."))
        return redirect(found)
    effect = _(
        "A further row takes it back, with its returns. What it earned is taken off by the next settlement."
    )
    return _verb(request, form, found, _("Take back"), effect, final=True)


@requires("credits.record")
def correct(request: Any, pk: int) -> HttpResponse:
    found = credit_of(request, pk)
    form = CorrectForm(posted(request), actor=request.actor)
    if form.is_valid() and form.run(services.correct_credit, credit=found, by=request.actor):
        messages.success(request, _("Corrected: the credit is taken back and given anew."))
        return redirect(form.result)
    words = _(
        "It is %(share)s now. The credit is taken back and given anew; the next settlement posts the difference."
    )
    return _verb(request, form, found, _("Correct the share"), words % {"share": percent(found.share)})


def _verb(
    request: Any, form: Any, found: CreditedLine, title: str, effect: str, *, final: bool = False
) -> HttpResponse:
    context = {
        "form": form, "title": title, "effect": effect, "cancel": found.get_absolute_url(), "crumb": found.number,
        "final": final,
    }  # fmt: skip
    return render(request, "orders/credit_form.html", context, status=form.status)


def _facts(found: CreditedLine, actor: Actor, *, asked: bool = False) -> list[Fact]:
    """`asked`: of one that is not written yet."""
    line = found.line
    credited = formats.money(found.net_amount, found.currency)
    facts = [
        Fact(_("Agent"), found.partner.name, found.partner.get_absolute_url()),
        *_sold(found, actor),
        Fact(_("Document"), found.document),
        Fact(_("Booked"), formats.day(found.booking_date)),
        Fact(_("Product"), f"{found.product} × {formats.number(line.quantity, None)}"),
        Fact(_("Net amount of the line"), formats.money(line.net_amount, line.currency)),
        Fact(_("Share"), percent(found.share)),
        Fact(pgettext("credit of an agent", "Credited"), credited, strong=True),
    ]
    if asked:
        return facts
    return [
        *facts,
        Fact(_("How it came"), found.get_source_display()),
        Fact(
            _("Entered"), ", ".join(filter(None, [found.recorded_by_label, formats.exact(found.recorded_at)]))
        ),
        *([Fact(_("Note"), found.reason)] if found.reason else []),
    ]


def _sold(found: CreditedLine, actor: Actor) -> list[Fact]:
    """The line and who bought it, for whoever may see that partner."""
    buyer = buyer_of(found, actor)
    if not buyer:
        return []
    return [
        Fact(_("Sales line"), found.line.line_number, found.line.document_address),
        Fact(_("Invoiced to"), buyer, found.buyer.get_absolute_url()),
    ]


def _verbs(found: CreditedLine) -> list[Verb]:
    follows = found.source == CreditedLine.Source.RETURN
    if follows or found.takes_back_id is not None or found.is_gone:  # type: ignore[attr-defined]  # of for_list
        return []
    return [
        Verb(
            _("Correct the share…"),
            href=reverse("orders:correct_credit", args=[found.pk]),
            icon="percentage",
            primary=True,
        ),
        Verb(
            pgettext("credit of an agent", "Take back…"),
            href=reverse("orders:take_back_credit", args=[found.pk]),
            icon="arrow-back-up",
            final=True,
        ),
    ]
