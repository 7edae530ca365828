"""Back-test: what would this policy have cost?"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import Max, Min
from django.http import QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from orders.models import CreditedLine, SalesLine
from partners.models import Partner
from prm.access.decorators import requires
from prm.files import charts
from prm.ui import export, formats, said
from prm.ui.parts import Figure
from prm.values.actor import Actor
from prm.values.errors import NotAllowed
from prm.values.money import minor_unit
from prm.values.periods import MONTHS, Period
from rebates import backtest_gaps
from rebates.backtest import (
    MOST_MONTHS,
    MOST_VERSIONS,
    SWINGS,
    BackTest,
    back_test,
    last_full_month,
    periods_between,
)
from rebates.credited import is_credited
from rebates.errors import NotComputedYet
from rebates.mechanisms import bands_of
from rebates.models import Programme, Version
from rebates.views import backtest_hints

SHOWN = 50  # partners and temptations on the page; the export has all
BACK = 12  # months tried unless others are chosen
LESS, MORE = SWINGS


class BackTestForm(forms.Form):
    """Which months, and against which versions. In the address, so that a result can be sent to somebody."""

    first = forms.CharField(label=gettext_lazy("From month"))
    last = forms.CharField(label=gettext_lazy("To month"))
    against = forms.MultipleChoiceField(
        label=gettext_lazy("Held against"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, data: Any, *, others: list[Version]):
        super().__init__(data)
        self.others = {_key(version): version for version in others}
        self.fields["against"].choices = [(key, _name(version)) for key, version in self.others.items()]  # type: ignore[attr-defined]
        for name in ("first", "last"):
            self.fields[name].widget = forms.TextInput(attrs={"class": "ui-input", "type": "month"})

    def _month(self, name: str) -> Period:
        try:
            period = Period.parse(self.cleaned_data[name])
        except ValueError:
            raise forms.ValidationError(_("Write a month such as 2026-09.")) from None
        if period.length != "month":
            raise forms.ValidationError(_("Write a month such as 2026-09."))
        return period

    def clean_first(self) -> Period:
        return self._month("first")

    def clean_last(self) -> Period:
        last = self._month("last")
        first = self.cleaned_data.get("first")
        if first and last < first:
            raise forms.ValidationError(_("The last month lies before the first."))
        if first and len(periods_between("month", first, last)) >= MOST_MONTHS:
            raise forms.ValidationError(_("At most %(count)s months at once.") % {"count": MOST_MONTHS - 1})
        return last

    def clean_against(self) -> list[Version]:
        chosen = [self.others[key] for key in self.cleaned_data["against"]]
        if len(chosen) >= MOST_VERSIONS:
            words = _("At most %(count)s versions beside the one that is tried.")
            raise forms.ValidationError(words % {"count": MOST_VERSIONS - 1})
        return chosen


def _key(version: Version) -> str:
    return f"{version.programme.code}:{version.number}"


def _name(version: Version) -> str:
    words = _("%(programme)s, version %(number)s (%(state)s)")
    return words % {
        "programme": version.programme,
        "number": version.number,
        "state": version.get_state_display(),
    }


@requires("rebates.view_programmes")
def page(request: Any, code: str) -> HttpResponseBase:
    """A version over past months beside the policy in force, or others; `?version=2&first=2026-01&last=2026-10`."""
    programme = get_object_or_404(Programme.objects.visible_to(request.actor), code=code)
    version = _version(programme, request.GET.get("version", ""))
    others = Version.objects.comparable_with(version)
    asked = "first" in request.GET
    form = BackTestForm(request.GET if asked else _usual(version, others, request.actor), others=others)
    context: dict[str, Any] = {"programme": programme, "version": version, "form": form}
    tried = _tried(form, version, request.actor) if form.is_valid() else None
    if tried is not None:
        if request.GET.get("export") in ("csv", "xlsx"):
            return _export(
                request.GET["export"], tried, request.actor, orders=request.GET.get("of") == "orders"
            )
        context |= _result(tried, request.actor, _held_at(request.GET.get("by", ""), tried))
        context["asked"] = _asked(request.GET, form)
    return render(request, "rebates/back_test.html", context, status=200 if form.is_valid() else 422)


def _tried(form: BackTestForm, version: Version, actor: Any) -> BackTest | None:
    """The back-test; None where a version asks for what is not calculated, which the form then says."""
    try:
        return back_test(
            versions=[version, *form.cleaned_data["against"]],
            first=form.cleaned_data["first"],
            last=form.cleaned_data["last"],
            by=actor,
        )
    except NotComputedYet as refusal:
        form.add_error(None, refusal.text)
        return None


def _version(programme: Programme, number: str) -> Version:
    versions = programme.versions.select_related("programme").order_by("-number")
    if number.isdigit():
        return get_object_or_404(versions, number=int(number))
    return versions[0]


def _usual(version: Version, others: list[Version], actor: Actor) -> dict[str, Any]:
    """The last twelve full months that have sales, in whole periods, against what is in force of the same programme.

    Of an annual version its last whole year that has any, and the one that runs.
    """
    own = [one for one in others if one.programme_id == version.programme_id and one.state == "published"][:1]
    length = version.period_length  # as that of every version of its programme
    oldest, newest = _days_of_sales(version, actor)
    last = Period.of(length, newest)
    has_before, is_over = last.start > oldest, last.end <= last_full_month().end
    if MONTHS[length] >= BACK:
        first = last.previous if has_before and not is_over else last
    else:
        first = last = last.previous if has_before and not is_over else last
        for _period in range(BACK // MONTHS[length] - 1):
            first = first.previous if first.start > oldest else first
    months = str(Period.of("month", first.start)), str(Period.of("month", last.last_day))
    return {"first": months[0], "last": months[1], "against": [_key(one) for one in own]}


def _days_of_sales(version: Version, actor: Actor) -> tuple[date, date]:
    """The first and the last day on which anything was sold, up to the last full month; where nothing was, its year."""
    lines = CreditedLine if is_credited(version.policy) else SalesLine
    last = last_full_month()
    rows: Any = lines.objects.visible_to(actor).filter(booking_date__lt=last.end)
    found = rows.aggregate(first=Min("booking_date"), last=Max("booking_date"))
    return found["first"] or last.year_before.end, found["last"] or last.last_day


def _held_at(typed: str, tried: BackTest) -> int:
    """The place of the version against which partners gain or lose: the first of the others unless one is chosen."""
    places = range(1, len(tried.versions))
    return int(typed) if typed.isdecimal() and int(typed) in places else 1


def _asked(data: Any, form: BackTestForm) -> str:
    """The back-test's own part of an address, as it was asked for or as it is tried at first."""
    asked = QueryDict(mutable=True)
    asked["version"] = data.get("version", "")
    asked["first"], asked["last"] = form["first"].value(), form["last"].value()
    asked.setlist("against", form["against"].value())
    return asked.urlencode()


