"""What changed in flows and in the working time, as the audit trail tells it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from django.utils import formats as dates
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from prm.approvals import compare, subjects
from prm.approvals.world import world_for
from prm.audit import words
from prm.ui import said
from prm.values.working_time import Spans

MONDAY = date(2024, 1, 1)
WEEK = range(7)


def register() -> None:
    words.register_differ("approvals.flowversion", "document", of_flows)
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


def of_flows(old: Any, new: Any) -> list[str] | None:
    """What differs between two flows in YAML, step by step; None where one cannot be read."""
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
    return [one.text for one in compare.changes(before, after, world_for(subject, before, after))]


def _read(text: Any) -> dict[str, Any] | None:
    if text in (None, ""):
        return {}
    try:
        found = YAML(typ="safe").load(str(text))
    except YAMLError:
        return None
    return found if isinstance(found, dict) else None
