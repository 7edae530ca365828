"""The part of the recompute kit about an agent's credits: those that a commission of the statement rests on, no more.

Of a line that is invoiced to somebody else the agent learns document, product, amounts and the booking day, and the day
of order, shipment or payment where a commission counts by that; where one counts by the days to payment the factor of
each invoice. Never who bought it, what was paid, who else is credited, or what else was sold.
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from typing import Any

from orders.models import CreditedLine, PaymentReceived
from prm.values import clock
from rebates import verifier_terms
from rebates.collection import steps_of
from rebates.counted_lines import read_by
from rebates.counting_days import ORDER, PAYMENT, SHIPMENT, Whose, basis_of, paid_on
from rebates.credited import is_credited
from rebates.models import Result, Statement
from rebates.plans import plans_for

COLUMNS = (
    *(
        "credit",
        "number",
        "takes_back",
        "sale",
        "reverses",
        "share",
        "day",
        "document",
        "product_line",
        "product",
    ),
    *("quantity", "amount", "currency", "recorded", "gross", "tax", "ordered", "shipped", "paid", "invoice"),
)
WHY = "the statement names the partner"


def credits_of(statement: Statement, results: Iterable[Result]) -> list[CreditedLine]:
    """Those behind `results`, in the order in which they were given; each with the days by which a commission counts:
    `ordered`, `shipped`, `paid`; and with the running number of its `invoice` where days to payment weigh.
    """
    pairs = [(one.version, one.period) for one in results if is_credited(one.version.policy)]
    plans = plans_for(pairs)
    if not plans:
        return []
    rows = CreditedLine.objects.for_everyone(because=WHY).filter(
        partner_id=statement.partner_id, id__lte=statement.run.watermark or 0
    )
    whose = Whose(statement.partner_id, statement.run.paid_watermark, credits=True)
    wanted, by_day, weighed = set[int](), defaultdict[str, set[int]](set), set[int]()
    for plan in plans:
        found = rows.filter(read_by(plan, whose))
        lines = found.order_by().values("line")
        # All that happened to the credits of a line, and the credit of a sale whose return counts.
        mine = set(rows.filter(line__in=lines).values_list("pk", flat=True))
        mine |= set(found.filter(reverses__isnull=False).values_list("reverses", flat=True))
        wanted |= mine
        by_day[basis_of(plan.policy)] |= mine
        weighed |= mine if steps_of(plan.policy) else set()
    named = ("line", "product", "product_line", "takes_back", "reverses")
    credits = list(rows.filter(pk__in=wanted).select_related(*named).order_by("id"))
    paid = paid_on(sorted(by_day[PAYMENT]), whose)
    invoices = dict[tuple[int, str, str], int]()
    for credit in credits:
        credit.invoice = ""
        if credit.pk in weighed:
            credit.invoice = invoices.setdefault(_invoice_of(credit), len(invoices) + 1)
        credit.ordered = credit.line.order_date if credit.pk in by_day[ORDER] else None
        credit.shipped = credit.line.ship_date if credit.pk in by_day[SHIPMENT] else None
        credit.paid = paid.get(credit.pk)
    return credits


def _invoice_of(credit: CreditedLine) -> tuple[int, str, str]:
    return credit.buyer_id, credit.document, credit.currency


def factors_of(
    statement: Statement, results: Iterable[Result], credits: list[Any]
) -> dict[str, dict[str, str]]:
    """By programme with a collection factor what counts of each invoice from the day on which it was booked, as
    "number day": as the verifier computes it from the payments, of which an agent's kit has none.
    """
    found: dict[str, dict[str, str]] = {}
    credits = [credit for credit in credits if credit.invoice]
    came = _receipts_of(statement, credits) if credits else {}
    for one in results:
        steps = steps_of(one.version.policy)
        if not steps or not is_credited(one.version.policy):
            continue
        found[one.programme.code] = {
            f"{credit.invoice} {credit.booking_date}": _text(
                verifier_terms.invoice_factor(steps, credit.booking_date, came.get(_invoice_of(credit), []))
            )
            for credit in credits
        }
    return found


def _receipts_of(
    statement: Statement, credits: list[Any]
) -> dict[tuple[int, str, str], list[verifier_terms.Receipt]]:
    """What buyers paid of the invoices of these credits, as far as the run had read it."""
    rows = PaymentReceived.objects.for_everyone(because="what an agent's credits count by").filter(
        partner_id__in={credit.buyer_id for credit in credits},
        document__in={credit.document for credit in credits},
        id__lte=statement.run.paid_watermark or 0,
    )  # fmt: skip
    found = defaultdict[tuple[int, str, str], list[verifier_terms.Receipt]](list)
    for row in rows:
        found[row.partner_id, row.document, row.currency].append(
            verifier_terms.Receipt(
                row.document, row.received_on, Fraction(row.amount), Fraction(row.invoice_total), row.currency
            )
        )
    return found


def _text(factor: Fraction) -> str:
    """All of its eight decimals."""
    return f"{Decimal(factor.numerator) / Decimal(factor.denominator):.8f}"


def as_csv(credits: list[Any]) -> str:
    """The line's own amounts beside the share: the part that counts is computed by whoever reads it."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    zone, sales = clock.tenant_zone(), dict[int, int]()
    for credit in credits:
        sales.setdefault(credit.line_id, len(sales) + 1)
    for number, credit in enumerate(credits, start=1):
        line = credit.line
        writer.writerow(
            [
                number, credit.number, credit.takes_back.number if credit.takes_back else "", sales[credit.line_id],
                sales[credit.reverses.line_id] if credit.reverses else "", credit.share, line.booking_date,
                line.document, credit.product_line.code, credit.product.code, line.quantity, line.net_amount,
                line.currency, credit.recorded_at.astimezone(zone).date(), line.gross_amount, line.tax_rate,
                credit.ordered, credit.shipped, credit.paid, credit.invoice,
            ]
        )  # fmt: skip
    return out.getvalue()
