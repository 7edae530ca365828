"""Reads of exchange rates."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db import models
from django.db.models import Case, CharField, Exists, F, OuterRef, Q, Value, When

from prm.values.actor import Actor

CONFIRMED = Q(batch__decision__verdict="confirmed")


class BatchQuerySet(models.QuerySet):
    def for_page(self) -> BatchQuerySet:
        return self.select_related("decision", "proposed_by")

    def with_size(self) -> BatchQuerySet:
        return self.annotate(size=models.Count("rates"))

    def waiting(self) -> BatchQuerySet:
        return self.filter(decision__isnull=True)

    def waiting_for(self, actor: Actor) -> BatchQuerySet:
        """Those that `actor` may decide: somebody else proposed them."""
        rows = self.waiting()
        return rows if actor.user_id is None else rows.exclude(proposed_by_id=actor.user_id)


class RateQuerySet(models.QuerySet):
    def confirmed(self) -> RateQuerySet:
        return self.filter(CONFIRMED)

    def in_force(self) -> RateQuerySet:
        """Of each source, pair and day what counts: the newest that a second person confirmed."""
        return self.confirmed().filter(~Exists(self._corrections()))

    def between(self, first: date, last: date) -> RateQuerySet:
        return self.filter(day__gte=first, day__lte=last)

    def waiting(self) -> RateQuerySet:
        return self.filter(batch__decision__isnull=True)

    def heads(
        self, slots: Iterable[tuple[str, str, str, date]]
    ) -> dict[tuple[str, frozenset[str], date], Any]:
        """The last row of each of these slots (source, base, quote, day), by source, pair and day, with its batch."""
        slots = list(slots)
        wanted = {(source, frozenset((base, quote)), day) for source, base, quote, day in slots}
        rows = (
            self.filter(source__in={slot[0] for slot in slots}, day__in={slot[3] for slot in slots})
            .select_related("batch__decision")
            .order_by("id")
        )
        found = {}
        for row in rows:
            key = (row.source, frozenset((row.base, row.quote)), row.day)
            if key in wanted:
                found[key] = row
        return found

    def for_list(self) -> RateQuerySet:
        """With `state`: waiting, confirmed, rejected or replaced."""
        return self.select_related("batch__decision").annotate(
            state=Case(
                When(batch__decision__isnull=True, then=Value("waiting")),
                When(batch__decision__verdict="rejected", then=Value("rejected")),
                When(Exists(self._corrections()), then=Value("replaced")),
                default=Value("confirmed"),
                output_field=CharField(),
            )
        )

    def _corrections(self) -> RateQuerySet:
        same = {name: OuterRef(name) for name in ("source", "base", "quote", "day")}
        return self.model.objects.filter(CONFIRMED, id__gt=OuterRef("id"), **same)

    def sources(self) -> list[str]:
        return list(self.order_by("source").values_list("source", flat=True).distinct())

    def newest_first(self) -> RateQuerySet:
        return self.order_by(F("day").desc(), F("id").desc())
