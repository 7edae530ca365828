"""Figures opened: what open periods would pay, what was settled, each down to the sales line."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from partners.models import Partner
from prm.access.decorators import requires
from prm.values.periods import Period
from rebates import accrual_pages, balances, documents, explained_lines, explanations, kept
from rebates.accruals import accrual_of
from rebates.forecast import forecast
from rebates.models import Result, Statement
from rebates.statements import statement_lines

FIRST, MORE = 20, 50  # lines behind a figure: at once, and with each press


@requires("rebates.view_programmes")
def accruals(request: Any) -> HttpResponse:
    """What the open periods would pay if they ended now."""
    found = accrual_pages.page_of(accrual_pages.Asked.of(request.GET), request.actor)
    found |= {"age": kept.age(request.actor), "check": kept.check_seen_by(request.actor)}
    return render(request, "rebates/accruals.html", found)


@requires("rebates.view")
def accrual(request: Any, programme: str, period: str, partner: int) -> HttpResponse:
    """An accrued figure opened; when its period has been settled meanwhile, the settled figure."""
    try:
        days = Period.parse(period)
    except ValueError:
        raise Http404 from None
    whose = get_object_or_404(Partner.objects.visible_to(request.actor), pk=partner)
    found = accrual_of(by=request.actor, programme=programme, period=days, partner_id=whose.pk)
    if found is None:
        settled = Result.objects.visible_to(request.actor).settled(
            programme=programme, period=days, partner_id=whose.pk
        )
        return redirect(get_object_or_404(settled))
    more = {"partner": whose, "forecast": forecast(found)}
    return _explained(request, found, "rebates/accrual.html", more)


@requires("rebates.view")
def result(request: Any, pk: int) -> HttpResponse:
    """One settled figure opened. Its own address; beside a statement it comes as a panel."""
    found = get_object_or_404(
        Result.objects.visible_to(request.actor).select_related("programme", "version", "run", "partner"),
        pk=pk,
    )
    if request.actor.is_partner and not found.run.is_closed:
        raise Http404
    statement = (
        Statement.objects.visible_to(request.actor)
        .filter(run=found.run, partner=found.partner, currency=found.currency)
        .first()
    )
    return _explained(
        request, found, "rebates/result.html", {"statement": statement, "partner": found.partner}
    )


@requires("rebates.view")
def statement_figure(request: Any, number: str, programme: str, figure: str) -> HttpResponse:
    """A statement's opening, paid or closing figure opened: the ledger's entries behind it."""
    rows = Statement.objects.visible_to(request.actor).select_related("run", "partner")
    found = get_object_or_404(rows, number=number)
    line = next((line for line in statement_lines(found) if line.programme.code == programme), None)
    if line is None or figure not in balances.FIGURES:
        raise Http404
    name, text = balances.FIGURES[figure]
    context = {
        "statement": found,
        "line": line,
        "figure": figure,
        "name": name,
        "text": text,
        "behind": balances.behind(found, line.programme, figure),
        "address": request.path,
    }
    part = "rebates/bookings.html" if request.headers.get("HX-Request") else "rebates/statement_figure.html"
    return render(request, part, context)


def _explained(
    request: Any, figure: explanations.Figure, template: str, more: dict[str, Any]
) -> HttpResponse:
    """Clause, arithmetic, lines: as a page, as a panel, or only the next lines of it."""
    after = request.GET.get("after", "")
    try:
        lines = explained_lines.lines_page(figure, after=after, size=MORE if after else FIRST)
    except ValueError:
        raise Http404 from None
    documents.linked(lines.lines, request.actor, figure.version.policy)
    context = {
        "result": figure,
        "explanation": explanations.explain(figure),
        "lines": lines,
        "address": figure.get_absolute_url(),
        **more,
    }
    if request.headers.get("HX-Request"):
        template = "rebates/explanation_lines.html" if after else "rebates/explanation.html"
    return render(request, template, context)
