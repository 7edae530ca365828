"""Cumulative programmes: all of the year so far is counted in each period, and the difference is posted.

Guarantees
- A period posts f(all lines of the year so far) − what the year's periods before it posted, so that the differences add
  up to what the year earns. Both are rounded totals in the measure currency; only the difference is converted and paid.
- A year is a calendar year, as far as one version was in force: an amendment within it begins to count anew.
- Within the open year differences are earned, whenever their lines came; once the year's last period is closed, late
  lines of the year adjust that period.
- What was settled before go-live counts as settled. A partner that earned something there and has no line of that time
  on file is left out, and said: on its own lines the year would be too small.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.db import connection

from rebates import credited, partner_pools, posted
from rebates.models import SettlementRun
from rebates.plans import Plan
from rebates.scope import Scope

# What `settlement.figures` selects; `linked_sql.COLUMNS` without what changes here.
_OTHERS = (
    *("plan", "programme_id", "version_id", "partner_id", "starts", "ends", "currency", "tier", "qualifier", "base"),
    *("reference", "band", "lines"),
)  # fmt: skip


def is_last(plan: Plan) -> bool:
    """Whether a cumulative year ends with the plan's period, by the calendar or because the version does."""
    ends = plan.version.ends
    return plan.period.end == date(plan.period.start.year + 1, 1, 1) or ends == plan.period.end


def adjusts(plan: Plan) -> bool:
    """Whether late lines change what a closed period of the plan posted; within an open year the next one does."""
    return not plan.cumulative or is_last(plan)


def differences(figures: str, plans: Sequence[Plan], scope: Scope) -> str:
    """`figures` with what the year's earlier periods posted taken off the totals of cumulative plans."""
    years = [(number, plan) for number, plan in enumerate(plans) if plan.cumulative]
    if not years:
        return figures
    # An adjustment takes off what the closed period posted too.
    adjusts = scope.closed_at_line is not None
    upto, until = ("<=", None) if adjusts else ("<", scope.closed_before)
    rows = " UNION ALL ".join(
        f"SELECT {number} AS no, partner_id, sum(moved) AS moved, sum(paid) AS paid"
        f" FROM ({posted.relation(plan, scope, until=until)}) posted"
        f" WHERE ends > '{plan.counted.start}' AND ends {upto} '{plan.period.end}' GROUP BY partner_id"
        for number, plan in years
    )
    firsts = ", ".join(
        f"({number}, '{plan.counted.start}'::date, '{plan.period.start}'::date)" for number, plan in years
    )
    others = ", ".join(f"single.{name}" for name in _OTHERS)
    return f"""
        SELECT {others}, single.earned - CASE WHEN year.no IS NULL THEN 0 ELSE COALESCE(before.moved, 0) END AS earned,
               CASE WHEN year.no IS NULL THEN single.explanation
                    ELSE single.explanation || jsonb_build_object('cumulative', jsonb_build_object(
                        'first', year.first, 'total', single.earned::text, 'before', COALESCE(before.moved, 0)::text,
                        'settled', COALESCE(before.paid, 0)::text)) END AS explanation
        FROM ({figures}) single
        LEFT JOIN (VALUES {firsts}) year(no, first, now) ON year.no = single.plan
        LEFT JOIN ({rows}) before ON before.no = single.plan AND before.partner_id = single.partner_id
        WHERE year.no IS NULL{_known(years)}"""


def _known(years: Sequence[tuple[int, Plan]]) -> str:
    """Of which plans and partners the lines, or credits, of the year so far are on file."""
    found = ""
    for table in sorted({credited.table(plan.policy) for _number, plan in years}):
        numbers = ", ".join(str(number) for number, plan in years if credited.table(plan.policy) == table)
        unknown = _WITHOUT_LINES.format(unknown=_UNKNOWN.replace("{table}", table))
        found += f" OR single.plan IN ({numbers}) AND NOT EXISTS ({unknown})"
    return found


def settled_before(plans: Sequence[Plan]) -> str:
    """SQL of what a row of figures says that its year posted before; 0 where no plan counts a year."""
    if not any(plan.cumulative for plan in plans):
        return "0"
    return "COALESCE((explanation #>> '{cumulative,settled}')::numeric, 0)"


# What was settled outside, and of that time nothing is on file.
_UNKNOWN = """outside.reversed_at IS NULL AND (outside.base <> 0 OR outside.earned <> 0)
                AND NOT EXISTS (SELECT FROM {table} known WHERE known.partner_id = outside.partner_id
                    AND known.booking_date >= outside.starts AND known.booking_date < outside.ends)"""
# The same of a partner within the year so far.
_WITHOUT_LINES = """
            SELECT FROM rebates_settledoutside outside WHERE outside.programme_id = single.programme_id
                AND outside.partner_id = single.partner_id AND outside.starts >= year.first
                AND outside.ends <= year.now AND {unknown}"""


def unknown(plans: Sequence[Plan]) -> str:
    """SELECT of partner_id: of whom one of the plans has something that was settled outside within the year so far, and
    nothing is on file.
    """
    return " UNION ".join(
        f"""
        SELECT DISTINCT outside.partner_id FROM rebates_settledoutside outside
        WHERE outside.programme_id = {plan.version.programme_id} AND outside.starts >= '{plan.counted.start}'
            AND outside.ends <= '{plan.period.start}'
            AND {_UNKNOWN.replace("{table}", credited.table(plan.policy))}"""
        for plan in plans
    )


def findings(run: SettlementRun, plans: Sequence[Plan]) -> list[dict[str, Any]]:
    """The partners that a run leaves out, by programme; what hangs on any of them is left out as a whole."""
    found = []
    for plan in plans:
        if not plan.cumulative:
            continue
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT count(*) FROM ({unknown(partner_pools.with_earlier(plan, plans))}) unknown"
            )
            (count,) = cursor.fetchone()
        if count:
            found.append(
                {
                    "kind": "year_without_lines", "period": str(plan.period), "partners": count,
                    "programmes": [plan.code], "with_group": partner_pools.hangs_on_all(plan.policy),
                }
            )  # fmt: skip
    return found
