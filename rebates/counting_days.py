"""The day on which a sales line counts: of its booking, its order, its shipment, or the receipt of its payment.

Guarantees
- A sale without that day does not count yet; the settlement lists it.
- A payment counts on the first day on which what came in for the invoice reaches what the invoice asks for.
- A return counts on its booking date, never before the sale that it takes back, and not before that sale counts.
- Programmes by booking date cost nothing: they read the table of the lines itself.
- A credit of an agent counts on the day of its line, a payment being that of the line's buyer.

The tier and the exchange rate of a line's day are those of the day that counts, and so is what returns by origin and at
the original rate go by. `invoiced_on` keeps the booking date, by which the days until an invoice is paid are counted.
Programmes by another day are always read from the lines: the kept sums of months know booking dates.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection
from django.db.models import Q
from django.db.models.expressions import RawSQL

from rebates.credited import COLUMNS, CREDITS, LINES, is_credited
from rebates.narrowing import selection
from rebates.plans import Plan, Sql
from rebates.scope import Scope

BOOKING, ORDER, SHIPMENT, PAYMENT = "booking", "order", "shipment", "payment"
TABLE = LINES
NEGATIVE = "(net_amount < 0 OR quantity < 0)"
INVOICED = "invoiced_on"  # the booking date, by which the days until an invoice is paid are counted
_COLUMNS = (
    *("id", "partner_id", "product_id", "product_line_id", "quantity", "net_amount", "gross_amount", "tax_rate"),
    *("currency", "document", "recorded_at", "reverses_id"),
)  # fmt: skip
# The day of a line and of the line that it takes back.
_DAYS = {
    ORDER: ("line.order_date", "origin.order_date"),
    SHIPMENT: ("line.ship_date", "origin.ship_date"),
    PAYMENT: ("own_paid.day", "origin_paid.day"),
}
MOST_NAMED = 10  # lines of a finding that are named


def basis_of(policy: dict[str, Any]) -> str:
    return str(policy.get("date_basis", BOOKING))


def invoiced(basis: str) -> str:
    """The column of the booking date in what is read."""
    return "booking_date" if basis == BOOKING else INVOICED


# SQL


def lines(policy: dict[str, Any], scope: Scope | None = None) -> str:
    """What stands for the table of the sales lines where a policy is applied, see `dated`."""
    basis, credits = basis_of(policy), is_credited(policy)
    if basis == BOOKING:
        return CREDITS if credits else TABLE
    return dated(basis, scope, credits=credits)


def dated(basis: str, scope: Scope | None = None, *, credits: bool = False) -> str:
    """A relation of the lines with the day that counts as `booking_date`, NULL where there is none yet; with `credits`
    of the credits of agents.

    Payments are those that the scope knows.
    """
    own, origin = _DAYS[basis]
    table, buyer = (CREDITS, "buyer_id") if credits else (TABLE, "partner_id")
    joins = f"LEFT JOIN {table} origin ON origin.id = line.reverses_id"
    if basis == PAYMENT:
        paid = _paid(scope, credits=credits)
        joins += "".join(
            f" LEFT JOIN ({paid}) {name} ON {name}.partner_id = {whose}.{buyer}"
            f" AND {name}.document = {whose}.document AND {name}.currency = {whose}.currency"
            for name, whose in (("own_paid", "line"), ("origin_paid", "origin"))
        )
    columns = ", ".join(f"line.{name}" for name in (*_COLUMNS, *(COLUMNS if credits else ())))
    is_sale = "NOT line.is_return" if credits else "line.quantity > 0"
    return (
        f"(SELECT {columns}, line.booking_date AS {INVOICED}, (line.net_amount < 0 OR line.quantity < 0) AS is_back,"
        f" CASE WHEN {is_sale} THEN {own} WHEN line.reverses_id IS NULL THEN line.booking_date"
        f" WHEN {origin} IS NOT NULL THEN greatest(line.booking_date, {origin}) END AS booking_date"
        f" FROM {table} line {joins})"
    )


def _paid(scope: Scope | None, *, credits: bool) -> str:
    """(partner_id, document, currency, day): since when each invoice is paid in full, as far as the scope knows."""
    known = ["true"]
    if scope is not None:
        if scope.paid_to is not None:
            known.append(f"id <= {int(scope.paid_to)}")
        whose = of_partners(scope)
        if credits and whose:
            mine = f"SELECT buyer_id, document FROM {CREDITS} WHERE {' AND '.join(whose)}"
            known.append(f"(partner_id, document) IN ({mine})")
        elif whose:
            known += whose
        if scope.recorded_before is not None:
            known.append(f"recorded_at < '{scope.recorded_before.isoformat()}'::timestamptz")
    invoice = "PARTITION BY partner_id, document, currency"
    return (
        "SELECT partner_id, document, currency, min(received_on) AS day FROM ("
        "SELECT partner_id, document, currency, received_on,"
        f" sum(sum(amount)) OVER ({invoice} ORDER BY received_on) AS reached,"
        f" max(max(invoice_total)) OVER ({invoice}) AS total FROM orders_paymentreceived"
        f" WHERE {' AND '.join(known)} GROUP BY partner_id, document, currency, received_on) days"
        " WHERE reached >= total GROUP BY partner_id, document, currency"
    )


def of_partners(scope: Scope) -> list[str]:
    """The conditions that rows are of the scope's partners."""
    found = [
        f"{condition} {int(value)}"
        for condition, value in (
            ("partner_id >=", scope.first_partner),
            ("partner_id <=", scope.last_partner),
        )
        if value is not None
    ]
    if scope.partners is not None:
        found.append(f"partner_id = ANY('{{{','.join(str(int(one)) for one in scope.partners)}}}'::bigint[])")
    return found


