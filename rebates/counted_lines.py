"""The sales lines, or credits, that a plan counts, as conditions of a query: the same that the grouped read adds up."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date

from django.db.models import Q

from orders.models import CreditedLine, SalesLine
from rebates.counting_days import Whose, basis_of, in_period, likely
from rebates.plans import Plan
from rebates.returned import AT_ORIGINAL_RATE, BY_ORIGIN, how


def counted_by(plan: Plan, terms: Iterable[str], whose: Whose | None = None) -> Q:
    """Lines of the plan's days that at least one of the terms adds up; a return where the policy puts it. Where another
    day than that of the booking counts and nobody says `whose` lines are asked, those that may.

    At the original rate also those that take back what another period paid: the figure rests on them.
    """
    return _placed(plan, list(terms), lambda prefix="": _days(plan, whose, prefix))


def read_by(plan: Plan, whose: Whose) -> Q:
    """The same of all that a figure of somebody rests on: also the lines of its baseline."""
    found, before = counted_by(plan, plan.own_terms, whose), plan.baseline
    if before is None or "reference" not in plan.terms:
        return found

    def days(prefix: str = "") -> Q:
        return in_period(basis_of(plan.policy), whose, before.start, before.end, prefix)

    return found | _placed(plan, ["reference"], days)


def _placed(plan: Plan, terms: list[str], days: Callable[..., Q]) -> Q:
    if how(plan.policy) != BY_ORIGIN:
        return days() & plan.lines_of(terms)
    own = Q(reverses__isnull=True) & days() & plan.lines_of(terms)
    back = Q(reverses__isnull=False) & days("reverses__") & plan.lines_of(terms, "reverses__")
    return own | back


def summed_by(plan: Plan, terms: Iterable[str], whose: Whose | None = None) -> Q:
    """The same without those that take back what another period paid: what the sums hold."""
    wanted = counted_by(plan, terms, whose)
    if how(plan.policy) != AT_ORIGINAL_RATE:
        return wanted
    return wanted & (Q(reverses__isnull=True) | _days(plan, whose, "reverses__"))


def day_of(plan: Plan, line: SalesLine | CreditedLine) -> date | None:
    """The day on which a line counts by booking dates; None where it only takes back what another period paid."""
    if line.reverses is None or how(plan.policy) not in (BY_ORIGIN, AT_ORIGINAL_RATE):
        return line.booking_date
    sold = line.reverses.booking_date
    if how(plan.policy) == BY_ORIGIN:
        return sold
    return line.booking_date if sold in plan.counted else None


def _days(plan: Plan, whose: Whose | None, prefix: str = "") -> Q:
    if whose is None:
        return likely(plan, prefix)
    return in_period(basis_of(plan.policy), whose, plan.counted.start, plan.counted.end, prefix)
