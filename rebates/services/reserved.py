"""Statements that an app above is paying: it says which, and until it says otherwise nobody pays them here."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from rebates.errors import PaidElsewhere
from rebates.models import Statement

Check = Callable[[Iterable[int]], dict[int, str]]
_checks: list[Check] = []


def register(check: Check) -> None:
    """`check(ids)` says by the id of a statement under which number it is being paid."""
    _checks.append(check)


def reserved(statement_ids: Iterable[int]) -> dict[int, str]:
    """Of these statements those that are being paid elsewhere: the number of what pays them."""
    ids = list(statement_ids)
    found: dict[int, str] = {}
    for check in _checks:
        found |= check(ids)
    return found


def refuse_reserved(statement: Statement) -> None:
    """Raise when the statement is being paid elsewhere."""
    where = reserved([statement.pk]).get(statement.pk)
    if where is not None:
        raise PaidElsewhere(number=statement.number, where=where)