def _result(tried: BackTest, actor: Any, by: int) -> dict[str, Any]:
    """What the page shows of a back-test. `by`: the place of the version that partners are held against."""
    currency = tried.versions[0].paid_in
    partners = tried.by_difference_from(by)[:SHOWN]
    names = _names(actor, [row.partner_id for row in partners])
    totals = tried.totals
    return {
        "by": by,
        "tried": tried,
        "currency": currency,
        "heads": [_name(version) for version in tried.versions],
        "figures": _figures(tried, currency),
        "notes": _notes(tried, actor),
        "held": [(_name(one.version), one) for one in tried.held],
        "chart": _chart(tried, currency) if tried.periods else None,
        "periods": [{"period": period, "amounts": amounts} for period, amounts in tried.costs.items()],
        "totals": totals,
        "swings": [
            (_name(version), *(tried.swings[swing][place] for swing in (LESS, MORE)), totals[place])
            for place, version in enumerate(tried.versions[: len(totals)])
        ],
        "partners": [
            {"partner": names.get(row.partner_id), "row": row, "difference": row.difference_from(by)}
            for row in partners
        ],
        "more": max(len(tried.partners) - SHOWN, 0),
        **backtest_hints.shown(tried, [_name(version) for version in tried.versions], actor),
    }


def _figures(tried: BackTest, currency: str) -> list[Figure]:
    totals = tried.totals or [Decimal(0)]
    policy = tried.versions[0].policy
    same = not _in_units(tried) and tried.versions[0].paid_in == policy["currency"]
    share = totals[0] / tried.base if tried.base and same else None
    return [
        Figure(
            label=_("This version"),
            value=formats.money(totals[0], currency),
            note=_("%(share)s of what it is paid on") % {"share": formats.percent(share, 2)} if share else "",
        ),
        *backtest_hints.figures(tried, currency),
    ]


