"""The history of imports."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from prm.spreadsheets.models import Import
from prm.spreadsheets.registry import kinds
from prm.ui.lists import Choice, Count, Create, Empty, Link, ListPage, Text, When
from prm.values.actor import Actor

TONES = {
    "uploaded": "note", "checking": "live", "checked": "note", "writing": "live", "done": "ok", "failed": "bad",
    "discarded": "",
}  # fmt: skip


def title_of(row: Any) -> str:
    return next((str(kind.title) for kind in kinds() if kind.name == row.kind), row.kind)


class ImportList(ListPage):
    """Did every row arrive, and who brought it?"""

    title = _("Imports")
    verb = "imports.view"
    exports = False
    order = "-pk"
    search = ("file_name",)
    search_label = _("File name")
    create = Create(_("Import a file"), "spreadsheets:new", "imports.view")
    empty = Empty(
        _("No import yet"),
        _("Bring partners, end customers, products or sales lines in from a spreadsheet. Nothing is written before you "
          "have seen what it would do."),
        icon="database-import",
    )  # fmt: skip
    columns = [
        Link("file_name"),
        Text("kind", value=title_of, phone="sub"),
        Count("total"),
        Count("written"),
        Count("bad"),
        Text("created_label"),
        When("created_at", phone="sub"),
        Choice("state", filter=True, tones=TONES),
    ]

    def __init__(self, request: Any, **kwargs: Any):
        super().__init__(request, **kwargs)
        if self.actor.is_partner:
            text = _(
                "Bring in what you sold on and what you have in stock. Nothing is written before you have seen it."
            )
            self.empty = Empty(_("No import yet"), text, icon="database-import")

    def get_rows(self, actor: Actor) -> QuerySet:
        return Import.objects.for_list()
