"""What the keys of events mean: "deal:17" is a deal registration with a number and a page.

    objects.register("deal", "dealreg.DealRegistration", verb="dealreg.view", find=("number",))     # in `apps.py`
    objects.named(["deal:17", "deal:18"], actor)     # {"deal:17": Named("DR-2611-ABCDE", "/deals/DR-2611-ABCDE/")}
    objects.about("2611-ABC", actor)     # rows with an `object_key` that are about such an object

Only of what the actor may see: of anything else the key is all that is said.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

from django.apps import apps
from django.db import models

from prm.values.actor import Actor


@dataclass(frozen=True)
class Named:
    text: str
    address: str


@dataclass(frozen=True)
class _Kind:
    model: str
    verb: str
    find: tuple[str, ...]

    def seen_by(self, actor: Actor) -> models.QuerySet[Any] | None:
        """The rows that `actor` may see; None for whoever has not the verb."""
        if not (actor.is_system or self.verb in actor.permissions):
            return None
        rows = apps.get_model(self.model)._default_manager.all()
        return rows.visible_to(actor) if hasattr(rows, "visible_to") else rows


_kinds: dict[str, _Kind] = {}
# Of one kind so many objects, the newest, are looked for by their names.
MOST_FOUND = 500


def register(kind: str, model: str, *, verb: str, find: tuple[str, ...] = ()) -> None:
    """Keys that begin with `kind:` name rows of `model`; whoever has `verb` reads their names.

    `find` are the fields with the numbers and names by which people look for them.
    """
    _kinds[kind] = _Kind(model, verb, find)


def named(keys: Iterable[str], actor: Actor) -> dict[str, Named]:
    """The names of those objects that `actor` may see, one query for each kind."""
    wanted: dict[str, set[int]] = defaultdict(set)
    for key in keys:
        kind, _colon, number = key.partition(":")
        if kind in _kinds and number.isdecimal() and len(number) < 19:
            wanted[kind].add(int(number))
    found: dict[str, Named] = {}
    for kind, numbers in wanted.items():
        rows = _kinds[kind].seen_by(actor)
        if rows is not None:
            for row in rows.filter(pk__in=numbers):
                found[f"{kind}:{row.pk}"] = Named(str(row), _address(row))
    return found


def about(text: str, actor: Actor) -> models.Q:
    """Rows whose `object_key` says `text`, or names an object that `actor` may see and whose number or name does."""
    keys = []
    for code, kind in _kinds.items():
        rows = kind.seen_by(actor) if kind.find else None
        if rows is not None:
            wanted = models.Q()
            for field in kind.find:
                wanted |= models.Q(**{f"{field}__icontains": text})
            found = rows.filter(wanted).order_by("-pk").values_list("pk", flat=True)[:MOST_FOUND]
            keys += [f"{code}:{pk}" for pk in found]
    return models.Q(object_key__icontains=text) | models.Q(object_key__in=keys)


def _address(row: Any) -> str:
    return row.get_absolute_url() if hasattr(row, "get_absolute_url") else ""


class WithObjects(models.QuerySet[Any]):
    """Rows with an `object_key`; `with_objects(actor)` gives each its `object_named`, all of a page at once."""

    _reader: Actor | None = None

    def with_objects(self, actor: Actor) -> Self:
        clone = self._clone()
        clone._reader = actor
        return clone

    def _clone(self) -> Self:
        clone = super()._clone()
        clone._reader = self._reader
        return clone

    def _fetch_all(self) -> None:
        fresh = self._result_cache is None
        super()._fetch_all()
        rows = [row for row in self._result_cache or [] if isinstance(row, models.Model)]
        if fresh and rows and self._reader is not None:
            known = named({row.object_key for row in rows}, self._reader)
            for row in rows:
                row.object_named = known.get(row.object_key)
