"""The rebate calculation: sales lines in, figures out, one grouped read of the lines for all programmes.

Guarantees
- Sums and band arithmetic are exact (PostgreSQL numeric); each figure is rounded once, by magnitude.
- The order of lines does not matter; splitting a line changes nothing.
- The same function serves settlement, adjustments of closed periods and live accruals.
- What was read can be read again: period, product lines, currency and the highest line id (the watermark).

`sums.py` reads the lines, `figures()` turns its sums into one row a programme and partner.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from babel.numbers import get_currency_precision
from django.db import connection

from rebates import (
    collection,
    currencies,
    formula,
    line_rounding,
    linked_sql,
    measure_factors,
    member_factors,
    own_targets,
    partner_groups,
    partner_pools,
    plan_rows,
    pooled_sql,
    returned,
    serials,
    tier_days,
    traits,
    yearly,
)
from rebates.credited import is_credited
from rebates.links import Links, links_of
from rebates.mechanisms import Bands
from rebates.plans import Plan, Sql
from rebates.reads import Together, named
from rebates.sums import Sums

Read = Sums | Together

_ROUNDED = {
    "half_up": "round(figure.raw, plan.digits)",
    # Ties go to the even neighbour: doubling the rounded half of a tie lands there.
    "half_even": (
        "CASE WHEN mod(abs(figure.raw) * 10.0 ^ plan.digits, 1) = 0.5"
        " THEN 2 * round(figure.raw * 10.0 ^ plan.digits / 2) / 10.0 ^ plan.digits"
        " ELSE round(figure.raw, plan.digits) END"
    ),
}
# The same of a fraction raw ÷ divisor, without ever dividing: whole minor units and the rest are compared.
_UNITS = "div(abs(figure.raw) * 10.0 ^ plan.digits, figure.divisor)"
_REST = "2 * mod(abs(figure.raw) * 10.0 ^ plan.digits, figure.divisor)"
_ROUNDED_FRACTION = (
    f"sign(figure.raw) * ({_UNITS} + CASE WHEN {_REST} > figure.divisor"
    f" OR {_REST} = figure.divisor AND (NOT plan.half_even OR mod({_UNITS}, 2) = 1) THEN 1 ELSE 0 END)"
    " / 10.0 ^ plan.digits"
)


def figures(sums: Read, *, relation: str, members: str, serials_in: str = "") -> Sql:
    """One row a programme and partner that takes part and has lines, by partner and programme.

    `relation` holds what `sums.read()` selects; `members` is a relation as `traits.members_on` gives it; `serials_in`
    holds what `serials.counts` selects, where they were counted beforehand.
    Columns: plan, programme_id, version_id, partner_id, starts, ends, currency, tier, qualifier, base, reference,
    band, lines, earned, explanation.
    """
    params: dict[str, Any] = {}
    if partner_pools.is_group(sums.plans[0].policy):  # read beside what it is net of only
        text = _of_group(sums, relation, members, params)
    else:
        text = _of_each(sums, relation, members, params, serials_in)
        unseen = [number for number, plan in enumerate(sums.plans) if plan.unseen]
        text = f"SELECT * FROM ({text}) one WHERE plan <> ALL(ARRAY{unseen})" if unseen else text
    text = yearly.differences(text, sums.plans, sums.scope)
    text = currencies.paid_out(text, sums.plans)
    return Sql(text if sums.only is None else partner_pools.only_of(text, sums.only, params), params)


def _of_each(sums: Read, relation: str, members: str, params: dict[str, Any], serials_in: str) -> str:
    """The figures of programmes that compute each partner by itself, with what ties them together."""
    links, pooled = links_of(sums.plans), partner_pools.matter(sums.plans)
    member, rows_of_plans, plan_columns = plan_rows.words(sums, params)
    based = sums.based(relation, members, member, rows_of_plans, plan_columns)
    names = ["partner_id", *member, *plan_columns.split(", "), *sums.figures, "lines"]
    based, names = _with_more(based, names, sums, params, serials_in)

    with_raw = bool(links.pools) or pooled
    mates = pooled_sql.Members(members, member, rows_of_plans, plan_columns)

    def settled(source: str, level: Links) -> str:
        notes = _notes(sums) + (_net_of(sums, level) if level.earlier else "")
        text = _alone(source, sums, notes, params, with_raw=with_raw)
        if level.pools:
            text = linked_sql.shared(text, level, sums.plans)
        if pooled_sql.numbers(sums.plans, level.numbers):
            text = pooled_sql.shared(text, sums.plans, level.numbers, sums.scope, mates)
        return linked_sql.best(text, level, sums.plans, with_raw=with_raw) if level.groups else text

    if links.earlier:
        text = linked_sql.in_levels(based, names, links, settled, converts=sums.converts)
    else:
        text = settled(based, links)
    return f"SELECT {', '.join(linked_sql.COLUMNS)} FROM ({text}) tied" if with_raw else text


def _of_group(sums: Read, relation: str, members: str, params: dict[str, Any]) -> str:
    """The figures of a programme that takes its partners as a group: of `sums` the first plan."""
    before = None
    if isinstance(sums, Together):
        before = _paid_before(sums, relation, members, params)
        relation, one = sums.part_of(relation, 0), sums.parts[0]
    else:
        one = sums
    member, rows_of_plans, plan_columns = plan_rows.words(one, params)
    asked = member_factors.asked_of(one.plans[0], params, _keys(one), converts=one.converts)
    source = partner_groups.Source(
        one, relation, members, member, rows_of_plans[0], plan_columns, asked, params, before
    )
    notes = _notes(one) + partner_groups.noted(one.converts)
    return partner_groups.shared_out(
        source,
        lambda whole: _alone(whole, one, notes, params, with_raw=False, as_one=True),
        digits=get_currency_precision(one.plans[0].version.currency),
    )


def _paid_before(
    sums: Together, relation: str, members: str, params: dict[str, Any]
) -> partner_groups.Before:
    """What each is paid by the programmes that the first plan is net of."""
    own: dict[str, Any] = {}
    text = _of_each(sums.others, relation, members, own, "")
    earlier = [number - 1 for number in links_of(sums.plans).earlier[0]]
    paid = ", ".join(f"COALESCE(sum(earned) FILTER (WHERE plan = {number}), 0)" for number in earlier)
    found = named(
        Sql(
            f"SELECT partner_id, sum(earned) AS amount, ARRAY[{paid}] AS paid FROM ({text}) figures"
            f" WHERE plan = ANY(ARRAY{earlier}) GROUP BY partner_id",
            own,
        ),
        "before_",
    )
    params |= found.params
    return partner_groups.Before(found.text, len(earlier), sums.plans[1:])


def _with_more(
    based: str, names: list[str], sums: Read, params: dict[str, Any], serials_in: str
) -> tuple[str, list[str]]:
    """`based`, a SELECT of `names`, with what some plans ask for beside sums; and the names it has then."""
    if own_targets.matter(sums.plans):
        based = own_targets.joined(based, names, sums.plans, params)
        names = [*names, own_targets.COLUMN]
    if any(tier_days.by_days(plan.policy) for plan in sums.plans):
        based = tier_days.scaled(based, names, sums.plans, sums.scope.tiers_of_run, params)
        names = [*names, *tier_days.COLUMNS]
    if serials.matter(sums.plans):
        found = serials_in or f"({serials.counts(sums, params)})"
        based = serials.counted(based, names, sums.plans, found)
    if collection.matter(sums.plans):
        based = collection.joined(based, names, sums, params)
        names = [*names, *collection.COLUMNS]
    if returned.at_original_rate(sums.plans):
        based = returned.joined(based, names, sums, params)
        names = [*names, *returned.COLUMNS]
    if line_rounding.matter(sums.plans):
        based = line_rounding.joined(based, names, sums, params)
        names = [*names, line_rounding.COLUMN]
    return based, names


def _alone(
    source: str, sums: Read, notes: str, params: dict[str, Any], *, with_raw: bool, as_one: bool = False
) -> str:  # fmt: skip
    """The figures of each programme by itself, from the rows of `sums.based`. `raw` is for caps that are shared;
    `as_one`: the rows are groups, whose members were asked.
    """
    bands, divisor = [plan.bands for plan in sums.plans], _divisor_of(sums)
    counted, paid_on = ("plan.counted_in", "plan.paid_on_in") if sums.converts else ("", "")
    gated = not as_one and any(traits.gates_for(plan) for plan in sums.plans)
    weighed = member_factors.moved(sums.plans) if as_one else None
    collects = not as_one and collection.matter(sums.plans)
    takes_back = returned.at_original_rate(sums.plans)
    notes += (traits.SAID if gated else "") + (collection.said(sums.converts) if collects else "")
    notes += tier_days.SAID if any(tier_days.by_days(plan.policy) for plan in sums.plans) else ""
    notes += returned.SAID if takes_back else ""
    by_line = line_rounding.arm(paid_on) if line_rounding.matter(sums.plans) else ""
    notes += line_rounding.SAID if by_line else ""
    formulas, factors = _formulas(sums, params), "" if as_one else _factors(sums, params)
    notes += measure_factors.SAID if factors else ""
    notes += formula.SAID if formulas else ""
    return f"""
        SELECT plan.no AS plan, plan.programme_id, plan.version_id, plan.partner_id, plan.starts, plan.ends,
               plan.currency, plan.tier, {_whole("qualifier", counted)} AS qualifier, {_whole("base", paid_on)} AS base,
               {_whole("reference", counted)} AS reference, band.number AS band, plan.lines,
               {_rounded(sums.plans, "" if weighed else divisor)} AS earned,
               plan.clauses[CASE WHEN plan.base < 0 THEN 1 ELSE band.number + 2 END]{notes} AS explanation
               {", figure.raw, figure.divisor" if with_raw else ""}
        FROM ({source}) plan
        CROSS JOIN LATERAL (SELECT {_band(bands)} AS number OFFSET 0) band
        {traits.GATE if gated else ""}
        {formulas} {factors}
        CROSS JOIN LATERAL (SELECT {_raw(bands, by_line, _formula_arm(sums))} AS raw, {divisor} AS divisor OFFSET 0)
        {_moved(bands, gated=gated, factored=bool(factors), collects=collects, takes_back=takes_back, weighed=weighed)}
        WHERE (plan.tiers IS NULL OR plan.tier = ANY(plan.tiers))
          AND (plan.types IS NULL OR plan.type = ANY(plan.types))
          {traits.TAKES_PART if traits.matter(sums.plans) else ""}
        """


def _formulas(sums: Read, params: dict[str, Any]) -> str:
    """The steps of the formulas, where there are any."""
    return formula.laterals(sums.plans, params, _keys(sums)) if formula.matter(sums.plans) else ""


def _factors(sums: Read, params: dict[str, Any]) -> str:
    """The factors by measures, where there are any."""
    matter = measure_factors.matter(sums.plans)
    return measure_factors.lateral(sums.plans, params, _keys(sums)) if matter else ""


def _keys(sums: Read) -> dict[int, dict[str, str]]:
    """By plan, under which key the figure of each measure is frozen."""
    return {
        number: {one["code"]: traits.asked_for(one, plan).key for one in traits.requests_for(plan)}
        for number, plan in enumerate(sums.plans)
    }


def _formula_arm(sums: Read) -> str:
    numbers = formula.numbers(sums.plans)
    parts = " * plan.paid_on_in" if sums.converts else ""
    return f"WHEN plan.no IN ({numbers}) THEN formula.n{parts}" if numbers else ""


def _notes(sums: Read) -> str:
    """What the explanation of a row adds to its clause: the sums before a cap lowered them, the unrounded figure of
    lines that were converted, and the paid base that returns of a later period are held against.
    """
    notes = ""
    if sums.converts:
        exact = "jsonb_build_object('raw', round(figure.raw / figure.divisor, 10)::text)"
        notes += f" || CASE WHEN plan.converts THEN {exact} ELSE '{{}}'::jsonb END"
    payable = "plan.payable_in" if sums.converts else ""
    notes += _exact(sums)
    originals = [
        number
        for number, plan in enumerate(sums.plans)
        if returned.how(plan.policy) == returned.AT_ORIGINAL_RATE
    ]
    if originals:
        said = f"jsonb_build_object('paid_on', ({_whole('payable', payable)})::text)"
        notes += f" || CASE WHEN plan.no = ANY(ARRAY{originals}) THEN {said} ELSE '{{}}'::jsonb END"
    if not any(
        plan.bands.most_counted is not None or plan.bands.most_base is not None for plan in sums.plans
    ):
        return notes
    counted = "plan.counted_in" if sums.converts else ""
    pairs = (("counted", "most_counted", counted), ("payable", "most_base", payable))
    return notes + "".join(
        f" || CASE WHEN plan.{was} > plan.{cap}"
        f" THEN jsonb_build_object('{was}', ({_whole(was, unit)})::text) ELSE '{{}}'::jsonb END"
        for was, cap, unit in pairs
    )


def _exact(sums: Read) -> str:
    """The sums of credits with all their decimals, where a result keeps fewer: an explanation goes by these."""
    credits = [
        number
        for number, plan in enumerate(sums.plans)
        if is_credited(plan.policy) and not currencies.is_converted(plan.policy)
    ]
    if not credits:
        return ""
    names = ("qualifier", "base", "reference")
    said = ", ".join(f"'{name}', trim_scale(plan.{name})::text" for name in names)
    longer = " OR ".join(f"scale(trim_scale(plan.{name})) > 3" for name in names)
    return (
        f" || CASE WHEN plan.no = ANY(ARRAY{credits}) AND ({longer})"
        f" THEN jsonb_build_object('exact', jsonb_build_object({said})) ELSE '{{}}'::jsonb END"
    )


def _whole(name: str, parts: str) -> str:
    """A sum in the currency itself; `parts` is the column of how many parts of the sum are one."""
    if not parts:
        return f"plan.{name}"
    return f"CASE WHEN {parts} = 1 THEN plan.{name} ELSE round(plan.{name} / {parts}, 3) END"


def _divisor_of(sums: Read) -> str:
    divisor = _divisor([plan.bands for plan in sums.plans], formula.numbers(sums.plans))
    return f"({divisor}) * plan.paid_on_in" if sums.converts else divisor


def _net_of(sums: Read, level: Links) -> str:
    """By how much which programmes lowered the base."""
    less = _whole("less", "plan.paid_on_in" if sums.converts else "")
    said = f"jsonb_build_object('net_of', jsonb_build_object('codes', plan.net_of, 'less', ({less})::text))"
    return f" || CASE WHEN plan.no = ANY(ARRAY{sorted(level.earlier)}) THEN {said} ELSE '{{}}'::jsonb END"


def _moved(
    bands: Sequence[Bands], *, gated: bool, factored: bool, collects: bool, takes_back: bool,
    weighed: tuple[str, str] | None,
) -> str:  # fmt: skip
    """The unrounded figure after gates, factors, what is taken back and the cap on the payout, with what it is still to
    be divided by.
    """
    same = "{was}.divisor"
    changes = [(traits.THROUGH_GATES, same)] if gated else []
    if factored:
        changes.append((measure_factors.RAW, same))
    if collects:
        changes.append((collection.RAW, collection.DIVISOR))
    if weighed:
        changes.append(weighed)
    if takes_back:
        changes.append((returned.RAW, returned.DIVISOR))
    if any(one.most_paid is not None for one in bands):
        changes.append(("least({was}.raw, plan.most_paid * {was}.divisor)", same))
    names = [f"moved_{number}" for number in range(len(changes))]
    text = ""
    for was, now, (raw, divisor) in zip(names, [*names[1:], "figure"], changes, strict=False):
        columns = f"{raw} AS raw, {divisor} AS divisor".format(was=was)
        text += f"{was} CROSS JOIN LATERAL (SELECT {columns} OFFSET 0) "
        text += now if now == "figure" else ""
    return text or "figure"


def _band(bands: Sequence[Bands]) -> str:
    """The band reached. Bounds that are shares of another figure are multiplied by it: nothing is divided."""
    plain = "width_bucket(CASE WHEN plan.by_base THEN plan.base ELSE plan.qualifier END, plan.lower)"
    if not any(one.share_of for one in bands):
        return plain
    # The highest that is reached: of a figure below zero a lower share is more. Bounds that a plan has not are NULL.
    most = max(len(one.lower) for one in bands if one.share_of)
    arms = " ".join(
        f"WHEN plan.qualifier >= plan.lower[{place}] * plan.reference THEN {place}"
        for place in range(most, 0, -1)
    )
    shares = f"CASE {arms} ELSE 0 END"
    return f"CASE WHEN plan.shares THEN {shares} ELSE {plain} END"


def _raw(bands: Sequence[Bands], by_line: str, by_formula: str) -> str:
    """The unrounded rebate times `_divisor`. Arms that no programme needs are left out."""
    base = "plan.base"
    if any(one.above for one in bands):
        base = "(plan.base - CASE WHEN plan.above THEN plan.reference ELSE 0 END)"
    arms = [*filter(None, (by_line, by_formula)), "WHEN plan.base < 0 THEN plan.first_rate * plan.base"]
    if any(one.floor is not None for one in bands):
        arms.append(
            "WHEN plan.floor IS NOT NULL THEN plan.first_rate * least(plan.base, plan.floor)"
            " + COALESCE(plan.rate[band.number], 0) * greatest(plan.base - plan.floor, 0)"
        )
    arms.append("WHEN band.number = 0 THEN 0")
    if any(one.slope for one in bands):
        arms.append(
            "WHEN plan.slope IS NOT NULL THEN plan.base * (plan.rate[band.number] * plan.span"
            " + plan.slope[band.number] * (plan.qualifier - plan.lower[band.number]))"
        )
    if any(one.split == "average" for one in bands):
        arms.append(
            "WHEN plan.split = 'average' THEN CASE WHEN plan.qualifier <= 0 THEN plan.rate[1] * plan.base"
            f" ELSE plan.base * {_marginal('plan.qualifier')} END"
        )
    if any(one.split == "top_slice" for one in bands):
        arms.append(
            f"WHEN plan.split = 'top_slice' THEN {_marginal('plan.qualifier')}"
            f" - {_marginal('(plan.qualifier - plan.base)')}"
        )
    rest = f"plan.fixed[band.number] + plan.rate[band.number] * ({base} - plan.shift[band.number])"
    return f"CASE {' '.join(arms)} ELSE {rest} END"


def _marginal(value: str) -> str:
    """What marginal bands pay on `value`; the first band's rate below zero."""
    number = f"width_bucket({value}, plan.lower)"
    return (
        f"(CASE WHEN {value} < 0 THEN plan.first_rate * {value} WHEN {number} = 0 THEN 0"
        f" ELSE plan.fixed[{number}] + plan.rate[{number}] * ({value} - plan.shift[{number}]) END)"
    )


