"""Tasks of automations in the inbox."""

from __future__ import annotations

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from prm.automations.models import Task
from prm.notices.work import Work
from prm.values.actor import Actor

SHOWN = 100


def open_tasks(actor: Actor) -> list[Work]:
    rows = Task.objects.open_for(actor).order_by("id")[:SHOWN]
    return [
        Work(
            title=str(row), link=row.get_absolute_url(), since=row.created_at, subtitle=row.about, due=row.due,
            kind=_("Task"), icon="checks", until=_("due by %(moment)s"),
        )
        for row in rows
    ]  # fmt: skip


def open_sets(actor: Actor) -> list[QuerySet]:
    return [Task.objects.open_for(actor)]
