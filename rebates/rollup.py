"""The kept sums of the sales lines: by partner, month, product line, product and currency.

Guarantee: each line is counted exactly once, whatever is killed. A trigger of the database writes what an insert adds
to `rebates_additiontosum` in the insert's own transaction, without waiting for anybody; `fold()` moves such additions
into `rebates_monthsum`, gone here and there in one transaction. What is read is both together, in one snapshot.

Up to a watermark they are what they are now less the lines above it: the run of a settlement reads the same sums as it
would from the lines.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

COLUMNS = "partner_id, product_line_id, product_id, month, currency, amount, quantity, lines, fingerprint"
FINGERPRINT = "hash_numeric_extended(net_amount, id)"


@dataclass(frozen=True)
class Rows:
    """How rows are counted, and what each adds to the fingerprint."""

    lines: str
    fingerprint: str


LINE = Rows("count(*)", FINGERPRINT)
ONE = Rows("sum(lines)", "fingerprint")


def relation(watermark: int | None, params: dict[str, Any]) -> str:
    """What stands for the sales lines: kept sums under the lines' own names, their day being the month's first."""
    kept = (
        "SELECT partner_id, product_line_id, product_id, month AS booking_date, currency, amount AS net_amount,"
        " quantity, lines, fingerprint FROM "
    )
    parts = [f"{kept}rebates_monthsum", f"{kept}rebates_additiontosum"]
    if watermark is not None:
        params["kept_watermark"] = watermark
        parts.append(
            "SELECT partner_id, product_line_id, product_id, date_trunc('month', booking_date)::date, currency,"
            f" -net_amount, -quantity, -1, {FINGERPRINT} FROM orders_salesline WHERE id > %(kept_watermark)s"
        )
    return f"({' UNION ALL '.join(parts)}) orders_salesline"
