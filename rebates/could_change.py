"""What disputed lines could change a rebate by at most: a sum by which finance decides is held against it.

Under each programme it is the larger of what the lines change as the partner has them and what they change if ours were
gone, by the engine (`worth.py`). Of lines of which the engine cannot tell that, it is their money.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from prm.values import clock
from rebates import disputed
from rebates.models import Dispute, DisputedLine
from rebates.worth import Worth, worth_of

ZERO = Decimal("0.00")
What = DisputedLine.What


@dataclass(frozen=True)
class CouldChange:
    """`money`: of the lines of which the engine cannot tell it, whatever the programme."""

    by_programme: Mapping[int, Decimal]
    money: Decimal

    def under(self, programme_id: int) -> Decimal:
        return self.by_programme.get(programme_id, ZERO) + self.money


def could_change(dispute: Dispute) -> CouldChange:
    """By programme, above zero."""
    lines = list(dispute.lines.select_related("sales_line__reverses", "credit__reverses"))
    day = dispute.opened_at.astimezone(clock.tenant_zone()).date()
    results = disputed.open_results(dispute.statement, on=day)
    said = worth_of(dispute.statement, lines, results)
    gone = worth_of(dispute.statement, [_gone(line) for line in lines if line.ours is not None], results)
    known = {line.pk for line in lines if line.ours is not None and line.what != What.COUNT}
    if gone.left:  # it hangs on other partners
        known = set()
    return CouldChange(_larger(said, gone), _money([line for line in said.left if line.pk not in known]))


def _gone(line: DisputedLine) -> DisputedLine:
    return DisputedLine(
        dispute=line.dispute, what=What.NOT_OURS, sales_line=line.sales_line, credit=line.credit
    )


def _larger(said: Worth, gone: Worth) -> dict[int, Decimal]:
    found: dict[int, Decimal] = {}
    for worth in (said, gone):
        for programme, amount in worth.by_programme.items():
            found[programme] = max(found.get(programme, ZERO), abs(amount))
    return found


def _money(lines: Sequence[DisputedLine]) -> Decimal:
    """Of each line the larger of both sides' amounts."""
    return sum((max(abs(one.our_amount or ZERO), abs(one.their_amount or ZERO)) for one in lines), ZERO)
