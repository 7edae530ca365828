"""A step of an explanation, and the figures that several of them end in."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from rebates.accruals import Accrual
from rebates.models import Result

Figure = Result | Accrual  # what a settlement computed, or what an open period would pay


@dataclass(frozen=True)
class Step:
    """One step of the order of operations. `value` is a figure, where the step ends in one."""

    number: int
    title: str
    text: str
    value: Decimal | None = None
    behind: str = ""  # the address of what the step found, where that is a sum of lines
    is_count: bool = False  # whether the figure is a number of pieces, not money


def computed_of(result: Figure) -> Decimal:
    """The rounded total; of a member of a group, the group's."""
    said = result.explanation.get("grouped")
    return Decimal(said["figure"]) if said and "figure" in said else measured_of(result)


def measured_of(result: Figure) -> Decimal:
    """The rounded total in the measure currency."""
    year, said = result.explanation.get("cumulative"), result.explanation.get("payout")
    if year:
        return Decimal(year["total"])
    return Decimal(said["measured"]) if said else result.computed
