"""What a year so far asks of partners that are taken together, see `yearly.py` and `partner_groups.py`.

Guarantees
- The group's figure is that of the year so far; each member is posted its share of it less what the year posted to it
  before. Who takes no part any more is no member: it keeps what was posted to it.
- Of whose time before go-live something is not on file, the whole group is left out: its year would be too small.
- Sums of the year are told of each period, so one could be taken from another. They are told where at least four
  members' own sums differ from what each earlier settlement of the year told, and once the period before is settled.
- The same holds of every period that late lines adjust: what an adjustment tells is held against what the close and
  each adjustment before it told.
"""

from __future__ import annotations

from collections.abc import Sequence

from rebates import partner_pools, yearly
from rebates.plans import Plan
from rebates.scope import Scope


def known(taking: str, plans: Sequence[Plan]) -> str:
    """`taking`, a SELECT of partner_id and head, without the groups of which something is not on file: of the first of
    `plans`, or of what it is net of.
    """
    if not plans[0].cumulative:
        return taking
    unknown = f"SELECT gone.head FROM fits gone JOIN ({yearly.unknown(plans)}) unknown USING (partner_id)"
    return f"WITH fits AS ({taking}) SELECT partner_id, head FROM fits WHERE head NOT IN ({unknown})"


def told_before(plan: Plan, scope: Scope, sums: dict[str, str], *, asks: bool) -> str:
    """SELECT of `head`: the groups of which a sum less one that was told of the same lines would tell of few.

    `sums` are a member's own in a row of `sided`, in the currency itself: "counted", "payable" and, where there are
    such, "reference" and "less", what others pay; `asks`: whether they count by a factor.
    """
    adjusts = scope.closed_at_line is not None
    if scope.posted or not (plan.cumulative or adjusts):  # a back-test tells no partner anything
        return "SELECT NULL::bigint AS head WHERE false"
    upto = "<=" if adjusts else "<"
    return f"""
        WITH told AS (
            SELECT result.partner_id, result.run_id, result.ends, result.kind,
                   result.qualifier AS counted, result.base AS payable,
                   (result.explanation #>> '{{grouped,own}}')::numeric AS factor,
                   (result.explanation #>> '{{grouped,own_reference}}')::numeric AS reference,
                   (result.explanation #>> '{{net_of,less}}')::numeric AS less
            FROM rebates_result result JOIN rebates_settlementrun run
                ON run.id = result.run_id AND run.state IN ('closed', 'paid')
            WHERE result.programme_id = {plan.version.programme_id}
                AND result.ends > '{plan.counted.start}' AND result.ends {upto} '{plan.period.end}'
                AND NOT {partner_pools.IS_WITHHELD.format(row="result")}
        ), now AS (
            SELECT sided.head, sided.partner_id, sided.factor,
                   {", ".join(f"round({text}, 3) AS {name}" for name, text in sums.items())} FROM sided
        )
        SELECT now.head FROM now CROSS JOIN (SELECT DISTINCT run_id, ends, kind FROM told) time
        LEFT JOIN told was ON was.partner_id = now.partner_id
            AND (was.run_id, was.ends, was.kind) = (time.run_id, time.ends, time.kind)
        GROUP BY now.head, time.run_id, time.ends, time.kind
        HAVING count(was.partner_id) > 0 AND ({_moved_by_few(set(sums), asks)})"""


def _moved_by_few(names: set[str], asks: bool) -> str:
    """Whether fewer members than four have another sum than then, or a few have another difference of two sums."""
    least = partner_pools.LEAST_MEMBERS
    told = [f"{{row}}.{name}" for name in sorted(names - {"less"})]
    apart = ["{row}.counted - {row}.payable", *(["{row}.less"] if "less" in names else [])]
    if "reference" in names:
        apart.append("{row}.reference - {row}.counted")
    if asks:
        told.append("round({row}.payable * {row}.factor, 10)")
        apart.append("round({row}.payable * (1 - {row}.factor), 10)")
    # An adjustment has a row of those only whose figure it changed: of the others nobody knows that their sums moved.
    moved = "count(*) FILTER (WHERE {} IS DISTINCT FROM {} AND (was.partner_id IS NOT NULL OR time.kind = 'earned'))"
    counts = [moved.format(one.format(row="now"), one.format(row="was")) for one in (*told, *apart)]
    return " OR ".join(
        [
            *(f"{count} < {least}" for count in counts[: len(told)]),
            *(f"{count} BETWEEN 1 AND {least - 1}" for count in counts[len(told) :]),
        ]
    )


def is_early(plan: Plan, scope: Scope) -> str:
    """Whether the year's period before is not settled yet, here or before go-live: until then its own sums move."""
    adjusts = scope.closed_at_line is not None
    if not plan.cumulative or scope.posted or adjusts or plan.counted.start == plan.period.start:
        return "false"
    mine = f"one.programme_id = {plan.version.programme_id} AND one.ends = '{plan.period.start}'"
    return (
        "NOT (EXISTS (SELECT FROM rebates_runscope one JOIN rebates_settlementrun run ON run.id = one.run_id"
        f" AND run.state IN ('closed', 'paid') WHERE {mine})"
        f" OR EXISTS (SELECT FROM rebates_settledoutside one WHERE one.reversed_at IS NULL AND {mine}))"
    )
