"""Minimum payouts: what of a programme's money waits for the next statement because it is too little to be paid.

Guarantees
- They move what is paid, never what is earned: with what was kept before, a programme's earned and adjusted figures of
  a close are paid together once they come to the minimum; until then they are kept, also below zero.
- What is kept follows from the figures of the closes alone, whenever anybody is paid.
- Nothing is kept under a programme that has ended, nor from a partner that leaves.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Q

from rebates.models import Programme, Result, SettlementRun, Statement, Version

ZERO = Decimal("0.00")


@dataclass(frozen=True)
class Kept:
    """Of one programme on a statement: kept before and kept now. Without `minimum` nothing is kept any more."""

    programme: Programme
    before: Decimal
    now: Decimal
    minimum: Decimal | None


def minimums_for(run: SettlementRun) -> dict[int, Decimal]:
    """By programme: the minimum of the version in force on the run's last day, of programmes that go on after it."""
    in_force = Version.objects.published().filter(
        Q(ends__isnull=True) | Q(ends__gte=run.ends), starts__lt=run.ends
    )
    found = {
        version.programme_id: Decimal(version.policy["minimum_payout"])
        for version in in_force.filter(policy__has_key="minimum_payout")
    }
    after = Q(ends__isnull=True) | Q(ends__gt=run.ends)
    going_on = set(Version.objects.published().filter(after).values_list("programme_id", flat=True))
    return {programme: amount for programme, amount in found.items() if programme in going_on}


def kept_sql(run: SettlementRun) -> str:
    """The common table expression `kept`: of each partner, programme and currency what is and was kept, and `note`.

    Needs the parameters run, first and last. It reads nothing while no programme has ever had a minimum.
    """
    if not Version.objects.published().filter(policy__has_key="minimum_payout").exists():
        return _NOTHING
    rows = [f"({programme}::bigint, {amount}::numeric)" for programme, amount in minimums_for(run).items()]
    return _KEPT.replace("{minimums}", ", ".join(rows or ["(0::bigint, 0::numeric)"]))


_NOTHING = """kept AS (
    SELECT 0::bigint AS partner_id, 0::bigint AS programme_id, ''::varchar AS currency, 0::numeric AS before,
           0::numeric AS now, '{}'::jsonb AS note WHERE false
)"""
_KEPT = """minimum(programme_id, amount) AS (VALUES {minimums}), newest AS (
    SELECT DISTINCT ON (partner_id, currency) partner_id, currency, carried FROM rebates_statement
    WHERE run_id <> %(run)s AND partner_id BETWEEN %(first)s AND %(last)s ORDER BY partner_id, currency, id DESC
), earlier AS (
    SELECT partner_id, key::bigint AS programme_id, currency, (value ->> 'kept')::numeric AS amount
    FROM newest CROSS JOIN LATERAL jsonb_each(carried) WHERE value ? 'kept'
), moved AS (
    SELECT partner_id, programme_id, currency, sum(earned + adjusted) AS amount FROM rebates_result
    WHERE run_id = %(run)s AND partner_id BETWEEN %(first)s AND %(last)s
        AND programme_id IN (SELECT programme_id FROM minimum)
    GROUP BY partner_id, programme_id, currency
), kept AS (
    SELECT partner_id, programme_id, currency, before, now,
           jsonb_strip_nulls(jsonb_build_object(
               'before', before::text, 'kept', now::text, 'minimum', least_paid::text)) AS note
    FROM (
        SELECT *, CASE WHEN before + own < least_paid THEN before + own ELSE 0 END AS now
        FROM (
            SELECT partner_id, programme_id, currency, COALESCE(earlier.amount, 0) AS before,
                   COALESCE(moved.amount, 0) AS own,
                   CASE WHEN member.leaves THEN NULL ELSE minimum.amount END AS least_paid
            FROM earlier FULL JOIN moved USING (partner_id, programme_id, currency)
            LEFT JOIN minimum USING (programme_id)
            LEFT JOIN (SELECT partner_id, leaves FROM rebates_runmember WHERE run_id = %(run)s) member
                USING (partner_id)
        ) asked
    ) decided WHERE before <> 0 OR now <> 0
)"""


# What was kept


def kept_on(statement: Statement) -> list[Kept]:
    """By programme code: what a statement keeps, or pays of what was kept before."""
    noted = {int(key): money for key, money in statement.carried.items() if "kept" in money}
    programmes = Programme.objects.in_bulk(noted)
    found = [
        Kept(
            programmes[key],
            Decimal(money["before"]).quantize(ZERO),
            Decimal(money["kept"]).quantize(ZERO),
            Decimal(money["minimum"]) if "minimum" in money else None,
        )
        for key, money in noted.items()
    ]
    return sorted(found, key=lambda kept: kept.programme.code)


def kept_behind(result: Result) -> Kept | None:
    """What the statement of a closed result kept of its programme; None where it says nothing of that."""
    statement = (
        Statement.objects.for_everyone(because="the result names the partner")
        .filter(run_id=result.run_id, partner_id=result.partner_id, currency=result.currency)
        .filter(run__state__in=("closed", "paid"))
        .first()
    )
    rows = kept_on(statement) if statement else []
    return next((kept for kept in rows if kept.programme.pk == result.programme_id), None)


def kept_now(partners: Iterable[int]) -> dict[tuple[int, str], dict[int, Decimal]]:
    """What each partner's newest statement keeps: by partner and currency, then by the programme's purpose."""
    rows = (
        Statement.objects.for_everyone(because="narrowed to the partners of the caller's statements")
        .filter(partner__in=partners)
        .order_by("partner_id", "currency", "-id")
        .distinct("partner_id", "currency")
        .values_list("partner_id", "currency", "carried")
    )
    found: dict[tuple[int, str], dict[int, Decimal]] = defaultdict(dict)
    for partner_id, currency, carried in rows:
        for programme, money in carried.items():
            if Decimal(money.get("kept", 0)):
                found[partner_id, currency][int(programme)] = Decimal(money["kept"])
    named = {programme for kept in found.values() for programme in kept}
    purposes: dict[int, Any] = (
        dict(Programme.objects.filter(pk__in=named).values_list("pk", "purpose_id")) if named else {}
    )
    return {
        whose: {purposes[programme]: amount for programme, amount in kept.items()}
        for whose, kept in found.items()
    }
