from __future__ import annotations

from django.db.models import Count as CountOf
from django.utils.translation import gettext_lazy as _

from prm.automations.models import Automation, Run
from prm.ui.lists import Choice, Create, Empty, Flag, Link, ListPage, Number, Ref, Text, View, When


class OnColumn(Flag):
    """Whether it is on; of one that is on and does nothing, why."""

    def cell(self, row):
        return row.rests if row.is_active and row.rests else super().cell(row)


OF_THE_TENANT = "automations belong to the tenant; the administrator with automations.view sees them"


class AutomationList(ListPage):
    """What happens by itself, and when?"""

    title = _("Automations")
    verb = "automations.view"
    open_because = OF_THE_TENANT
    order = "-pk"
    search = ("name", "event_code")
    search_label = _("Name, event")
    exports = False
    template = "automations/list.html"
    create = Create(_("Add an automation"), "automations:new", "automations.manage")
    empty = Empty(
        _("Nothing happens by itself yet"),
        _(
            "When something happens and a condition holds: tell people, make a task, change a field, call a webhook."
        ),
        icon="bolt",
    )
    columns = [
        Link("name"),
        Text("event_code", label=_("When"), value=lambda row: row.event_label, phone="sub"),
        Number("action_count", label=_("Actions")),
        OnColumn("is_active", filter=True, phone="d"),
        When("changed_at", label=_("Changed"), phone="b"),
    ]

    def get_rows(self, actor):
        return Automation.objects.all().annotate(action_count=CountOf("actions"))

    def context(self, actor):
        return {"part": "automations"}


class RunList(ListPage):
    """What did automations do, and what went wrong?"""

    title = _("Runs of automations")
    verb = "automations.view"
    open_because = OF_THE_TENANT
    rows = Run.objects.all()
    order = "-pk"
    search = ("object_key", "object_label", "error")
    search_label = _("Object, error")
    exports = False
    template = "automations/list.html"
    empty = Empty(_("No automation has run yet"), _("Each run stands here with what it did."), icon="bolt")
    views = [
        View("all", _("All"), counted=False),
        View(
            "failed",
            _("Failed"),
            lambda rows, actor: rows.filter(outcome__in=["failed", "stopped"]),
            hot=True,
        ),
        View("done", _("Done"), lambda rows, actor: rows.filter(outcome="done"), counted=False),
    ]
    columns = [
        Link("object_label", label=_("Object"), value=lambda row: row.object_label or row.object_key or "—"),
        Ref("automation", filter=True),
        Choice("outcome", filter=True),
        Text(
            "lines",
            label=_("What it did"),
            value=lambda row: "; ".join(row.said_lines) or row.error_said[:90],
        ),
        When("at", filter=True, phone="b"),
    ]

    def context(self, actor):
        return {"part": "runs"}
