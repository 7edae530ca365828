"""Days reckoned from a day: "30 days on", "three months back", "the last four quarters", "this year so far"."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta

from prm.values.periods import Period

UNITS = ("day", "week", "month", "quarter", "year")
MOST = {"day": 3660, "week": 520, "month": 120, "quarter": 40, "year": 10}
MONTHS = {"month": 1, "quarter": 3, "year": 12}


def shifted(day: date, count: int, unit: str) -> date:
    """`day` moved by `count` units (negative: back). 31 January and one month is the last day of February."""
    if unit in ("day", "week"):
        return day + timedelta(days=count * (7 if unit == "week" else 1))
    months = day.year * 12 + day.month - 1 + count * MONTHS[unit]
    year, month = divmod(months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def start_of(unit: str, day: date) -> date:
    """The first day of the day, week (Monday), month, quarter or year in which `day` lies."""
    if unit == "day":
        return day
    if unit == "week":
        return day - timedelta(days=day.weekday())
    return Period.of(unit, day).start


def whole(which: int, unit: str, today: date) -> tuple[date, date]:
    """[first day, day after the last) of the unit that lies `which` units from today's: -1 last, 0 this, 1 next."""
    first = shifted(start_of(unit, today), which, unit)
    return first, shifted(first, 1, unit)


def last(count: int, unit: str, today: date) -> tuple[date, date]:
    """[first day, day after the last) of the `count` whole units before the one in which today lies."""
    end = start_of(unit, today)
    return shifted(end, -count, unit), end
