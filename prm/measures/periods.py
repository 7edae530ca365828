"""Over which days a measure is taken, as it stands in JSON.

    {"last": 4, "unit": "quarter"}   the four whole quarters before the current one
    {"last": 90, "unit": "day"}      the ninety days before today
    {"this": "year"}                 the current year, up to and including today

Days are the tenant's. `days(period)` gives [first day, day after the last).
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from prm.values import clock, spans


class BadPeriod(ValueError):
    """The period is not one of those above; the text is a sentence for the person who wrote it."""


def read(period: Any) -> tuple[str, int, str]:
    """("last", 4, "quarter") or ("this", 1, "year"); raises BadPeriod."""
    if isinstance(period, dict):
        if set(period) == {"this"} and period["this"] in spans.UNITS[1:]:
            return "this", 1, period["this"]
        if set(period) == {"last", "unit"}:
            count, unit = period["last"], period["unit"]
            if unit in spans.UNITS and type(count) is int and 1 <= count <= spans.MOST[unit]:
                return "last", count, unit
    raise BadPeriod(_("The period is missing. Choose for example the last 4 quarters, or this year."))


def days(period: Any, today: date | None = None) -> tuple[date, date]:
    """[first day, day after the last) of a period, seen from `today` (by default the tenant's)."""
    today = today or clock.today()
    kind, count, unit = read(period)
    if kind == "this":
        return spans.start_of(unit, today), today + timedelta(days=1)
    return spans.last(count, unit, today)


def words(period: Any) -> str:
    """in the last 4 quarters; this year so far."""
    kind, count, unit = read(period)
    if kind == "this":
        return {
            "week": _("this week so far"),
            "month": _("this month so far"),
            "quarter": _("this quarter so far"),
            "year": _("this year so far"),
        }[unit]
    return {
        "day": ngettext("on the last %(count)s day", "in the last %(count)s days", count),
        "week": ngettext("in the last %(count)s week", "in the last %(count)s weeks", count),
        "month": ngettext("in the last %(count)s month", "in the last %(count)s months", count),
        "quarter": ngettext("in the last %(count)s quarter", "in the last %(count)s quarters", count),
        "year": ngettext("in the last %(count)s year", "in the last %(count)s years", count),
    }[unit] % {"count": count}
