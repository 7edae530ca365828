"""May I register this customer? The question is stored; the answer is fetched at a fixed tick, whatever was found."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from dealreg import conflicts, words
from dealreg.forms import CheckForm, DraftForm
from dealreg.models import AvailabilityQuestion
from dealreg.services.availability import ask_availability
from dealreg.telling import in_list, level_time, told
from partners.models import Partner
from prm.access.decorators import requires
from prm.access.rules import require
from prm.customers.errors import DomainInvalid, TaxNumberInvalid, TaxNumberUnreadable
from prm.values import clock
from prm.values.errors import DomainError

SHOWN_BEFORE = 8
NAMES = ("customer_name", "tax_number", "domain", "region")


@requires("dealreg.check")
def check(request: Any) -> HttpResponse:
    """May I register this customer?"""
    form = CheckForm(
        request.POST if request.method == "POST" else None,
        actor=request.actor,
        initial={"customer_name": request.GET.get("q", "")[:200]},
    )
    if form.is_valid() and form.run(ask_availability, by=request.actor):
        level_time(form.result)
        return redirect(f"{reverse('dealreg:answer_of_check', args=[form.result.token])}#answer")
    return _page(request, form, None)


@require_GET
@requires("dealreg.check")
def answer(request: Any, token: str) -> HttpResponse:
    """The answer to one's company's own question, as a page or as the part of it that polls."""
    asked = get_object_or_404(AvailabilityQuestion.objects.visible_to(request.actor), token=token)
    if request.htmx:
        short = request.GET.get("short") == "1"
        template = "dealreg/check_line.html" if short else "dealreg/check_answer.html"
        return render(request, template, told(asked))
    lines = asked.product_lines
    form = CheckForm(
        actor=request.actor, initial={n: getattr(asked, n) for n in NAMES} | {"product_lines": lines}
    )
    return _page(request, form, asked)


@require_POST
@requires("dealreg.check", "dealreg.approve")
def verdict(request: Any) -> HttpResponse:
    """The line under the customer's name while a deal is written."""
    form = DraftForm(request.POST, actor=request.actor)
    typed = form.readable()
    name, lines = typed.get("customer_name", ""), typed.get("product_lines")
    if not name or not lines:
        return render(request, "dealreg/check_line.html", {"asked": None})
    facts = {key: typed.get(key, "") for key in NAMES} | {"product_lines": list(lines)}
    if not request.actor.is_partner:
        return _staff_verdict(request, facts)
    try:
        asked = ask_availability(remembered=True, by=request.actor, **facts)
    except DomainError as error:
        return render(request, "dealreg/check_line.html", {"problem": error.text})
    level_time(asked)
    return render(request, "dealreg/check_line.html", told(asked))


def _staff_verdict(request: Any, facts: dict[str, Any]) -> HttpResponse:
    """Staff read the verdict itself, for the partner in whose name they write."""
    require(request.actor, "dealreg.approve")
    chosen = request.POST.get("partner", "")
    partner = (
        Partner.objects.visible_to(request.actor).filter(pk=chosen).first()
        if chosen.isdecimal() and len(chosen) < 19
        else None
    )
    if partner is None:
        return render(request, "dealreg/check_line.html", {"asked": None})
    try:
        result = conflicts.check(name=facts.pop("customer_name"), partner=partner, **facts)
    except (DomainInvalid, TaxNumberInvalid, TaxNumberUnreadable) as error:
        return render(request, "dealreg/check_line.html", {"problem": error.text})
    label, tone = words.VERDICTS[result.verdict]
    return render(request, "dealreg/check_line.html", {"staff_label": label, "staff_tone": tone or "ok"})


def _page(request: Any, form: CheckForm, asked: AvailabilityQuestion | None) -> HttpResponse:
    before = AvailabilityQuestion.objects.visible_to(request.actor).filter(answer_at__lte=clock.now())
    if asked is not None:
        before = before.exclude(pk=asked.pk)
    context = {
        "form": form,
        "before": [in_list(one) for one in before[:SHOWN_BEFORE]],
        **(told(asked) if asked else {}),
    }
    return render(request, "dealreg/check.html", context, status=form.status)
