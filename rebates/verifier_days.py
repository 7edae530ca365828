"""The part of the verifier about the day on which a line counts (of its booking, order, shipment or payment) and its
serial numbers.

Shares no code with the product and needs only Python's standard library. A recompute kit holds it within `verify.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import Any


def day_or_none(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def paid_in_full(line: Any, receipts: Iterable[Any]) -> date | None:
    """The first day by which an invoice was paid what it asks for."""
    mine = [one for one in receipts if one.document == line.document and one.currency == line.currency]
    so_far = Fraction(0)
    for day in sorted({one.day for one in mine}):
        so_far += sum(one.amount for one in mine if one.day == day)
        if so_far >= max(one.total for one in mine):
            return day
    return None


def dated(policy: dict[str, Any], lines: Iterable[Any], receipts: Iterable[Any]) -> list[Any]:
    """Lines by the day on which they count; a sale without that day is left out, and so is what takes it back."""
    basis = policy.get("date_basis", "booking")
    if basis == "booking":
        return list(lines)
    receipts = list(receipts)

    def sold_on(line: Any) -> date | None:
        if basis == "payment":
            return paid_in_full(line, receipts)
        day: date | None = line.ordered if basis == "order" else line.shipped
        return day

    def moved(line: Any) -> Any:
        day, origin = line.day, line.origin
        if line.quantity > 0:
            day = sold_on(line)
        elif origin is not None:
            sold = sold_on(origin)
            origin = None if sold is None else replace(origin, day=sold, booked=origin.day)
            day = None if sold is None else max(sold, line.day)
        return None if day is None else replace(line, day=day, booked=line.day, origin=origin)

    return [line for line in map(moved, lines) if line is not None]


# Serial numbers


def with_serials(lines: list[Any], rows: Iterable[dict[str, str]]) -> list[Any]:
    """Each line with the serial numbers that name it by its number."""
    named: dict[int, list[str]] = {}
    for row in rows:
        named.setdefault(int(row["line"]), []).append(row["serial"])
    return [replace(line, serials=tuple(named.get(number, ()))) for number, line in enumerate(lines, start=1)]


def serials_of(lines: Iterable[Any]) -> Fraction:
    """How many serial numbers were sold, less those that came back; the same one is sold and comes back once."""
    sold, back = set(), set()
    for line in lines:
        for serial in line.serials:
            (sold if line.quantity > 0 else back).add((line.product, serial))
    return Fraction(len(sold) - len(back))
