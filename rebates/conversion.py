"""Sales lines of several currencies as the read of one: what stands for the table of the lines."""

from __future__ import annotations

from collections.abc import Sequence
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

    def source(self, params: dict[str, Any], lines: str, more: Sequence[str], name: str) -> str:
        """What stands for `lines`, with their columns `more`; `name` begins the names of its parameters."""
        for column, part in enumerate(("code", "first", "after", "factor")):
            params[f"{name}_{part}"] = [row[column] for row in self.rows]
        params[f"{name}_currency"] = self.currency
        columns = "".join(f"line.{column}, " for column in more)
        return (
            f"(SELECT {columns}line.id, line.partner_id, line.product_line_id, line.product_id, line.booking_date,"
            " line.document, line.recorded_at, line.quantity, line.net_amount * money.factor AS net_amount,"
            f" %({name}_currency)s::varchar AS currency, line.currency AS sold_in FROM {lines} line"
            f" JOIN unnest(%({name}_code)s::text[], %({name}_first)s::date[], %({name}_after)s::date[],"
            f" %({name}_factor)s::numeric[]) money(code, first_day, after_day, factor) ON money.code = line.currency"
            " AND line.booking_date >= money.first_day AND line.booking_date < money.after_day)"
        )
