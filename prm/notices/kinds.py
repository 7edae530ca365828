"""The kinds of notices: their words, kept apart from the stored values, so that everybody reads their own language."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from prm.modules.registry import name_is_on
from prm.ui import said


@dataclass(frozen=True)
class Kind:
    name: str
    title: Any
    body: Any
    icon: str
    label: Any
    roles: frozenset[str]
    optional: bool


_kinds: dict[str, Kind] = {}


def register(
    name: str,
    *,
    title: Any,
    body: Any = "",
    icon: str = "bell",
    label: Any = "",
    roles: Iterable[str] = (),
    optional: bool = True,
) -> None:
    """Declare the kind `app.fact` of notices. Called from an `AppConfig.ready()`.

    title, body  lazily translated sentences with %(names)s of the notice's values
    label        what the kind is called where people choose which letters they get
    roles        the roles that ever get it; empty: all
    optional     whether people may choose how they hear of it (security notices always come at once)
    """
    _kinds[name] = Kind(
        name, title, body, icon, label or name, frozenset(map(str, roles)), optional and bool(label)
    )


def kind_of(name: str) -> Kind:
    """The declared kind; one that nobody declares any more still shows as a line in the inbox."""
    return _kinds.get(name) or Kind(
        name, _("News from an earlier version"), "", "bell", name, frozenset(), False
    )


def all_kinds() -> list[Kind]:
    return list(_kinds.values())


def choices_for(role: str) -> list[Kind]:
    """The kinds of which a person of `role` may choose how to hear."""
    return [
        kind
        for kind in _kinds.values()
        if kind.optional and (not kind.roles or role in kind.roles) and name_is_on(kind.name)
    ]


def always_for(role: str) -> list[str]:
    """What a person of `role` hears of at once, whatever they chose: the names of those kinds, each once."""
    names = [
        str(kind.label)
        for kind in _kinds.values()
        if not kind.optional and kind.label != kind.name and (not kind.roles or role in kind.roles)
        and name_is_on(kind.name)
    ]  # fmt: skip
    return list(dict.fromkeys(names))


def fill(sentence: Any, values: Mapping[str, Any]) -> str:
    """The sentence in the active language with its %(names)s; values of an earlier version never break a page.

    What such values lack reads "…".
    """
    shown = defaultdict(lambda: "…", {name: said.shown(value) for name, value in values.items()})
    try:
        return str(sentence) % shown
    except (ValueError, TypeError):
        return str(sentence)