def _divisor(bands: Sequence[Bands], formulas: str) -> str:
    """What `_raw` has still to be divided by; above zero."""
    arms = [f"WHEN plan.no IN ({formulas}) THEN formula.d"] if formulas else []
    if any(one.split == "average" for one in bands):
        arms.append(
            "WHEN plan.split = 'average' AND plan.base >= 0 AND plan.qualifier > 0 THEN plan.qualifier"
        )
    if any(one.slope for one in bands):
        arms.append("WHEN plan.slope IS NOT NULL THEN plan.span")
    return f"CASE {' '.join(arms)} ELSE 1 END" if arms else "1"


def _rounded(plans: Sequence[Plan], divisor: str) -> str:
    modes = {plan.rounding for plan in plans}
    if len(modes) == 1:
        whole = _ROUNDED[modes.pop()]
    else:
        whole = f"CASE WHEN plan.half_even THEN {_ROUNDED['half_even']} ELSE {_ROUNDED['half_up']} END"
    if divisor == "1" and not collection.matter(plans) and not returned.at_original_rate(plans):
        return whole
    return f"CASE WHEN figure.divisor = 1 THEN {whole} ELSE {_ROUNDED_FRACTION} END"


def rows(sql: Sql) -> list[dict[str, Any]]:
    """The rows of a query as dictionaries."""
    with connection.cursor() as cursor:
        cursor.execute(sql.text, sql.params)
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
