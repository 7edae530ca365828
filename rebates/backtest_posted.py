"""What a back-test would have posted so far, for programmes whose figures hang on that of earlier periods.

A version that is tried is held against what it would have posted itself in the periods that are tried, and before them
against what was settled in earnest. It stands in a table of the transaction, once for each swing of the volume.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from rebates import posted, returned
from rebates.plans import Plan
from rebates.scope import Scope

TABLE = "back_test_posted"
AS_IT_WAS = Decimal(1)


def look_back(plans: Iterable[Plan]) -> bool:
    plans = list(plans)
    return returned.at_original_rate(plans) or any(plan.cumulative for plan in plans)


def of(swing: Decimal) -> str:
    """What stands for what was settled."""
    return f"(SELECT * FROM {TABLE} WHERE swing = {swing}) {TABLE}"


def begin(cursor: Any, plans: Sequence[Plan], swings: Sequence[Decimal]) -> None:
    """With what was settled before the first period that is tried, that of `plans`."""
    cursor.execute(f"DROP TABLE IF EXISTS pg_temp.{TABLE}")
    cursor.execute(
        f"CREATE TEMP TABLE {TABLE} (swing numeric, world int, code text, partner_id bigint, first date, ends date,"
        " moved numeric, paid numeric, total numeric, base numeric, at timestamptz) ON COMMIT DROP"
    )
    for plan in plans:
        for swing in swings:
            cursor.execute(
                f"INSERT INTO {TABLE} SELECT {swing}, {plan.world}, %s, partner_id, first, ends, moved, paid, total,"
                f" base, at FROM ({posted.relation(plan, Scope())}) settled WHERE ends <= %s",
                [plan.code, plan.counted.start if plan.cumulative else plan.period.start],
            )


def keep(cursor: Any, plans: Sequence[Plan], figures: str, params: dict[str, Any], swing: Decimal) -> str:
    """What a period would have posted. `figures` is a query of `settlement.figures`; answers the table of its rows."""
    name = "back_test_figures"
    cursor.execute(f"DROP TABLE IF EXISTS pg_temp.{name}")
    cursor.execute(f"CREATE TEMP TABLE {name} ON COMMIT DROP AS {figures}", params)
    worlds = ", ".join(f"({number}, {plan.world}, '{plan.code}')" for number, plan in enumerate(plans))
    cursor.execute(
        f"INSERT INTO {TABLE} SELECT {swing}, tried.world, tried.code, partner_id, {posted.COLUMNS}, 'infinity'"
        f" FROM (SELECT *, earned AS computed, 0 AS adjusted FROM {name}) result"
        f" JOIN (VALUES {worlds}) tried(no, world, code) ON tried.no = result.plan"
    )
    return name
