"""A cap over all partners as SQL around the figures of each; see `partner_pools.py`.

Guarantees
- What is paid comes to the cap exactly: in minor units, by largest remainder of the unrounded figures, ties to the
  lower partner number. A figure below zero stays as it is and makes no room for the others.
- Where each figure is a fraction of its own (`divides`) thousands of partners have no common denominator that could be
  written down. Figures are cut off behind 400 decimals, and shares rounded to 200 before they are held against each
  other. What ties exactly is still a tie: that the sum is the cap, that a share is whole, that two shares have one
  remainder, each makes the sum a fraction as short as one or two of its figures. Nothing else is taken for one that
  differs within 200 decimals.
- In a cumulative programme the cap is one of the year so far, and each partner is posted the difference of its share.
  Of whose time before go-live something is not on file, nobody is paid: the others' shares would be too large.
- The sum is told where four come to anything; of a year, and of an adjustment, where four moved since it was told
  before, for one sum could be taken from the other.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from babel.numbers import get_currency_precision

from rebates import group_years, partner_groups, partner_pools, traits, yearly
from rebates.linked_sql import COLUMNS, RAW
from rebates.partner_pools import DECIMALS, TICKS, TOLD_TO
from rebates.plans import Plan
from rebates.scope import Scope


def divides(policy: dict[str, Any]) -> bool:
    """Whether each partner's unrounded figure is a fraction of its own: it has another divisor than another's."""
    rules = policy["mechanism"]
    return (
        rules.get("split") == "average"
        or rules["kind"] == "formula"
        or any(factor["kind"] == "collection" for factor in policy.get("factors", []))
        or policy.get("returns") == "at_original_rate"
    )


@dataclass(frozen=True)
class Members:
    """The relation of all partners, its columns, and the plans' rows of VALUES."""

    relation: str
    names: Sequence[str]
    plan_rows: Sequence[str]
    plan_columns: str

    def taking_part(self, number: int) -> str:
        """The partners that take part, with lines or without."""
        asks = traits.TAKES_PART if "region" in self.names else ""
        return (
            f"SELECT plan.partner_id FROM (SELECT member.*, asked.* FROM {self.relation} member"
            f" CROSS JOIN (VALUES ({self.plan_rows[number]})) asked({self.plan_columns})) plan"
            f" WHERE {partner_groups.FITS} {asks}"
        )


def shared(
    figures: str, plans: Sequence[Plan], level: Collection[int], scope: Scope, members: Members
) -> str:
    """`figures`, which have also `raw` and `divisor`, the unrounded figure, of the plans of a level, with the caps over
    all partners.
    """
    pooled = [(number, plans[number]) for number in numbers(plans, level)]
    others = ", ".join(f"ranked.{name}" for name in COLUMNS if name not in ("earned", "explanation"))
    scale, ticks = "10.0 ^ digits", f"1e{TICKS}"
    return f"""
        WITH parted AS ({_parted(figures, plans, pooled, members)}), moved AS ({_moved(pooled, scope)})
        SELECT {others},
               CASE WHEN most IS NULL OR raw <= 0 OR NOT too_much THEN earned
                    ELSE round((whole + CASE WHEN rank <= spare THEN 1 ELSE 0 END) / {scale}, digits) END AS earned,
               CASE WHEN most IS NULL THEN explanation ELSE explanation || jsonb_build_object('pooled',
                    jsonb_build_object('amount', trim_scale(most)::text, 'lowered', too_much,
                        'own', round({_OWN}, 10)::text) || {_told(pooled, scope)}) END AS explanation,
               {", ".join(RAW)}
        FROM (
            SELECT *, most * {scale} - sum(whole) OVER (PARTITION BY plan) AS spare,
                   row_number() OVER (PARTITION BY plan ORDER BY rest DESC NULLS LAST, partner_number COLLATE "C")
                       AS rank
            FROM (
                SELECT *, div(share, {ticks}) AS whole, mod(share, {ticks}) AS rest FROM (
                    SELECT *, part_sum > most * common OR earned_sum > most AS too_much,
                           div(2 * most * {scale} * part * {ticks} + part_sum, nullif(2 * part_sum, 0)) AS share
                    FROM (
                        SELECT *, sum(part) OVER mates AS part_sum,
                               sum(greatest(earned, 0)) OVER mates AS earned_sum,
                               count(*) FILTER (WHERE raw > 0) OVER mates AS behind
                        FROM parted WINDOW mates AS (PARTITION BY plan)
                    ) summed
                ) shared
            ) divided
        ) ranked"""


def numbers(plans: Sequence[Plan], level: Collection[int]) -> list[int]:
    """The plans of a level that have such a cap."""
    return [number for number in sorted(level) if partner_pools.cap_of(plans[number].policy)]


