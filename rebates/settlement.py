"""The rebate calculation: sales lines in, figures out, one grouped read of the lines for all programmes.

Guarantees
- Sums and band arithmetic are exact (PostgreSQL numeric); each figure is rounded once, by magnitude.
- The order of lines does not matter; splitting a line changes nothing.
- The same function serves settlement, adjustments of closed periods and live accruals.
- What was read can be read again: period, product lines, currency and the highest line id (the watermark).

Grain: `aggregated()` sums the lines by partner, product line, slot (which of the programmes' periods contain the
line), day of recording where a line is late, and currency; `computed()` turns these sums into one row a programme
and partner.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from babel.numbers import get_currency_precision
from django.db import connection

from prm.catalogue.models import ProductLine
from prm.values.periods import Period
from rebates.models import Version
from rebates.policy import Bands, bands_of

FAR = date(9999, 12, 31)


@dataclass(frozen=True)
class Plan:
    """A version applied to one period."""

    version: Version
    period: Period
    bands: Bands
    qualifying: frozenset[int]  # ids of product lines
    paying: frozenset[int]

    @property
    def policy(self) -> dict[str, Any]:
        return self.version.policy

    @property
    def grace_until(self) -> date | None:
        """The last day on which a late positive line still counts; None without limit."""
        days = self.policy.get("late", {}).get("grace_days")
        return None if days is None else date.fromordinal(self.period.last_day.toordinal() + days)


def plans_for(versions: Iterable[tuple[Version, Period]]) -> list[Plan]:
    """Plans of versions that `policy.uncomputed` finds nothing in."""
    by_code = dict(ProductLine.objects.values_list("code", "id"))
    everything = frozenset(by_code.values())

    def chosen(part: dict[str, Any] | None, otherwise: frozenset[int]) -> frozenset[int]:
        if part is None or "product_lines" not in part:
            return otherwise
        return frozenset(by_code[code] for code in part["product_lines"] if code in by_code)

    plans = []
    for version, period in versions:
        qualifying = chosen(version.policy.get("qualify"), everything)
        paying = chosen(version.policy.get("pay"), qualifying)
        plans.append(Plan(version, period, bands_of(version.policy), qualifying, paying))
    return plans


@dataclass(frozen=True)
class Scope:
    """Which lines are read.

    `first_partner` and `last_partner` bound a chunk; `partners` names single ones. `closed_at_line` is the watermark
    of the close when a closed period is read again: positive lines above it are late.
    """

    watermark: int | None = None
    first_partner: int | None = None
    last_partner: int | None = None
    partners: Sequence[int] | None = None
    closed_at_line: int | None = None
    zone: str = "UTC"


@dataclass(frozen=True)
class Sql:
    text: str
    params: dict[str, Any]


def aggregated(plans: Sequence[Plan], scope: Scope) -> Sql:
    """Sums of the lines that the plans need: partner_id, product_line_id, slot, late_day, currency, sums."""
    days = _boundaries(plans)
    params: dict[str, Any] = {
        "first_day": days[0],
        "after_day": days[-1],
        "boundaries": days,
        "needed_lines": sorted(frozenset().union(*(plan.qualifying | plan.paying for plan in plans))),
        "zone": scope.zone,
        "closed_at_line": scope.closed_at_line,
    }
    where = ["booking_date >= %(first_day)s", "booking_date < %(after_day)s"]
    if not all(_needs_everything(plan) for plan in plans):
        where.append("product_line_id = ANY(%(needed_lines)s)")
    for name, condition in (
        ("watermark", "id <= %(watermark)s"),
        ("first_partner", "partner_id >= %(first_partner)s"),
        ("last_partner", "partner_id <= %(last_partner)s"),
        ("partners", "partner_id = ANY(%(partners)s)"),
    ):
        value = getattr(scope, name)
        if value is not None:
            where.append(condition)
            params[name] = list(value) if name == "partners" else value
    slot = "1" if len(days) == 2 else "width_bucket(booking_date, %(boundaries)s::date[])"
    units = any(plan.bands.reads_units or plan.bands.pays_units for plan in plans)
    keys, late = "partner_id, product_line_id, currency", "NULL::date"
    if len(days) > 2:
        keys += ", slot"
    if scope.closed_at_line is not None:
        late = (
            "CASE WHEN id > %(closed_at_line)s AND net_amount >= 0 AND quantity >= 0"
            " THEN (recorded_at AT TIME ZONE %(zone)s)::date END"
        )
        keys += ", late_day"
    return Sql(
        f"""
        SELECT partner_id, product_line_id, currency, {slot} AS slot, {late} AS late_day,
               sum(net_amount) AS amount, {"sum(quantity)" if units else "NULL::numeric"} AS quantity,
               count(*)::int AS lines, bit_xor(hash_numeric_extended(net_amount, id)) AS hash
        FROM orders_salesline WHERE {" AND ".join(where)} GROUP BY {keys}
        """,
        params,
    )


def _boundaries(plans: Sequence[Plan]) -> list[date]:
    """First days and days after the last of the plans' periods: slot n lies between the n-th and the next."""
    return sorted({plan.period.start for plan in plans} | {plan.period.end for plan in plans})


