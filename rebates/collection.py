"""The collection factor: how much of a figure counts, by the days from each invoice to the money that came in for it.

Guarantees
- Each invoice above zero weighs by what is paid on in it (converted, where lines of several currencies count; its
  payments are those in its own currency); its factor is the sum over its payments of their part of the
  invoice times the step of their day, rounded half up to eight decimals. The figure is multiplied by the weighed
  average, on exact fractions.
- An agent is credited with lines of invoices of others: what it is credited with of an invoice weighs, and the payments
  are the buyer's.
- Payments are read up to the run's watermark and found again there; a figure that is not above zero stays.
- Programmes without the factor cost nothing: no column, no read.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from rebates import counting_days, returned
from rebates.credited import CREDITS, is_credited
from rebates.narrowing import in_time, selected, within
from rebates.plans import Plan, Sql
from rebates.reads import Together
from rebates.sums import Sums

KIND = "collection"


def steps_of(policy: dict[str, Any]) -> list[dict[str, Any]]:
    """The steps, shortest first, each {"days", "factor"}; empty where the policy has no collection factor."""
    found = (factor["steps"] for factor in policy.get("factors", []) if factor["kind"] == KIND)
    return next(found, [])


def matter(plans: Iterable[Plan]) -> bool:
    return any(steps_of(plan.policy) for plan in plans)


# SQL

COLUMNS = ("due", "collected")  # of a plan and partner; NULL where nothing is asked
# The unrounded figure and its divisor behind the factor.
_MOVES = "plan.due > 0 AND {was}.raw > 0"
RAW = f"CASE WHEN {_MOVES} THEN {{was}}.raw * plan.collected ELSE {{was}}.raw END"
DIVISOR = f"CASE WHEN {_MOVES} THEN {{was}}.divisor * plan.due ELSE {{was}}.divisor END"


def said(converts: bool) -> str:
    """What the explanation says; in the currency itself where sums are in parts of it."""
    due, collected = (
        f"CASE WHEN plan.weighed_in = 1 THEN plan.{name} ELSE round(plan.{name} / plan.weighed_in, 10) END"
        if converts
        else f"plan.{name}"
        for name in COLUMNS
    )
    return (
        " || CASE WHEN plan.due > 0 THEN jsonb_build_object('collection', jsonb_build_object("
        f"'due', trim_scale({due})::text, 'collected', trim_scale({collected})::text)) ELSE '{{}}'::jsonb END"
    )


def joined(based: str, names: Sequence[str], sums: Sums | Together, params: dict[str, Any]) -> str:
    """`based`, a SELECT of `names` with `no` and `partner_id`, with `COLUMNS` beside them."""
    plans = [(number, plan) for number, plan in enumerate(sums.plans) if steps_of(plan.policy)]
    shares = " UNION ALL ".join(_shares(number, plan, sums, params) for number, plan in plans)
    columns = ", ".join(f"based.{name}" for name in names)
    return (
        f"SELECT {columns}, collection.due, collection.collected FROM ({based}) based"
        f" LEFT JOIN ({shares}) collection ON collection.no = based.no AND collection.partner_id = based.partner_id"
    )


def weighs_units(plan: Plan) -> bool:
    return not plan.bands.counts_sets and plan.units_of("base")


def paid_on(plan: Plan) -> list[str]:
    """The terms whose lines are paid on."""
    return [term for term in plan.terms if term == "base" or term.startswith("part")]


_OF_INVOICE = (
    "ON receipt.partner_id = invoice.buyer_id AND receipt.document = invoice.document"
    " AND receipt.currency = invoice.sold_in"
)
# By what an agent's invoices are told apart, and anybody's own.
_INVOICE = {True: "partner_id, document, sold_in, buyer_id", False: "partner_id, document, sold_in"}


def _shares(number: int, plan: Plan, sums: Sums | Together, params: dict[str, Any]) -> str:
    """(no, partner_id, due, collected) of one plan: what its invoices weigh, and the same times their factors."""
    invoice = _INVOICE[is_credited(plan.policy)]
    steps = " ".join(
        f"WHEN received_on - day <= {int(step['days'])} THEN {Decimal(step['factor'])}::numeric"
        for step in steps_of(plan.policy)
    )
    return f"""
        SELECT {number} AS no, partner_id, sum(amount) AS due, sum(amount * factor) AS collected FROM (
            SELECT partner_id, min(amount) AS amount,
                   div(2 * COALESCE(sum(part * CASE {steps} ELSE 0 END), 0) * 100000000 + min(total), 2 * min(total))
                       / 100000000 AS factor
            FROM (
                SELECT *, reached - COALESCE(lag(reached) OVER paid, 0) AS part FROM (
                    SELECT *, least(greatest(COALESCE(sum(received) OVER paid, 0), 0), total) AS reached FROM (
                        SELECT invoice.*, receipt.received_on, receipt.received,
                               COALESCE(max(receipt.total) OVER (PARTITION BY {_of("invoice", invoice)}), 1) AS total
                        FROM ({_invoices(number, plan, sums.of(number), params)}) invoice
                        LEFT JOIN ({_receipts(number, plan, sums, params)}) receipt {_OF_INVOICE}
                    ) totalled WINDOW paid AS (PARTITION BY {invoice} ORDER BY received_on)
                ) summed WINDOW paid AS (PARTITION BY {invoice} ORDER BY received_on)
            ) parted GROUP BY {invoice}
        ) weighed GROUP BY partner_id"""


def _of(row: str, names: str) -> str:
    return ", ".join(f"{row}.{name}" for name in names.split(", "))


def linked(sums: Sums | Together) -> Sql:
    """(no, partner_id, paid) of each plan with the factor: who has invoices that count, and whether a payment is on
    file for any of them.
    """
    params: dict[str, Any] = {}
    rows = " UNION ALL ".join(
        f"SELECT {number} AS no, invoice.partner_id, bool_or(receipt.document IS NOT NULL) AS paid"
        f" FROM ({_invoices(number, plan, sums.of(number), params)}) invoice"
        f" LEFT JOIN ({_receipts(number, plan, sums, params)}) receipt {_OF_INVOICE} GROUP BY invoice.partner_id"
        for number, plan in enumerate(sums.plans)
        if steps_of(plan.policy)
    )
    return Sql(rows, params)


def _invoices(number: int, plan: Plan, sums: Sums, params: dict[str, Any]) -> str:
    """Each document above zero of the lines that are paid on, with its first day: the lines that `sums` reads.

    A complete set is on no single invoice: there an invoice weighs by the money of its lines that are parts.
    """
    measure = "quantity" if weighs_units(plan) else "net_amount"
    name, negative = f"collection_{number}", returned.negative(plan)
    day = counting_days.invoiced(counting_days.basis_of(plan.policy))
    params |= {f"{name}_first": plan.counted.start, f"{name}_after": plan.counted.end}
    where = [
        f"booking_date >= %({name}_first)s",
        f"booking_date < %({name}_after)s",
        *selected(plan, paid_on(plan), name, params),
        *in_time(plan, sums.scope, negative, name, params),
        *within(sums.scope, params, "collection_lines_to", sums.scope.watermark),
    ]
    source, sold_in = sums.relation(sums.table, params), "currency" if sums.money is None else "sold_in"
    buyer = "buyer_id" if is_credited(plan.policy) else "partner_id"
    keys = dict.fromkeys(["partner_id", "document", sold_in, buyer])
    return (
        f"SELECT partner_id, document, {sold_in} AS sold_in, {buyer} AS buyer_id, min({day}) AS day,"
        f" sum({measure}) AS amount FROM {source}"
        f" WHERE {' AND '.join(where)} GROUP BY {', '.join(keys)} HAVING sum({measure}) > 0"
    )


def _receipts(number: int, plan: Plan, sums: Sums | Together, params: dict[str, Any]) -> str:
    """What came in by invoice and day."""
    own = [f"currency = %(collection_{number}_currency)s"] if sums.of(number).money is None else []
    scope = sums.scope
    if is_credited(plan.policy):
        whose = counting_days.of_partners(scope)
        credits = f"SELECT buyer_id, document FROM {CREDITS} WHERE {' AND '.join(whose)}"
        own += [f"(partner_id, document) IN ({credits})"] if whose else []
        scope = replace(scope, first_partner=None, last_partner=None, partners=None)
    where = [*own, *within(scope, params, "collection_paid_to", scope.paid_to)] or ["true"]
    return (
        "SELECT partner_id, document, currency, received_on, sum(amount) AS received, max(invoice_total) AS total"
        f" FROM orders_paymentreceived WHERE {' AND '.join(where)} GROUP BY partner_id, document, currency, received_on"
    )
