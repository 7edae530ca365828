"""Sales lines and credits of agents that came in after a settlement's figures were computed, before it is closed or
after.

They stand in none of its figures. A close without them leaves them to the late rule: a later settlement posts what they
change as an adjustment, and of those recorded after a programme's grace days only returns count. A closed settlement
has those that no later one has posted yet; one that is open has beside its own those of closed periods, which it would
adjust (`since_closed.py`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from django.db.models import Max, Q

from orders.models import CreditedLine, SalesLine
from rebates.credited import is_credited
from rebates.models import RunScope, SettlementRun
from rebates.plans import Plan, plans_for
from rebates.since_closed import Older, of_closed
from rebates.since_counts import Some, counted, in_time, lines_of

STATE = SettlementRun.State
OPEN = (STATE.COMPUTED, STATE.IN_REVIEW, STATE.APPROVED)  # computed, and not yet being closed


@dataclass(frozen=True)
class Since:
    """So many lines, and credits of agents, and their net sums by currency; `too_late` of them earn nothing unless it
    is computed again. `older`: what came in for closed periods.
    """

    lines: int = 0
    credits: int = 0
    too_late: int = 0
    sums: list[tuple[str, Decimal]] = field(default_factory=list)
    credited: list[tuple[str, Decimal]] = field(default_factory=list)
    older: Older = field(default_factory=Older)

    @property
    def own(self) -> int:
        return self.lines + self.credits

    @property
    def count(self) -> int:
        return self.own + self.older.count


def came_in(run: SettlementRun) -> Since:
    """What came in since `run` was computed."""
    return came_in_by_run([run]).get(run.pk, Since())


def came_in_by_run(runs: Iterable[SettlementRun]) -> dict[int, Since]:
    """By the id of each run for which something came in: a fixed number of queries for all, few where nothing did."""
    runs = list(runs)
    watermarks = _watermarks(runs)
    plans = _plans_of(watermarks)
    above = min(watermarks.values(), default=0)
    own = [_lines_of(watermarks, plans, credits=credits) for credits in (False, True)]
    lines, credits = counted(SalesLine, own[0], above), counted(CreditedLine, own[1], above)
    older = of_closed([run for run in runs if run.pk in watermarks and run.state in OPEN], *own)
    found = {}
    for run_id in {**lines, **credits, **older}:
        sold, given = lines.get(run_id, Some()), credits.get(run_id, Some())
        found[run_id] = Since(
            sold.count, given.count, sold.too_late + given.too_late, sold.sums, given.sums,
            older.get(run_id, Older()),
        )  # fmt: skip
    return found


def _watermarks(runs: Iterable[SettlementRun]) -> dict[int, int]:
    """By the id of each run: above which line it knows nothing; a closed one shares that of the last close."""
    posted = SettlementRun.objects.closed().aggregate(last=Max("watermark"))["last"]
    known = [(run, run.watermark) for run in runs if run.state in OPEN and run.watermark is not None]
    closed = [(run, posted) for run in runs if run.is_closed and posted is not None]
    return {run.pk: watermark for run, watermark in (*known, *closed)}


def _plans_of(watermarks: dict[int, int]) -> dict[int, list[Plan]]:
    """By run what it settles."""
    if not watermarks:
        return {}
    scopes = list(RunScope.objects.filter(run__in=watermarks).select_related("version__programme"))
    by_run: dict[int, list[Plan]] = defaultdict(list)
    plans = plans_for((scope.version, scope.period) for scope in scopes)
    for scope, plan in zip(scopes, plans, strict=True):
        by_run[scope.run_id].append(plan)
    return by_run


def _lines_of(
    watermarks: dict[int, int], plans: dict[int, list[Plan]], *, credits: bool
) -> dict[int, tuple[Q, Q]]:
    """By run: the lines above its watermark that its programmes count, and which of those are in time; or credits."""
    found, own = {}, dict(SettlementRun.objects.filter(pk__in=plans).values_list("pk", "watermark"))
    for run_id, of_run in plans.items():
        mine = [plan for plan in of_run if is_credited(plan.policy) == credits]
        wanted, timely = Q(pk__in=[]), Q(pk__in=[])
        for plan in mine:
            wanted |= lines_of(plan)
            timely |= lines_of(plan) & in_time(plan, own[run_id])
        if mine:
            found[run_id] = (Q(pk__gt=watermarks[run_id]) & wanted, timely)
    return found