# The lines of one partner, and of a run


@dataclass(frozen=True)
class Whose:
    """Of which partner lines are asked, and up to which payment; None: all that are on file. `credits`: what it is
    credited with as an agent.
    """

    partner_id: int
    paid_to: int | None = None
    credits: bool = False

    @property
    def scope(self) -> Scope:
        return Scope(partners=[self.partner_id], paid_to=self.paid_to)


def in_period(basis: str, whose: Whose, first: date, after: date, prefix: str = "") -> Q:
    """The partner's lines that count on a day from `first` to before `after`. `prefix` leads to the line."""
    if basis == BOOKING:
        return Q(**{f"{prefix}booking_date__gte": first, f"{prefix}booking_date__lt": after})
    text = (
        f"SELECT id FROM {dated(basis, whose.scope, credits=whose.credits)} line"
        " WHERE partner_id = %s AND booking_date >= %s AND booking_date < %s"
    )
    return Q(
        **{f"{prefix or 'pk'}{'id' if prefix else ''}__in": RawSQL(text, [whose.partner_id, first, after])}
    )


def days_of(basis: str, ids: Sequence[int], whose: Whose) -> dict[int, date]:
    """On which day each of these lines counts; empty where that is the booking date."""
    if basis == BOOKING or not ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id, booking_date FROM {dated(basis, whose.scope, credits=whose.credits)} line WHERE id = ANY(%s)",
            [list(ids)],
        )
        return dict(cursor.fetchall())


def paid_on(credits: Sequence[int], whose: Whose) -> dict[int, date]:
    """Since when the invoices of these credits of an agent are paid in full, as far as they are."""
    if not credits:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT credit.id, paid.day FROM {CREDITS} credit JOIN ({_paid(whose.scope, credits=True)}) paid"
            " ON paid.partner_id = credit.buyer_id AND paid.document = credit.document"
            " AND paid.currency = credit.currency WHERE credit.id = ANY(%s)",
            [list(credits)],
        )
        return dict(cursor.fetchall())


def noted(lines: Iterable[Any], basis: str, whose: Whose) -> list[Any]:
    """The same sales lines, each with the day on which it counts."""
    lines = list(lines)
    days = days_of(basis, [line.pk for line in lines], whose)
    for line in lines:
        line.counts_on = days.get(line.pk, line.booking_date)
    return lines


def likely(plan: Plan, prefix: str = "") -> Q:
    """Lines of whomever that may count on the plan's days; a payment may concern any of them."""
    basis, first, after = basis_of(plan.policy), plan.counted.start, plan.counted.end

    def on(name: str) -> Q:
        return Q(**{f"{prefix}{name}__gte": first, f"{prefix}{name}__lt": after})

    if basis == BOOKING:
        return on("booking_date")
    if basis == PAYMENT:
        return Q(**{f"{prefix}booking_date__lt": after})
    sale = {f"{prefix}is_return": False} if is_credited(plan.policy) else {f"{prefix}quantity__gt": 0}
    return on("order_date" if basis == ORDER else "ship_date") & Q(**sale) | (on("booking_date") & ~Q(**sale))


def findings(plans: Sequence[Plan], scope: Scope) -> list[dict[str, Any]]:
    """What a run lists: sales that were booked in the period and do not count, because they lack the day."""
    found = []
    for plan in plans:
        basis = basis_of(plan.policy)
        if basis == BOOKING:
            continue
        sql = _without_day(plan, basis, scope)
        with connection.cursor() as cursor:
            cursor.execute(sql.text, sql.params)
            lines, amount, partners, named = cursor.fetchone()
        if lines:
            found.append(
                {
                    "kind": "no_day", "programme": plan.code, "period": str(plan.period), "basis": basis,
                    "lines": lines, "amount": str(amount), "currency": plan.version.currency, "partners": partners,
                    "named": json.loads(named),
                }
            )  # fmt: skip
    return found


def _without_day(plan: Plan, basis: str, scope: Scope) -> Sql:
    params = dict[str, Any](first=plan.period.start, after=plan.period.end)
    items = [selection(plan, term, f"taken_{number}", params) for number, term in enumerate(plan.own_terms)]
    credits = is_credited(plan.policy)
    table, name = (CREDITS, "number") if credits else (TABLE, "line_number")
    where = [f"({' OR '.join(items)})", "booking_date IS NULL"]
    # A credit that was taken back lacks nothing; what the agent has of a line since then is a credit of its own.
    where.append(
        "NOT is_return AND takes_back_id IS NULL AND NOT EXISTS"
        f" (SELECT FROM {CREDITS} gone WHERE gone.takes_back_id = line.id)"
        if credits
        else "quantity > 0"
    )
    where.append(f"{INVOICED} >= %(first)s AND {INVOICED} < %(after)s")
    if plan.policy.get("exchange", "none") == "none":
        where.append("currency = %(currency)s")
    params["currency"] = plan.version.currency
    if scope.watermark is not None:
        where.append("id <= %(watermark)s")
        params["watermark"] = scope.watermark
    return Sql(
        f"WITH lacking AS (SELECT id, partner_id, net_amount FROM {dated(basis, scope, credits=credits)} line"
        f" WHERE {' AND '.join(where)})"
        " SELECT count(*), coalesce(sum(net_amount), 0), count(DISTINCT partner_id), (SELECT coalesce(jsonb_agg("
        f"{name} ORDER BY {name}), '[]') FROM (SELECT {name} FROM {table} WHERE id IN"
        f" (SELECT id FROM lacking) ORDER BY {name} LIMIT {MOST_NAMED}) named)::text FROM lacking",
        params,
    )
