"""What a year so far asks of partners that are taken together, see `yearly.py` and `partner_groups.py`.

Guarantees
- The group's figure is that of the year so far; each member is posted its share of it less what the year posted to it
  before. Who takes no part any more is no member: it keeps what was posted to it.
- Of whose time before go-live something is not on file, the whole group is left out: its year would be too small.
- Sums of the year are told at the end of each period, so one could be taken from another. They are told where at least
  four members' own sums differ from what each earlier settlement of the year told, and once the period before is
  settled: until then its sums are told, and nobody knows yet how they will stand.
"""

from __future__ import annotations

from rebates import partner_pools, yearly
from rebates.plans import Plan
from rebates.scope import Scope


def known(taking: str, plan: Plan) -> str:
    """`taking`, a SELECT of partner_id and head, without the groups of which something is not on file."""
    if not plan.cumulative:
        return taking
    unknown = f"SELECT gone.head FROM fits gone JOIN ({yearly.unknown(plan)}) unknown USING (partner_id)"
    return f"WITH fits AS ({taking}) SELECT partner_id, head FROM fits WHERE head NOT IN ({unknown})"


def told_before(plan: Plan, scope: Scope, *, counted: str, payable: str) -> str:
    """SELECT of `head`: the groups of which a sum of the year less one that was told would tell of few. `counted` and
    `payable` are a member's sums in a row of `own`, in the currency itself.
    """
    if not plan.cumulative or scope.posted:  # a back-test tells no partner anything
        return "SELECT NULL::bigint AS head WHERE false"
    adjusts = scope.closed_at_line is not None
    near = f"""
        WITH told AS (
            SELECT result.partner_id, result.ends, result.qualifier, result.base
            FROM rebates_result result JOIN rebates_settlementrun run
                ON run.id = result.run_id AND run.state IN ('closed', 'paid')
            WHERE result.programme_id = {plan.version.programme_id} AND result.kind = 'earned'
                AND result.ends > '{plan.counted.start}' AND result.ends {"<=" if adjusts else "<"} '{plan.period.end}'
                AND NOT {partner_pools.IS_WITHHELD.format(row="result")}
        )
        SELECT head FROM own CROSS JOIN (SELECT DISTINCT ends FROM told) day
        LEFT JOIN told was ON was.partner_id = own.partner_id AND was.ends = day.ends
        GROUP BY head, day.ends
        HAVING count(was.partner_id) > 0 AND count(*) FILTER (
            WHERE (round({counted}, 3), round({payable}, 3)) IS DISTINCT FROM (was.qualifier, was.base)
        ) < {partner_pools.LEAST_MEMBERS}"""
    if adjusts or plan.counted.start == plan.period.start:
        return near
    return f"{near} UNION SELECT head FROM own WHERE NOT ({_is_settled(plan)})"


def _is_settled(plan: Plan) -> str:
    """Whether the period before is settled, here or before go-live."""
    mine = f"one.programme_id = {plan.version.programme_id} AND one.ends = '{plan.period.start}'"
    return (
        "EXISTS (SELECT FROM rebates_runscope one JOIN rebates_settlementrun run ON run.id = one.run_id"
        f" AND run.state IN ('closed', 'paid') WHERE {mine})"
        f" OR EXISTS (SELECT FROM rebates_settledoutside one WHERE one.reversed_at IS NULL AND {mine})"
    )
