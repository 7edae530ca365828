"""Transfers to accounts that nobody confirmed: an app above says of which statements that is so, and pages warn."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rebates.models import Statement

Check = Callable[[Sequence[Statement]], set[int]]
_checks: list[Check] = []


def register(check: Check) -> None:
    """`check(statements)` says by id which of their partners have no confirmed account in the statement's currency."""
    _checks.append(check)


def unconfirmed(statements: Sequence[Statement]) -> set[int]:
    """Of which of these statements a transfer would go to an account that no second person has confirmed."""
    return set().union(*(check(statements) for check in _checks)) if statements else set()
