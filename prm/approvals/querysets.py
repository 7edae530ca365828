"""Reads of runs and tasks."""

from __future__ import annotations

from typing import Any, Self

from django.apps import apps
from django.db import models
from django.db.models import Exists, OuterRef

from prm.access.scoping import PartnerOwned
from prm.approvals import subjects
from prm.values.actor import Actor


class RunQuerySet(PartnerOwned):
    def of(self, subject: str, object_id: int) -> Self:
        """The runs of one object, the newest first."""
        return self.filter(subject=subject, object_id=object_id).order_by("-id")

    def open(self) -> Self:
        return self.filter(state__in=self.model.OPEN)

    def asked_by(self, actor: Actor) -> Self:
        """What `actor` handed in; nothing of a module that is off."""
        return self.filter(submitter_id=actor.user_id or 0).exclude(subject__in=subjects.at_rest())


class DecisionQuerySet(PartnerOwned):
    def decided_by(self, actor: Actor) -> Self:
        """What `actor` decided as a person; nothing of a module that is off."""
        rows = self.filter(user_id=actor.user_id or 0, kind__in=("approved", "rejected", "returned"))
        return rows.filter(task__isnull=False).exclude(run__subject__in=subjects.at_rest())


class TaskQuerySet(models.QuerySet[Any]):
    """Tasks are their person's own; everybody else meets them through the object or the run."""

    def of_actor(self, actor: Actor) -> Self:
        """What waits for `actor`, or ended with them; nobody else's, and nothing of a module that is off."""
        if not actor.user_id:
            return self.none()
        rows = self.filter(user_id=actor.user_id)
        resting = subjects.at_rest()
        return rows.exclude(run__subject__in=resting) if resting else rows

    def open(self) -> Self:
        return self.filter(state="open")

    def to_decide(self) -> Self:
        """Open ones about which nothing was said yet that takes effect in some seconds."""
        held: Any = apps.get_model("approvals", "HeldDecision").objects
        # An anti-join by name: with a left join the planner thinks that hardly any is left, and reads them all.
        return self.open().filter(~Exists(held.filter(task=OuterRef("pk"))))
