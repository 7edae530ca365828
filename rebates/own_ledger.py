"""A partner's own ledger beside our sales lines: which lines are the same, which differ, which only one side has.

Guarantee: every line of either side stands in the answer exactly once; the order of the rows changes nothing; and
theirs − ours = what only they have − what only we have + the differences, to the cent. A line that either side has in
another period is a difference, though its money is the same. Pure: no table is read.

Lines meet by source document, then product, then amount. In one document and product: first those with the same amount
and quantity (of these first those of the same day), then those with the same amount, then those with the same quantity,
then what is left, the largest first. What is left of a document after that meets by its amount alone, since partners
have product codes of their own; then, where either side names no product, in order. Where one side has several lines
and the other one that is their sum, the document agrees, if all of them are of the same period.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

ZERO = Decimal("0.00")
Span = tuple[date, date]  # the first day, the day after the last


@dataclass(frozen=True)
class Line:
    """A line of either side. `key` names it there: the id of a sales line, the row of a file."""

    key: int
    document: str
    day: date
    product: str
    quantity: Decimal | None
    amount: Decimal


@dataclass(frozen=True)
class Pair:
    """One line of each side that mean the same sale."""

    ours: Line
    theirs: Line
    is_moved: bool = False  # whether the days lie in different periods

    @property
    def difference(self) -> Decimal:
        return self.theirs.amount - self.ours.amount

    @property
    def agrees(self) -> bool:
        """Quantities are compared where the partner's ledger has them."""
        same = not self.difference and self.theirs.quantity in (None, self.ours.quantity)
        return same and not self.is_moved


@dataclass
class Matched:
    """`agreed`: lines of ours that the partner has too, `shifted` those of them that it has on another day of the same
    period; the rest is what differs.
    """

    agreed: list[Line] = field(default_factory=list)
    shifted: list[Pair] = field(default_factory=list)
    differ: list[Pair] = field(default_factory=list)
    only_ours: list[Line] = field(default_factory=list)
    only_theirs: list[Line] = field(default_factory=list)

    @property
    def difference(self) -> Decimal:
        """Theirs − ours."""
        return (
            sum((line.amount for line in self.only_theirs), ZERO)
            - sum((line.amount for line in self.only_ours), ZERO)
            + sum((pair.difference for pair in self.differ), ZERO)
        )

    @property
    def is_same(self) -> bool:
        return not (self.differ or self.only_ours or self.only_theirs)


def signs_differ(quantity: Decimal | None, amount: Decimal | None) -> bool:
    """Whether goods would be sold for less than nothing, or come back for more; 0 is either."""
    return quantity is not None and amount is not None and quantity * amount < 0


def spelled(text: str) -> str:
    """A document's number or a product's code without case, width and spaces."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def match(ours: Iterable[Line], theirs: Iterable[Line], spans: Sequence[Span] = ()) -> Matched:
    """Both sides' lines of one currency, matched; `spans`: the periods that are told apart, else calendar months."""
    found = Matched()
    by_document: dict[str, tuple[list[Line], list[Line]]] = defaultdict(lambda: ([], []))
    for side, lines in enumerate((ours, theirs)):
        for line in lines:
            by_document[spelled(line.document)][side].append(line)
    for document in sorted(by_document):
        own, other = (sorted(lines, key=_order) for lines in by_document[document])
        _match_document(own, other, found, lambda day: _place(day, spans))
    return found


def _place(day: date, spans: Sequence[Span]) -> Hashable:
    """The periods in which a day lies; outside all of them its month."""
    return tuple(span for span in spans if span[0] <= day < span[1]) or (day.year, day.month)


def _order(line: Line) -> tuple[Decimal, Decimal, str, date, int]:
    """The largest first; the same in every run, whatever the rows' order was."""
    return (-line.amount, -(line.quantity or ZERO), spelled(line.product), line.day, line.key)


def _match_document(
    ours: list[Line], theirs: list[Line], found: Matched, place: Callable[[date], Hashable]
) -> None:
    pairs: list[Pair] = []
    for same in (
        lambda line: (spelled(line.product), line.amount, line.quantity, line.day),
        lambda line: (spelled(line.product), line.amount, line.quantity),
        lambda line: (spelled(line.product), line.amount),
        lambda line: (spelled(line.product), line.quantity),
        lambda line: spelled(line.product),
        lambda line: (line.amount, line.quantity, line.day),
        lambda line: (line.amount, line.quantity),
        lambda line: line.amount,
    ):
        ours, theirs = _meet(ours, theirs, same, pairs)
    nameless = [line for line in theirs if not line.product]
    if nameless and len(nameless) == len(theirs) == len(ours):
        ours, theirs = _meet(ours, theirs, lambda line: "", pairs)
    are_together = len({place(line.day) for line in (*ours, *theirs)}) == 1
    if ours and theirs and are_together and sum(x.amount for x in ours) == sum(x.amount for x in theirs):
        found.agreed += ours  # one side booked in one line what the other split
        ours, theirs = [], []
    pairs = [
        replace(pair, is_moved=place(pair.ours.day) != place(pair.theirs.day))
        if pair.ours.day != pair.theirs.day
        else pair
        for pair in pairs
    ]
    found.agreed += [pair.ours for pair in pairs if pair.agrees]
    found.shifted += [pair for pair in pairs if pair.agrees and pair.ours.day != pair.theirs.day]
    found.differ += sorted((pair for pair in pairs if not pair.agrees), key=lambda pair: _order(pair.ours))
    found.only_ours += ours
    found.only_theirs += theirs


def _meet(
    ours: Sequence[Line], theirs: Sequence[Line], same: Callable[[Line], Hashable], pairs: list[Pair]
) -> tuple[list[Line], list[Line]]:
    """Pair lines with the same key in order; what is left of either side. Two lines without a product never meet so."""
    waiting: dict[Hashable, list[Line]] = defaultdict(list)
    for line in theirs:
        waiting[same(line)].append(line)
    left, taken = [], set()
    for line in ours:
        others = waiting.get(same(line))
        if others:
            other = others.pop(0)
            pairs.append(Pair(line, other))
            taken.add(other.key)
        else:
            left.append(line)
    return left, [line for line in theirs if line.key not in taken]
