"""Tiers day by day: the tier on each line's booking date, and a target by the days of membership.

Guarantees
- `tier_on: line_date` counts a line, and a baseline's line, where the partner had one of the policy's tiers on the day
  on which it was booked, or by which the policy counts it.
- `joining: by_days` asks for target × days ÷ days of the period, rounded half up to the currency's minor unit (units:
  to three decimals): the days on which the partner had one of the policy's tiers, or any where it names none. Whoever
  had none on any day is asked for the whole target.
- A run freezes the memberships that it reads; an adjustment of a closed period reads those. Policies that ask for
  neither cost nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from babel.numbers import get_currency_precision

from rebates import own_targets
from rebates.plans import Plan

LINE_DATE, BY_DAYS = "line_date", "by_days"
COLUMNS = ("member_days", "target_days")  # how many days of how many


def by_line(policy: dict[str, Any]) -> list[str]:
    """The tiers that a line's day must be in; empty where the period's last day decides."""
    return policy.get("who", {}).get("tiers", []) if policy.get("tier_on") == LINE_DATE else []


def by_days(policy: dict[str, Any]) -> bool:
    return policy.get("joining") == BY_DAYS


def named(plans: Iterable[Plan]) -> list[str]:
    """The tiers that some plan asks each line's day for."""
    return sorted({code for plan in plans for code in by_line(plan.policy)})


def matter(plans: Iterable[Plan]) -> bool:
    return any(by_line(plan.policy) or by_days(plan.policy) for plan in plans)


# SQL

_LIVE = """SELECT held.partner_id, tier.code, held.during
    FROM partners_tiermembership held JOIN partners_tier tier ON tier.id = held.tier_id"""


def spans(run: int | None) -> str:
    """(partner_id, code, during) of memberships: today's, or those that a run froze and today's of who came later."""
    if run is None:
        return _LIVE
    return f"""SELECT partner_id, span ->> 2 AS code, daterange((span ->> 0)::date, (span ->> 1)::date) AS during
        FROM rebates_runmember CROSS JOIN LATERAL jsonb_array_elements(tier_days) span WHERE run_id = {int(run)}
        UNION ALL SELECT live.partner_id, live.code, live.during FROM ({_LIVE}) live
        WHERE NOT EXISTS (SELECT FROM rebates_runmember kept
                          WHERE kept.run_id = {int(run)} AND kept.partner_id = live.partner_id)"""


def frozen(plans: Sequence[Plan]) -> str:
    """A relation (partner_id, tier_days) of what a run has to keep."""
    if not matter(plans):
        return "(SELECT NULL::bigint AS partner_id, NULL::jsonb AS tier_days WHERE false)"
    days = [day for plan in plans for term in plan.terms for day in _edges(plan, term)]
    days += [plan.target_days.end for plan in plans]
    # A return at the original rate asks for the tier on the day of its sale.
    first = (
        "NULL"
        if any(plan.policy.get("returns") == "at_original_rate" for plan in plans)
        else f"'{min(days)}'"
    )
    return (
        "(SELECT partner_id, jsonb_agg(jsonb_build_array(lower(during), upper(during), code) ORDER BY lower(during))"
        f" AS tier_days FROM ({_LIVE}) live WHERE during && daterange({first}, '{max(days)}')"
        " GROUP BY partner_id)"
    )


def _edges(plan: Plan, term: str) -> tuple[date, date]:
    period = plan.period_of(term)
    return period.start, period.end


def lines_with_tier(lines: str, run: int | None) -> str:
    """`lines` with `line_tier`, the partner's tier on the day of booking; '' where it had none."""
    return (
        f"(SELECT line.*, COALESCE(span.code, '') AS line_tier FROM {lines} line LEFT JOIN ({spans(run)}) span"
        " ON span.partner_id = line.partner_id AND span.during @> line.booking_date)"
    )


def scaled(
    based: str, names: Sequence[str], plans: Sequence[Plan], run: int | None, params: dict[str, Any]
) -> str:
    """`based`, a SELECT of `names`, with the targets by days, and how many days they were."""
    counts, targets = [], []
    for number, plan in enumerate(plans):
        if not by_days(plan.policy):
            continue
        period, tiers = (
            f"daterange('{plan.target_days.start}', '{plan.target_days.end}')",
            plan.policy.get("who", {}).get("tiers"),
        )
        of_tiers = ""
        if tiers:
            params[f"joining_{number}"], of_tiers = list(tiers), f" AND code = ANY(%(joining_{number})s)"
        total = (plan.target_days.end - plan.target_days.start).days
        counts.append(
            f"SELECT {number} AS no, partner_id, {total} AS whole,"
            f" sum(upper(during * {period}) - lower(during * {period})) AS days"
            f" FROM ({spans(run)}) span WHERE during && {period}{of_tiers} GROUP BY partner_id"
        )
        stated = f"{plan.policy['mechanism'].get('target', 'NULL')}::numeric"
        target = f"COALESCE(based.{own_targets.COLUMN}, {stated})" if plan.targets else stated
        unit = 10 ** (3 if plan.bands.reads_units else get_currency_precision(plan.version.currency))
        targets.append(
            f"WHEN based.no = {number} AND joined.days IS NOT NULL"
            f" THEN div(2 * {target} * joined.days * {unit} + {total}, {2 * total})"
            f" / {unit}::numeric * {plan.counted_in}"
        )
    reference = f"CASE {' '.join(targets)} ELSE based.reference END AS reference"
    columns = ", ".join(reference if name == "reference" else f"based.{name}" for name in names)
    return (
        f"SELECT {columns}, joined.days AS {COLUMNS[0]}, joined.whole AS {COLUMNS[1]} FROM ({based}) based"
        f" LEFT JOIN ({' UNION ALL '.join(counts)}) joined"
        " ON joined.no = based.no AND joined.partner_id = based.partner_id"
    )


SAID = (
    f" || CASE WHEN plan.{COLUMNS[0]} IS NULL THEN '{{}}'::jsonb ELSE jsonb_build_object('joining',"
    f" jsonb_build_object('days', plan.{COLUMNS[0]}, 'of', plan.{COLUMNS[1]})) END"
)
