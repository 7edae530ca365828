"""What do programmes cost, against what they may?"""

from __future__ import annotations

from typing import Any

from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from prm.access.decorators import requires
from prm.ui import export, formats
from rebates.budgets import Use, overview


@requires("rebates.view_runs")
@require_GET
def page(request: Any) -> HttpResponseBase:
    found = overview(request.actor)
    if request.GET.get("export") == "xlsx":
        return _table(request, [*found.now, *found.over])
    return render(request, "rebates/budgets.html", {"uses": found.now, "over": found.over})


def _table(request: Any, found: list[Use]) -> HttpResponseBase:
    export.note(request.actor, gettext_lazy("Budgets"), kind="xlsx", rows=len(found))
    heads = [_("Programme"), _("Code"), _("Time"), _("Currency"), _("Budget"), _("Earned"), _("Accrued"), _("Left"),
             _("Forecast"), _("Warns at")]  # fmt: skip
    rows = [
        [str(use.programme), use.programme.code, formats.period(use.time), use.currency, use.budget, use.earned,
         use.accrued, use.left, use.forecast, use.warns_at]
        for use in found
    ]  # fmt: skip
    return export.table("xlsx", "budgets", heads, rows)
