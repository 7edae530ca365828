"""What changed in flows and in the working time, as the audit trail tells it."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from django.utils import formats as dates
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from prm.approvals import compare, subjects
from prm.approvals.world import World, emails_in, everybody, people_named, world_for
from prm.audit import words
from prm.conditions.registry import Lookup
from prm.ui import said
from prm.values.working_time import Spans

MONDAY = date(2024, 1, 1)
WEEK = range(7)


def register() -> None:
    words.register_differ("approvals.flowversion", "document", of_flows)
    words.register_differ("approvals.workingtime", "hours", of_stored_hours)
    words.register_names({f"weekday_{day}": _Weekday(day) for day in WEEK})
    words.register_names({"document": gettext_lazy("flow")})


class _Weekday:
    """The name of a weekday in the reader's language."""

    def __init__(self, day: int):
        self.day = day

    def __str__(self) -> str:
        return dates.date_format(MONDAY + timedelta(days=self.day), "l")


def of_weeks(old: Mapping[int, Spans], new: Mapping[int, Spans]) -> dict[str, list[Any]]:
    """The weekdays whose hours are others now, as `record` wants it."""
    pairs = {day: (tuple(old.get(day, ())), tuple(new.get(day, ()))) for day in WEEK}
    return {f"weekday_{day}": [_hours(was), _hours(now)] for day, (was, now) in pairs.items() if was != now}


def _hours(spans: Spans) -> Any:
    """ "09:00-12:00, 13:00-18:00"; a day off in words."""
    text = ", ".join(f"{first:%H:%M}-{last:%H:%M}" for first, last in spans)
    return text or said.InEach(lambda: pgettext("a day off", "closed"))


def of_stored_hours(old: Any, new: Any) -> list[str] | None:
    """The weekdays that are otherwise, of two weeks as WorkingTime keeps them: entries of before there were words."""
    if not any(isinstance(value, dict | str) and value for value in (old, new)):
        return None
    try:
        weeks = [_stored_week(value) for value in (old, new)]
    except (AttributeError, ValueError, SyntaxError, TypeError, IndexError):
        return None
    pairs = [(day, *(said.shown(said.stored(_told(week.get(day, [])))) for week in weeks)) for day in WEEK]
    return [f"{_Weekday(day)} {was} → {now}" for day, was, now in pairs if was != now] or None


def _stored_week(value: Any) -> dict[int, list[Any]]:
    found = ast.literal_eval(value) if isinstance(value, str) and value else value or {}
    return {int(day): spans for day, spans in found.items()}


def _told(spans: list[Any]) -> Any:
    return ", ".join(f"{span[0]}-{span[1]}" for span in spans) or said.InEach(
        lambda: pgettext("a day off", "closed")
    )


def of_flows(old: Any, new: Any) -> list[str] | None:
    """What differs between two flows in YAML, step by step; None where one cannot be read."""
    memo = words.memo()
    if ("flows", old, new) not in memo:
        memo["flows", old, new] = _compared(old, new)
    return memo["flows", old, new]


def _compared(old: Any, new: Any) -> list[str] | None:
    before, after = _read(old), _read(new)
    if before is None or after is None or not (before or after):
        return None
    code = str((after or before).get("subject", ""))
    try:
        subject = subjects.subject_of(code)
    except subjects.UnknownSubject:
        return None
    if not after:
        return [_("The flow is gone: %(name)s") % {"name": before.get("name", "")}]
    return [one.text for one in compare.changes(before, after, _world(subject, before, after))]


def _world(subject: subjects.Subject, *documents: Any) -> World:
    """The tenant as both flows meet it, read once for all lines of a page."""
    memo = words.memo()
    if ("world", subject.code) not in memo:
        memo["world", subject.code] = replace(world_for(subject), people=everybody(), lookup=Lookup())
    world: World = memo["world", subject.code]
    strangers = {email.strip().lower() for one in documents for email in emails_in(one)} - world.people.keys()
    if strangers:  # partners' people, and addresses that nobody has any more
        known = dict.fromkeys(strangers) | people_named(strangers)
        memo["world", subject.code] = world = replace(world, people={**world.people, **known})
    return world


def _read(text: Any) -> dict[str, Any] | None:
    if text in (None, ""):
        return {}
    memo = words.memo()
    if ("flow", str(text)) not in memo:  # what one line made of a flow is what the next one started from
        try:
            memo["flow", str(text)] = YAML(typ="safe").load(str(text))
        except YAMLError:
            memo["flow", str(text)] = None
    found = memo["flow", str(text)]
    return found if isinstance(found, dict) else None
