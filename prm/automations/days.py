"""The tenant's working days. Who keeps the calendar stands above automations and registers it here, from `ready()`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from prm.values import clock
from prm.values.working_time import WorkingTime

_kept: list[Callable[[], WorkingTime]] = []


def register(calendar: Callable[[], WorkingTime]) -> None:
    """Count days by `calendar()`, the working time of the current tenant."""
    _kept[:] = [calendar]


def later(days: int) -> datetime:
    """The moment so many working days from now."""
    calendar = _kept[0]() if _kept else WorkingTime(clock.tenant_zone())
    return calendar.days_after(clock.now(), days)
