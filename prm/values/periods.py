"""Periods as half-open dates: `2026-09`, `2026-Q3`, `2026`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

PATTERN = re.compile(r"^(?P<year>\d{4})(?:-(?:(?P<month>0[1-9]|1[0-2])|Q(?P<quarter>[1-4])))?$")
MONTHS = {"month": 1, "quarter": 3, "year": 12}


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """`start` is the first day, `end` the day after the last."""

    start: date
    end: date

    @classmethod
    def parse(cls, text: str) -> Period:
        """`2026-09`, `2026-Q3` or `2026`. Raises ValueError with a sentence."""
        found = PATTERN.match(text.strip().upper())
        if not found:
            raise ValueError(f"'{text}' is not a period. Write 2026-09, 2026-Q3 or 2026.")
        year = int(found["year"])
        if found["month"]:
            return cls.of("month", date(year, int(found["month"]), 1))
        if found["quarter"]:
            return cls.of("quarter", date(year, 3 * int(found["quarter"]) - 2, 1))
        return cls.of("year", date(year, 1, 1))

    @classmethod
    def of(cls, length: str, day: date) -> Period:
        """The month, quarter or year that `day` lies in."""
        size = MONTHS[length]
        first = (day.month - 1) // size * size + 1
        start = date(day.year, first, 1)
        after = first + size
        return cls(start, date(day.year + (after > 12), after - 12 * (after > 12), 1))

    @property
    def last_day(self) -> date:
        return self.end - timedelta(days=1)

    @property
    def length(self) -> str:
        months = (self.end.year - self.start.year) * 12 + self.end.month - self.start.month
        return {1: "month", 3: "quarter", 12: "year"}[months]

    @property
    def previous(self) -> Period:
        return Period.of(self.length, self.start - timedelta(days=1))

    @property
    def year_before(self) -> Period:
        """The same month, quarter or year, a year earlier."""
        return Period.of(self.length, self.start.replace(year=self.start.year - 1))

    @property
    def next(self) -> Period:
        return Period.of(self.length, self.end)

    def __contains__(self, day: date) -> bool:
        return self.start <= day < self.end

    def __str__(self) -> str:
        match self.length:
            case "month":
                return f"{self.start:%Y-%m}"
            case "quarter":
                return f"{self.start.year}-Q{(self.start.month + 2) // 3}"
        return str(self.start.year)
