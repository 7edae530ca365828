"""The four questions that the product asks of a condition. See prm/conditions/__init__.py."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import QuerySet

from prm.conditions import reading, rows, sql, wording
from prm.conditions.reading import Problem
from prm.conditions.tree import Group
from prm.values import clock
from prm.values.actor import Actor


def validate(condition: Any, subject: str, *, by: Actor | None = None) -> list[Problem]:
    """What is wrong with a condition about `subject`, part by part; [] when it is sound.

    With `by`, only what that actor may ask for exists: fields of the vendor's own people, records it may not see.
    """
    return reading.problems_of(condition, subject, by=by)


def narrow(queryset: QuerySet, condition: Any, subject: str, *, today: date | None = None) -> QuerySet:
    """The rows for which the condition holds, by SQL. Raises BadCondition where it is not sound."""
    node = reading.read(condition, subject)
    if isinstance(node, Group) and node.every and not node.parts:
        return queryset
    return queryset.filter(sql.q_of(node, queryset.model, today or clock.today()))


def holds(condition: Any, subject: str, row: Any, *, today: date | None = None) -> bool:
    """Whether the condition holds for one row: an instance, saved or not, or a mapping of values by field name."""
    return rows.true_of(reading.read(condition, subject), row, today or clock.today())


def sentence(condition: Any, subject: str, *, by: Actor | None = None) -> str:
    """The condition in words, in the active language; records that `by` may not see stay codes."""
    return wording.worded(reading.read(condition, subject, by=by), by)
