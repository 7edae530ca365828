"""The one clock. Tests move it with time-machine; services take dates from here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils import timezone

_set_to: ContextVar[datetime | None] = ContextVar("clock", default=None)


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return _set_to.get() or timezone.now()


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Let the clock stand at `moment` in this context: the demo fills the past months through the services."""
    token = _set_to.set(moment)
    try:
        yield
    finally:
        _set_to.reset(token)


def today(zone: str | ZoneInfo | None = None) -> date:
    """The calendar day it is now in `zone` (a name or ZoneInfo); by default the tenant's zone."""
    if zone is None:
        zone = tenant_zone()
    if isinstance(zone, str):
        zone = ZoneInfo(zone)
    return now().astimezone(zone).date()


def tenant_zone() -> ZoneInfo:
    """The current tenant's time zone; UTC where there is no tenant."""
    from django.db import connection

    tenant = getattr(connection, "tenant", None)
    return ZoneInfo(getattr(tenant, "time_zone", None) or "UTC")


def start_of_day(day: date, zone: ZoneInfo | None = None) -> datetime:
    """The first moment of `day` in `zone` (by default the tenant's), aware."""
    return datetime(day.year, day.month, day.day, tzinfo=zone or tenant_zone())


def days_after(day: date, count: int) -> date:
    return day + timedelta(days=count)
