"""Returns: in which period a line counts that names the line it reverses, and what it takes back of an earlier one.

Guarantees
- `by_booking` counts it on its own day; nothing is read but the line.
- `by_origin` counts it as if it had been booked with the line that it reverses: on its day, on its document, in its
  product line. A sale and its full return are then as if never there, whenever the return comes.
- `at_original_rate` counts it on its own day while that lies in the period of the line it reverses. Else it neither
  qualifies nor is paid on, and takes back its base × what the reversed period paid ÷ that period's paid base, as the
  closes before this one settled them; a period that nobody settled has paid nothing. It comes behind gates and factors,
  which judged those sales when they were paid, and before caps. Returning everything takes back all that was paid.

A return that names no line counts on its own day. Programmes that count by booking cost nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db import connection

from rebates import counting_days, credited, posted
from rebates.counting_days import BOOKING, INVOICED, NEGATIVE, basis_of
from rebates.credited import is_credited
from rebates.narrowing import recorded, selected, within
from rebates.plans import Plan

if TYPE_CHECKING:
    from rebates.reads import Together
    from rebates.scope import Scope
    from rebates.sums import Sums

BY_BOOKING, BY_ORIGIN, AT_ORIGINAL_RATE = "by_booking", "by_origin", "at_original_rate"


def how(policy: dict[str, Any]) -> str:
    return str(policy.get("returns", BY_BOOKING))


def at_original_rate(plans: Iterable[Plan]) -> bool:
    return any(how(plan.policy) == AT_ORIGINAL_RATE for plan in plans)


def basis(plan: Plan) -> tuple[str, ...]:
    """What plans have in common that can read the same lines."""
    read = (how(plan.policy), basis_of(plan.policy), credited.table(plan.policy))
    return (*read, _bucket(plan, "day")) if how(plan.policy) == AT_ORIGINAL_RATE else read


def table(plan: Plan, scope: Scope | None = None) -> str:
    """What stands for the table of the sales lines. Payments, by which some count, are those that the scope knows."""
    rule, lines = how(plan.policy), counting_days.lines(plan.policy, scope)
    if rule == BY_BOOKING:
        return lines
    by_booking, credits = basis_of(plan.policy) == BOOKING, is_credited(plan.policy)
    day, sold_day = ("", "") if by_booking else (f", {INVOICED}", f", origin.{INVOICED}")
    more = ("reverses_id", *credited.COLUMNS) if credits else ()
    own_more, back_more = ("".join(f", {row}{name}" for name in more) for row in ("", "back."))
    own = f"""SELECT id, partner_id, product_id, product_line_id, booking_date, quantity, net_amount, gross_amount,
               tax_rate, currency, document, recorded_at, {NEGATIVE} AS is_back{day}{own_more}
        FROM {lines} sold WHERE reverses_id IS NULL"""
    if rule == BY_ORIGIN:
        return f"""(
        {own}
        UNION ALL
        SELECT back.id, back.partner_id, back.product_id, origin.product_line_id, origin.booking_date,
               back.quantity, back.net_amount, back.gross_amount, back.tax_rate, back.currency, origin.document,
               back.recorded_at, true{sold_day}{back_more}
        FROM {credited.table(plan.policy)} back JOIN {lines} origin ON origin.id = back.reverses_id)"""
    elsewhere = f"({_bucket(plan, 'back.booking_date')}) <> ({_bucket(plan, 'origin.booking_date')})"
    return f"""(
        {own}
        UNION ALL
        SELECT back.id, back.partner_id, back.product_id, back.product_line_id, back.booking_date,
               CASE WHEN {elsewhere} THEN 0 ELSE back.quantity END,
               CASE WHEN {elsewhere} THEN 0 ELSE back.net_amount END,
               CASE WHEN {elsewhere} THEN NULL ELSE back.gross_amount END, back.tax_rate, back.currency, back.document,
               back.recorded_at, true{day and f", back.{INVOICED}"}
        FROM {lines} back JOIN {lines} origin ON origin.id = back.reverses_id)"""


def columns(plan: Plan) -> list[str]:
    """What `table` has beside the columns of the sales lines."""
    more = ["reverses_id", *credited.COLUMNS] if is_credited(plan.policy) else []
    if basis_of(plan.policy) != BOOKING:
        return ["is_back", INVOICED, *more]
    return more if how(plan.policy) == BY_BOOKING else ["is_back", *more]


def negative(plan: Plan) -> str:
    """The condition that a line of `table` takes something away: the late rule always counts it; of a credit that its
    line does.
    """
    if is_credited(plan.policy):
        return "is_return"
    return NEGATIVE if how(plan.policy) == BY_BOOKING else "is_back"


def _bucket(plan: Plan, day: str) -> str:
    """SQL of the period that a day lies in, as this plan counts periods."""
    if plan.cumulative:
        return f"date_trunc('year', {day}::timestamp)::date, {day} >= '{plan.counted.start}'"
    return f"date_trunc('{plan.policy['period']}', {day}::timestamp)::date"


def _of_others(plan: Plan, scope: Scope | None = None) -> str:
    """Lines that come back, as sold, with the day on which they came."""
    lines = counting_days.lines(plan.policy, scope)
    return f"""(
    SELECT back.id, back.partner_id, back.product_id, origin.product_line_id, origin.booking_date,
           back.booking_date AS booked_on, back.quantity, back.net_amount, back.gross_amount, back.tax_rate,
           back.currency, back.document, back.recorded_at
    FROM {lines} back JOIN {lines} origin ON origin.id = back.reverses_id)"""


# Booked within the plan's days, of lines of before.
_BACK = "booked_on >= '{first}' AND booked_on < '{after}' AND booking_date < '{first}'"


def _back(plan: Plan) -> str:
    return _BACK.format(first=plan.counted.start, after=plan.counted.end)


def first_day(plan: Plan) -> date:
    """The first day of which lines may matter: that of the oldest line that comes back in the plan's days."""
    start = min(plan.period_of(term).start for term in plan.terms)
    if how(plan.policy) != AT_ORIGINAL_RATE:
        return start
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT min(booking_date) FROM {_of_others(plan)} back WHERE {_back(plan)}")
        (oldest,) = cursor.fetchone()
    return min(start, oldest or start)


