"""Whether a sum that somebody proposes is more than its statement says in all: then it is asked whether it is meant.

Signs do not matter: what is taken is held against the same figure as what is given. The sum of a decided dispute is
also held against what its lines could change, see `could_change.py`.
"""

from __future__ import annotations

from decimal import Decimal

from prm.values.money import Money
from rebates.errors_of_disputes import SumBeyondStatement
from rebates.models import Statement


def refuse_beyond(amount: Decimal, statement: Statement) -> None:
    """Raise an Unusual with both figures where `amount` is more than the statement comes to."""
    own = abs(statement.earned + statement.adjusted)
    if abs(amount) > own:
        currency = statement.currency
        raise SumBeyondStatement(amount=Money(amount, currency), statement=Money(own, currency))
