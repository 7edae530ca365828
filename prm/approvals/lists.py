"""The further tabs of the inbox: what I handed in, and what I decided."""

from __future__ import annotations

from typing import Any

from django.db.models import Prefetch, QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from prm.approvals import subjects
from prm.approvals.models import ApprovalRun, Decision, Task
from prm.approvals.words import step_name
from prm.notices.inbox import tabs
from prm.ui import filters
from prm.ui.lists import Choice, Empty, Link, ListPage, Text, View, When
from prm.values.actor import Actor

TONES = {"running": "live", "returned": "note", "approved": "ok", "rejected": "bad", "cancelled": ""}
DECIDED = [
    ("approved", _("Approved")),
    ("rejected", _("Rejected")),
    ("returned", _("Sent back")),
]


class SubjectColumn(Text):
    """What it is about, in words; filters by the subjects whose modules are on."""

    def __init__(self, name: str, run: Any, **options: Any):
        super().__init__(
            name, label=_("What"), filter=True, value=lambda row: subjects.subject_of(run(row).subject).label,
            **options,
        )  # fmt: skip

    def make_filter(self, model: Any) -> Any:
        known = [(one.code, one.label) for one in subjects.all_subjects() if one.is_on]
        return filters.ChoiceFilter(self.name, self.label, known)


def waits_for(run: ApprovalRun) -> str:
    """Whose turn it is; "" once it is over. `open_tasks` was read with the rows."""
    if run.state == ApprovalRun.State.RETURNED:
        return str(run.submitter or "")
    if run.state != ApprovalRun.State.RUNNING:
        return ""
    return ", ".join(str(task.user) for task in run.open_tasks[:2])  # type: ignore[attr-defined]


class AskedList(ListPage):
    """Who decides about what I handed in, and how did it end?"""

    title = _("Inbox")
    verb = "approvals.comment"
    order = "-pk"
    search = ("title",)
    search_label = _("Name")
    exports = False
    template = "approvals/inbox_list.html"
    empty = Empty(
        _("You have asked for no decision yet"),
        _("What you hand in stands here until it is decided."),
        icon="send",
    )
    views = [
        View("open", pgettext_lazy("not finished", "Open"), lambda rows, actor: rows.open()),
        View("all", _("All"), counted=False),
    ]
    columns = [
        Link("title", label=_("Name"), to=lambda run: reverse("approvals:asked_about", args=[run.pk])),
        SubjectColumn("subject", lambda run: run, phone="sub"),
        Text("waits_for", label=_("Waits for"), value=waits_for, phone="b"),
        Choice("state", filter=True, tones=TONES),
        When("started_at", label=_("Handed in"), filter=True),
        When("ended_at", label=_("Decided")),
    ]

    def get_rows(self, actor: Actor) -> QuerySet:
        turns = Task.objects.open().select_related("user").order_by("user__name")
        rows = ApprovalRun.objects.asked_by(actor).select_related("submitter")
        return rows.prefetch_related(Prefetch("tasks", queryset=turns, to_attr="open_tasks"))

    def context(self, actor: Actor) -> dict[str, Any]:
        return tabs(actor, here="approvals:asked")


class DoneList(ListPage):
    """What have I decided, and what became of it?"""

    title = _("Inbox")
    verb = "approvals.decide"
    order = "-pk"
    search = ("run__title",)
    search_label = _("Name")
    exports = False
    template = "approvals/inbox_list.html"
    empty = Empty(
        _("You have decided nothing yet"), _("Every decision that you made stands here."), icon="checks"
    )
    columns = [
        Link("run__title", label=_("Name"), to=lambda fact: reverse("approvals:task", args=[fact.task_id])),
        SubjectColumn("run__subject", lambda fact: fact.run, phone="sub"),
        Text("step", label=_("Step"), value=lambda fact: step_name(fact.run.version.parsed, fact.step)),
        Choice("kind", label=_("My decision"), filter=True, choices=DECIDED,
               tones={"approved": "ok", "rejected": "bad", "returned": "note"}),
        Choice("run__state", label=_("Stands at"), filter=True, tones=TONES, choices=ApprovalRun.State.choices,
               phone=None),
        When("at", label=_("When"), filter=True, phone="b"),
    ]  # fmt: skip

    def get_rows(self, actor: Actor) -> QuerySet:
        return Decision.objects.decided_by(actor).select_related("run__version")

    def context(self, actor: Actor) -> dict[str, Any]:
        return tabs(actor, here="approvals:done")
