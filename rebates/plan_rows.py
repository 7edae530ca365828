"""What plans say to the SQL of their figures: a row of VALUES each, and what they ask of partners."""

from __future__ import annotations

import json
from typing import Any

from babel.numbers import get_currency_precision

from rebates import collection, currencies, partner_pools, tier_days, traits
from rebates.links import NET_OF, stacked_on
from rebates.mechanisms import bands_of
from rebates.plans import Plan
from rebates.reads import Together
from rebates.sums import Sums

_PLAN_COLUMNS = (
    "no, programme_id, version_id, starts, ends, currency, tiers, types, by_base, lower, fixed, rate, shift,"
    " first_rate, floor, shares, above, split, slope, span, most_counted, most_base, most_paid, digits, half_even,"
    " net_of, clauses"
)
# Of plans whose sums are in parts of a currency: how many parts are one, of what counts, is paid on, was paid on before
# it was counted in increments, and what invoices weigh by.
_SCALES = "counted_in, paid_on_in, payable_in, weighed_in, converts"


def words(sums: Sums | Together, params: dict[str, Any]) -> tuple[list[str], list[str], str]:
    """The columns that the plans ask of members, the plans' rows of VALUES, and the columns of these."""
    asks = traits.matter(sums.plans)
    plan_rows = [
        _row(number, plan, params, asks=asks, converts=sums.converts)
        for number, plan in enumerate(sums.plans)
    ]
    plan_columns = ", ".join(
        [_PLAN_COLUMNS, *([_SCALES] if sums.converts else []), *([traits.COLUMNS] if asks else [])]
    )
    families = any(partner_pools.is_family(plan.policy) for plan in sums.plans)
    member = ["tier", "type", *(traits.MEMBER if asks else ()), *(["family"] if families else [])]
    return member, plan_rows, plan_columns


def _row(number: int, plan: Plan, params: dict[str, Any], *, asks: bool, converts: bool) -> str:
    """A row of VALUES with `_PLAN_COLUMNS` and what the policy `asks`; texts and arrays go as parameters."""
    who, bands = plan.policy.get("who", {}), plan.bands
    cells = {
        "programme": (plan.version.programme_id, "bigint"),
        "version": (plan.version.pk, "bigint"),
        "starts": (plan.period.start, "date"),
        "ends": (plan.period.end, "date"),
        "currency": (plan.version.currency, "text"),
        # Where each line's day is asked, whoever has such a line takes part.
        "tiers": (None if tier_days.by_line(plan.policy) else who.get("tiers"), "text[]"),
        "types": (who.get("types"), "text[]"),
        "by_base": (bands.by_base, "bool"),
        "lower": (list(bands.lower), "numeric[]"),
        "fixed": (list(bands.fixed), "numeric[]"),
        "rate": (list(bands.rate), "numeric[]"),
        "shift": (list(bands.offset), "numeric[]"),
        "first": (bands.first_rate, "numeric"),
        "floor": (bands.floor, "numeric"),
        "shares": (bool(bands.share_of), "bool"),
        "above": (bands.above, "bool"),
        "split": (bands.split, "text"),
        "slope": (list(bands.slope) or None, "numeric[]"),
        "span": (bands.span, "numeric"),
        "most_counted": (bands.most_counted, "numeric"),
        "most_base": (bands.most_base, "numeric"),
        "most_paid": (bands.most_paid, "numeric"),
        "digits": (get_currency_precision(plan.version.currency), "int"),
        "even": (plan.rounding == "half_even", "bool"),
        "net_of": (stacked_on(plan.policy, NET_OF) or None, "text[]"),
        "clauses": (_clauses(plan), "jsonb[]"),
        **(_scales(plan) if converts else {}),
        **(traits.cells(plan) if asks else {}),
    }
    text = [str(number)]
    for name, (value, kind) in cells.items():
        params[f"{name}_{number}"] = value
        text.append(f"%({name}_{number})s::{kind}")
    return ", ".join(text)


def _scales(plan: Plan) -> dict[str, tuple[Any, str]]:
    money = plan.counted_in if plan.bands.increment is not None else plan.paid_on_in
    return {
        "counted_in": (plan.counted_in, "numeric"),
        "paid_on_in": (plan.paid_on_in, "numeric"),
        "payable_in": (money, "numeric"),
        "weighed_in": (1 if collection.weighs_units(plan) else plan.scale, "numeric"),
        "converts": (currencies.is_converted(plan.policy), "bool"),
    }


def _clauses(plan: Plan) -> list[str]:
    """What a result's explanation says: [negative base, below the first band, band 1, band 2 …], as JSON text."""
    bands = bands_of(plan.policy)  # as it is written, whatever the plan counts in
    found: list[dict[str, Any]] = [{"rule": "negative", "rate": str(bands.first_rate)}, {"rule": "below"}]
    for index in range(len(bands.lower)):
        clause = {"rule": "band", "rate": str(bands.rate[index])}
        if bands.fixed[index]:
            clause["fixed"] = str(bands.fixed[index])
        if bands.offset[index]:
            clause["above"] = str(bands.offset[index])
        if bands.share_of:
            clause["share_of"] = bands.share_of
        found.append(clause)
    if bands.floor is not None:
        for clause in found[1:]:
            clause |= {"floor": str(bands.floor), "first_rate": str(bands.first_rate)}
    return [json.dumps(clause, sort_keys=True) for clause in found]
