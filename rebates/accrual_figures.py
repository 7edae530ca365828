"""What open periods would pay if they ended now: computed by the settlement's own SQL."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection
from django.urls import reverse

from prm.exchange.book import Book
from prm.values import clock
from prm.values.periods import Period
from rebates import currencies, settlement, traits
from rebates.models import Programme, Version
from rebates.plans import Plan, Sql, plans_for
from rebates.scope import Scope
from rebates.standing import standing

Pair = tuple[Version, Period]  # a version and one of its periods


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
    def standing(self) -> str:
        """Base and band in words."""
        return standing(self)

    @property
    def computed(self) -> Decimal:
        """f(all lines), as a result has it."""
        return self.amount

    @property
    def line_count(self) -> int:
        return self.lines


@dataclass(frozen=True)
class Figures:
    """A query of figures, and the plans that its column `plan` counts."""

    sql: Sql
    plans: Sequence[Plan]


# Each with the names of the parameters that say of which partners.
_known: dict[str, list[tuple[Figures, list[str]]]] = {}
MOST_KNOWN = 8


def figures_of(basis: str, pairs: Sequence[tuple[date, Pair]], partners: Sequence[int]) -> list[Figures]:
    """`figures` from the kept sums, of pairs that stand for `basis` and ask nothing of measures: queries that are the
    same but for the partners are written once in a process.
    """
    policies = [version.policy for _day, (version, _period) in pairs]
    if any(currencies.is_converted(policy) or "date_basis" in policy for policy in policies):
        # Which rates they need, of exchange or tax, and what was paid is seen from the partners' own rows.
        return figures(pairs, partners, kept=True)
    key = f"{connection.schema_name}:{basis}"
    if key not in _known:
        while len(_known) >= MOST_KNOWN:
            _known.pop(next(iter(_known)), None)
        _known[key] = [(found, _partners_in(found.sql)) for found in figures(pairs, partners, kept=True)]
    return [
        replace(found, sql=Sql(found.sql.text, found.sql.params | dict.fromkeys(names, sorted(partners))))
        for found, names in _known[key]
    ]


def _partners_in(sql: Sql) -> list[str]:
    # Reads that stand together name their parameters "part_0_partners" and so on.
    return [name for name in sql.params if f"_{name}".endswith("_partners")]


def figures(
    pairs: Iterable[tuple[date, Pair]],
    partners: Sequence[int] | None,
    *,
    kept: bool,
    booked_before: date | None = None,
) -> list[Figures]:
    """Queries of what the pairs would pay, each with the tiers of its day. `kept`: from the kept sums where they know
    enough. A programme that wants a rate accrues nothing that could be said; its settlement says what is missing.
    """
    by_day: dict[date, list[Pair]] = defaultdict(list)
    for day, pair in pairs:
        by_day[day].append(pair)
    whose = None if partners is None else sorted(partners)
    scope = Scope(partners=whose, kept=kept, booked_before=booked_before)
    return [
        Figures(_query(part.sums, day, part.sums.scope.partners), part.sums.plans)
        for day, together in sorted(by_day.items())
        for part in currencies.parts(plans_for(together), scope, books=Book.between, on=day, stopped=[])
    ]


def compute(
    pairs: Iterable[tuple[date, Pair]],
    partners: Sequence[int] | None,
    *,
    kept: bool = True,
    booked_before: date | None = None,
) -> list[Accrual]:
    """What the pairs would pay these partners, all of them without, by what is booked before a day; in no order."""
    return [
        _accrual(row, found.plans)
        for found in figures(pairs, partners, kept=kept, booked_before=booked_before)
        for row in settlement.rows(found.sql)
    ]


def _query(sums: settlement.Read, day: date, partners: Sequence[int] | None) -> Sql:
    read, members = sums.read(), traits.members_on(day, sums.plans)
    found = settlement.figures(sums, relation="sums", members="member")
    whose, narrowed = members.text, dict[str, Any]()
    if partners is not None:
        whose = f"SELECT * FROM ({whose}) everybody WHERE partner_id = ANY(%(member_partners)s)"
        narrowed = {"member_partners": list(partners)}
    text = (
        f"WITH sums AS MATERIALIZED ({read.text}), member AS MATERIALIZED ({whose})"
        f" SELECT * FROM ({found.text}) figures"
    )
    return Sql(text, read.params | members.params | found.params | narrowed)


def _accrual(row: dict[str, Any], plans: Sequence[Plan]) -> Accrual:
    plan = plans[row["plan"]]
    explanation = row["explanation"]
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
        explanation=json.loads(explanation) if isinstance(explanation, str) else explanation,
    )
