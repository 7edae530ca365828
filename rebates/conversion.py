"""Sales lines of several currencies, or with tax in their amounts, as the read of one: what stands for their table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any


@dataclass(frozen=True)
class Money:
    """Lines of several currencies, net of tax, as amounts of one currency, `scale` parts to its unit.

    `rows`: by currency and tax rate the days from first to before after, and by what their amounts are multiplied.
    `gross` says whether the amounts with tax are read, `tax` at which rate; None: at each line's own.
    """

    currency: str
    scale: int
    rows: tuple[tuple[str, Decimal, date, date, Decimal], ...]
    exchanges: bool = True
    gross: bool = False
    tax: Decimal | None = None

    def source(self, params: dict[str, Any], lines: str, more: Sequence[str], name: str) -> str:
        """What stands for `lines`, with their columns `more`; `name` begins the names of its parameters."""
        for column, part in enumerate(("code", "tax", "first", "after", "factor")):
            params[f"{name}_{part}"] = [row[column] for row in self.rows]
        params[f"{name}_currency"] = self.currency
        columns = "".join(f"line.{column}, " for column in more)
        return (
            f"(SELECT {columns}line.id, line.partner_id, line.product_line_id, line.product_id, line.booking_date,"
            f" line.document, line.recorded_at, line.quantity, {amount(self.gross)} * money.factor AS net_amount,"
            f" %({name}_currency)s::varchar AS currency, line.currency AS sold_in FROM {lines} line"
            f" JOIN unnest(%({name}_code)s::text[], %({name}_tax)s::numeric[], %({name}_first)s::date[],"
            f" %({name}_after)s::date[], %({name}_factor)s::numeric[]) money(code, tax, first_day, after_day, factor)"
            f" ON money.code = line.currency AND money.tax = {tax_of_line(self.gross, self.tax)}"
            " AND line.booking_date >= money.first_day AND line.booking_date < money.after_day)"
        )


def amount(gross: bool) -> str:
    """SQL of the amount of a `line` that is read."""
    return "COALESCE(line.gross_amount, line.net_amount)" if gross else "line.net_amount"


def tax_of_line(gross: bool, tax: Decimal | None) -> str:
    """SQL of the rate of the tax that stands in that amount; a net amount has none in it."""
    if not gross:
        return "0"
    rate = "line.tax_rate" if tax is None else f"{tax:f}"
    return f"CASE WHEN line.gross_amount IS NULL THEN 0 ELSE {rate} END"
