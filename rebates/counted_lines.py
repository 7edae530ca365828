"""The sales lines that a plan counts, as conditions of a query: the same that the grouped read adds up."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.db.models import Q

from orders.models import SalesLine
from rebates.plans import Plan
from rebates.returned import AT_ORIGINAL_RATE, BY_ORIGIN, how


def counted_by(plan: Plan, terms: Iterable[str]) -> Q:
    """Lines of the plan's days that at least one of the terms adds up; a return where the policy puts it.

    At the original rate also those that take back what another period paid: the figure rests on them.
    """
    terms = list(terms)
    if how(plan.policy) != BY_ORIGIN:
        return _days(plan) & plan.lines_of(terms)
    own = Q(reverses__isnull=True) & _days(plan) & plan.lines_of(terms)
    return own | (Q(reverses__isnull=False) & _days(plan, "reverses__") & plan.lines_of(terms, "reverses__"))


def summed_by(plan: Plan, terms: Iterable[str]) -> Q:
    """The same without those that take back what another period paid: what the sums hold."""
    wanted = counted_by(plan, terms)
    if how(plan.policy) != AT_ORIGINAL_RATE:
        return wanted
    return wanted & (Q(reverses__isnull=True) | _days(plan, "reverses__"))


def day_of(plan: Plan, line: SalesLine) -> date | None:
    """The day on which a line counts; None where it only takes back what another period paid."""
    if line.reverses is None or how(plan.policy) not in (BY_ORIGIN, AT_ORIGINAL_RATE):
        return line.booking_date
    sold = line.reverses.booking_date
    if how(plan.policy) == BY_ORIGIN:
        return sold
    return line.booking_date if sold in plan.counted else None


def _days(plan: Plan, prefix: str = "") -> Q:
    return Q(
        **{f"{prefix}booking_date__gte": plan.counted.start, f"{prefix}booking_date__lt": plan.counted.end}
    )
