"""What is looked at each day: budgets, what is kept of accruals, and whether a month's accruals are booked."""

from __future__ import annotations

from prm.jobs.daily import daily
from prm.values import clock
from prm.values.actor import Actor
from prm.values.periods import Period
from rebates.budget_notices import tell_of_budgets
from rebates.services.accruing import start_accruing
from rebates.services.keeping import keep_up, start_check


@daily("rebates.budgets")
def look_at_budgets() -> None:
    tell_of_budgets()


@daily("rebates.accruals")
def check_accruals() -> None:
    keep_up()  # a new day opens periods of which nothing is kept yet
    start_check()


@daily("rebates.month_end")
def book_accruals() -> None:
    """After the tenant's own midnight: the month that is over, once."""
    month = Period.of("month", clock.today()).previous
    start_accruing(month=month, by=Actor.job("month_end"))
