"""The four questions that the product asks of a condition. See prm/conditions/__init__.py."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import QuerySet

from prm.conditions import reading, rows, sql, wording
from prm.conditions.reading import Problem
from prm.conditions.registry import Lookup
from prm.conditions.tree import ALWAYS, Comparison, tests
from prm.values import clock
from prm.values.actor import Actor


def validate(condition: Any, subject: str, *, by: Actor | None = None) -> list[Problem]:
    """What is wrong with a condition about `subject`, part by part; [] when it is sound.

    With `by`, only what that actor may ask for exists: fields of the vendor's own people, records it may not see.
    """
    return reading.problems_of(condition, subject, by=by)


class Condition:
    """A sound condition, read once and asked often: a dry run over many rows, a flow with many branches.

    Many conditions read with one `lookup` (of the same `by`, in one language) ask the registry once. Raises
    BadCondition where it is not sound.
    """

    def __init__(
        self, condition: Any, subject: str, *, by: Actor | None = None, lookup: Lookup | None = None
    ):
        self.by, self.subject, self.lookup = by, subject, lookup or Lookup(by)
        self.node = reading.read(condition, subject, lookup=self.lookup)

    @property
    def is_always(self) -> bool:
        return self.node == ALWAYS

    def narrow(self, queryset: QuerySet, *, today: date | None = None) -> QuerySet:
        if self.is_always:
            return queryset
        return queryset.filter(sql.q_of(self.node, queryset.model, today or clock.today()))

    def holds(self, row: Any, *, today: date | None = None) -> bool:
        return rows.true_of(self.node, row, today or clock.today())

    def sentence(self) -> str:
        operands = [test.operand for test in tests(self.node) if isinstance(test, Comparison)]
        labels = self.lookup.labels(self.subject, *operands) if operands else {}
        return wording.worded(self.node, self.by, labels, self.lookup.names)


def narrow(queryset: QuerySet, condition: Any, subject: str, *, today: date | None = None) -> QuerySet:
    """The rows for which the condition holds, by SQL. Raises BadCondition where it is not sound."""
    return Condition(condition, subject).narrow(queryset, today=today)


def holds(condition: Any, subject: str, row: Any, *, today: date | None = None) -> bool:
    """Whether the condition holds for one row: an instance, saved or not, or a mapping of values by field name."""
    return Condition(condition, subject).holds(row, today=today)


def sentence(condition: Any, subject: str, *, by: Actor | None = None) -> str:
    """The condition in words, in the active language; records that `by` may not see stay codes."""
    return Condition(condition, subject, by=by).sentence()
