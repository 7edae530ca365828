"""Why did it change? A statement held against an earlier one, an open figure against what it was on a day."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from partners.models import Partner
from prm.access.decorators import requires
from prm.ui import export, formats
from prm.ui.parts import Figure
from prm.values import clock
from prm.values.periods import Period
from rebates import changes, channel_changes, documents, kept_changes, lines_between, moments
from rebates.accruals import Accrual, accrual_of
from rebates.channel_changes import Total
from rebates.models import SettlementRun, Statement

BACK = timedelta(days=7)
CHOICES = 36


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
    """From the end of which day to the end of which; today's is not over, so that it stands for now."""

    since = forms.DateField(
        label=gettext_lazy("From the end of"),
        widget=forms.DateInput(attrs={"class": "ui-input", "type": "date"}),
    )
    until = forms.DateField(
        label=gettext_lazy("To the end of"),
        widget=forms.DateInput(attrs={"class": "ui-input", "type": "date"}),
    )

    def __init__(self, data: Any, *, accrual: Accrual):
        self.first = accrual.period.start - timedelta(days=1)
        usual = max(self.first, clock.today() - BACK)
        until = data.get("until") or clock.today().isoformat()
        super().__init__({"since": data.get("since") or usual.isoformat(), "until": until})

    def clean_since(self) -> date:
        day: date = self.cleaned_data["since"]
        if not self.first <= day < clock.today():
            days = {"first": formats.day(self.first), "today": formats.day(clock.today())}
            raise forms.ValidationError(_("Choose a day from %(first)s on, before %(today)s.") % days)
        return day

    def clean_until(self) -> date | None:
        """None stands for now."""
        day: date = self.cleaned_data["until"]
        since = self.cleaned_data.get("since")
        if day > clock.today() or (since is not None and day <= since):
            raise forms.ValidationError(_("Choose a day after the first, until today at the latest."))
        return None if day == clock.today() else day


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
        told = [(one, _lines_of(later, earlier, one)) for one in found]
        context |= {"earlier": earlier, "changes": told, "figures": _figures(earlier, later)}
    return render(request, "rebates/changes.html", context)


def _lines_of(later: Statement, earlier: Statement, change: changes.Change) -> str:
    """Where the lines behind a programme's causes are; the kind follows."""
    address = reverse("rebates:statement_changes_lines", args=[later.number, change.programme.code])
    return f"{address}?against={earlier.number}&kind="


@requires("rebates.view")
def statement_lines(request: Any, number: str, programme: str) -> HttpResponse:
    """The lines behind a cause: of `number`, or with `of=earlier` of the statement that it is held against."""
    rows = Statement.objects.visible_to(request.actor).select_related("run", "partner")
    later = get_object_or_404(rows, number=number)
    earlier = get_object_or_404(
        changes.earlier_statements(later).select_related("run"), number=_said(request, "against")
    )
    kind, _dash, period = _said(request, "kind").partition("-")
    of_earlier = _said(request, "of") == "earlier" and not period
    result = changes.result_of(earlier if of_earlier else later, programme, period)
    if result is None and not period and not of_earlier:  # nothing of its own in the later one
        of_earlier, result = True, changes.result_of(earlier, programme, "")
    if result is None:
        raise Http404
    came = lines_between.came_late(result) if period else lines_between.counted(result)
    sides = [
        (one.number, f"?{_with(request, 'of', name)}", (name == "earlier") == of_earlier)
        for one, name in ((later, ""), (earlier, "earlier"))
        if changes.result_of(one, programme, "") is not None
    ]
    context = {"statement": later, "earlier": earlier, "result": result, "period": period, "sides": sides}
    context |= _page_of(request, came, kind if not period else "all", "kind")
    return render(request, "rebates/changes_lines.html", context)


def _said(request: Any, name: str) -> str:
    """A parameter as it was given; without one nothing is there."""
    return str(request.GET.get(name, ""))


def _page_of(request: Any, came: lines_between.CameIn, kind: str, name: str) -> dict[str, Any]:
    """A page of lines and the kinds that there are; `name` is the parameter that says which is shown."""
    after = _said(request, "after")
    if kind not in came.kinds or not (after.isdigit() or not after):
        raise Http404
    lines, more = came.page(kind, after=int(after or 0))
    documents.linked(lines, request.actor)
    rest = request.GET.copy()
    rest.pop("after", None)
    rest[name] = kind
    return {
        "lines": lines,
        "next": f"?{rest.urlencode()}&after={more}#lines" if more else "",
        "kinds": [
            (lines_between.KINDS[one], count, f"?{_with(request, name, one)}#lines", one == kind)
            for one, count in came.counts().items()
        ],
    }


def _with(request: Any, name: str, value: str) -> str:
    values = request.GET.copy()
    values.pop("after", None)
    values[name] = value
    return str(values.urlencode())


@requires("rebates.view_runs")
def settlement(request: Any, number: str) -> HttpResponseBase:
    """What moved the total of a closed settlement, over all partners."""
    runs = SettlementRun.objects.visible_to(request.actor).closed()
    later = get_object_or_404(runs, number=number)
    earlier = channel_changes.earlier_run(later)
    context: dict[str, Any] = {"run": later, "earlier": earlier}
    if earlier is not None:
        found = kept_changes.between(earlier, later, by=request.actor)
        if request.GET.get("export") == "xlsx":
            return _table_of_totals(request, f"{later.number}-{earlier.number}", found)
        if request.headers.get("HX-Request"):
            context |= {"explanations": channel_changes.top(found, kept_changes.SHORT)}
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
        since = moments.since(found, form.cleaned_data["since"], until=form.cleaned_data["until"])
        context |= {"since": since, "figures": _moved(since, found.currency)}
        context |= _page_of(request, since.came, _said(request, "lines") or "all", "lines")
        chosen = {name: form[name].value() for name in ("since", "until")}
        context["lines_at"] = f"?{urlencode(chosen)}&lines="
    return render(request, "rebates/moments.html", context, status=200 if form.is_valid() else 422)


def _figures(earlier: Statement, later: Statement) -> list[Figure]:
    difference = later.own_amount - earlier.own_amount
    return [
        Figure(
            formats.month(one.starts), formats.money(one.own_amount, one.currency), _("earned and adjusted")
        )
        for one in (earlier, later)
    ] + [Figure(_("Difference"), formats.money(difference, later.currency))]


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


def _moved(since: moments.Moments, currency: str) -> list[Figure]:
    end = _("End of %(day)s")
    now = pgettext("moment", "Now") if since.until is None else end % {"day": formats.day(since.until)}
    words = (
        (end % {"day": formats.day(since.since)}, since.change.before),
        (now, since.change.after),
        (_("Difference"), since.change.difference),
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
