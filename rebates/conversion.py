"""Sales lines of several currencies as the read of one: what stands for the table of the lines."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any


@dataclass(frozen=True)
class Money:
    """Lines of several currencies as amounts of one, `scale` parts to its unit.

    `rows`: by currency the days from first to before after, and by what their amounts are multiplied.
    """

    currency: str
    scale: int
    rows: tuple[tuple[str, date, date, Decimal], ...]

    def source(self, params: dict[str, Any], lines: str) -> str:
        """What stands for the sales lines in the read: `lines`, a table or a relation with the tier of each."""
        for name, column in zip(("code", "first", "after", "factor"), range(4), strict=True):
            params[f"money_{name}"] = [row[column] for row in self.rows]
        params["money_currency"] = self.currency
        tier, of = (
            ("", lines) if lines == "orders_salesline" else ("line.line_tier, ", f"(SELECT * FROM {lines})")
        )
        return (
            f"(SELECT {tier}line.id, line.partner_id, line.product_line_id, line.product_id, line.booking_date,"
            " line.recorded_at, line.quantity, line.net_amount * money.factor AS net_amount,"
            f" %(money_currency)s::varchar AS currency FROM {of} line"
            " JOIN unnest(%(money_code)s::text[], %(money_first)s::date[], %(money_after)s::date[],"
            " %(money_factor)s::numeric[]) money(code, first_day, after_day, factor) ON money.code = line.currency"
            " AND line.booking_date >= money.first_day AND line.booking_date < money.after_day) orders_salesline"
        )
