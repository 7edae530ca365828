"""The tenant's working time, read from its settings page."""

from __future__ import annotations

from datetime import time
from typing import Any

from prm.approvals import models
from prm.values import clock
from prm.values.working_time import USUAL_WEEK, Spans, WorkingTime


def calendar() -> WorkingTime:
    """The hours of the current tenant; Monday to Friday, eight hours, while nobody has said otherwise."""
    stored = models.WorkingTime.objects.first()
    days = dict(models.SpecialDay.objects.values_list("day", "is_working"))
    return WorkingTime(clock.tenant_zone(), week_of(stored.hours) if stored else USUAL_WEEK, days)


def week_of(hours: dict[str, Any]) -> dict[int, Spans]:
    """The stored hours, {"0": [["09:00", "12:00"], …]}, as spans by weekday."""
    return {
        int(day): tuple((time.fromisoformat(first), time.fromisoformat(last)) for first, last in spans)
        for day, spans in hours.items()
    }
