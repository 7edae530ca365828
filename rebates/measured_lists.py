"""The sales lines behind what a gate or factor found."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from orders.models import SalesLine
from prm.measures import registry
from prm.ui.lists import Amount, Day, Empty, ListPage, Number, Ref, Text
from prm.values.actor import Actor
from rebates import measured
from rebates.models import Result


class MeasuredLines(ListPage):
    """Which sales made up the figure that decided?"""

    title = _("Sales lines behind a figure")
    verb = "rebates.view"
    export_verb = "rebates.export"
    rows = SalesLine.objects.for_list()
    order = "-booking_date"
    template = "rebates/measured_lines.html"
    search = ("line_number", "document")
    search_label = _("Line or document number begins with")
    columns = [
        Day("booking_date", sort=True, filter=False, phone="sub"),
        Text("line_number", css="ui-fig", phone="a"),
        Text("document", css="ui-fig ui-sub", phone=None),
        Ref("product_line", filter=True, phone=None),
        Text("product__code", label=_("Product"), css="ui-fig ui-sub"),
        Number("quantity", places=None, phone=None),
        Amount("net_amount", label=_("Net"), currency="currency", places=2),
    ]
    empty = Empty(
        _("No sales line"), _("Nothing was on file for these days when the settlement was computed.")
    )

    @cached_property
    def result(self) -> Result:
        rows = Result.objects.visible_to(self.actor).select_related("programme", "version", "run", "partner")
        found = get_object_or_404(rows, pk=self.kwargs["pk"])
        hidden = self.actor.is_partner and not found.run.is_closed
        if hidden or not measured.address(found, self.kwargs["code"]):
            raise Http404
        return found

    def scope(self, rows: QuerySet) -> QuerySet:
        if measured.found_by(self.result, self.kwargs["code"]) is None:
            raise Http404
        return super().scope(measured.narrowed(rows, self.result, self.kwargs["code"]))

    def find(self, rows: QuerySet, text: str) -> QuerySet:
        return rows.found_by(text)

    def context(self, actor: Actor) -> dict[str, Any]:
        result, code = self.result, self.kwargs["code"]
        first, after = measured.days_of(result)
        measure = registry.find(code)
        lines = SalesLine.objects.visible_to(actor)
        return {
            "result": result,
            "measure": measure.label if measure else code,
            "found": measured.found_by(result, code),
            "currency": connection.tenant.currency if measure and measure.unit == "money" else "",
            "sums": measured.narrowed(lines, result, code).sums(),
            "first": first,
            "last": after - timedelta(days=1),
        }
