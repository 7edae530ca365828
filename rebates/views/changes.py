"""Why did it change? A statement held against an earlier one, an open figure against what it was on a day."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.core.cache import cache
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language, gettext_lazy, pgettext, pgettext_lazy
from django.utils.translation import gettext as _

from partners.models import Partner
from prm.access.decorators import requires
from prm.ui import export, formats
from prm.ui.parts import Figure
from prm.values import clock
from prm.values.actor import Actor
from prm.values.periods import Period
from rebates import changes, channel_changes, moments
from rebates.accruals import Accrual, accrual_of
from rebates.channel_changes import Total
from rebates.models import SettlementRun, Statement

BACK = timedelta(days=7)
CHOICES = 36
KEPT_SECONDS = 24 * 3600
SHORT = 5  # explanations on the overview


class AgainstForm(forms.Form):
    """The earlier statement."""

    against = forms.ChoiceField(
        label=pgettext_lazy("statement", "Held against"), widget=forms.Select(attrs={"class": "ui-input"})
    )

    def __init__(self, data: Any, *, earlier: list[Statement]):
        super().__init__({"against": data.get("against") or earlier[0].number})
        choices = [(one.number, f"{formats.month(one.starts)} · {one.number}") for one in earlier]
        self.fields["against"].choices = choices  # type: ignore[attr-defined]


class SinceForm(forms.Form):
    """Since the end of which day."""

    since = forms.DateField(
        label=gettext_lazy("Since the end of"),
        widget=forms.DateInput(attrs={"class": "ui-input", "type": "date"}),
    )

    def __init__(self, data: Any, *, accrual: Accrual):
        self.first = accrual.period.start - timedelta(days=1)
        usual = max(self.first, clock.today() - BACK)
        super().__init__({"since": data.get("since") or usual.isoformat()})

    def clean_since(self) -> date:
        day: date = self.cleaned_data["since"]
        if not self.first <= day < clock.today():
            days = {"first": formats.day(self.first), "today": formats.day(clock.today())}
            raise forms.ValidationError(_("Choose a day from %(first)s on, before %(today)s.") % days)
        return day


@requires("rebates.view")
def statement(request: Any, number: str) -> HttpResponseBase:
    rows = Statement.objects.visible_to(request.actor).select_related("run", "partner")
    later = get_object_or_404(rows, number=number)
    choices = list(changes.earlier_statements(later).select_related("run").order_by("-ends")[:CHOICES])
    context: dict[str, Any] = {"statement": later, "form": None}
    if choices:
        form = context["form"] = AgainstForm(request.GET, earlier=choices)
        if not form.is_valid():
            raise Http404
        earlier = next(one for one in choices if one.number == form.cleaned_data["against"])
        found = changes.between(earlier, later)
        if request.GET.get("export") == "xlsx":
            return _table(request, f"{later.number}-{earlier.number}", found)
        context |= {"earlier": earlier, "changes": found, "figures": _figures(earlier, later)}
    return render(request, "rebates/changes.html", context)


@requires("rebates.view_runs")
def settlement(request: Any, number: str) -> HttpResponseBase:
    """What moved the total of a closed settlement, over all partners."""
    runs = SettlementRun.objects.visible_to(request.actor).closed()
    later = get_object_or_404(runs, number=number)
    earlier = channel_changes.earlier_run(later)
    context: dict[str, Any] = {"run": later, "earlier": earlier}
    if earlier is not None:
        found = _between(earlier, later, request.actor)
        if request.GET.get("export") == "xlsx":
            return _table_of_totals(request, f"{later.number}-{earlier.number}", found)
        if request.headers.get("HX-Request"):
            context |= {"explanations": channel_changes.top(found, SHORT)}
            return render(request, "rebates/channel_changes_short.html", context)
        context |= {
            "explanations": channel_changes.top(found),
            "figures": _sums(earlier, later, found),
            "partners": channel_changes.partners_that_moved(earlier, later, by=request.actor),
        }
    return render(request, "rebates/channel_changes.html", context)


@requires("rebates.view")
def accrual(request: Any, programme: str, period: str, partner: int) -> HttpResponse:
    """An open figure; once its period is settled the figure's own page answers."""
    try:
        days = Period.parse(period)
    except ValueError:
        raise Http404 from None
    whose = get_object_or_404(Partner.objects.visible_to(request.actor), pk=partner)
    found = accrual_of(by=request.actor, programme=programme, period=days, partner_id=whose.pk)
    if found is None:
        return redirect("rebates:accrual", programme, period, partner)
    form = SinceForm(request.GET, accrual=found)
    context: dict[str, Any] = {"accrual": found, "partner": whose, "form": form}
    if form.is_valid():
        since = moments.since(found, form.cleaned_data["since"])
        context |= {"since": since, "figures": _moved(since.change, found.currency)}
    return render(request, "rebates/moments.html", context, status=200 if form.is_valid() else 422)