def days_sold(plan: Plan, scope: Scope, tax: str) -> list[tuple[str, Decimal, date]]:
    """(currency, tax rate, day) of the scope's lines that come back in the plan's days at the rate of another period;
    `tax` is SQL of the rate of a `line`.
    """
    params: dict[str, Any] = {}
    where = " AND ".join([_back(plan), *within(scope, params, "sold_to", scope.watermark)])
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT DISTINCT currency, {tax}, booking_date FROM {_of_others(plan, scope)} line WHERE {where}"
            " ORDER BY 1, 2, 3",
            params,
        )
        return cursor.fetchall()


# What is taken back

COLUMNS = ("back_up", "back_down", "back_said")  # of a plan and partner; NULL where nothing comes back
_MOVES = "plan.back_down IS NOT NULL"
RAW = f"CASE WHEN {_MOVES} THEN {{was}}.raw * plan.back_down + plan.back_up * {{was}}.divisor ELSE {{was}}.raw END"
DIVISOR = f"CASE WHEN {_MOVES} THEN {{was}}.divisor * plan.back_down ELSE {{was}}.divisor END"
SAID = " || CASE WHEN plan.back_said IS NULL THEN '{}'::jsonb ELSE jsonb_build_object('returned', plan.back_said) END"


def joined(based: str, names: Sequence[str], sums: Sums | Together, params: dict[str, Any]) -> str:
    """`based`, a SELECT of `names` with `no` and `partner_id`, with `COLUMNS` beside them."""
    plans = [(number, plan) for number, plan in enumerate(sums.plans) if how(plan.policy) == AT_ORIGINAL_RATE]
    rows = " UNION ALL ".join(_rows(number, plan, sums.of(number), params) for number, plan in plans)
    columns = ", ".join(f"based.{name}" for name in names)
    # Fractions are added up one after the other; an average of figures that were divided would not be exact.
    return f"""
        SELECT {columns}, back.up AS back_up, back.down AS back_down, back.said AS back_said FROM ({based}) based
        LEFT JOIN (
            SELECT listed.no, listed.partner_id, listed.said, sum_of.up, sum_of.down FROM (
                SELECT no, partner_id, array_agg(up ORDER BY first) AS ups, array_agg(down ORDER BY first) AS downs,
                       jsonb_agg(jsonb_build_object('first', first, 'after', ends, 'returned', said::text,
                           'paid', trim_scale(total)::text, 'base', trim_scale(base)::text) ORDER BY first) AS said
                FROM ({rows}) each GROUP BY no, partner_id
            ) listed CROSS JOIN LATERAL (
                WITH RECURSIVE fold(done, up, down) AS (
                    SELECT 0, 0::numeric, 1::numeric
                    UNION ALL
                    SELECT done + 1, up * listed.downs[done + 1] + listed.ups[done + 1] * down,
                           down * listed.downs[done + 1]
                    FROM fold WHERE done < cardinality(listed.downs)
                ) SELECT up, down FROM fold ORDER BY done DESC LIMIT 1
            ) sum_of
        ) back ON back.no = based.no AND back.partner_id = based.partner_id"""


def _rows(number: int, plan: Plan, sums: Sums, params: dict[str, Any]) -> str:
    """(no, partner_id, first, ends, total, base, up, down, said): what came back of each period, and its rate."""
    if sums.scope.without_returns:
        return (
            f"SELECT {number} AS no, 0::bigint AS partner_id, NULL::date AS first, NULL::date AS ends,"
            " 0::numeric AS total, 0::numeric AS base, 0::numeric AS up, 1::numeric AS down, 0::numeric AS said"
            " WHERE false"
        )
    name = f"returned_{number}"
    measure = "quantity" if plan.units_of("base") else "net_amount"
    where = [
        _back(plan),
        *selected(plan, ["base"], name, params),
        *within(sums.scope, params, "returned_to", sums.scope.watermark),
        *recorded(sums.scope, params),
        *([f"booked_on < '{sums.scope.booked_before}'"] if sums.scope.booked_before else []),
    ]
    source = sums.relation(_of_others(plan, sums.scope), params, ("booked_on",))
    before = posted.relation(plan, sums.scope, until=sums.scope.closed_before)
    scale = 1 if sums.money is None or measure == "quantity" else sums.money.scale
    volume = "" if sums.volume is None else f" * {sums.volume}"
    return f"""
        SELECT {number} AS no, partner_id, first, ends, total, base, sum(returned) * total * sign(base) AS up,
               abs(base) * {scale} AS down, round(sum(returned) / {scale}, 3) AS said
        FROM (
            SELECT DISTINCT ON (came.partner_id, came.day) came.partner_id, came.returned{volume} AS returned,
                   settled.first, settled.ends, settled.total, settled.base
            FROM (
                SELECT partner_id, booking_date AS day, sum({measure}) AS returned FROM {source}
                WHERE {" AND ".join(where)} GROUP BY partner_id, booking_date
            ) came
            JOIN ({before}) settled ON settled.partner_id = came.partner_id
                AND settled.first <= came.day AND settled.ends > came.day
            ORDER BY came.partner_id, came.day, settled.ends DESC, settled.at DESC
        ) rated WHERE base <> 0 GROUP BY partner_id, first, ends, total, base"""