def _notes(tried: BackTest, actor: Any) -> list[str]:
    """What a reader must know of how it was counted."""
    found, starts = [], tried.versions[0].starts
    if tried.counts_more_than_settled:
        found.append(
            _(
                "The year is counted from 1 January here, as if this version had been in force since then. Settled, it"
                " begins on %(day)s and counts the year from that day."
            )
            % {"day": formats.day(starts)}
        )
    found += [
        _("%(period)s is not over: it is counted as far as sales are booked today.")
        % {"period": formats.period(period)}
        for period in tried.unfinished
    ]
    found += _not_begun(tried)
    found += backtest_gaps.told(tried, actor)
    names = [_name(version) for version in tried.versions]
    found += backtest_gaps.shut_gates(tried, names)
    found += backtest_gaps.days_counted(tried, names)
    if actor.partner_ids is not None:
        found.append(_("Only the partners that you see are counted, in every figure here."))
    return found


def _not_begun(tried: BackTest) -> list[str]:
    """One word about all periods to come, whatever their number."""
    to_come = tried.to_come
    if not to_come:
        return []
    if len(to_come) == len(tried.periods):
        return [
            _("None of these months has begun: there is nothing to count yet. Choose months that are over.")
        ]
    words = {"first": formats.period(to_come[0]), "last": formats.period(to_come[-1])}
    if len(to_come) == 1:
        return [_("%(first)s has not begun: nothing is counted in it.") % words]
    return [_("%(first)s to %(last)s have not begun: nothing is counted in them.") % words]


def _in_units(tried: BackTest) -> bool:
    bands = bands_of(tried.versions[0].policy)
    return bands.pays_units or bands.counts_increments


def _chart(tried: BackTest, currency: str) -> charts.Chart:
    label = _("Cost by period in %(currency)s") % {"currency": currency}
    names = [_name(version) for version in tried.versions]
    groups = [(str(period), amounts) for period, amounts in tried.costs.items()]
    return charts.side_by_side(
        groups, names, label=label, heads=(_("Period"), *names), tick=_tick,
        shown=lambda amount, highest: formats.compact_money(str(amount), currency, str(highest)),
        told=lambda amount: formats.money(amount, currency),
    )  # fmt: skip


def _tick(name: str, before: str | None) -> str:
    """A period below its bars: with its year where that is another than before."""
    return name if before is None or name[:4] != before[:4] else name[4:].removeprefix("-")


def _names(actor: Any, ids: list[int]) -> dict[int, Partner]:
    return Partner.objects.visible_to(actor).in_bulk(set(ids))


def _export(kind: str, tried: BackTest, actor: Any, *, orders: bool) -> HttpResponseBase:
    """Every partner's cost under each version, or with `orders` those that would have been pulled forward."""
    if actor.acting_operator:
        raise NotAllowed()
    programme = said.InEach(lambda: tried.versions[0].programme)
    if orders:
        title = said.Sentence(gettext_lazy("Orders pulled forward: %(programme)s"), programme=programme)
        heads, lines = backtest_hints.table(tried, [_name(version) for version in tried.versions], actor)
        export.note(actor, title, kind=kind, rows=len(lines))
        return export.table(kind, str(title), heads, lines)
    title = said.Sentence(gettext_lazy("Back-test: %(programme)s"), programme=programme)
    names = _names(actor, [row.partner_id for row in tried.partners])
    unit = minor_unit(tried.versions[0].paid_in)

    names_of_versions = [_name(version) for version in tried.versions]
    differences = [_("Difference from %(version)s") % {"version": name} for name in names_of_versions[1:]]
    heads = [_("Number"), _("Partner"), *names_of_versions, *differences, _("Currency")]
    currency = tried.versions[0].paid_in
    lines = [
        [
            whose.number,
            whose.name,
            *(amount.quantize(unit) for amount in row.amounts),
            *(row.difference_from(place).quantize(unit) for place in range(1, len(row.amounts))),
            currency,
        ]
        for row in tried.partners
        if (whose := names.get(row.partner_id))
    ]
    export.note(actor, title, kind=kind, rows=len(lines))
    return export.table(kind, str(title), heads, lines)
