"""The list of disputes, for both sides."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from prm.ui import formats
from prm.ui.lists import Amount, Choice, Column, Empty, Link, ListPage, Ref, Text, View, When
from prm.values import clock
from rebates.models import Dispute


class Promised(Column):
    """Until when whoever's turn it is has promised an answer; late in amber."""

    css = "ui-nowrap ui-sub"

    def cell(self, row: Any) -> Any:
        if row.due is None:
            return ""
        tone = "ui-warn" if row.due < clock.now() else ""
        return format_html('<span class="{}">{}</span>', tone, formats.exact(row.due))

    def for_export(self, row: Any) -> Any:
        return formats.local(row.due).replace(tzinfo=None) if row.due else None


class State(Choice):
    """The state; `shown` is what partners read of it."""

    def __init__(self, name: str, **options: Any):
        super().__init__(name, tones=Dispute.TONES, choices=_choices(name), **options)


def _choices(name: str) -> list[tuple[str, Any]]:
    return [
        (one.value, one.label) for one in Dispute.State if name == "state" or one != Dispute.State.PROPOSED
    ]


class DisputeList(ListPage):
    """What do partners say is wrong, and whose turn is it?"""

    title = _("Disputes")
    verb = "rebates.view"
    export_verb = "rebates.export"
    order = "-pk"
    search_label = _("Number of the dispute or the statement")
    empty = Empty(
        _("No dispute"), _("A partner disputes lines from the page of its statement."), icon="message"
    )

    def get_rows(self, actor: Any) -> QuerySet:
        rows = Dispute.objects.for_list()
        return rows.as_partners_read() if actor.is_partner else rows

    def find(self, rows: Any, text: str) -> Any:
        return rows.numbered(text)

    def get_views(self, actor: Any) -> list[View]:
        ours, theirs = _("Waiting for finance"), _("Waiting for the partner")
        if actor.is_partner:
            theirs = _("Waiting for you")
        finance = View("finance", ours, lambda rows, actor: rows.with_finance(), hot=not actor.is_partner)
        partner = View("partner", theirs, lambda rows, actor: rows.with_partner(), hot=actor.is_partner)
        decided = View("decided", pgettext_lazy("disputes", "Decided"), lambda rows, actor: rows.decided())
        return [View("all", _("All")), finance, partner, decided]

    def get_columns(self, actor: Any) -> list[Any]:
        whose = [] if actor.is_partner else [Ref("partner", label=_("Partner"), filter=True)]
        return [
            Link("number"),
            *whose,
            # A partner has one statement of a month: finance is told enough by both.
            Text(
                "statement__number",
                label=_("Statement"),
                css="ui-fig ui-sub",
                phone="sub" if actor.is_partner else None,
                hidden=not actor.is_partner,
            ),
            Text(
                "period",
                label=_("Period"),
                phone="sub",
                value=lambda row: formats.month(row.statement.starts),
            ),
            Choice("kind", filter=True, tones={}, phone=None),
            State("shown" if actor.is_partner else "state", label=_("State"), filter=True),
            When("state_since", label=_("Since"), phone=None),
            Promised("due", phone=None),
            Amount("held_now", label=_("Held back"), currency="currency", places=2, phone="b"),
            Amount(
                "difference_said", label=_("Difference in sales"), currency="currency", places=2, phone=None
            ),
        ]
