"""What a programme counts: the partner's own purchases, or the sales that it is credited with as an agent.

Guarantees
- A credit counts with line × share, unrounded, on the day on which its line does, in the line's currency.
- What takes a credit back counts where the credit does: both together are as if never there.
- Late is who came late: a row is judged by the first credit of its agent for its line, and a return's by that for the
  line that it takes back. What was counted in time is taken back, corrected or returned at any time; what earns nothing
  because it came after the grace days takes nothing when it is taken back. Only a return that names no line is always
  taken off; by booking so is each in its own period, whether its sale earned or not, as with purchases.
- Both kinds draw their ids from one source, so that one watermark says of both what was on file.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from orders.models import CreditedLine, SalesLine

OWN, CREDITED = "own", "credited"
LINES, CREDITS = "orders_salesline", "orders_creditedline"
NAMELESS = "is_return AND reverses_id IS NULL"
# What rows of credits have beside the columns of sales lines, where those are named one by one.
COLUMNS = ("is_return", "takes_back_id", "first_id", "first_at", "buyer_id")


def is_credited(policy: dict[str, Any]) -> bool:
    return bool(policy.get("counts", OWN) == CREDITED)


def any_credited(policies: Iterable[dict[str, Any]]) -> bool:
    return any(is_credited(policy) for policy in policies)


def table(policy: dict[str, Any]) -> str:
    return CREDITS if is_credited(policy) else LINES


def rows(policy: dict[str, Any], *, because: str) -> Any:
    """The sales lines, or the credits, that a policy reads: what both have is called the same."""
    model = CreditedLine if is_credited(policy) else SalesLine
    return model.objects.for_everyone(because=because)


# SQL of the late rule


def always(policy: dict[str, Any], negative: str, closed: str) -> str:
    """The condition that a row counts however late it came. `closed`: up to which id the period was settled."""
    return f"(first_id <= {closed} OR {NAMELESS})" if is_credited(policy) else negative


def came_at(policy: dict[str, Any]) -> str:
    """The moment by which a row is late or not."""
    return "first_at" if is_credited(policy) else "recorded_at"
