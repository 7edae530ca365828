"""The tenant's working time: hours of the week, and days that are otherwise."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, time
from typing import Any

from django.db import IntegrityError, transaction

from prm.access.rules import require
from prm.approvals import working
from prm.approvals.differences import of_weeks
from prm.approvals.errors import BadHours, DayTaken, NoWorkingTime
from prm.approvals.models import SpecialDay, WorkingTime
from prm.audit.services import record
from prm.ui import formats, said
from prm.values import clock
from prm.values.actor import Actor
from prm.values.working_time import USUAL_WEEK

SPAN = re.compile(r"(\d{1,2}):(\d{2})\s*[-–—~]\s*(\d{1,2}):(\d{2})")


@transaction.atomic
def set_hours(*, week: Mapping[int, str], by: Actor) -> WorkingTime:
    """Say when people work: for each weekday (0 Monday) text such as "09:00-12:00, 13:00-18:00"; empty is a day off.

    Promises made before stay as they were made.
    """
    require(by, "approvals.set_hours")
    spans = {day: spans_in(text) for day, text in week.items()}
    if not any(spans.values()):
        raise NoWorkingTime()
    stored, made = WorkingTime.objects.select_for_update().get_or_create(only=True)
    was = USUAL_WEEK if made else working.week_of(stored.hours)
    stored.hours = {str(day): [list(span) for span in found] for day, found in sorted(spans.items()) if found}
    stored.changed_by_id, stored.changed_at = by.user_id, clock.now()
    stored.save()
    record(stored, "hours_changed", by=by, changes=of_weeks(was, working.week_of(stored.hours)))
    return stored


def spans_in(text: str) -> list[tuple[str, str]]:
    """The spans in what a person typed. Raises BadHours."""
    found: list[tuple[str, str]] = []
    text = text.replace("：", ":").replace("，", ",").replace("、", ",")
    for part in [piece.strip() for piece in text.split(",") if piece.strip()]:
        match = SPAN.fullmatch(part)
        if match is None:
            raise BadHours(text=part[:40])
        first, last = (_clock(match, 1), _clock(match, 3))
        if first >= last or (found and first < found[-1][1]):
            raise BadHours(text=part[:40])
        found.append((first, last))
    return found


def _clock(match: re.Match[str], group: int) -> str:
    try:
        return time(int(match[group]), int(match[group + 1])).strftime("%H:%M")
    except ValueError:
        raise BadHours(text=match[0][:40]) from None


@transaction.atomic
def add_day(*, day: date, name: str = "", is_working: bool = False, by: Actor) -> SpecialDay:
    """A holiday, or a weekend day on which people work."""
    require(by, "approvals.set_hours")
    try:
        with transaction.atomic():
            made = SpecialDay.objects.create(day=day, name=name.strip(), is_working=is_working)
    except IntegrityError:
        raise DayTaken(day=formats.day(day)) from None
    record(made, "created", by=by, changes=_of_day(made))
    return made


def _of_day(special: SpecialDay) -> dict[str, list[Any]]:
    return {
        "day": [None, said.Day(special.day)],
        "name": [None, special.name],
        "is_working": [None, special.is_working],
    }


@transaction.atomic
def remove_day(*, pk: int, by: Actor) -> None:
    """The day is as its weekday says again; a day that is gone already is no error."""
    require(by, "approvals.set_hours")
    found = SpecialDay.objects.select_for_update().filter(pk=pk).first()
    if found is not None:
        record(found, "deleted", by=by)
        found.delete()
