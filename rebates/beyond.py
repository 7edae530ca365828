"""Whether a sum that somebody proposes goes beyond what it is about: then it is asked whether it is meant.

A correction is held against what its statement says in all, the sum of a decided dispute also against the money of the
disputed lines. Signs do not matter: what is taken is held against the same figures as what is given.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from prm.values.money import Money
from rebates.errors_of_disputes import SumBeyondLines, SumBeyondStatement, SumBeyondStatementAndLines
from rebates.models import Dispute, Statement

ZERO = Decimal("0.00")


def refuse_beyond(amount: Decimal, statement: Statement, dispute: Dispute | None = None) -> None:
    """Raise an Unusual with both figures where `amount` is more than the statement, or the lines, come to."""
    own = abs(statement.earned + statement.adjusted)
    marked = _money_of_lines(dispute) if dispute is not None else None
    said: dict[str, Any] = {
        "amount": Money(amount, statement.currency),
        "statement": Money(own, statement.currency),
    }
    beyond_lines = marked is not None and abs(amount) > marked
    if marked is not None:
        said["lines"] = Money(marked, statement.currency)
    if abs(amount) > own and beyond_lines:
        raise SumBeyondStatementAndLines(**said)
    if beyond_lines:
        raise SumBeyondLines(**said)
    if abs(amount) > own:
        raise SumBeyondStatement(**said)


def _money_of_lines(dispute: Dispute) -> Decimal:
    """Of each disputed line the larger of both sides' amounts."""
    pairs = dispute.lines.values_list("our_amount", "their_amount")
    return sum((max(abs(ours or ZERO), abs(theirs or ZERO)) for ours, theirs in pairs), ZERO)
