"""Whose turn it is, as subqueries for the lists of business apps."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.db.models import QuerySet

from prm.values.actor import Actor


def _tasks() -> Any:
    # Apps' querysets are read before all models are there.
    return apps.get_model("approvals", "Task").objects


def object_ids_of(actor: Actor, subject: str) -> QuerySet[Any]:
    """The numbers of the objects of `subject` about which it is the actor's turn."""
    open_now = _tasks().of_actor(actor).open().filter(run__subject=subject)
    return open_now.order_by().values("run__object_id")


def ids_under_way(subject: str) -> QuerySet[Any]:
    """The numbers of all objects of `subject` with an open run."""
    rows: Any = apps.get_model("approvals", "ApprovalRun").objects
    scoped = rows.for_everyone(because="narrows rows that were scoped before")
    return scoped.open().filter(subject=subject).order_by().values("object_id")


def turns_at(subject: str, object_id: Any) -> QuerySet[Any]:
    """The open tasks of one object (or of OuterRef), by their people's names."""
    return _tasks().open().filter(run__subject=subject, run__object_id=object_id).order_by("user__name")
