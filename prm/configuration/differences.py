"""What differs between two exports, by place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

MISSING = object()


@dataclass(frozen=True)
class Difference:
    """kind: added, changed or removed; old and new as text on one line, empty where there is none."""

    place: str
    kind: str
    old: str
    new: str

    def as_json(self) -> dict[str, str]:
        return asdict(self)

    @property
    def line(self) -> str:
        sign = {"added": "+", "removed": "-", "changed": "~"}[self.kind]
        values = {"added": self.new, "removed": self.old, "changed": f"{self.old} → {self.new}"}[self.kind]
        return f"{sign} {self.place}: {values}"


def between(before: Any, after: Any, place: str = "") -> Iterator[Difference]:
    """Dictionaries by key, lists of entries by their code (and first day), everything else as a whole."""
    if isinstance(before, dict) and isinstance(after, dict):
        yield from _pairs(before, after, lambda key: f"{place}.{key}" if place else str(key))
    elif _is_keyed(before) and _is_keyed(after):
        yield from _pairs(_keyed(before), _keyed(after), lambda key: f"{place}[{key}]")
    elif before != after:
        kind = "added" if before is MISSING else "removed" if after is MISSING else "changed"
        yield Difference(place, kind, _text(before), _text(after))


def _pairs(before: dict[Any, Any], after: dict[Any, Any], name: Any) -> Iterator[Difference]:
    for key in [*before, *(key for key in after if key not in before)]:
        yield from between(before.get(key, MISSING), after.get(key, MISSING), name(key))


def _is_keyed(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(entry, dict) and "code" in entry for entry in value)


def _keyed(entries: list[dict[str, Any]]) -> dict[str, Any]:
    return {" ".join(str(entry[key]) for key in ("code", "from") if key in entry): entry for entry in entries}


def _text(value: Any) -> str:
    if value is MISSING:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_text(inner)}" for key, inner in value.items())
    if isinstance(value, list):
        return ", ".join(_text(inner) for inner in value)
    text = " ".join(str(value).split())
    return text if len(text) <= 200 else f"{text[:197]}…"
