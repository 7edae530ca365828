"""Conditions of reads beside the grouped one: the same lines, of the same partners, up to the same mark."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rebates import credited, tier_days
from rebates.plans import Plan

if TYPE_CHECKING:
    from rebates.scope import Scope


def selected(plan: Plan, terms: Sequence[str], name: str, params: dict[str, Any]) -> list[str]:
    """Lines in the plan's currency that it adds up for any of `terms`; `name` begins the names of the parameters."""
    params[f"{name}_currency"] = plan.version.currency
    kinds = [selection(plan, term, f"{name}_{number}", params) for number, term in enumerate(terms)]
    where = [f"currency = %({name}_currency)s", f"({' OR '.join(kinds)})"]
    tiers = tier_days.by_line(plan.policy)
    if tiers:
        where.append(f"line_tier = ANY(%({name}_tiers)s)")
        params[f"{name}_tiers"] = list(tiers)
    return where


def selection(plan: Plan, term: str, name: str, params: dict[str, Any]) -> str:
    """The condition of lines that the plan adds up for `term`, whatever their currency and day."""
    chosen, where = plan.terms[term], []
    if chosen.lines != plan.catalogue:
        where.append(f"product_line_id = ANY(%({name}_lines)s)")
        params[f"{name}_lines"] = sorted(chosen.lines)
    if chosen.products is not None:
        where.append(f"product_id = ANY(%({name}_products)s)")
        params[f"{name}_products"] = sorted(chosen.products)
    return f"({' AND '.join(where)})" if where else "true"


def in_time(plan: Plan, scope: Scope, negative: str, name: str, params: dict[str, Any]) -> list[str]:
    """What came too late for a closed period is left out, unless it takes something away; and what is booked later than
    the scope's days.
    """
    early = []
    if scope.booked_before is not None:
        params["narrowed_booked"] = scope.booked_before
        early = ["booking_date < %(narrowed_booked)s"]
    if scope.closed_at_line is None or plan.grace_until is None:
        return early
    params |= {f"{name}_closed": scope.closed_at_line, f"{name}_zone": scope.zone,
               f"{name}_grace": plan.grace_until}  # fmt: skip
    always = credited.always(plan.policy, negative, f"%({name}_closed)s")
    came = f"({credited.came_at(plan.policy)} AT TIME ZONE %({name}_zone)s)::date"
    return [*early, f"(id <= %({name}_closed)s OR {always} OR {came} <= %({name}_grace)s)"]


def within(scope: Scope, params: dict[str, Any], name: str, watermark: int | None) -> list[str]:
    """Up to a watermark, of the scope's partners. `name` is the watermark's parameter."""
    found = []
    for key, value, condition in (
        (name, watermark, "id <= {}"),
        ("narrowed_first", scope.first_partner, "partner_id >= {}"),
        ("narrowed_last", scope.last_partner, "partner_id <= {}"),
        (
            "narrowed_partners",
            None if scope.partners is None else list(scope.partners),
            "partner_id = ANY({})",
        ),
    ):
        if value is not None:
            found.append(condition.format(f"%({key})s"))
            params[key] = value
    return found


def standing(plan: Plan, scope: Scope) -> list[str]:
    """As if no credit had been taken back, where a difference is told cause by cause."""
    wanted = scope.without_taken_back and credited.is_credited(plan.policy)
    return ["takes_back_id IS NULL"] if wanted else []


def recorded(scope: Scope, params: dict[str, Any]) -> list[str]:
    """What was on file at a moment."""
    if scope.recorded_before is None:
        return []
    params["narrowed_recorded"] = scope.recorded_before
    return ["recorded_at < %(narrowed_recorded)s"]


def paid_on(
    plan: Plan, scope: Scope, negative: str, name: str, params: dict[str, Any], *, mark: str
) -> list[str]:
    """The lines that a plan pays on, one by one: those that add up to the paid base.

    `name` begins the names of the parameters, `mark` is the watermark's.
    """
    params |= {f"{name}_first": plan.counted.start, f"{name}_after": plan.counted.end}
    return [
        f"booking_date >= %({name}_first)s",
        f"booking_date < %({name}_after)s",
        *selected(plan, ["base"], name, params),
        *in_time(plan, scope, negative, name, params),
        *within(scope, params, mark, scope.watermark),
        *recorded(scope, params),
        *([f"NOT {negative}"] if scope.without_returns else []),
        *standing(plan, scope),
    ]
