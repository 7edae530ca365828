"""Since when a statement waits to be paid, and by when it usually is: the middle of how long payments of this tenant
took after the statement.

No partner and no sum follows from it; it is told from a handful of payments on.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from statistics import median_high

from django.db.models import Max, Min, Sum

from prm.values import clock
from rebates.models import Payment, PaymentReturn, Statement

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


def open_since(statement: Statement, amount: Decimal) -> datetime:
    """Since when `amount` of the statement waits to be paid: since it was issued, or since a payment came back that is
    all of it.
    """
    returned = PaymentReturn.objects.for_everyone(because="the caller loaded the statement").filter(
        payment__statement=statement, state=PaymentReturn.State.CONFIRMED
    )
    found = returned.aggregate(sum=Sum("payment__amount"), last=Max("decided_at"))
    if found["last"] is not None and amount <= found["sum"]:
        return found["last"]  # type: ignore[no-any-return]
    return statement.issued_at


def usually_by(statement: Statement) -> date | None:
    """The day by which the statement would be paid if it went as usual; None once that day is over."""
    days = usual_days()
    issued = statement.issued_at.astimezone(clock.tenant_zone()).date()
    day = None if days is None else clock.days_after(issued, days)
    return day if day is not None and day >= clock.today() else None
