"""The rebate calculation: sales lines in, figures out, one grouped read of the lines for all programmes.

Guarantees
- Sums and band arithmetic are exact (PostgreSQL numeric); each figure is rounded once, by magnitude.
- The order of lines does not matter; splitting a line changes nothing.
- The same function serves settlement, adjustments of closed periods and live accruals.
- What was read can be read again: period, product lines, currency and the highest line id (the watermark).

`sums.py` reads the lines, `figures()` turns its sums into one row a programme and partner.
"""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from babel.numbers import get_currency_precision
from django.db import connection

from rebates.plans import Plan, Sql
from rebates.sums import Sums

_ROUNDED = {
    "half_up": "round(figure.raw, plan.digits)",
    # Ties go to the even neighbour: doubling the rounded half of a tie lands there.
    "half_even": (
        "CASE WHEN mod(abs(figure.raw) * 10.0 ^ plan.digits, 1) = 0.5"
        " THEN 2 * round(figure.raw * 10.0 ^ plan.digits / 2) / 10.0 ^ plan.digits"
        " ELSE round(figure.raw, plan.digits) END"
    ),
}


def figures(sums: Sums, *, relation: str, members: str) -> Sql:
    """One row a programme and partner that takes part and has lines, by partner and programme.

    `relation` holds what `sums.read()` selects; `members` is a relation of (partner_id, tier, type).
    Columns: plan, programme_id, version_id, partner_id, starts, ends, currency, tier, qualifier, base, band, lines,
    earned, explanation.
    """
    params: dict[str, Any] = {}
    plan_rows = [_plan_row(number, plan, params) for number, plan in enumerate(sums.plans)]
    modes = {plan.rounding for plan in sums.plans}
    rounded = _ROUNDED[modes.pop()] if len(modes) == 1 else (
        f"CASE WHEN plan.half_even THEN {_ROUNDED['half_even']} ELSE {_ROUNDED['half_up']} END"
    )  # fmt: skip
    return Sql(
        f"""
        SELECT plan.no AS plan, plan.programme_id, plan.version_id, plan.partner_id, plan.starts, plan.ends,
               plan.currency, plan.tier, plan.qualifier, plan.base, band.number AS band, plan.lines,
               {rounded} AS earned,
               plan.clauses[CASE WHEN plan.base < 0 THEN 1 ELSE band.number + 2 END] AS explanation
        FROM ({sums.based(relation, members, plan_rows, _PLAN_COLUMNS)}) plan
        CROSS JOIN LATERAL (SELECT width_bucket(
            CASE WHEN plan.by_base THEN plan.base ELSE plan.qualifier END, plan.lower) AS number OFFSET 0) band
        CROSS JOIN LATERAL (SELECT CASE
            WHEN plan.base < 0 THEN plan.first_rate * plan.base
            WHEN plan.floor IS NOT NULL THEN plan.first_rate * least(plan.base, plan.floor)
                + COALESCE(plan.rate[band.number], 0) * greatest(plan.base - plan.floor, 0)
            WHEN band.number = 0 THEN 0
            ELSE plan.fixed[band.number] + plan.rate[band.number] * (plan.base - plan.shift[band.number])
            END AS raw OFFSET 0) figure
        WHERE (plan.tiers IS NULL OR plan.tier = ANY(plan.tiers))
          AND (plan.types IS NULL OR plan.type = ANY(plan.types))
        """,
        params,
    )


_PLAN_COLUMNS = (
    "no, programme_id, version_id, starts, ends, currency, tiers, types, by_base, lower, fixed, rate, shift,"
    " first_rate, floor, digits, half_even, clauses"
)


def _plan_row(number: int, plan: Plan, params: dict[str, Any]) -> str:
    """A row of VALUES with `_PLAN_COLUMNS`; texts and arrays go as parameters."""
    who, bands = plan.policy.get("who", {}), plan.bands
    cells = {
        "programme": (plan.version.programme_id, "bigint"),
        "version": (plan.version.pk, "bigint"),
        "starts": (plan.period.start, "date"),
        "ends": (plan.period.end, "date"),
        "currency": (plan.version.currency, "text"),
        "tiers": (who.get("tiers"), "text[]"),
        "types": (who.get("types"), "text[]"),
        "by_base": (bands.by_base, "bool"),
        "lower": (list(bands.lower), "numeric[]"),
        "fixed": (list(bands.fixed), "numeric[]"),
        "rate": (list(bands.rate), "numeric[]"),
        "shift": (list(bands.offset), "numeric[]"),
        "first": (bands.first_rate, "numeric"),
        "floor": (bands.floor, "numeric"),
        "digits": (get_currency_precision(plan.version.currency), "int"),
        "even": (plan.rounding == "half_even", "bool"),
        "clauses": (clauses(plan), "jsonb[]"),
    }
    text = [str(number)]
    for name, (value, kind) in cells.items():
        params[f"{name}_{number}"] = value
        text.append(f"%({name}_{number})s::{kind}")
    return ", ".join(text)


def clauses(plan: Plan) -> list[str]:
    """What a result's explanation says: [negative base, below the first band, band 1, band 2 …], as JSON text."""
    bands = plan.bands
    found: list[dict[str, Any]] = [{"rule": "negative", "rate": str(bands.first_rate)}, {"rule": "below"}]
    for index in range(len(bands.lower)):
        clause = {"rule": "band", "rate": str(bands.rate[index])}
        if bands.fixed[index]:
            clause["fixed"] = str(bands.fixed[index])
        if bands.offset[index]:
            clause["above"] = str(bands.offset[index])
        found.append(clause)
    if bands.floor is not None:
        for clause in found[1:]:
            clause |= {"floor": str(bands.floor), "first_rate": str(bands.first_rate)}
    return [json.dumps(clause, sort_keys=True) for clause in found]


def members_on(last_day: date) -> Sql:
    """(partner_id, tier, type) of every partner on `last_day`; tier '' where there is none."""
    return Sql(
        """
        SELECT partner.id AS partner_id, COALESCE(tier.code, '') AS tier, partner.type
        FROM partners_partner partner
        LEFT JOIN partners_tiermembership held ON held.partner_id = partner.id AND held.during @> %(member_day)s::date
        LEFT JOIN partners_tier tier ON tier.id = held.tier_id
        """,
        {"member_day": last_day},
    )


def rows(sql: Sql) -> list[dict[str, Any]]:
    """The rows of a query as dictionaries."""
    with connection.cursor() as cursor:
        cursor.execute(sql.text, sql.params)
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
