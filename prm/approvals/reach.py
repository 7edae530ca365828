"""Can these conditions hold together? Interval reasoning over conditions that were read; pure, without a database.

`impossible(nodes)` is True only where it is proven that no object can meet all of them; what cannot be proven counts
as possible. Each condition becomes alternatives of plain comparisons; within one alternative every operand (a field,
or a measure with its period) keeps the set of values that are still open:

- numbers, money and days: intervals with open or closed ends (amounts apart for each currency),
- choices, references, yes or no and whole texts: the values that are open, or those that are not,
- everything else (parts of texts, several values at once): a comparison and its opposite exclude each other.

A comparison with a missing value does not hold, so its opposite does: "not (value over 100)" includes "no value".
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from prm.conditions.tree import (
    Ahead,
    Comparison,
    Empty,
    Group,
    MeasureComparison,
    Node,
    OneOf,
    Opposite,
    Range,
)

# Beyond this many alternatives nothing is claimed: a condition of that size is no longer read by people either.
MOST_ALTERNATIVES = 512


@dataclass(frozen=True)
class Span:
    """An interval; `None` is without end. `low_in` and `high_in` say whether the end belongs to it."""

    low: Decimal | None = None
    low_in: bool = False
    high: Decimal | None = None
    high_in: bool = False

    def meet(self, other: Span) -> Span | None:
        low, low_in = self._inner(self.low, self.low_in, other.low, other.low_in, upper=False)
        high, high_in = self._inner(self.high, self.high_in, other.high, other.high_in, upper=True)
        if (
            low is not None
            and high is not None
            and (low > high or (low == high and not (low_in and high_in)))
        ):
            return None
        return Span(low, low_in, high, high_in)

    @staticmethod
    def _inner(
        one: Decimal | None, one_in: bool, two: Decimal | None, two_in: bool, *, upper: bool
    ) -> tuple[Decimal | None, bool]:
        if one is None or two is None:
            return (two, two_in) if one is None else (one, one_in)
        if one == two:
            return one, one_in and two_in
        return (one, one_in) if (one < two) == upper else (two, two_in)

    def outside(self) -> tuple[Span, ...]:
        below = Span(None, False, self.low, not self.low_in) if self.low is not None else None
        above = Span(self.high, not self.high_in, None, False) if self.high is not None else None
        return tuple(span for span in (below, above) if span)


@dataclass(frozen=True)
class Numbers:
    """What a number or day may still be."""

    spans: tuple[Span, ...] = (Span(),)
    missing: bool = True

    def meet(self, other: Numbers) -> Numbers:
        spans = tuple(met for one in self.spans for two in other.spans if (met := one.meet(two)))
        return Numbers(spans, self.missing and other.missing)

    @property
    def none_left(self) -> bool:
        return not self.spans and not self.missing


@dataclass(frozen=True)
class Words:
    """What a choice or text may still be: only `values`, or with `others` everything but them."""

    values: frozenset[str] = frozenset()
    others: bool = True
    missing: bool = True

    def meet(self, other: Words) -> Words:
        missing = self.missing and other.missing
        if self.others and other.others:
            return Words(self.values | other.values, True, missing)
        if not self.others and not other.others:
            return Words(self.values & other.values, False, missing)
        only, but = (other, self) if self.others else (self, other)
        return Words(only.values - but.values, False, missing)

    @property
    def none_left(self) -> bool:
        return not self.others and not self.values and not self.missing


@dataclass(frozen=True)
class Filled:
    """Only whether there is a value at all."""

    missing: bool


Left = Numbers | Words | Filled


@dataclass(frozen=True)
class Atom:
    """One comparison: what it speaks of and what it leaves open; without `left`, only whether it holds."""

    operand: str
    left: Left | None = None
    holds: bool = True


Alternative = tuple[Atom, ...]


def impossible(nodes: Sequence[Node]) -> bool:
    """True when it is certain that no object meets all conditions."""
    return _together(nodes) == []


def implied(node: Node, given: Sequence[Node]) -> bool:
    """True when it is certain that whatever meets all of `given` meets `node` too."""
    return impossible([*given, Opposite(node)])


def always(node: Node) -> bool:
    """True when the condition certainly holds for every object."""
    return implied(node, [])


def bounded_above(fields: Iterable[str], given: Sequence[Node]) -> bool:
    """Whether `given` certainly keeps one of the `fields` under some amount."""
    alternatives = _together(given)
    names = set(fields)
    return alternatives is not None and all(_has_ceiling(one, names) for one in alternatives)


def _has_ceiling(alternative: Alternative, fields: set[str]) -> bool:
    left: dict[str, Numbers] = {}
    for atom in alternative:
        if isinstance(atom.left, Numbers) and atom.operand.split("\n")[0] in fields:
            left[atom.operand] = left.get(atom.operand, Numbers()).meet(atom.left)
    return any(
        not numbers.missing and all(span.high is not None for span in numbers.spans)
        for numbers in left.values()
    )


def _together(nodes: Sequence[Node]) -> list[Alternative] | None:
    """All ways in which the conditions hold at once; [] when there is none, None when there are too many."""
    return _every(list(nodes), positive=True)


def _alternatives(node: Node, positive: bool) -> list[Alternative] | None:
    if isinstance(node, Opposite):
        return _alternatives(node.part, not positive)
    if isinstance(node, Group):
        if not node.parts:  # all of none holds, and so does any of none
            return [()] if positive else []
        return _every(list(node.parts), positive) if node.every == positive else _some(node.parts, positive)
    return [(_atom(node, positive),)]


def _every(nodes: Sequence[Node], positive: bool) -> list[Alternative] | None:
    """All hold. Parts that are too large are left out: less is claimed then, never too much."""
    found: list[Alternative] = [()]
    complete = True
    for node in nodes:
        more = _alternatives(node, positive)
        if more is None or len(found) * len(more) > MOST_ALTERNATIVES:
            complete = False
            continue
        found = [both for one in found for two in more if _possible(both := (*one, *two))]
    return found if complete or not found else None


def _some(nodes: Sequence[Node], positive: bool) -> list[Alternative] | None:
    found: list[Alternative] = []
    for node in nodes:
        more = _alternatives(node, positive)
        if more is None or len(found) + len(more) > MOST_ALTERNATIVES:
            return None
        found += more
    return found


def _possible(alternative: Alternative) -> bool:
    left: dict[str, Left] = {}
    said: dict[str, bool] = {}
    for atom in alternative:
        if atom.left is None:
            if said.setdefault(atom.operand, atom.holds) != atom.holds:
                return False
            continue
        known = left.get(atom.operand)
        both = atom.left if known is None else _meet(known, atom.left)
        if both is None:
            return False
        left[atom.operand] = both
    return not any(_none_left(one) for one in left.values()) and _agree(left)


def _agree(left: Mapping[str, Left]) -> bool:
    """What is kept apart for one field must still fit together: there is one value, of one currency, or none."""
    filled: dict[str, set[str]] = {}
    for operand, one in left.items():
        name, _apart, kind = operand.partition("\n")
        if not one.missing:
            filled.setdefault(name, set()).add(kind)
    for name, kinds in filled.items():
        if isinstance(left.get(name), Filled) and left[name].missing:
            return False
        if len(kinds - {"", "~"}) > 1:
            return False
    return True


def _meet(one: Left, two: Left) -> Left | None:
    if isinstance(one, Filled) and isinstance(two, Filled):
        return one if one.missing == two.missing else None
    if isinstance(one, Filled):
        one, two = two, one
    if isinstance(two, Filled):
        if isinstance(one, Numbers):
            return Numbers((), one.missing) if two.missing else Numbers(one.spans, False)
        return Words(frozenset(), False, one.missing) if two.missing else Words(one.values, one.others, False)
    if isinstance(one, Numbers) and isinstance(two, Numbers):
        return one.meet(two)
    if isinstance(one, Words) and isinstance(two, Words):
        return one.meet(two)
    return one


def _none_left(left: Left) -> bool:
    return not isinstance(left, Filled) and left.none_left


def _atom(test: Comparison | MeasureComparison, positive: bool) -> Atom:
    holds = positive != test.opposite
    name = _name(test)
    want = test.want
    if isinstance(want, Range) and (numbers := _numbers(want)):
        # Amounts of different currencies do not meet; what is said of one says nothing of another.
        operand = f"{name}\n{want.currency}" if want.currency else name
        return Atom(operand, numbers if holds else _opposite(numbers))
    if isinstance(want, Ahead) and (offset := _offset(want)):
        return Atom(f"{name}\n~", offset if holds else _opposite(offset))
    if isinstance(want, Empty):
        return Atom(name, Filled(missing=holds))
    if isinstance(want, OneOf) and test.operand.field.type != "many":
        words = Words(frozenset(map(str, want.values)), others=False, missing=False)
        return Atom(name, words if holds else _opposite(words))
    return Atom(f"{name}\n{want!r}", None, holds)


def _name(test: Comparison | MeasureComparison) -> str:
    if isinstance(test, MeasureComparison):
        return f"{test.measure.name} {json.dumps(test.period, sort_keys=True, default=str)}"
    return test.operand.name


def _numbers(want: Range) -> Numbers | None:
    low, high = _number(want.low), _number(want.high)
    if (want.low is not None and low is None) or (want.high is not None and high is None):
        return None
    whole = Span(None, False, None, False)
    span = whole.meet(Span(low, want.low_in, None, False))
    span = span.meet(Span(None, False, high, want.high_in)) if span else None
    return Numbers((span,) if span else (), missing=False)


def _offset(want: Ahead) -> Numbers | None:
    """Days from today on, where they are counted in days: those can be compared with one another at any time."""
    if want.window or want.unit not in ("day", "days"):
        return None
    count = Decimal(want.count)
    span = {
        "in_next": Span(Decimal(0), True, count, True),
        "in_last": Span(-count, True, Decimal(0), True),
        "older_than": Span(None, False, -count, False),
        "further_than": Span(count, False, None, False),
    }.get(want.op)
    return Numbers((span,), missing=False) if span else None


def _opposite(left: Numbers | Words) -> Numbers | Words:
    if isinstance(left, Words):
        return Words(left.values, not left.others, not left.missing)
    spans: tuple[Span, ...] = (Span(),)
    for span in left.spans:
        spans = tuple(met for one in spans for two in span.outside() if (met := one.meet(two)))
    return Numbers(spans, not left.missing)


def _number(value: object) -> Decimal | None:
    """A number, an amount or a day as a place on one line."""
    if isinstance(value, bool):
        return None
    if isinstance(value, Decimal | int):
        return Decimal(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        return Decimal(value.toordinal())
    return None
