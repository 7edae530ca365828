"""What a condition found: each of its parts, whether it holds, and the figure behind it. For criteria that people read.

found = evidence(condition, "partner", rows)      a fixed number of queries, however many rows
found.every                                       whether all parts must hold, or one of them
found.parts                                       Part(words, low, currency) in order
found.of(pk)                                      [Finding(part, holds, actual)] for one row
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_DOWN, Decimal
from typing import Any

from django.db.models import QuerySet

from prm.conditions import reading, sql, wording
from prm.conditions.tree import Group, MeasureComparison, Node, tests
from prm.conditions.values import own_currency
from prm.values import clock


@dataclass(frozen=True)
class Part:
    """One part in words; `low`: the figure that must be reached, where the part asks for one."""

    words: str
    low: Decimal | None = None
    currency: str = ""


@dataclass(frozen=True)
class Finding:
    """A part as one row meets it. `actual`: its figure, where the part asks for one."""

    part: Part
    holds: bool
    actual: Decimal | None = None

    @property
    def share(self) -> int:
        """How far it is, in whole percent from 0 to 100, rounded down: 100 is only what is reached."""
        low = self.part.low
        if low is None or self.actual is None or self.holds or low <= 0:
            return 100 if self.holds else 0
        whole = (self.actual * 100 / low).to_integral_value(rounding=ROUND_DOWN)
        return min(99, max(0, int(whole)))

    @property
    def is_counted(self) -> bool:
        """Whether there is a figure, and one to reach."""
        return self.part.low is not None and self.actual is not None

    @property
    def reached(self) -> str:
        """The figure in words: ¥82,400.00."""
        return wording.quantity(self.actual, self.part.currency) if self.actual is not None else ""

    @property
    def missing(self) -> str:
        """What is still to be reached, in words; "" where nothing is counted or nothing is missing."""
        if self.holds or self.part.low is None or self.actual is None:
            return ""
        return wording.quantity(self.part.low - self.actual, self.part.currency)


@dataclass
class Evidence:
    every: bool
    parts: list[Part] = field(default_factory=list)
    holding: list[set[int]] = field(default_factory=list)
    figures: list[dict[int, Decimal] | None] = field(default_factory=list)

    def of(self, pk: int) -> list[Finding]:
        return [
            Finding(part, pk in holding, figures.get(pk, Decimal(0)) if figures is not None else None)
            for part, holding, figures in zip(self.parts, self.holding, self.figures, strict=True)
        ]


def evidence(condition: Any, subject: str, rows: QuerySet, *, today: date | None = None) -> Evidence:
    """What each part of a sound condition finds in `rows`, which the caller has scoped and not sliced.

    Raises BadCondition.
    """
    node, today = reading.read(condition, subject), today or clock.today()
    single = not isinstance(node, Group)
    parts: tuple[Node, ...] = (node,) if single else node.parts  # type: ignore[union-attr]
    found = Evidence(every=single or node.every)  # type: ignore[union-attr]
    pks = set(rows.values_list("pk", flat=True)) if parts else set()
    for one in parts:
        found.parts.append(_part(one))
        found.holding.append(set(rows.filter(sql.q_of(one, rows.model, today)).values_list("pk", flat=True)))
        found.figures.append(_figures(one, pks, today))
    return found


def _part(node: Node) -> Part:
    words = wording.worded(node)
    if not isinstance(node, MeasureComparison) or node.opposite or node.want.low is None:
        return Part(words)
    return Part(words, node.want.low, own_currency() if node.measure.unit == "money" else "")


def _figures(node: Node, pks: set[int], today: date) -> dict[int, Decimal] | None:
    """The figure of each row, where the rows are the partners that the measure is about."""
    if not isinstance(node, MeasureComparison) or node.partner != "pk":
        return None
    return node.measure.by_partner(node.period, pks, today=today)


def labels_for_staff(condition: Any, subject: str) -> list[str]:
    """What a sound condition asks for that only the vendor's own people may know of, by its labels."""
    found = []
    for test in tests(reading.read(condition, subject)):
        if isinstance(test, MeasureComparison):
            found += [str(test.measure.label)] if test.measure.staff else []
        elif test.operand.field.staff:
            found.append(str(test.operand.label))
    return found
