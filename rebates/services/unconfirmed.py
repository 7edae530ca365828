"""Transfers that are booked by hand go nowhere that an app above has reason to doubt.

An account that waits for its second person, is held after a change or was found wrong refuses the transfer, whatever
anybody says. Where no account is kept here at all, whoever pays says how the account was checked; the history keeps it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rebates.errors_of_payouts import AccountInDoubt, AccountNotChecked
from rebates.models import Payment, Statement

NOT_KEPT = ""  # why there is doubt: no account of the partner is kept here
Check = Callable[[Sequence[Statement]], dict[int, str]]
_checks: list[Check] = []


def register(check: Check) -> None:
    """`check(statements)` says by id of which no confirmed account is in force, and why; see NOT_KEPT."""
    _checks.append(check)


def doubts(statements: Sequence[Statement]) -> dict[int, str]:
    """By id, of which of these statements a transfer would go to an account that no second person has confirmed."""
    found: dict[int, str] = {}
    for check in _checks if statements else ():
        found |= check(statements)
    return found


def refuse_doubtful(statement: Statement, *, method: str, checked: str) -> None:
    """Raise where the statement cannot be paid so: `checked` are the words about an account that is not kept here."""
    why = doubts([statement]).get(statement.pk) if method == Payment.Method.TRANSFER else None
    if why is None:
        return
    if why != NOT_KEPT:
        raise AccountInDoubt(partner=statement.partner.name, reason=why)
    if not checked.strip():
        raise AccountNotChecked(partner=statement.partner.name)
