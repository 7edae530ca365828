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


def first_possible(version: Version) -> date:
    """The first day on which the version after this one can begin."""
    following = Period.of(version.policy["period"], version.starts).next.start
    return closed_until(version.policy["period"], following) or following
