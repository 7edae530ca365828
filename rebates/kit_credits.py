"""The part of the recompute kit about an agent's credits: those that a commission of the statement rests on, no more.

Of a line that is invoiced to somebody else the agent learns document, product, amounts and the booking day, and the day
of order, shipment or payment where a commission counts by that; never who bought it, who else is credited, or what else
was sold.
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from orders.models import CreditedLine
from prm.values import clock
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
    *("quantity", "amount", "currency", "recorded", "gross", "tax", "ordered", "shipped", "paid"),
)
WHY = "the statement names the partner"


def credits_of(statement: Statement, results: Iterable[Result]) -> list[CreditedLine]:
    """Those behind `results`, in the order in which they were given; each with the days by which a commission counts:
    `ordered`, `shipped`, `paid`.
    """
    pairs = [(one.version, one.period) for one in results if is_credited(one.version.policy)]
    plans = plans_for(pairs)
    if not plans:
        return []
    rows = CreditedLine.objects.for_everyone(because=WHY).filter(
        partner_id=statement.partner_id, id__lte=statement.run.watermark or 0
    )
    whose = Whose(statement.partner_id, statement.run.paid_watermark, credits=True)
    wanted, by_day = set[int](), defaultdict[str, set[int]](set)
    for plan in plans:
        found = rows.filter(read_by(plan, whose))
        lines = found.order_by().values("line")
        # All that happened to the credits of a line, and the credit of a sale whose return counts.
        mine = set(rows.filter(line__in=lines).values_list("pk", flat=True))
        mine |= set(found.filter(reverses__isnull=False).values_list("reverses", flat=True))
        wanted |= mine
        by_day[basis_of(plan.policy)] |= mine
    named = ("line", "product", "product_line", "takes_back", "reverses")
    credits = list(rows.filter(pk__in=wanted).select_related(*named).order_by("id"))
    paid = paid_on(sorted(by_day[PAYMENT]), whose)
    for credit in credits:
        credit.ordered = credit.line.order_date if credit.pk in by_day[ORDER] else None
        credit.shipped = credit.line.ship_date if credit.pk in by_day[SHIPMENT] else None
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
                credit.ordered, credit.shipped, credit.paid,
            ]
        )  # fmt: skip
    return out.getvalue()