def _needs_everything(plan: Plan) -> bool:
    policy = plan.policy
    return "product_lines" not in policy.get("qualify", {}) and "product_lines" not in policy.get("pay", {})


_ROUNDED = {
    "half_up": "round(figure.raw, plan.digits)",
    # Ties go to the even neighbour: doubling the rounded half of a tie lands there.
    "half_even": (
        "CASE WHEN mod(abs(figure.raw) * 10.0 ^ plan.digits, 1) = 0.5"
        " THEN 2 * round(figure.raw * 10.0 ^ plan.digits / 2) / 10.0 ^ plan.digits"
        " ELSE round(figure.raw, plan.digits) END"
    ),
}


def computed(plans: Sequence[Plan], *, sums: str, members: str) -> Sql:
    """One row a programme and partner that takes part and has lines.

    `sums` names the relation that `aggregated` filled; `members` is a relation of (partner_id, tier, type).
    Columns: plan, programme_id, version_id, partner_id, starts, ends, currency, tier, qualifier, base, band, lines,
    hash, earned, explanation; by partner and programme.
    """
    params: dict[str, Any] = {}
    days = _boundaries(plans)
    values = ", ".join(_plan_row(number, plan, days, params) for number, plan in enumerate(plans))
    pairs = ", ".join(
        f"({number}, {line}, {line in plan.qualifying}, {line in plan.paying})"
        for number, plan in enumerate(plans)
        for line in sorted(plan.qualifying | plan.paying)
    ) or "(-1, -1, false, false)"
    modes = {_mode(plan) for plan in plans}
    rounded = _ROUNDED[modes.pop()] if len(modes) == 1 else (
        f"CASE WHEN plan.half_even THEN {_ROUNDED['half_even']} ELSE {_ROUNDED['half_up']} END"
    )
    qualifier, base = _measured(plans)
    late = "AND (sums.late_day IS NULL OR sums.late_day <= plan.grace_until)"
    return Sql(
        f"""
        WITH plan(no, programme_id, version_id, starts, ends, slot, last_slot, currency, tiers, types, grace_until, by_base,
                  lower, fixed, rate, shift, first_rate, floor, digits, half_even, clauses) AS (VALUES {values}),
        pair(no, product_line_id, qualifies, pays) AS (VALUES {pairs}),
        based AS (
            SELECT plan.no, sums.partner_id, {qualifier} AS qualifier, {base} AS base,
                   sum(sums.lines)::int AS lines, bit_xor(sums.hash) AS hash
            FROM {sums} sums
            JOIN pair ON pair.product_line_id = sums.product_line_id
            JOIN plan ON plan.no = pair.no
            WHERE sums.currency = plan.currency AND sums.slot BETWEEN plan.slot AND plan.last_slot {late}
            GROUP BY sums.partner_id, plan.no
            ORDER BY sums.partner_id, plan.no
        )
        SELECT plan.no AS plan, plan.programme_id, plan.version_id, based.partner_id, plan.starts, plan.ends,
               plan.currency, member.tier, based.qualifier, based.base, band.number AS band, based.lines, based.hash,
               {rounded} AS earned,
               plan.clauses[CASE WHEN based.base < 0 THEN 1 ELSE band.number + 2 END] AS explanation
        FROM based
        JOIN plan ON plan.no = based.no
        JOIN {members} member ON member.partner_id = based.partner_id
        CROSS JOIN LATERAL (SELECT width_bucket(
            CASE WHEN plan.by_base THEN based.base ELSE based.qualifier END, plan.lower) AS number OFFSET 0) band
        CROSS JOIN LATERAL (SELECT CASE
            WHEN based.base < 0 THEN plan.first_rate * based.base
            WHEN plan.floor IS NOT NULL THEN plan.first_rate * least(based.base, plan.floor)
                + COALESCE(plan.rate[band.number], 0) * greatest(based.base - plan.floor, 0)
            WHEN band.number = 0 THEN 0
            ELSE plan.fixed[band.number] + plan.rate[band.number] * (based.base - plan.shift[band.number])
            END AS raw OFFSET 0) figure
        WHERE (plan.tiers IS NULL OR member.tier = ANY(plan.tiers))
          AND (plan.types IS NULL OR member.type = ANY(plan.types))
        """,
        params,
    )


