"""The demo's data: real retail transactions and company names, moved to the months before today.

Origin, licences and changes are stated in NOTICE. Source months June to November 2011 become the five months before
the current one and the current one up to today.
"""

from __future__ import annotations

import csv
import gzip
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

FOLDER = Path(__file__).parent / "data"
LAST_MONTH = 2011 * 12 + 10  # November 2011 becomes the current month
PRODUCT_LINES = {
    "decor": ("Lighting and décor", "照明与家饰"),
    "kitchen": ("Kitchen and dining", "厨房与餐具"),
    "gifts": ("Gifts and seasonal", "礼品与节庆"),
}


@dataclass(frozen=True)
class Sale:
    """One line of a real invoice: `partner` is an index, `unit_price` in the source's pounds."""

    line: str
    partner: int
    day: date
    product_code: str
    quantity: int
    unit_price: Decimal
    document: str
    reverses: str


def products() -> Iterator[dict[str, str]]:
    """Rows of product_code, name, product_line, list_price (pounds)."""
    return _rows("products")


def customers() -> Iterator[dict[str, str]]:
    """Rows of name, region, country, source: organisations that exist."""
    return _rows("customers")


def sales(*, today: date, partners: int) -> Iterator[Sale]:
    """The sales lines of the first `partners` partners up to `today`, oldest first."""
    for row in _rows("sales"):
        day = moved(date.fromisoformat(row["date"]), today)
        index = int(row["partner"])
        if day <= today and index < partners:
            yield Sale(
                row["line"],
                index,
                day,
                row["product_code"],
                int(row["quantity"]),
                Decimal(row["unit_price"]),
                row["document"],
                row["reverses"],
            )


def moved(day: date, today: date) -> date:
    """The same day of the month, so many whole months later that the source's last month is today's."""
    month = day.year * 12 + day.month - 1 + (today.year * 12 + today.month - 1 - LAST_MONTH)
    year, month = divmod(month, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _rows(name: str) -> Iterator[dict[str, str]]:
    with gzip.open(FOLDER / f"{name}.csv.gz", "rt", encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)
