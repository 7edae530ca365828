"""The list of credits of agents: all for staff, its own for an agent."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from orders.models import CreditedLine
from orders.services.credits import percent
from prm.ui.lists import (
    Amount,
    Between,
    Choice,
    Column,
    Create,
    Day,
    Empty,
    Link,
    ListPage,
    Number,
    Ref,
    Text,
    View,
)
from prm.values.actor import Actor


def state_of(row: CreditedLine) -> str:
    """What became of a credit, in words."""
    if row.takes_back is not None:
        return _("Takes back %(number)s") % {"number": row.takes_back.number}
    if row.is_gone:  # type: ignore[attr-defined]  # of for_list
        return pgettext("credit of an agent", "Taken back")
    return _("In force")


def buyer_of(row: CreditedLine, actor: Actor) -> str:
    """Who bought it, for whoever may see that partner; nothing for anybody else."""
    seen = actor.partner_ids
    return row.buyer.name if not actor.is_partner and (seen is None or row.buyer_id in seen) else ""


class CreditList(ListPage):
    """Which sales are agents credited with, by which share, and what was taken back?"""

    title = gettext_lazy("Agents’ credits")
    verb = "credits.view"
    export_verb = "credits.export"
    rows = CreditedLine.objects.for_list()
    order = "-booking_date"
    search = ("number", "document")
    search_label = gettext_lazy("Credit or document number begins with")
    views = [
        View("all", gettext_lazy("All"), counted=False),
        View("in_force", gettext_lazy("In force"), lambda rows, actor: rows.in_force(), counted=False),
        View(
            "taken_back",
            pgettext_lazy("credit of an agent", "Taken back"),
            lambda rows, actor: rows.taken_back(),
            counted=False,
        ),
    ]
    create = Create(gettext_lazy("Credit an agent"), "orders:new_credit", "credits.record")

    def __init__(self, request: Any, **kwargs: Any):
        super().__init__(request, **kwargs)
        if self.actor.is_partner:
            self.title = gettext_lazy("Credited sales")  # type: ignore[misc]  # by whom it is read

    @property
    def empty(self) -> Empty:  # type: ignore[override]
        if self.actor.is_partner:
            return Empty(
                gettext_lazy("No sale is credited to you yet"),
                gettext_lazy(
                    "Sales that you broker and others are invoiced for stand here, with your share of each."
                ),
                icon="user-share",
            )
        return Empty(
            gettext_lazy("No agent is credited yet"),
            gettext_lazy("Who brokers a sale that is invoiced to somebody else is credited with a share of its line."),
            icon="user-share", import_url="/imports/new/?kind=credits",
        )  # fmt: skip

    def get_columns(self, actor: Actor) -> list[Column]:
        number: Column = Link("number", quiet=True)
        if "credits.record" not in actor.permissions:  # the page of a credit is for who may change it
            number = Text("number", css="ui-fig", phone="a")
        columns = [
            Day("booking_date", sort=True, filter=Between, phone="sub"),
            number,
            Ref("partner", label=gettext_lazy("Agent"), filter=True, phone="sub"),
            Text(
                "buyer", label=gettext_lazy("Invoiced to"), value=lambda row: buyer_of(row, actor), phone=None
            ),
            Text("document", css="ui-fig ui-sub", phone="sub"),
            Ref("product_line", filter=True, phone=None, hidden=True),
            Text("product__code", label=gettext_lazy("Product"), css="ui-fig ui-sub"),
            Text(
                "share",
                label=gettext_lazy("Share"),
                value=lambda row: percent(row.share),
                css="ui-num",
                phone="sub",
            ),
            Number("quantity", places=None, phone=None),
            Amount(
                "net_amount",
                label=pgettext_lazy("credit of an agent", "Credited"),
                currency="currency",
                places=2,
                phone="b",
            ),
            Choice("source", filter=True, tones={}, phone=None, hidden=True),
            Text("state", label=gettext_lazy("State"), value=state_of, phone="d"),
            Text("reason", phone=None, hidden=not actor.is_partner),
        ]
        others = ("partner", "buyer") if actor.is_partner else ()
        return [column for column in columns if column.name not in others]

    def find(self, rows: QuerySet, text: str) -> QuerySet:
        return rows.found_by(text)
