"""The part of the verifier about the day on which a line counts (of its booking, order, shipment or payment), its
serial numbers, and what an agent is credited with.

Shares no code with the product and needs only Python's standard library. A recompute kit holds it within `verify.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
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
            return paid_in_full(line, receipts) if line.credit is None else line.credit.paid
        day: date | None = line.ordered if basis == "order" else line.shipped
        return day

    def moved(line: Any) -> Any:
        day, origin = line.day, line.origin
        if line.quantity > 0 if line.credit is None else not line.credit.is_return:
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


# What an agent is credited with


@dataclass(frozen=True)
class Credit:
    """Of a line that an agent is credited with a share of: whether the line is a return, and since when the agent is
    known at it, or at the line that it takes back.
    """

    is_return: bool = False
    nameless: bool = False  # a return that names no line
    first: int = 0  # the number of that first credit
    first_recorded: date = date.min
    first_late: bool = False  # whether it came after the close
    paid: date | None = None  # since when the invoice is paid in full
    invoice: str = (
        ""  # which of the agent's invoices the line stands on, where a collection factor asks for it
    )


def of_kind(policy: dict[str, Any], lines: Iterable[Any]) -> list[Any]:
    """What a policy reads: the partner's own lines, or those that it is credited with."""
    wanted = policy.get("counts") == "credited"
    return [line for line in lines if (line.credit is not None) == wanted]


def read_credits(rows: Iterable[dict[str, str]], make: Any) -> list[Any]:
    """The credits in the order in which they were given: credit 1 first. Each counts with line times share, below zero
    where it takes one back. `make` makes a line of a row, its recorded day and its origin.
    """
    found: list[Any] = []
    first: dict[str, int] = {}  # by sale
    for number, row in enumerate(sorted(rows, key=lambda row: int(row["credit"])), start=1):
        is_return = Fraction(row["quantity"]) < 0
        known = first.setdefault(row["reverses"] or row["sale"], number)
        origin = found[known - 1] if row["reverses"] else None
        line = make(row, origin)
        part = Fraction(row["share"]) / 100 * (-1 if row["takes_back"] else 1)
        credit = Credit(
            is_return, is_return and not row["reverses"], known,
            found[known - 1].recorded if known < number else line.recorded, paid=day_or_none(row["paid"]),
            invoice=row["invoice"],
        )  # fmt: skip
        gross = None if line.gross is None else line.gross * part
        found.append(
            replace(
                line, amount=line.amount * part, quantity=line.quantity * part, gross=gross, credit=credit
            )
        )
    return found


def credits_for(period: dict[str, Any], lines: list[Any]) -> list[Any]:
    """What was on file for a period; what came after its close is marked as late, and so is whose first credit did."""
    closed = period["credits_closed_with"]

    def is_late(number: int) -> bool:
        return closed is not None and number > closed

    return [
        replace(
            line,
            after_close=is_late(number),
            credit=replace(line.credit, first_late=is_late(line.credit.first)),
        )
        for number, line in enumerate(lines[: period["credits_to"]], start=1)
    ]
