"""Figures of programmes that are settled together, as SQL around the figures of each alone.

Guarantees
- Each level is settled to its end, a shared cap before the best of a group, before what is net of it begins.
- A shared cap pays exactly the cap: in minor units, by largest remainder of the unrounded figures as exact fractions,
  ties to the lower programme code. A figure below zero stays as it is and makes no room for the others.
- "Net of" moves a paid base towards zero by what the earlier programmes pay, never beyond it, never the qualifier; a
  cap on what is paid on holds for what is left.
- "Best of" keeps the highest rounded figure, the earlier of two equal ones; the others pay 0.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from babel.numbers import get_currency_precision

from rebates.links import Links
from rebates.plans import Plan

# What `settlement.figures` selects.
COLUMNS = (
    *("plan", "programme_id", "version_id", "partner_id", "starts", "ends", "currency", "tier", "qualifier", "base"),
    *("reference", "band", "lines", "earned", "explanation"),
)  # fmt: skip
RAW = ("raw", "divisor")  # the unrounded figure, behind these where a cap is shared


def in_levels(
    based: str, names: Sequence[str], links: Links, settled: Callable[[str, Links], str], *, converts: bool
) -> str:
    """Each level's figures from those before it. `names` are the columns of `based`, `settled` makes the figures of a
    level's rows; behind the first level these have `less`, what earlier programmes took off the base.
    """
    levels = links.levels
    first, *later = [links.at(numbers) for numbers in levels]
    start = f"SELECT * FROM stack_based WHERE no = ANY(ARRAY{levels[0]})"
    # Where some plan caps what is paid on, the sum before the cap is lowered, and capped then.
    base = "payable" if "payable" in names else "base"
    amount = f"{_AMOUNT} * stack_based.paid_on_in" if converts else _AMOUNT
    less = less_of(f"stack_based.{base}", amount)
    left = f"least(stack_based.{base} - {less}, stack_based.most_base)"
    parts = [f"stack_based AS MATERIALIZED ({based})", f"stack_0 AS MATERIALIZED ({settled(start, first)})"]
    for place, level in enumerate(later, start=1):
        pairs = ", ".join(f"({number}, {one})" for number, named in level.earlier.items() for one in named)
        before = " UNION ALL ".join(
            f"SELECT plan, partner_id, earned FROM stack_{one}" for one in range(place)
        )
        # Who is settled at once with one that is net of others waits with it, and its base stays.
        columns = ", ".join(
            f"CASE WHEN stack_based.no = ANY(ARRAY{sorted(level.earlier)}) THEN {left} ELSE stack_based.base END"
            f" AS base, {less} AS less"
            if name == "base"
            else f"stack_based.{name}"
            for name in names
        )
        source = (
            f"SELECT {columns} FROM stack_based LEFT JOIN (SELECT pair.no, result.partner_id,"
            f" sum(result.earned) AS amount FROM (VALUES {pairs}) pair(no, earlier)"
            f" JOIN ({before}) result ON result.plan = pair.earlier GROUP BY 1, 2) earlier"
            " ON earlier.no = stack_based.no AND earlier.partner_id = stack_based.partner_id"
            f" WHERE stack_based.no = ANY(ARRAY{levels[place]})"
        )
        parts.append(f"stack_{place} AS MATERIALIZED ({settled(source, level)})")
    together = " UNION ALL ".join(f"SELECT * FROM stack_{place}" for place in range(len(levels)))
    return f"WITH {', '.join(parts)} {together}"


_AMOUNT = "COALESCE(earlier.amount, 0)"


def less_of(base: str, amount: str) -> str:
    """By how much what earlier programmes pay, `amount`, moves a paid base towards zero."""
    return (
        f"CASE WHEN {base} >= 0 THEN least(greatest({amount}, 0), {base})"
        f" ELSE greatest(least({amount}, 0), {base}) END"
    )


def shared(figures: str, links: Links, plans: Sequence[Plan]) -> str:
    """`figures`, which have also `raw` and `divisor`, the unrounded figure, with the caps that several share.

    Figures are brought to one denominator, so that nothing is divided before a cap is shared out.
    """
    rows = []
    for number, pool in enumerate(links.pools):
        digits = get_currency_precision(plans[pool.members[0]].version.currency)
        said = json.dumps({"by": pool.stated_by, "codes": pool.codes, "amount": str(pool.amount)})
        rows += [
            f"({member}, {number}, {pool.amount}::numeric, {digits}, {place}, {_literal(said)}::jsonb)"
            for place, member in enumerate(pool.members)
        ]
    others = ", ".join(name for name in COLUMNS if name not in ("earned", "explanation"))
    scale = "10.0 ^ digits"
    places = range(max(len(pool.members) for pool in links.pools))
    theirs = [f"COALESCE(max(divisor) FILTER (WHERE place = {place}) OVER mates, 1)" for place in places]
    further = [
        f"CASE WHEN place = {place} THEN 1 ELSE {text} END"
        for place, text in zip(places, theirs, strict=True)
    ]
    return f"""
        SELECT {others},
               CASE WHEN pool IS NULL OR raw <= 0 OR NOT too_much THEN earned
                    ELSE (whole + CASE WHEN rank <= spare THEN 1 ELSE 0 END) / {scale} END AS earned,
               CASE WHEN pool IS NULL THEN explanation ELSE explanation || jsonb_build_object('shared',
                    said || jsonb_build_object('sum', {_divided("part_sum", "common")}, 'lowered', too_much,
                                               'own', {_divided("raw", "divisor")})) END AS explanation,
               {", ".join(RAW)}
        FROM (
            SELECT *, most * {scale} - sum(whole) OVER (PARTITION BY partner_id, pool) AS spare,
                   row_number() OVER (PARTITION BY partner_id, pool ORDER BY rest DESC, place) AS rank
            FROM (
                SELECT *, part_sum > most * common OR earned_sum > most AS too_much,
                       div(most * {scale} * part, nullif(part_sum, 0)) AS whole,
                       mod(most * {scale} * part, nullif(part_sum, 0)) AS rest
                FROM (
                    SELECT *, sum(part) OVER (PARTITION BY partner_id, pool) AS part_sum FROM (
                        SELECT single.*, pooled.pool, pooled.most, pooled.digits, pooled.place, pooled.said,
                               sum(greatest(single.earned, 0)) OVER mates AS earned_sum,
                               {" * ".join(theirs)} AS common, greatest(single.raw, 0) * {" * ".join(further)} AS part
                        FROM ({figures}) single
                        LEFT JOIN (VALUES {", ".join(rows)}) pooled(no, pool, most, digits, place, said)
                            ON pooled.no = single.plan
                        WINDOW mates AS (PARTITION BY single.partner_id, pooled.pool)
                    ) parted
                ) summed
            ) divided
        ) ranked ORDER BY partner_id, plan"""


def _divided(figure: str, by: str) -> str:
    """A fraction as text: all its digits where it is not one."""
    return f"CASE WHEN {by} = 1 THEN {figure} ELSE round({figure} / {by}, 10) END::text"


def best(figures: str, links: Links, plans: Sequence[Plan], *, with_raw: bool) -> str:
    """`figures` with only the best of each group paying."""
    rows = []
    for number, group in enumerate(links.groups):
        codes = json.dumps([plans[member].code for member in group])
        rows += [
            f"({member}, {number}, {place}, {_literal(plans[member].code)}, {_literal(codes)}::jsonb)"
            for place, member in enumerate(group)
        ]
    others = ", ".join(f"chosen.{name}" for name in COLUMNS if name not in ("earned", "explanation"))
    return f"""
        SELECT {others},
               CASE WHEN chosen.choice IS NULL OR chosen.code = chosen.winner THEN chosen.earned ELSE 0 END AS earned,
               CASE WHEN chosen.choice IS NULL THEN chosen.explanation ELSE chosen.explanation
                    || jsonb_build_object('best', jsonb_build_object('codes', chosen.codes, 'winner', chosen.winner,
                       'paid', chosen.highest::text, 'own', chosen.earned::text)) END AS explanation
               {"".join(f", chosen.{name}" for name in RAW) if with_raw else ""}
        FROM (
            SELECT single.*, grouped.choice, grouped.code, grouped.codes,
                   first_value(grouped.code) OVER mates AS winner, first_value(single.earned) OVER mates AS highest
            FROM ({figures}) single
            LEFT JOIN (VALUES {", ".join(rows)}) grouped(no, choice, place, code, codes)
                ON grouped.no = single.plan
            WINDOW mates AS (PARTITION BY single.partner_id, grouped.choice
                             ORDER BY single.earned DESC, grouped.place)
        ) chosen ORDER BY chosen.partner_id, chosen.plan"""


def _literal(text: str) -> str:
    """SQL text of codes and figures; a percent sign would be read as a parameter."""
    return "'" + text.replace("'", "''").replace("%", "%%") + "'"
