"""What the keys of events mean: "deal:17" is a deal registration with a number and a page.

    objects.register("deal", "dealreg.DealRegistration", verb="dealreg.view")     # in `apps.py`
    objects.named(["deal:17", "deal:18"], actor)     # {"deal:17": Named("DR-2611-ABCDE", "/deals/DR-2611-ABCDE/")}

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


_kinds: dict[str, tuple[str, str]] = {}


def register(kind: str, model: str, *, verb: str) -> None:
    """Keys that begin with `kind:` name rows of `model`; whoever has `verb` reads their names."""
    _kinds[kind] = (model, verb)


def named(keys: Iterable[str], actor: Actor) -> dict[str, Named]:
    """The names of those objects that `actor` may see, one query for each kind."""
    wanted: dict[str, set[int]] = defaultdict(set)
    for key in keys:
        kind, _colon, number = key.partition(":")
        if kind in _kinds and number.isdecimal() and len(number) < 19:
            wanted[kind].add(int(number))
    found: dict[str, Named] = {}
    for kind, numbers in wanted.items():
        model, verb = _kinds[kind]
        if actor.is_system or verb in actor.permissions:
            for row in _visible(apps.get_model(model), actor).filter(pk__in=numbers):
                found[f"{kind}:{row.pk}"] = Named(str(row), _address(row))
    return found


def _visible(model: Any, actor: Actor) -> models.QuerySet[Any]:
    rows = model._default_manager.all()
    return rows.visible_to(actor) if hasattr(rows, "visible_to") else rows


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
