"""Whose turn it is, for the lists of business apps."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.db.models import Exists, OuterRef, QuerySet

from prm.values.actor import Actor


def _tasks() -> Any:
    # Apps' querysets are read before all models are there.
    return apps.get_model("approvals", "Task").objects


def is_turn_of(actor: Actor, subject: str) -> Exists:
    """For a queryset of the objects of `subject`: whether it is the actor's turn about a row."""
    open_now = _tasks().of_actor(actor).open().order_by()
    return Exists(open_now.filter(run__subject=subject, run__object_id=OuterRef("pk")))


def is_under_way(subject: str) -> Exists:
    """For a queryset of the objects of `subject`: whether a run about a row is open. A unique index answers it."""
    rows: Any = apps.get_model("approvals", "ApprovalRun").objects
    scoped = rows.for_everyone(because="narrows rows that were scoped before")
    return Exists(scoped.open().order_by().filter(subject=subject, object_id=OuterRef("pk")))


def turns_at(subject: str, object_id: Any) -> QuerySet[Any]:
    """The open tasks of one object (or of OuterRef), by their people's names."""
    return _tasks().open().filter(run__subject=subject, run__object_id=object_id).order_by("user__name")
