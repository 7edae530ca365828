"""A condition that has been read: groups, opposites, and tests of an operand. Plain values, no SQL, no words.

Every operator is reduced to one of five wants, so that SQL and Python each implement five things and no more.
A test with `opposite` holds exactly when the same test without it does not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from prm.conditions.operators import WINDOWS
from prm.conditions.registry import Operand
from prm.measures.registry import Measure
from prm.values import spans


@dataclass(frozen=True)
class OneOf:
    """The value is one of these (text, choice, reference, yes/no); for `many`: at least one of them is there."""

    values: tuple[Any, ...]


@dataclass(frozen=True)
class AllOf:
    """Of a field with many values, each of these is there."""

    values: tuple[str, ...]


@dataclass(frozen=True)
class Like:
    """Text, upper and lower case alike: how is contains, starts_with or ends_with."""

    how: str
    text: str


@dataclass(frozen=True)
class Range:
    """From low to high, each in or out; None has no bound. Amounts only in `currency`, days of the tenant's zone."""

    low: Any = None
    high: Any = None
    low_in: bool = True
    high_in: bool = True
    currency: str = ""


@dataclass(frozen=True)
class Empty:
    """Nothing is filled in."""


Want = OneOf | AllOf | Like | Range | Empty


@dataclass(frozen=True)
class Ahead:
    """Days reckoned from today when the condition is asked, not when it was written."""

    op: str
    count: int = 0
    unit: str = "day"
    window: str = ""

    def range(self, today: date) -> Range:
        if self.window:
            which, unit, _words = WINDOWS[self.window]
            first, after = spans.whole(which, unit, today)
            return Range(first, after - timedelta(days=1))
        if self.op == "in_next":
            return Range(today, spans.shifted(today, self.count, self.unit))
        back = spans.shifted(today, -self.count, self.unit)
        if self.op == "in_last":
            return Range(back, today)
        if self.op == "older_than":
            return Range(None, back, high_in=False)
        return Range(spans.shifted(today, self.count, self.unit), None, low_in=False)


@dataclass(frozen=True)
class Comparison:
    """One comparison. `op`, `value` and `currency` are as written, for the sentence and the builder."""

    operand: Operand
    want: Want | Ahead
    opposite: bool
    op: str
    value: Any = None

    def wanted(self, today: date) -> Want:
        return self.want.range(today) if isinstance(self.want, Ahead) else self.want


@dataclass(frozen=True)
class MeasureComparison:
    """A comparison of the partner's figure over a period. `partner` is the path from the row to the partner."""

    measure: Measure
    period: dict[str, Any]
    partner: str
    want: Range
    opposite: bool
    op: str
    value: Any


@dataclass(frozen=True)
class Group:
    """All of its parts hold, or any of them. No part: all of none holds."""

    every: bool
    parts: tuple[Node, ...]


@dataclass(frozen=True)
class Opposite:
    part: Node


Node = Group | Opposite | Comparison | MeasureComparison
ALWAYS = Group(True, ())


def tests(node: Node) -> Iterator[Comparison | MeasureComparison]:
    """Every comparison in a condition, from left to right."""
    if isinstance(node, Group):
        for part in node.parts:
            yield from tests(part)
    elif isinstance(node, Opposite):
        yield from tests(node.part)
    else:
        yield node


def decimal_range(op: str, low: Decimal, high: Decimal | None, currency: str) -> Range:
    """The range of a number's operator."""
    match op:
        case "is" | "is_not":
            return Range(low, low, currency=currency)
        case "at_least" | "more_than":
            return Range(low, None, low_in=op == "at_least", currency=currency)
        case "at_most" | "less_than":
            return Range(None, low, high_in=op == "at_most", currency=currency)
    return Range(low, high, currency=currency)


def day_range(op: str, low: date, high: date | None) -> Range:
    """The range of a date's operator."""
    match op:
        case "is":
            return Range(low, low)
        case "before" | "on_or_before":
            return Range(None, low, high_in=op == "on_or_before")
        case "after" | "on_or_after":
            return Range(low, None, low_in=op == "on_or_after")
    return Range(low, high)
