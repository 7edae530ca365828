"""What is looked at each day: budgets, what is kept of accruals, and whether a month's accruals are booked."""

from __future__ import annotations

from django.urls import reverse

from prm.access.rules import who_may
from prm.jobs.daily import daily
from prm.notices.services import notify
from prm.ui import formats, said
from prm.values import clock
from prm.values.actor import Actor
from prm.values.periods import Period
from rebates.budgets import Use, uses
from rebates.services.accruing import start_accruing
from rebates.services.keeping import keep_up, start_check


@daily("rebates.budgets")
def tell_of_budgets() -> None:
    """Tell those who write programmes of each level that a budget has reached, or will by the forecast: once each."""
    for use in uses(Actor.job("budgets")):
        for kind, levels in (("budget_reached", use.reached), ("budget_expected", use.expected)):
            if levels:
                _tell(use, kind, max(levels))


def _tell(use: Use, kind: str, level: int) -> None:
    amount = use.committed if kind == "budget_reached" else use.forecast
    notify(
        users=who_may("rebates.edit_programmes"),
        kind=f"rebates.{kind}",
        fact=f"rebates.{kind}:{use.version.pk}:{use.time}:{level}",
        values={
            "programme": said.InEach(lambda: str(use.programme)), "level": level,
            "time": said.InEach(lambda: formats.period(use.time)),
            "amount": said.Money(amount, use.currency), "budget": said.Money(use.budget, use.currency),
        },
        link=reverse("rebates:budgets"),
    )  # fmt: skip


@daily("rebates.accruals")
def check_accruals() -> None:
    keep_up()  # a new day opens periods of which nothing is kept yet
    start_check()


@daily("rebates.month_end")
def book_accruals() -> None:
    """After the tenant's own midnight: the month that is over, once."""
    month = Period.of("month", clock.today()).previous
    start_accruing(month=month, by=Actor.job("month_end"))
