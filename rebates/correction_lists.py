"""The list of manual adjustments."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from prm.ui.lists import Amount, Choice, Day, Empty, Link, ListPage, Ref, Text, View
from rebates.models import ManualAdjustment


class AdjustmentList(ListPage):
    """Which statements did people correct, by how much, and what still waits?"""

    title = _("Adjustments")
    verb = "rebates.view_runs"
    export_verb = "rebates.export"
    rows = ManualAdjustment.objects.for_list()
    columns = [
        Link("number"),
        Ref("partner", label=_("Partner"), phone="sub"),
        Ref("programme", label=_("Programme"), phone=None),
        Link(
            "statement__number",
            label=_("Corrects"),
            to=lambda row: row.statement.get_absolute_url(),
            phone=None,
        ),
        Choice("state", tones=ManualAdjustment.TONES),
        Text("reason", phone=None),
        Day("proposed_at", phone=None),
        Amount("amount", currency="currency", places=2, phone="b"),
    ]
    views = [
        View("proposed", _("To be confirmed"), lambda rows, actor: rows.filter(state="proposed"), hot=True),
        View("confirmed", _("For the next close"), lambda rows, actor: rows.waiting()),
        View("posted", _("Posted"), lambda rows, actor: rows.filter(state="posted")),
        View("all", _("All")),
    ]
    order = "-pk"
    empty = Empty(
        _("No adjustments"),
        _("A statement is corrected from its own page; what disputes agree on stands here too."),
        icon="scale",
    )
