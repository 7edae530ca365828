"""Live accruals: what open periods would pay if they ended now. Computed when asked, by the settlement's own SQL."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from django.urls import reverse

from prm.exchange.book import Book
from prm.values import clock
from prm.values.actor import Actor
from prm.values.periods import Period
from rebates import currencies, settlement, traits
from rebates.models import Programme, Version
from rebates.plans import Plan, Sql, plans_for
from rebates.scope import Scope


@dataclass(frozen=True)
class Accrual:
    """What a partner would earn under a programme for an open period as it stands."""

    partner_id: int
    programme: Programme
    version: Version
    period: Period
    currency: str
    tier: str
    qualifier: Decimal
    base: Decimal
    reference: Decimal | None
    band: int
    lines: int
    amount: Decimal
    explanation: dict[str, Any]
    kind = "accrued"

    def get_absolute_url(self) -> str:
        return reverse("rebates:accrual", args=[self.programme.code, str(self.period), self.partner_id])

    @property
    def starts(self) -> date:
        return self.period.start

    @property
    def ends(self) -> date:
        return self.period.end

    @property
    def tier_day(self) -> date:
        """The day whose tier counts so far."""
        return min(self.period.last_day, clock.today())

    @property
    def computed(self) -> Decimal:
        """f(all lines), as a result has it."""
        return self.amount

    @property
    def line_count(self) -> int:
        return self.lines


def accruals(
    *, by: Actor, on: date | None = None, period: Period | None = None, partners: Sequence[int] | None = None
) -> list[Accrual]:
    """Accruals visible to `by`, by partner and programme.

    Without `period`: of every programme for each of its periods that has begun by `on` (today) and is not closed,
    also one that is over and waits for its settlement. With it: of the programmes that a settlement of `period`
    would settle. The tier is that of the period's last day, of today in a period that runs.
    """
    today = on or clock.today()
    if period is not None:
        versions = Version.objects.settled_by(period)
    else:
        versions = Version.objects.unsettled_on(today)
    visible = by.partner_ids
    if partners is not None:
        visible = frozenset(partners) if visible is None else visible & frozenset(partners)
    if not versions or (visible is not None and not visible):
        return []
    by_day: dict[date, list[Any]] = defaultdict(list)
    for version, its_period in versions:
        by_day[its_period.last_day if period else min(its_period.last_day, today)].append(
            (version, its_period)
        )
    found = []
    for day, together in sorted(by_day.items()):
        scope = Scope(partners=sorted(visible) if visible is not None else None)
        # A programme that wants a rate accrues nothing that could be said; its settlement says what is missing.
        parts = currencies.parts(plans_for(together), scope, books=Book.between, on=day, stopped=[])
        found += [_accrual(row, part.sums.plans) for part in parts for row in _rows(part.sums, day)]
    found.sort(key=lambda accrual: (accrual.partner_id, accrual.programme.code, accrual.period))
    return _one_after_the_other(found) if period is None else found


def _one_after_the_other(found: list[Accrual]) -> list[Accrual]:
    """Open periods of one cumulative year: what an earlier one will post is no part of the later one's difference."""
    sums: dict[tuple[int, int, str], Decimal] = defaultdict(Decimal)
    for place, one in enumerate(found):
        year = one.explanation.get("cumulative")
        if year is None:
            continue
        key = (one.partner_id, one.programme.pk, year["first"])
        before, sums[key] = sums[key], one.amount
        if before:
            year = year | {"before": str(Decimal(year["before"]) + before), "open": str(before)}
            found[place] = replace(
                one, amount=one.amount - before, explanation=one.explanation | {"cumulative": year}
            )
    return found


def accrual_of(*, by: Actor, programme: str, period: Period, partner_id: int) -> Accrual | None:
    """One of `accruals`, by the programme's code; None where nothing accrues or `by` does not see the partner."""
    found = accruals(by=by, partners=[partner_id])
    return next((one for one in found if (one.programme.code, one.period) == (programme, period)), None)


def _rows(sums: settlement.Read, day: date) -> list[dict[str, Any]]:
    read, members = sums.read(), traits.members_on(day, sums.plans)
    figures = settlement.figures(sums, relation="sums", members="member")
    text = (
        f"WITH sums AS MATERIALIZED ({read.text}), member AS MATERIALIZED ({members.text})"
        f" SELECT * FROM ({figures.text}) figures"
    )
    return settlement.rows(Sql(text, read.params | members.params | figures.params))


def _accrual(row: dict[str, Any], plans: Sequence[Plan]) -> Accrual:
    plan = plans[row["plan"]]
    return Accrual(
        partner_id=row["partner_id"],
        programme=plan.version.programme,
        version=plan.version,
        period=plan.period,
        currency=row["currency"],
        tier=row["tier"],
        qualifier=row["qualifier"],
        base=row["base"],
        reference=row["reference"],
        band=row["band"],
        lines=row["lines"],
        amount=row["earned"],
        explanation=json.loads(row["explanation"])
        if isinstance(row["explanation"], str)
        else row["explanation"],
    )
