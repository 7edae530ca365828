"""What differs between two exports, by place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from django.utils.translation import gettext as _

MISSING = object()
# What names an entry of a list, the first that every entry has; a form ("sections") by its type and role.
TOLD_BY = (
    ("code", "from"),
    ("id",),
    ("letter", "language"),
    ("list", "name"),
    ("name",),
    ("sections", "type", "role"),
    ("day",),
    ("field",),
    ("title",),
)


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
        """In words, in the active language."""
        said = {
            "added": _("%(place)s: added: %(new)s"),
            "removed": _("%(place)s: taken away, was %(old)s"),
            "changed": _("%(place)s: was %(old)s, becomes %(new)s"),
        }[self.kind]
        return said % {"place": self.place, "old": self.old or "“”", "new": self.new or "“”"}


def between(before: Any, after: Any, place: str = "") -> Iterator[Difference]:
    """Dictionaries by key, lists of entries by what tells them apart (then their order), everything else as a whole."""
    if isinstance(before, dict) and isinstance(after, dict):
        yield from _pairs(before, after, lambda key: f"{place}.{key}" if place else str(key))
    elif (old := _keyed(before, after)) is not None and (new := _keyed(after, before)) is not None:
        inside = list(_pairs(old, new, lambda key: f"{place}[{key}]"))
        yield from inside
        was, becomes = [key for key in old if key in new], [key for key in new if key in old]
        # Ranks that were exchanged say it already; of steps and fields the order is a thing of its own.
        if was != becomes and (not inside or "code" not in before[0]):
            yield Difference(place, "changed", _text(was), _text(becomes))
    elif before != after:
        kind = "added" if before is MISSING else "removed" if after is MISSING else "changed"
        yield Difference(place, kind, _text(before), _text(after))


def _pairs(before: dict[Any, Any], after: dict[Any, Any], name: Any) -> Iterator[Difference]:
    for key in [*before, *(key for key in after if key not in before)]:
        yield from between(before.get(key, MISSING), after.get(key, MISSING), name(key))


def _keyed(entries: Any, others: Any) -> dict[str, Any] | None:
    """The entries of a list by what names them in it and in `others`; None for a list that is compared as a whole."""
    if not isinstance(entries, list) or not isinstance(others, list):
        return None
    both = [*entries, *others]
    if not all(isinstance(entry, dict) for entry in both):
        return None
    for told_by in TOLD_BY:
        if all(told_by[0] in entry for entry in both):
            rows = [{_key(entry, told_by): entry for entry in some} for some in (entries, others)]
            if len(rows[0]) == len(entries) and len(rows[1]) == len(others):
                return rows[0]
    return {str(at): entry for at, entry in enumerate(entries)}


def _key(entry: dict[str, Any], told_by: tuple[str, ...]) -> str:
    words = [
        str(entry[name]) for name in told_by if name in entry and not isinstance(entry[name], list | dict)
    ]
    return " ".join(words) or "*"


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
