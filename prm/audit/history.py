"""The history of one object, ready for components/timeline.html."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.db import models
from django.utils.translation import gettext as _

from prm.access.scoping import partner_id_of
from prm.audit import plain, words
from prm.audit.models import AuditEntry
from prm.ui import formats, said
from prm.ui.doers import doer
from prm.ui.parts import Happening
from prm.values.actor import Actor

ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
ISO_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})")
BAD = ("sign_in_failed", "sign_in_blocked", "rejected", "deactivated", "deleted")


def history_of(obj: models.Model, actor: Actor, *, limit: int = 30) -> list[Happening]:
    """What happened to `obj` that `actor` may see, newest first."""
    return history_of_many([obj], actor, limit=limit)


def history_of_many(objects: Iterable[models.Model], actor: Actor, *, limit: int = 30) -> list[Happening]:
    """What happened to any of `objects`, which the caller's page shows to `actor`, newest first.

    Of what belongs to a partner, what the actor may see; of the tenant's own records, all to staff.
    """
    objects = list(objects)
    rows = AuditEntry.objects.of_any(objects)
    if not actor.is_staff or any(partner_id_of(obj) is not None for obj in objects):
        rows = rows.visible_to(actor)
    with words.remembered():
        return [happening(row) for row in rows[:limit]]


def happening(row: AuditEntry) -> Happening:
    word = words.word_for(row.verb)
    changed = formats.semicolon().join(_once(change, word) for change in changes_of(row))
    text = f"{word}{formats.colon()}{changed}" if changed else word
    return Happening(
        at=row.at,
        text=text[:1].upper() + text[1:],
        who=who(row),
        tone="bad" if row.verb in BAD else "",
        reason=row.reason_said,
    )


def _once(change: dict[str, Any], verb: str) -> str:
    """A change without the name of what changed where the verb has just said it: "action added: …"."""
    name = str(change["field"])
    said_before = bool(name) and name.casefold() in verb.casefold()
    return change["text"].removeprefix(name).lstrip() if said_before else change["text"]


def who(row: AuditEntry) -> str:
    """The person, or both when an operator acted for them."""
    if row.acting_operator:
        return _("%(operator)s (operator) for %(person)s") % {
            "operator": row.acting_operator,
            "person": row.actor_label,
        }
    if row.actor_kind in ("job", "command"):
        return doer(row.actor_label, None)
    return row.actor_label or _("a visitor")


def changes_of(row: AuditEntry) -> list[dict[str, Any]]:
    """Each change as code of the field, its name, old, new and one line of text."""
    found = []
    for field, pair in row.changes.items():
        old, new = (pair + [None, None])[:2] if isinstance(pair, list) else (None, pair)
        name = words.name_of_field(row.object_type, field)
        told = words.differences_of(row.object_type, field, old, new)
        if told:
            found += [{"code": field, "field": name, "old": "—", "new": text, "text": text} for text in told]
            continue
        found += _lines(row.object_type, field, name, old, new)
    return found


def _lines(object_type: str, field: str, name: str, old: Any, new: Any) -> list[dict[str, Any]]:
    """One line; of data that has no words of its own, one for each part that is otherwise."""

    def name_of(key: str) -> str:
        return words.name_of_field(object_type, key)

    parts = plain.differences(name_of, old, new)
    if parts is not None:
        return [_line(field, " · ".join(filter(None, (name, part))), was, now) for part, was, now in parts]
    old, new = (plain.in_words(name_of, said.shown(value)) if plain.is_data(value) else said.shown(value)
                for value in (old, new))  # fmt: skip
    return [_line(field, name, *(words.value_of(object_type, field, value) for value in (old, new)))]


def _line(field: str, name: str, old: Any, new: Any) -> dict[str, Any]:
    if old in (None, ""):
        text = f"{name} {_shown(new)}"
    else:
        text = f"{name} {_shown(old)} → {_shown(new)}"
    return {"code": field, "field": name, "old": _shown(old), "new": _shown(new), "text": text}


def _shown(value: Any) -> str:
    if value is None or value == "":
        return "—"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, str) and (found := _day_or_moment(value)):
        return found
    return str(value)


def _day_or_moment(text: str) -> str:
    """A day or moment as the trail keeps it, in the reader's words; empty where the text is something else."""
    try:
        if ISO_DAY.fullmatch(text):
            return formats.day(date.fromisoformat(text))
        if ISO_MOMENT.fullmatch(text):
            return formats.exact(datetime.fromisoformat(text))
    except ValueError:  # such as 2026-02-30, which is no day
        pass
    return ""
