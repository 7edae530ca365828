"""Reads of what is said about a settlement, and of payments that are held back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import models
from django.db.models import OuterRef

from prm.access.scoping import PartnerOwned
from prm.values.actor import Actor


class RunCommentQuerySet(models.QuerySet):
    def visible_to(self, actor: Actor) -> RunCommentQuerySet:
        """The talk of finance: staff who see every partner read it, as they see the settlement."""
        if actor.is_system or (actor.is_staff and actor.partner_ids is None):
            return self
        return self.none()

    def of_run(self, run: Any) -> RunCommentQuerySet:
        return self.filter(run=run).select_related("about").order_by("id")


class AnswerQuerySet(models.QuerySet):
    def visible_to(self, actor: Actor) -> AnswerQuerySet:
        """As the talk about settlements: for staff who see every partner."""
        if actor.is_system or (actor.is_staff and actor.partner_ids is None):
            return self
        return self.none()

    def of_run(self, run: Any) -> AnswerQuerySet:
        return self.filter(run=run).order_by("id")


class HoldQuerySet(PartnerOwned):
    def open(self) -> HoldQuerySet:
        return self.filter(released_at__isnull=True)

    def of_run(self, run: Any) -> HoldQuerySet:
        return self.filter(run=run).select_related("partner").order_by("partner__name", "-id")

    def of_row(self) -> HoldQuerySet:
        """Open holds of the statement that the row is, for a query of statements."""
        return (
            self.for_everyone(because="of the statement that the row is")
            .open()
            .filter(run=OuterRef("run"), partner=OuterRef("partner"))
        )

    def reasons_of(self, statements: Iterable[Any]) -> dict[tuple[int, int], str]:
        """By run and partner of these statements: why their payment is held; left out where it is not."""
        statements = list(statements)
        rows = self.for_everyone(because="of the statements that the caller has").open()
        found = rows.filter(
            run__in={one.run_id for one in statements}, partner__in={one.partner_id for one in statements}
        ).values_list("run_id", "partner_id", "reason")
        return {(run_id, partner_id): reason for run_id, partner_id, reason in found}
