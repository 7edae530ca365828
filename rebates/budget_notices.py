"""Who is told how much of a budget is used: each day, and with each close of a settlement."""

from __future__ import annotations

from collections.abc import Collection

from django.urls import reverse
from django.utils.translation import gettext_lazy

from prm.access.rules import who_may
from prm.notices.services import notify
from prm.outbox.events import listens_to
from prm.ui import formats, said
from prm.values import clock
from prm.values.actor import Actor
from rebates.budgets import Use, overview
from rebates.events import SettlementClosed
from rebates.models import Result


@listens_to(SettlementClosed, label=gettext_lazy("Budgets"))
def tell_of_what_a_close_used(fact: SettlementClosed) -> None:
    results = Result.objects.for_everyone(because="a budget is about all partners")
    rows = [(programme, clock.days_after(ends, -1)) for programme, ends in results.periods_of(fact.run_id)]
    tell_of_budgets(programmes={one for one, _last in rows}, years={last.year for _one, last in rows})


def tell_of_budgets(*, programmes: Collection[int] | None = None, years: Collection[int] = ()) -> None:
    """Tell those who write programmes of each level that a budget has reached, or will by the forecast: once each."""
    found = overview(Actor.job("budgets"), programmes=programmes, years=years)
    for use in (*found.over, *found.now):
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
