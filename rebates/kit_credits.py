"""The part of the recompute kit about an agent's credits: those that a commission of the statement rests on, no more.

Of a line that is invoiced to somebody else the agent learns document, product, amounts and days, and when its invoice
was paid where a commission counts by that; never who bought it, who else is credited, or what else was sold.
"""

from __future__ import annotations

import csv
import io
from typing import Any

from orders.models import CreditedLine
from prm.values import clock
from rebates.counted_lines import read_by
from rebates.counting_days import PAYMENT, Whose, basis_of, paid_on
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
    *("quantity", "amount", "currency", "recorded", "gross", "tax", "ordered", "shipped", "paid"),
)
WHY = "the statement names the partner"


def credits_of(statement: Statement) -> list[CreditedLine]:
    """In the order in which they were given; each with `paid`, where a commission asks for it."""
    results = Result.objects.for_everyone(because=WHY).filter(
        run_id=statement.run_id, partner_id=statement.partner_id
    )
    pairs = [(one.version, one.period) for one in results.select_related("version__programme")]
    plans = plans_for(pair for pair in pairs if is_credited(pair[0].policy))
    if not plans:
        return []
    rows = CreditedLine.objects.for_everyone(because=WHY).filter(
        partner_id=statement.partner_id, id__lte=statement.run.watermark or 0
    )
    whose = Whose(statement.partner_id, statement.run.paid_watermark, credits=True)
    wanted, by_payment = set[int](), set[int]()
    for plan in plans:
        found = rows.filter(read_by(plan, whose))
        lines = found.order_by().values("line")
        # All that happened to the credits of a line, and the credit of a sale whose return counts.
        mine = set(rows.filter(line__in=lines).values_list("pk", flat=True))
        mine |= set(found.filter(reverses__isnull=False).values_list("reverses", flat=True))
        wanted |= mine
        if basis_of(plan.policy) == PAYMENT:
            by_payment |= mine
    named = ("line", "product", "product_line", "takes_back", "reverses")
    credits = list(rows.filter(pk__in=wanted).select_related(*named).order_by("id"))
    paid = paid_on(sorted(by_payment), whose)
    for credit in credits:
        credit.paid = paid.get(credit.pk)
    return credits


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
                line.order_date, line.ship_date, credit.paid,
            ]
        )  # fmt: skip
    return out.getvalue()
