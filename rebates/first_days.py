"""On which days a version can begin: not in a period that was settled, and after the version before it."""

from __future__ import annotations

from datetime import date, timedelta

from prm.values.periods import Period
from rebates.models import SettlementRun, Version


def closed_until(length: str, first: date, until: date | None = None) -> date | None:
    """Where the latest closed period of this length ends that begins on `first` or later; None where none is closed."""
    closed = SettlementRun.objects.closed().filter(ends__gt=first).order_by("-ends")
    for ends in closed.values_list("ends", flat=True):
        period = Period.of(length, ends - timedelta(days=1))
        if period.end == ends and period.start >= first and (until is None or period.last_day <= until):
            return ends  # type: ignore[no-any-return]
    return None


def next_start(version: Version) -> date | None:
    """The first day, from its own on, on which a version that is not in force can begin: no settled period behind it,
    after the version before, on the first day of a period of both. None where it would begin after its own last day.
    """
    length, day, begins = version.policy["period"], version.starts, None
    last = version.last_day
    before = version.programme.versions.published().order_by("-starts").first()
    while day != begins:
        begins = day
        day = closed_until(length, day, last) or day
        if before is not None and before.starts >= day:
            day = Period.of(before.period_length, before.starts).end
        cut = before is not None and (before.ends is None or before.ends > day)
        for whole in (length, before.period_length) if before is not None and cut else (length,):
            period = Period.of(whole, day)
            day = day if period.start == day else period.end
    return None if last is not None and day > last else day


def first_possible(version: Version) -> date:
    """The first day on which the version after this one can begin."""
    following = Period.of(version.policy["period"], version.starts).next.start
    return closed_until(version.policy["period"], following) or following
