"""By when a statement is usually paid: the middle of how long payments of this tenant took after the statement.

No partner and no sum follows from it; it is told from a handful of payments on.
"""

from __future__ import annotations

from datetime import date
from statistics import median_high

from django.db.models import Min

from prm.values import clock
from rebates.models import Payment, Statement

FEWEST, DAYS = 5, 365


def usual_days() -> int | None:
    """Days from a statement to its first payment, over those issued in the last year; None where too few were paid."""
    since = clock.start_of_day(clock.days_after(clock.today(), -DAYS))
    rows = (
        Payment.objects.for_everyone(because="how long payments take names nobody")
        .filter(statement__issued_at__gte=since)
        .order_by()
        .values("statement_id", "statement__issued_at")
        .annotate(first=Min("paid_on"))
        .values_list("statement__issued_at", "first")
    )
    zone = clock.tenant_zone()
    took = [max(0, (first - issued.astimezone(zone).date()).days) for issued, first in rows]
    return median_high(took) if len(took) >= FEWEST else None


def usually_by(statement: Statement) -> date | None:
    """The day by which the statement would be paid if it went as usual; None once that day is over."""
    days = usual_days()
    issued = statement.issued_at.astimezone(clock.tenant_zone()).date()
    day = None if days is None else clock.days_after(issued, days)
    return day if day is not None and day >= clock.today() else None
