"""Transfers that are booked by hand go nowhere that an app above has reason to doubt.

An account that waits for its second person, is held after a change or was found wrong refuses the transfer, whatever
anybody says. Where no account is kept here at all, whoever pays says how the account was checked; the history keeps it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from rebates.errors_of_payouts import AccountInDoubt, AccountNotChecked
from rebates.models import Payment

NOT_KEPT = ""  # why there is doubt: no account of the partner is kept here


class Owed(Protocol):
    """What is owed to a partner in a currency: a statement here, a claim in an app above."""

    pk: Any
    partner: Any
    partner_id: int
    currency: str


Check = Callable[[Sequence[Owed]], dict[int, str]]
_checks: list[Check] = []


def register(check: Check) -> None:
    """`check(owed)` says by id for which no confirmed account is in force, and why; see NOT_KEPT."""
    _checks.append(check)


def doubts(owed: Sequence[Owed]) -> dict[int, str]:
    """By id, of which of these a transfer would go to an account that no second person has confirmed."""
    found: dict[int, str] = {}
    for check in _checks if owed else ():
        found |= check(owed)
    return found


def refuse_doubtful(owed: Owed, *, method: str, checked: str) -> None:
    """Raise where it cannot be paid so: `checked` are the words about an account that is not kept here."""
    why = doubts([owed]).get(owed.pk) if method == Payment.Method.TRANSFER else None
    if why is None:
        return
    if why != NOT_KEPT:
        raise AccountInDoubt(partner=owed.partner.name, reason=why)
    if not checked.strip():
        raise AccountNotChecked(partner=owed.partner.name)
