"""Finance's overview: what do rebates cost, what do we owe, and do the books agree?"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from payouts import overview
from prm.access.decorators import requires
from prm.access.rules import allowed
from prm.modules.registry import is_on
from prm.ui import export, said
from prm.ui.forms import ServiceForm, VisibleChoice
from prm.values import clock
from prm.values.errors import NotAllowed
from rebates import kept, kept_changes
from rebates.models import Programme, SettlementRun

HEADS = {
    "accrued": gettext_lazy("Accrued now"), "brought": gettext_lazy("Brought in"),
    "earned": gettext_lazy("Earned"), "adjusted": gettext_lazy("Adjusted"),
    "paid": gettext_lazy("Paid"), "owed": gettext_lazy("Owed"), "booked": gettext_lazy("Accrued in the books"),
    "liability": gettext_lazy("Liability"),
}  # fmt: skip


def heads_of(asked: overview.Asked, rows: Iterable[overview.Row]) -> dict[str, Any]:
    """The columns: of a past day without what is accrued now, which was another figure then; and what was brought in
    where something was.
    """
    left_out = {"accrued"} if asked.is_past else set()
    if not any(row.brought for row in rows):
        left_out.add("brought")
    return {name: label for name, label in HEADS.items() if name not in left_out}


class OverviewForm(ServiceForm):
    """Which days, which programme; all of it stands in the address."""

    first = forms.DateField(label=gettext_lazy("From"))
    last = forms.DateField(label=gettext_lazy("Until"))
    programme = VisibleChoice(
        Programme, label=gettext_lazy("Programme"), required=False, to_field_name="code",
        empty_label=gettext_lazy("All programmes"),
    )  # fmt: skip
    pairs: tuple[tuple[str, str], ...] = (("first", "last"),)

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if said.get("first") and said.get("last") and said["last"] < said["first"]:
            self.add_error("last", _("Choose a day that is not before the first."))
        return said


@requires("payouts.view_overview")
def page(request: Any) -> HttpResponseBase:
    today = clock.today()
    usual = {"first": today.replace(month=1, day=1).isoformat(), "last": today.isoformat(), "programme": ""}
    form = OverviewForm(
        usual | {key: request.GET[key] for key in usual if key in request.GET}, actor=request.actor
    )
    if not form.is_valid():
        return _answer(request, form, None)
    said = form.cleaned_data
    asked = overview.Asked(said["first"], said["last"], said["programme"])
    if request.GET.get("export") in export.FORMATS:
        return _export(request, asked)
    return _answer(request, form, asked)


def _answer(request: Any, form: OverviewForm, asked: overview.Asked | None) -> HttpResponse:
    context: dict[str, Any] = {
        "form": form,
        "asked": asked,
        "age_names": overview.AGE_NAMES,
    }
    if asked is not None:
        sees_runs = is_on("rebates") and allowed(request.actor, "rebates.view_runs")
        rows = overview.by_programme(asked, by=request.actor)
        context |= {
            "rows": rows,
            "heads": heads_of(asked, rows),
            "totals": overview.totals(rows),
            "costs": overview.cost(rows, asked, by=request.actor),
            "ageing": overview.ageing(asked, by=request.actor),
            "checks": overview.checks(by=request.actor),
            "links": is_on("rebates"),
            "may_export": allowed(request.actor, "payouts.export"),
            "age": kept.age(request.actor),
            "check": kept.check_seen_by(request.actor),
            "now": clock.now(),
            "newest": SettlementRun.objects.closed().order_by("-ends").first() if sees_runs else None,
        }
        if context["newest"] is not None:
            context["earlier"], context["explanations"] = kept_changes.top_of(context["newest"])
    return render(request, "payouts/overview.html", context, status=form.status)


def _export(request: Any, asked: overview.Asked) -> HttpResponseBase:
    """The table by programme as a file."""
    if not allowed(request.actor, "payouts.export"):
        raise NotAllowed()
    title = said.Sentence(gettext_lazy("Rebates until %(day)s"), day=asked.last.isoformat())
    rows = overview.by_programme(asked, by=request.actor)
    shown = heads_of(asked, rows)
    heads = [_("Programme"), _("Code"), *map(str, shown.values()), _("Currency")]
    lines = [
        [
            str(row.programme),
            row.programme.code,
            *(getattr(row, name) for name in shown),
            row.currency,
        ]
        for row in rows
    ]
    export.note(request.actor, title, kind=request.GET["export"], rows=len(lines))
    return export.table(request.GET["export"], str(title), heads, lines)
