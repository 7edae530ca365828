"""Scoping that fails closed: a query of partner-owned rows runs only after it said whose rows it wants."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Self

from django.db import models

from prm.values.actor import Actor


class Unscoped(RuntimeError):
    """A query of partner-owned rows named nobody: call visible_to(actor) or for_everyone(because=...)."""


class PartnerOwned(models.QuerySet):
    """Rows that belong to a partner. The model says by which lookup: `PARTNER_PATH = "partner"`.

    `visible_to(actor)` keeps the rows of partners that the actor may see; `for_everyone(because="settlement")`
    is for work that concerns all. A query that said neither raises Unscoped when it would run. Rows reached from a
    loaded instance (`order.lines.all()`) follow the instance.
    """

    _said_whose = False

    def _clone(self) -> Self:
        clone = super()._clone()
        clone._said_whose = self._said_whose
        return clone

    def _combinator_query(self, combinator, *other_qs, all=False):
        clone = super()._combinator_query(combinator, *other_qs, all=all)
        clone._said_whose = self._said_whose and all_said(other_qs)
        return clone

    def visible_to(self, actor: Actor) -> Self:
        """Rows of partners that `actor` may see; a visitor sees none."""
        rows = self.for_everyone(because="narrowed in the next line")
        if actor.partner_ids is None:
            return rows
        path = getattr(self.model, "PARTNER_PATH", "partner")
        lookup = "pk" if path == "self" else f"{path}_id"
        if len(actor.partner_ids) == 1:
            return rows.filter(**{lookup: next(iter(actor.partner_ids))})
        return rows.filter(**{f"{lookup}__in": sorted(actor.partner_ids)})

    def for_everyone(self, *, because: str) -> Self:
        """All rows, on purpose; `because` tells the reader why."""
        if not because:
            raise ValueError("say why")
        clone = self._clone()
        clone._said_whose = True
        return clone

    def locked(self, instance: models.Model) -> Any:
        """`instance` read again under a row lock, held until the transaction ends."""
        return (
            self.for_everyone(because="the caller already holds this row")
            .select_for_update(of=("self",))
            .get(pk=instance.pk)
        )

    def _check(self) -> None:
        if not (self._said_whose or self._hints.get("instance") is not None or self.query.is_empty()):
            raise Unscoped(
                f"{self.model.__name__}: visible_to(actor) or for_everyone(because=...) is missing"
            )

    def _fetch_all(self) -> None:
        if self._result_cache is None:
            self._check()
        super()._fetch_all()

    def iterator(self, *args: Any, **kwargs: Any) -> Any:
        self._check()
        return super().iterator(*args, **kwargs)

    def count(self) -> int:
        if self._result_cache is None:
            self._check()
        return super().count()

    def count_to(self, most: int) -> int:
        """How many, counted no further than `most`: a badge that reads "999+" need not know the rest."""
        return self.order_by().values("pk")[:most].count()

    def exists(self) -> bool:
        if self._result_cache is None:
            self._check()
        return super().exists()

    def aggregate(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        self._check()
        return super().aggregate(*args, **kwargs)

    def update(self, **kwargs: Any) -> int:
        self._check()
        return super().update(**kwargs)

    def delete(self) -> tuple[int, dict[str, int]]:
        self._check()
        return super().delete()


def count_together(querysets: Iterable[models.QuerySet], *, most: int) -> int:
    """How many rows there are in all, by one query; of each set no more than `most` are counted. Fails closed."""
    parts = [rows.order_by().values_list("pk")[:most] for rows in querysets]
    parts = [part for part in parts if not part.query.is_empty()]
    if len(parts) < 2:
        return sum(part.count() for part in parts)
    first, *others = sorted(
        parts, key=lambda part: not isinstance(part, PartnerOwned)
    )  # it checks the others too
    return first.union(*others, all=True).count()


def all_said(querysets: Any) -> bool:
    return all(getattr(queryset, "_said_whose", True) for queryset in querysets)


def partner_id_of(obj: Any) -> int | None:
    """The id of the partner that `obj` belongs to, or None where it belongs to none."""
    path = getattr(type(obj), "PARTNER_PATH", None)
    if path is None:
        return None
    if path == "self":
        return obj.pk
    *steps, last = path.split("__")
    for step in steps:
        obj = getattr(obj, step)
    return getattr(obj, f"{last}_id")