def _measured(plans: Sequence[Plan]) -> tuple[str, str]:
    """The sums behind qualifier and paid base, as plain as the plans allow."""
    def column(units: Sequence[bool]) -> str:
        if not any(units):
            return "sums.amount"
        if all(units):
            return "sums.quantity"
        numbers = ", ".join(str(number) for number, wanted in enumerate(units) if wanted)
        return f"CASE WHEN plan.no IN ({numbers}) THEN sums.quantity ELSE sums.amount END"

    qualifier = f"sum({column([plan.bands.reads_units for plan in plans])})"
    base = f"sum({column([plan.bands.pays_units for plan in plans])})"
    if all(plan.qualifying == plan.paying for plan in plans):
        return qualifier, base
    return (
        f"COALESCE({qualifier} FILTER (WHERE pair.qualifies), 0)",
        f"COALESCE({base} FILTER (WHERE pair.pays), 0)",
    )


def _mode(plan: Plan) -> str:
    return plan.policy.get("rounding", {}).get("mode", "half_up")


def _plan_row(number: int, plan: Plan, days: list[date], params: dict[str, Any]) -> str:
    """A row of VALUES; texts and arrays go as parameters."""
    who, bands = plan.policy.get("who", {}), plan.bands
    cells = {
        "programme": (plan.version.programme_id, "bigint"),
        "version": (plan.version.pk, "bigint"),
        "starts": (plan.period.start, "date"),
        "ends": (plan.period.end, "date"),
        "slot": (days.index(plan.period.start) + 1, "int"),
        "last_slot": (days.index(plan.period.end), "int"),
        "currency": (plan.version.currency, "text"),
        "tiers": (who.get("tiers"), "text[]"),
        "types": (who.get("types"), "text[]"),
        "grace": (plan.grace_until or FAR, "date"),
        "by_base": (bands.by_base, "bool"),
        "lower": (list(bands.lower), "numeric[]"),
        "fixed": (list(bands.fixed), "numeric[]"),
        "rate": (list(bands.rate), "numeric[]"),
        "shift": (list(bands.offset), "numeric[]"),
        "first": (bands.first_rate, "numeric"),
        "floor": (bands.floor, "numeric"),
        "digits": (get_currency_precision(plan.version.currency), "int"),
        "even": (_mode(plan) == "half_even", "bool"),
        "clauses": (clauses(plan), "jsonb[]"),
    }
    text = [str(number)]
    for name, (value, kind) in cells.items():
        params[f"{name}_{number}"] = value
        text.append(f"%({name}_{number})s::{kind}")
    return f"({', '.join(text)})"


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


def zero() -> Decimal:
    return Decimal("0.00")
