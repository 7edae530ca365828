"""What closed settlements posted for a programme's periods, in the currency in which it measures.

It is what a return at the original rate is held against, and what a cumulative year takes off.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from rebates.plans import Plan

if TYPE_CHECKING:
    from rebates.scope import Scope


# Of a result.
COLUMNS = """
    COALESCE((result.explanation #>> '{cumulative,first}')::date, result.starts) AS first, result.ends,
    COALESCE((result.explanation #>> '{payout,measured}')::numeric, result.earned + result.adjusted) AS moved,
    result.earned + result.adjusted AS paid,
    COALESCE((result.explanation #>> '{cumulative,total}')::numeric,
             (result.explanation #>> '{payout,measured}')::numeric, result.computed) AS total,
    COALESCE((result.explanation ->> 'paid_on')::numeric,
             (result.explanation ->> 'payable')::numeric,
             result.base + COALESCE((result.explanation #>> '{net_of,less}')::numeric, 0)) AS base"""


def relation(plan: Plan, scope: Scope, *, until: datetime | None = None) -> str:
    """SELECT of partner_id, first (day that counted), ends, moved, paid, total, base and at of what was posted.

    `moved` was posted in the measure currency and `paid` in that of the payout; `total` is f(all lines) of the days
    from `first`, `base` their paid base before caps and before what earlier programmes take off; the newest `at` is
    the one that holds. `until`: as it stood at that moment.
    """
    if scope.posted:
        return (
            f"SELECT partner_id, first, ends, moved, paid, total, base, at FROM {scope.posted}"
            f" WHERE world = {plan.world} AND code = '{plan.code}'"
        )
    closed = f" AND run.closed_at <= '{until.isoformat()}'" if until else ""
    brought = (
        f" AND brought_at <= '{until.isoformat()}' AND (reversed_at IS NULL OR reversed_at > '{until.isoformat()}')"
        if until
        else " AND reversed_at IS NULL"
    )
    programme = int(plan.version.programme_id)
    return f"""
        SELECT result.partner_id, {COLUMNS}, run.closed_at AS at
        FROM rebates_result result JOIN rebates_settlementrun run
            ON run.id = result.run_id AND run.state IN ('closed', 'paid'){closed}
        WHERE result.programme_id = {programme}
        UNION ALL
        SELECT partner_id, starts, ends, COALESCE(measured, earned), earned, COALESCE(measured, earned), base,
               brought_at FROM rebates_settledoutside
        WHERE programme_id = {programme}{brought}"""
