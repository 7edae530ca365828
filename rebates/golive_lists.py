"""Lists of the figures of before go-live."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from prm.ui import formats
from prm.ui.lists import Amount, Day, Empty, Link, ListPage, Number, Ref, Text, View
from rebates.models import OpeningBalance, SettledOutside

VIEWS = [
    View("all", _("All")),
    View("in_force", _("In force"), lambda rows, actor: rows.in_force()),
    View("to_confirm", _("Reversal to confirm"), lambda rows, actor: rows.to_confirm(), hot=True),
    View("taken_back", _("Taken back"), lambda rows, actor: rows.taken_back()),
]
EMPTY = Empty(
    _("Nothing was brought in"),
    _("Figures of before go-live come in by import: settled periods and balances."),
    icon="database-import",
)


def _page(kind: str) -> Any:
    return lambda row: reverse("rebates:golive_row", args=[kind, row.pk])


class SettledList(ListPage):
    """Which periods were settled before go-live?"""

    title = _("Settled before go-live")
    verb = "rebates.bring_in"
    exports = False
    rows = SettledOutside.objects.for_list()
    columns = [
        Link("partner__name", label=_("Partner"), to=_page("settled")),
        Ref("programme", label=_("Programme"), phone="sub"),
        Text("period", label=_("Period"), value=lambda row: formats.period(row.period)),
        Number("base", label=_("Base"), phone=None),
        Amount("earned", currency="currency", places=2, phone="b"),
        Amount("paid", currency="currency", places=2, phone=None),
        Day("reversed_at", filter=False, phone=None),
    ]
    views = VIEWS
    order = "-pk"
    empty = EMPTY
    template = "rebates/golive_list.html"


class BalanceList(ListPage):
    """What was owed at go-live?"""

    title = _("Balances at go-live")
    verb = "rebates.bring_in"
    exports = False
    rows = OpeningBalance.objects.for_list()
    columns = [
        Link("partner__name", label=_("Partner"), to=_page("balance")),
        Ref("programme", label=_("Programme"), phone="sub"),
        Amount("amount", currency="currency", places=2, phone="b"),
        Day("reversed_at", filter=False, phone=None),
    ]
    views = VIEWS
    order = "-pk"
    empty = EMPTY
    template = "rebates/golive_list.html"
