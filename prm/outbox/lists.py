from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from prm.outbox import events as registry
from prm.outbox import objects
from prm.outbox.meaning import tried_again
from prm.outbox.models import MissedDelivery, OutboxEvent
from prm.outbox.services import retry_delivery
from prm.ui import filters
from prm.ui.lists import Bulk, Choice, Empty, Link, ListPage, Number, Text, View, When
from prm.ui.menu import COUNTED
from prm.values.actor import Actor

OF_THE_TENANT = "events belong to the tenant; the administrator with outbox.view sees them"


def dead_count(actor: Actor) -> int:
    """How many deliveries the product has given up, for the menu."""
    return MissedDelivery.objects.dead().order_by().values("pk")[:COUNTED].count()


class EventNameColumn(Link):
    """The event in words; filters by the names that the catalogue knows."""

    def make_filter(self, model: Any) -> Any:
        names = {one.name: one.label for one in registry.catalogue()}
        choices = sorted(names.items(), key=lambda pair: str(pair[1]))
        return filters.ChoiceFilter(self.name, self.label, choices)


class ObjectColumn(Text):
    """The object by its number or name, with a link, where the reader may see it; else the key that receivers see."""

    def cell(self, row: Any) -> Any:
        named = getattr(row, "object_named", None)
        if named is None:
            return row.object_key
        if not named.address:
            return named.text
        return format_html('<a class="ui-link" href="{}">{}</a>', named.address, named.text)


def _first_line(row: MissedDelivery) -> str:
    text = row.error.splitlines()[0] if row.error else ""
    return text if len(text) <= 90 else f"{text[:89]}…"


class MissedList(ListPage):
    """Which events did not reach everybody, and why?"""

    title = _("Events that did not arrive")
    verb = "outbox.view"
    open_because = OF_THE_TENANT
    order = "-pk"
    search = ("listener", "object_key", "error", "event__name")
    search_label = _("Receiver, object, error")
    exports = False
    template = "outbox/list.html"
    empty = Empty(
        _("Every event has arrived"),
        _(
            "What happens is passed on in the background. An event that a receiver could not take stands here."
        ),
        icon="send",
    )
    views = [
        View("dead", _("Not delivered"), lambda rows, actor: rows.dead(), hot=True),
        View("open", _("Tried again"), lambda rows, actor: rows.filter(state="open")),
        View(
            "ended",
            _("No longer open"),
            lambda rows, actor: rows.filter(state__in=["done", "dropped"]),
            counted=False,
        ),
        View("all", _("All"), counted=False),
    ]
    bulk = [
        Bulk(
            "retry",
            _("Try again"),
            "outbox.manage",
            run=lambda row, actor: retry_delivery(missed=row, by=actor),
            can=lambda row, actor: row.state in MissedDelivery.HOLDING,
            told=tried_again,
        )
    ]
    columns = [
        EventNameColumn("event__name", label=_("Event"), value=lambda row: row.event.label, filter=True),
        ObjectColumn("object_key", label=_("Object"), phone="sub", css="ui-sub ui-fig"),
        Text("receiver", label=_("Receiver")),
        Choice("state", filter=True),
        Number("attempts"),
        Text("error", value=_first_line),
        When("created_at", phone="b"),
    ]

    def get_rows(self, actor: Actor) -> QuerySet[MissedDelivery]:
        return MissedDelivery.objects.for_list().with_objects(actor)

    def find(self, rows: QuerySet, text: str) -> QuerySet:
        return super().find(rows, text) | rows.filter(objects.about(text, self.actor))

    def context(self, actor: Actor) -> dict[str, Any]:
        return {
            "dead": dead_count(actor),
            "may_retry": "outbox.manage" in actor.permissions,
            "part": "missed",
        }


class EventList(ListPage):
    """What has happened lately, as receivers hear of it?"""

    title = _("Events")
    verb = "outbox.view"
    open_because = OF_THE_TENANT
    order = "-pk"
    search = ("object_key",)
    search_label = _("Number or name of the object, or its key such as deal:17")
    exports = False
    template = "outbox/list.html"
    empty = Empty(_("Nothing has happened yet"), _("Events stand here for some weeks."), icon="send")
    columns = [
        EventNameColumn(
            "name", label=_("Event"), value=lambda row: row.label, filter=True, to=lambda row: _address(row)
        ),
        ObjectColumn("object_key", label=_("Object"), phone="sub", css="ui-sub ui-fig"),
        Text("code", label=_("Name"), value=str, css="ui-sub"),
        When("created_at", filter=True, phone="b"),
    ]

    def get_views(self, actor: Actor) -> list[View]:
        """Routine is left out until somebody asks for it: by its tab, by name, or by what it is about."""
        asked = bool(self.query.get("name") or self.query.get("q"))
        told = (lambda rows, actor: rows) if asked else (lambda rows, actor: rows.without_routine())
        return [
            View("told", _("Without background work"), told, counted=False),
            View("all", _("All"), counted=False),
        ]

    def get_rows(self, actor: Actor) -> QuerySet[OutboxEvent]:
        return OutboxEvent.objects.all().with_objects(actor)

    def find(self, rows: QuerySet, text: str) -> QuerySet:
        return rows.filter(objects.about(text, self.actor))

    def context(self, actor: Actor) -> dict[str, Any]:
        return {"part": "all"}


def _address(row: OutboxEvent) -> str:
    from django.urls import reverse

    return reverse("outbox:event", args=[row.pk])
