"""One box over everything: apps register who finds what; each finder sees only what the actor may see."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from prm.modules.registry import runs

PER_GROUP = 8
MOST_NUMBERED = 40


@dataclass(frozen=True)
class Row:
    """One thing found. `title` and `detail` are plain text in which the searched words are marked."""

    title: str
    href: str
    detail: str = ""
    state: str = ""
    tone: str = ""


@dataclass(frozen=True)
class Kind:
    name: str
    label: Any
    icon: str
    find: Callable[[Any, str, int], list[Row]]
    order: int
    verb: str | None
    more: Callable[[str], str] | None


@dataclass
class Group:
    label: Any
    icon: str
    rows: list[Row] = field(default_factory=list)
    more: str = ""


_kinds: dict[str, Kind] = {}


def register(
    name: str, *, label, icon: str, find, order: int = 100, verb: str | None = None, more=None
) -> None:
    """Let the one box find a kind of record. Called from `AppConfig.ready()`.

    find   callable(actor, text, limit) -> list[Row]; it starts from `visible_to(actor)` and uses an index.
           With text == "" it gives what the actor touched last, or [].
    verb   the permission to see this kind at all; None: everybody
    more   callable(text) -> address of the full list with this text, or None
    """
    _kinds[name] = Kind(name, label, icon, find, order, verb, more)


def search(*, actor, text: str, limit: int = PER_GROUP) -> list[Group]:
    """What the actor may see that matches `text`, in groups, at most `limit` rows each."""
    text = " ".join(text.split())[:100]
    groups = []
    for kind in sorted(_kinds.values(), key=lambda k: k.order):
        if (kind.verb and kind.verb not in actor.permissions) or not runs(kind.find):
            continue
        rows, by = _found(kind, actor, text, limit)
        if rows:
            groups.append(
                Group(kind.label, kind.icon, rows[:limit], kind.more(by) if kind.more and by else "")
            )
    return groups


def _found(kind: Kind, actor: Any, text: str, limit: int) -> tuple[list[Row], str]:
    """The rows, and by which text: all of it, or the number in it where the other words stand beside that number."""
    rows = kind.find(actor, text, limit)
    words = text.split()
    number = next((word for word in words if any(sign.isdigit() for sign in word)), "")
    if rows or len(words) < 2 or not number:
        return rows, text
    others = [word.casefold() for word in words if word != number]
    numbered = kind.find(actor, number, MOST_NUMBERED)
    return [row for row in numbered if all(word in _said(row) for word in others)], number


def _said(row: Row) -> str:
    return f"{row.title} {row.detail}".casefold()