# A partner's own figure before the cap.
_OWN = f"CASE WHEN cuts AND raw > 0 THEN part * 1e-{DECIMALS} ELSE raw / divisor END"


def _parted(figures: str, plans: Sequence[Plan], pooled: Sequence[tuple[int, Plan]], members: Members) -> str:
    """`figures` with their caps, and each figure above zero as a number of parts, `common` of which are one."""
    rows = ", ".join(
        f"({number}, {Decimal(cap['amount']):f}::numeric, {get_currency_precision(plan.version.currency)},"
        f" {divides(plan.policy)})"
        for number, plan in pooled
        if (cap := partner_pools.cap_of(plan.policy))
    )
    unknown = [
        f"single.plan = {number} AND EXISTS (SELECT FROM ({members.taking_part(number)}) taking"
        f" JOIN ({yearly.unknown(partner_pools.with_earlier(plan, plans))}) unknown USING (partner_id))"
        for number, plan in pooled
        if plan.cumulative
    ]
    return f"""
            SELECT single.*, cap.most, cap.digits, cap.cuts, partner.number AS partner_number,
                   CASE WHEN cap.cuts THEN 1e{DECIMALS} ELSE single.divisor END AS common,
                   CASE WHEN cap.cuts THEN div(greatest(single.raw, 0) * 1e{DECIMALS}, single.divisor)
                        ELSE greatest(single.raw, 0) END AS part
            FROM ({figures}) single
            JOIN partners_partner partner ON partner.id = single.partner_id
            LEFT JOIN (VALUES {rows}) cap(no, most, digits, cuts) ON cap.no = single.plan
            WHERE NOT ({" OR ".join(unknown) or "false"})"""


def _told(pooled: Sequence[tuple[int, Plan]], scope: Scope) -> str:
    """The sum of all, exactly where all have one divisor; a common one of all would tell what others bought. Or why it
    is not told.
    """
    early = " ".join(
        f"WHEN plan = {number} THEN {group_years.is_early(plan, scope)}" for number, plan in pooled
    )
    return f"""
                    CASE WHEN behind < {partner_pools.LEAST_MEMBERS} THEN jsonb_build_object('withheld', true)
                         WHEN plan IN (SELECT no FROM moved) THEN jsonb_build_object('withheld', true, 'moved', true)
                         WHEN CASE {early} END THEN jsonb_build_object('withheld', true, 'early', true)
                         WHEN cuts THEN jsonb_build_object('decimals', {TOLD_TO}, 'parts', '1',
                             'sum', trim_scale(round(part_sum * 1e-{DECIMALS}, {TOLD_TO}))::text)
                         ELSE jsonb_build_object('sum', trim_scale(part_sum)::text, 'parts', trim_scale(divisor)::text)
                         END"""


def _moved(pooled: Sequence[tuple[int, Plan]], scope: Scope) -> str:
    """SELECT of `no`: the plans of which the sum, less one that was told before, would tell of few."""
    adjusts = scope.closed_at_line is not None
    found = [
        f"SELECT {number} AS no WHERE EXISTS ({_told_before(number, plan, adjusts)})"
        for number, plan in pooled
        if not scope.posted and (plan.cumulative or adjusts)  # a back-test tells no partner anything
    ]
    return " UNION ALL ".join(found) or "SELECT NULL::int AS no WHERE false"


def _told_before(number: int, plan: Plan, adjusts: bool) -> str:
    """Of each settlement that told a sum of the same days whether fewer than four have another figure than then."""
    return f"""
            WITH told AS (
                SELECT result.partner_id, result.run_id, result.ends, result.kind,
                       greatest((result.explanation #>> '{{pooled,own}}')::numeric, 0) AS own
                FROM rebates_result result JOIN rebates_settlementrun run
                    ON run.id = result.run_id AND run.state IN ('closed', 'paid')
                WHERE result.programme_id = {plan.version.programme_id} AND result.explanation ? 'pooled'
                    AND result.ends > '{plan.counted.start}'
                    AND result.ends {"<=" if adjusts else "<"} '{plan.period.end}'
                    AND NOT {partner_pools.IS_WITHHELD.format(row="result")}
            )
            SELECT FROM (SELECT partner_id, greatest(round({_OWN}, 10), 0) AS own FROM parted WHERE plan = {number}) now
            CROSS JOIN (SELECT DISTINCT run_id, ends, kind FROM told) time
            LEFT JOIN told was ON was.partner_id = now.partner_id
                AND (was.run_id, was.ends, was.kind) = (time.run_id, time.ends, time.kind)
            GROUP BY time.run_id, time.ends, time.kind
            HAVING count(was.partner_id) > 0 AND count(*) FILTER (WHERE now.own IS DISTINCT FROM was.own
                -- An adjustment has a row of those only whose figure it changed.
                AND (was.partner_id IS NOT NULL OR time.kind = 'earned')) < {partner_pools.LEAST_MEMBERS}"""