def _figures(earlier: Statement, later: Statement) -> list[Figure]:
    difference = later.own_amount - earlier.own_amount
    return [
        Figure(
            formats.month(one.starts), formats.money(one.own_amount, one.currency), _("earned and adjusted")
        )
        for one in (earlier, later)
    ] + [Figure(_("Difference"), formats.money(difference, later.currency))]


def _between(earlier: SettlementRun, later: SettlementRun, actor: Actor) -> list[Total]:
    """Computed once for each language: closed settlements never change."""
    key = f"channel-changes:{earlier.pk}:{later.pk}:{get_language()}"
    try:
        found: list[Total] | None = cache.get(key)
    except Exception:  # without the broker everything is computed anew
        return channel_changes.between_runs(earlier, later, by=actor)
    if found is None:
        found = channel_changes.between_runs(earlier, later, by=actor)
        cache.set(key, found, KEPT_SECONDS)
    return found


def _sums(earlier: SettlementRun, later: SettlementRun, found: list[Total]) -> list[Figure]:
    """What both came to and the difference, by currency."""
    figures = []
    for code in sorted({one.currency for one in found}):
        totals = [one for one in found if one.currency == code]
        before, after = (
            sum((getattr(one, name) for one in totals), Decimal(0)) for name in ("before", "after")
        )
        figures += [
            Figure(formats.month(earlier.starts), formats.money(before, code), _("earned and adjusted")),
            Figure(formats.month(later.starts), formats.money(after, code), _("earned and adjusted")),
            Figure(_("Difference"), formats.money(after - before, code)),
        ]
    return figures


def _table_of_totals(request: Any, name: str, found: list[Total]) -> HttpResponseBase:
    export.note(request.actor, name, kind="xlsx")
    heads = [_("Programme"), _("Code"), _("Cause"), _("What happened"), _("Amount"), _("Currency")]
    rows = [
        [str(one.programme), one.programme.code, cause.name, cause.text, cause.amount, one.currency]
        for one in found
        for cause in one.causes
    ]
    return export.table("xlsx", name, heads, rows)


def _moved(change: changes.Change, currency: str) -> list[Figure]:
    words = (
        (pgettext("moment", "Then"), change.before),
        (pgettext("moment", "Now"), change.after),
        (_("Difference"), change.difference),
    )
    return [Figure(label, formats.money(amount, currency)) for label, amount in words]


def _table(request: Any, name: str, found: list[changes.Change]) -> HttpResponseBase:
    """A row for each cause; a programme's rows add up to its difference."""
    export.note(request.actor, name, kind="xlsx")
    heads = [_("Programme"), _("Code"), _("Cause"), _("What happened"), _("Amount")]
    rows = [
        [str(one.programme), one.programme.code, cause.name, cause.text, cause.amount]
        for one in found
        for cause in one.causes
    ]
    return export.table("xlsx", name, heads, rows)
