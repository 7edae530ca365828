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


def fold(cursor: Any, partners: list[int]) -> None:
    """Take up what inserts added to the sums of these partners. The caller holds the lock of kept figures."""
    cursor.execute(_FOLD, [partners])


_FOLD = f"""
WITH gone AS (
    DELETE FROM rebates_additiontosum WHERE partner_id = ANY(%s) RETURNING {COLUMNS}
)
INSERT INTO rebates_monthsum AS kept ({COLUMNS})
SELECT partner_id, product_line_id, product_id, month, currency, sum(amount), sum(quantity), sum(lines),
       bit_xor(fingerprint)
FROM gone GROUP BY 1, 2, 3, 4, 5
ON CONFLICT (partner_id, month, product_line_id, product_id, currency) DO UPDATE SET
    amount = kept.amount + excluded.amount, quantity = kept.quantity + excluded.quantity,
    lines = kept.lines + excluded.lines, fingerprint = kept.fingerprint # excluded.fingerprint
"""


def mend(cursor: Any, first: int, last: int) -> list[int]:
    """Hold the kept sums of the partners `first` to `last` against the lines, in one snapshot. Returns whose differed.

    What is missing or too much is added, as an insert adds: nothing that comes in meanwhile is lost or counted twice.
    """
    cursor.execute(_MEND, {"first": first, "last": last})
    return [row[0] for row in cursor.fetchall()]


_MEND = f"""
WITH difference AS (
    SELECT partner_id, product_line_id, product_id, month, currency, sum(amount) AS amount,
           sum(quantity) AS quantity, sum(lines) AS lines, bit_xor(fingerprint) AS fingerprint
    FROM (
        SELECT partner_id, product_line_id, product_id, date_trunc('month', booking_date)::date AS month, currency,
               sum(net_amount) AS amount, sum(quantity) AS quantity, count(*) AS lines,
               bit_xor({FINGERPRINT}) AS fingerprint
        FROM orders_salesline WHERE partner_id BETWEEN %(first)s AND %(last)s GROUP BY 1, 2, 3, 4, 5
        UNION ALL
        SELECT partner_id, product_line_id, product_id, month, currency, -amount, -quantity, -lines, fingerprint
        FROM rebates_monthsum WHERE partner_id BETWEEN %(first)s AND %(last)s
        UNION ALL
        SELECT partner_id, product_line_id, product_id, month, currency, -amount, -quantity, -lines, fingerprint
        FROM rebates_additiontosum WHERE partner_id BETWEEN %(first)s AND %(last)s
    ) side GROUP BY 1, 2, 3, 4, 5
    HAVING sum(amount) <> 0 OR sum(quantity) <> 0 OR sum(lines) <> 0 OR bit_xor(fingerprint) <> 0
), added AS (
    INSERT INTO rebates_additiontosum ({COLUMNS}) SELECT {COLUMNS} FROM difference RETURNING partner_id
)
SELECT DISTINCT partner_id FROM added ORDER BY partner_id
"""
