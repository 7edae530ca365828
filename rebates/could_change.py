"""What disputed lines could change a rebate by at most: a sum by which finance decides is held against it.

Under each programme it is the largest of three, by the engine (`worth.py`): what the lines change as the partner has
them; what they change if ours were gone; and what they change if only those came in that are missing or too small, so
that no other line hides them. Under a programme that hangs on other partners (a group, a family, a cap over all) it is
the partner's own share that is held against each other, with what the others bought as it is. Of lines of which the
engine cannot tell it, it is their money. For finance: a partner could tell what others bought from it.
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
    """`money`: of the `untold` lines, those of which the engine cannot tell it, whatever the programme."""

    by_programme: Mapping[int, Decimal]
    money: Decimal
    untold: int = 0

    def under(self, programme_id: int) -> Decimal:
        return self.by_programme.get(programme_id, ZERO) + self.money


def could_change(dispute: Dispute) -> CouldChange:
    """By programme, above zero."""
    lines = list(dispute.lines.select_related("sales_line__reverses", "credit__reverses"))
    day = dispute.opened_at.astimezone(clock.tenant_zone()).date()
    results = disputed.open_results(dispute.statement, on=day)
    more = [line for line in lines if _is_more(line)]
    said, gone, came = (
        worth_of(dispute.statement, some, results, beside_others=True) for some in (lines, _less(lines), more)
    )
    known = {line.pk for line in lines if line.ours is not None and line.what != What.COUNT}
    if gone.amount is None:  # a rate is missing, or it was settled outside
        known = set()
    left = [line for line in said.left if line.pk not in known]
    return CouldChange(_largest(said, gone, came), _money(left), len(left))


def _less(lines: Sequence[DisputedLine]) -> list[DisputedLine]:
    """Ours gone, and returns that are missing here."""
    missing = [line for line in lines if line.ours is None and (line.their_amount or ZERO) < 0]
    return [*(_gone(line) for line in lines if line.ours is not None), *missing]


def _is_more(line: DisputedLine) -> bool:
    return line.what != What.NOT_OURS and (line.difference or ZERO) > 0


def _gone(line: DisputedLine) -> DisputedLine:
    return DisputedLine(
        dispute=line.dispute, what=What.NOT_OURS, sales_line=line.sales_line, credit=line.credit
    )


def _largest(*worths: Worth) -> dict[int, Decimal]:
    found: dict[int, Decimal] = {}
    for worth in worths:
        for programme, amount in worth.by_programme.items():
            found[programme] = max(found.get(programme, ZERO), abs(amount))
    return found


def _money(lines: Sequence[DisputedLine]) -> Decimal:
    """Of each line the larger of both sides' amounts."""
    return sum((max(abs(one.our_amount or ZERO), abs(one.right_amount or ZERO)) for one in lines), ZERO)
