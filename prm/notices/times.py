"""When letters may reach a person: quiet hours and the time of the digest, in the person's own zone."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from prm.notices.models import NoticeTimes
from prm.values import clock


def times_of(users: Iterable[Any]) -> dict[int, NoticeTimes]:
    """Everybody's times by user id; whoever said nothing gets the usual ones."""
    people = list(users)
    known = {row.user_id: row for row in NoticeTimes.objects.filter(user__in=[user.pk for user in people])}
    return {user.pk: known.get(user.pk) or NoticeTimes(user=user) for user in people}


def zone_of(times: NoticeTimes) -> ZoneInfo:
    try:
        return ZoneInfo(times.time_zone) if times.time_zone else clock.tenant_zone()
    except (ZoneInfoNotFoundError, ValueError):
        return clock.tenant_zone()


def next_digest(times: NoticeTimes, now: datetime) -> datetime:
    """The first moment after `now` at which the person's digest comes."""
    return _next(times.digest_at, now, zone_of(times))


def may_write_at(times: NoticeTimes, now: datetime) -> datetime:
    """`now`, or the end of the quiet hours that hold now. Quiet hours may pass midnight; equal ends mean none."""
    here = now.astimezone(zone_of(times)).time().replace(tzinfo=None)
    if times.quiet_to is None or not is_quiet(times.quiet_from, times.quiet_to, here):
        return now
    return _next(times.quiet_to, now, zone_of(times))


def is_quiet(begin: time | None, end: time | None, at: time) -> bool:
    """Whether `at` lies in the quiet hours from `begin` to before `end`."""
    if begin is None or end is None or begin == end:
        return False
    return begin <= at < end if begin < end else at >= begin or at < end


def _next(at: time, now: datetime, zone: ZoneInfo) -> datetime:
    """The next moment when clocks in `zone` show `at`; on the day an hour is skipped, the moment right after."""
    day = now.astimezone(zone).date()
    for later in range(3):
        moment = datetime.combine(day + timedelta(days=later), at, tzinfo=zone)
        if moment > now:
            return moment.astimezone(clock.now().tzinfo)
    raise AssertionError("a day has at most a few hours more than another")
