"""What other apps owe partners beside rebates, as parts of their own on statements and on a partner's overview.

Apps above register `parts` (of one statement) and `owed` (to one partner today). A part is no part of the statement's
own figures: not of its sums, its digest or what is paid by it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from prm.modules.registry import runs
from prm.values.actor import Actor
from rebates.models import Statement

ZERO = Decimal("0.00")


@dataclass(frozen=True)
class Booking:
    """One booking of a part: what it moves what is owed by; `href` opens what it is about."""

    day: date
    label: Any
    number: str
    amount: Decimal
    is_payment: bool = False
    href: str = ""


@dataclass(frozen=True)
class Part:
    """Closing = opening + added − paid, in the statement's currency, as of the end of the day `until`."""

    title: Any
    opening: Decimal
    bookings: list[Booking]
    until: date

    @property
    def added(self) -> Decimal:
        return sum((one.amount for one in self.bookings if not one.is_payment), ZERO)

    @property
    def paid(self) -> Decimal:
        return -sum((one.amount for one in self.bookings if one.is_payment), ZERO)

    @property
    def closing(self) -> Decimal:
        return self.opening + self.added - self.paid


@dataclass(frozen=True)
class Owed:
    """What is owed to one partner today, in one currency."""

    label: Any
    amount: Decimal
    currency: str
    href: str


parts: list[Callable[[Statement, Actor], Part | None]] = []
owed: list[Callable[[Actor], list[Owed]]] = []


def parts_of(statement: Statement, by: Actor) -> list[Part]:
    found = [part(statement, by) for part in parts if runs(part)]
    return [part for part in found if part is not None]


def as_data(found: list[Part]) -> list[dict[str, Any]]:
    """The parts for another program, with the figures that page, paper and workbook show."""
    return [
        {
            "title": str(part.title),
            **{name: f"{getattr(part, name):.2f}" for name in ("opening", "added", "paid", "closing")},
            "until": str(part.until),
            "bookings": [
                {
                    "day": str(one.day),
                    "number": one.number,
                    "label": str(one.label),
                    "amount": f"{one.amount:.2f}",
                    "is_payment": one.is_payment,
                }
                for one in part.bookings
            ],
        }
        for part in found
    ]


def owed_to(by: Actor) -> list[Owed]:
    return [one for owes in owed if runs(owes) for one in owes(by)]
