"""Rounding line by line: what a programme pays is the sum of what each line pays, rounded by itself.

Guarantees
- Each line that is paid on is rounded once, by magnitude, to the currency's minor unit, at the rate that all lines
  together reach; the order of lines does not matter, splitting one may.
- What comes after the mechanism (gates, factors, caps) works on the sum, and is rounded once more.
- Programmes that round the total cost nothing: no column, no second read.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from babel.numbers import get_currency_precision

from rebates import returned
from rebates.narrowing import paid_on
from rebates.plans import Plan
from rebates.reads import Together
from rebates.sums import Sums

LINE = "line"
KINDS = ("flat", "per_unit", "retroactive")
COLUMN = "line_sums"  # of the first rate, then of each band's; NULL where the total is rounded


def by_line(policy: dict[str, Any]) -> bool:
    return policy.get("rounding", {}).get("on", "total") == LINE


def matter(plans: Iterable[Plan]) -> bool:
    return any(by_line(plan.policy) for plan in plans)


# SQL

SUM = (
    f"(CASE WHEN plan.base < 0 THEN plan.{COLUMN}[1] WHEN band.number = 0 THEN 0"
    f" ELSE plan.{COLUMN}[band.number + 1] END)"
)
SAID = (
    f" || CASE WHEN plan.{COLUMN} IS NULL THEN '{{}}'::jsonb"
    f" ELSE jsonb_build_object('line_sum', trim_scale({SUM})::text) END"
)


def arm(parts: str) -> str:
    """The arm of the unrounded figure, which is still to be divided by `parts`, a column where sums are in parts."""
    return f"WHEN plan.{COLUMN} IS NOT NULL THEN {SUM} * {parts or 1}"


def joined(based: str, names: Sequence[str], sums: Sums | Together, params: dict[str, Any]) -> str:
    """`based`, a SELECT of `names` with `no` and `partner_id`, with `COLUMN` beside them."""
    plans = [(number, plan) for number, plan in enumerate(sums.plans) if by_line(plan.policy)]
    lines = " UNION ALL ".join(_sums(number, plan, sums.of(number), params) for number, plan in plans)
    columns = ", ".join(f"based.{name}" for name in names)
    return (
        f"SELECT {columns}, rounded.{COLUMN} FROM ({based}) based"
        f" LEFT JOIN ({lines}) rounded ON rounded.no = based.no AND rounded.partner_id = based.partner_id"
    )


def _sums(number: int, plan: Plan, sums: Sums, params: dict[str, Any]) -> str:
    """(no, partner_id, line_sums) of one plan."""
    volume = "" if sums.volume is None else f" * {sums.volume}"
    measure = ("quantity" if plan.units_of("base") else "net_amount") + volume
    each = [
        f"sum({_rounded(f'{measure} * {rate:f}', plan)})"
        for rate in (plan.bands.first_rate, *plan.bands.rate)
    ]
    columns = f"{number} AS no, partner_id, ARRAY[{', '.join(each)}]::numeric[] AS {COLUMN}"
    where = paid_on(
        plan, sums.scope, returned.negative(plan), f"by_line_{number}", params, mark="lines_rounded_to"
    )
    source = sums.relation(sums.table, params)
    return f"SELECT {columns} FROM {source} WHERE {' AND '.join(where)} GROUP BY partner_id"


def _rounded(value: str, plan: Plan) -> str:
    """SQL of a line's figure in the currency's minor unit; nothing is divided before the whole units are counted."""
    digits, parts = get_currency_precision(plan.version.currency), plan.paid_on_in
    even = plan.rounding == "half_even"
    if parts == 1 and not even:
        return f"round({value}, {digits})"
    minor = f"abs({value}) * {10**digits}"
    whole, rest = f"div({minor}, {parts})", f"2 * mod({minor}, {parts})"
    tie = f" AND mod({whole}, 2) = 1" if even else ""
    return (
        f"sign({value}) * ({whole} + CASE WHEN {rest} > {parts} OR {rest} = {parts}{tie} THEN 1 ELSE 0 END)"
        f" / {10**digits}::numeric"
    )
