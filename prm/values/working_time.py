"""Working time: what "in 16 working hours" means, with a week of hours and days that are otherwise. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

Spans = tuple[tuple[time, time], ...]
OFFICE: Spans = ((time(9), time(12)), (time(13), time(18)))
# Monday to Friday, eight hours a day.
USUAL_WEEK: Mapping[int, Spans] = dict.fromkeys(range(5), OFFICE)
# Nobody waits longer than this for a working hour: a calendar without any is refused, this is the second net.
LONGEST = 3660


@dataclass(frozen=True)
class WorkingTime:
    """`week` maps a weekday (0 Monday) to its spans; `days` says for single days whether people work."""

    zone: ZoneInfo
    week: Mapping[int, Spans] = field(default_factory=lambda: dict(USUAL_WEEK))
    days: Mapping[date, bool] = field(default_factory=dict)

    def spans_of(self, day: date) -> Spans:
        """The hours of one day; a weekend day on which people work has the hours of the first working weekday."""
        own = self.week.get(day.weekday(), ())
        works = self.days.get(day, bool(own))
        if not works:
            return ()
        return own or next((spans for _, spans in sorted(self.week.items()) if spans), OFFICE)

    def after(self, moment: datetime, hours: Decimal | int | str) -> datetime:
        """The moment, aware, at which `hours` of work have passed since `moment`."""
        left = timedelta(seconds=int(Decimal(hours) * 3600))
        end = moment
        for begins, ends in self._spans_from(moment):
            if begins >= ends:
                continue
            if ends - begins >= left:
                return begins + left
            left, end = left - (ends - begins), ends
        return end + left

    def days_after(self, moment: datetime, days: int) -> datetime:
        """The moment, aware, so many working days later: at the same time of day, within the hours of that day."""
        local = moment.astimezone(self.zone)
        day, left = local.date(), days
        for _number in range(LONGEST):
            day += timedelta(days=1)
            left -= bool(self.spans_of(day))
            if left == 0:
                break
        spans = self.spans_of(day) or ((time.min, time.max),)
        same = min(max(local.time(), spans[0][0]), spans[-1][1])
        return self._at(day, same)

    def between(self, first: datetime, last: datetime) -> timedelta:
        """The working time from `first` to `last`; nothing when `last` is not later."""
        total = timedelta()
        for begins, ends in self._spans_from(first):
            if begins >= last:
                break
            total += max(min(ends, last) - begins, timedelta())
        return total

    def _spans_from(self, moment: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Spans of work in UTC, the one that holds `moment` from there on."""
        day = moment.astimezone(self.zone).date()
        for number in range(LONGEST):
            for start, stop in self.spans_of(day + timedelta(days=number)):
                begins = self._at(day + timedelta(days=number), start)
                ends = self._at(day + timedelta(days=number), stop)
                if ends > moment:
                    yield max(begins, moment.astimezone(UTC)), ends

    def _at(self, day: date, clock: time) -> datetime:
        return datetime.combine(day, clock, tzinfo=self.zone).astimezone(UTC)
