"""Sales lines and credits of agents that came in after a settlement's figures were computed, before it is closed or
after.

They stand in none of its figures. A close without them leaves them to the late rule: a later settlement posts what they
change as an adjustment, and of those recorded after a programme's grace days only returns count. A closed settlement
has those that no later one has posted yet.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, Max, Q, Sum

from orders.models import CreditedLine, SalesLine
from prm.values import clock
from rebates.counted_lines import counted_by
from rebates.credited import is_credited
from rebates.currencies import is_exchanged
from rebates.models import RunScope, SettlementRun
from rebates.plans import Plan, plans_for

STATE = SettlementRun.State
OPEN = (STATE.COMPUTED, STATE.IN_REVIEW, STATE.APPROVED)  # computed, and not yet being closed


@dataclass(frozen=True)
class Since:
    """So many lines, and credits of agents, and their net sums by currency; `too_late` of them earn nothing unless it
    is computed again.
    """

    lines: int = 0
    credits: int = 0
    too_late: int = 0
    sums: list[tuple[str, Decimal]] = field(default_factory=list)
    credited: list[tuple[str, Decimal]] = field(default_factory=list)

    @property
    def count(self) -> int:
        return self.lines + self.credits


def came_in(run: SettlementRun) -> Since:
    """What came in since `run` was computed."""
    return came_in_by_run([run]).get(run.pk, Since())


def came_in_by_run(runs: Iterable[SettlementRun]) -> dict[int, Since]:
    """By the id of each run for which something came in: five queries for all."""
    runs = list(runs)
    watermarks = _watermarks(runs)
    plans = _plans_of(watermarks)
    above = min(watermarks.values(), default=0)
    lines = _counted(SalesLine, _lines_of(watermarks, plans, credits=False), above)
    credits = _counted(CreditedLine, _lines_of(watermarks, plans, credits=True), above)
    found = {}
    for run_id in {**lines, **credits}:
        sold, given = lines.get(run_id, Some()), credits.get(run_id, Some())
        found[run_id] = Since(sold.count, given.count, sold.too_late + given.too_late, sold.sums, given.sums)
    return found


@dataclass(frozen=True)
class Some:
    count: int = 0
    too_late: int = 0
    sums: list[tuple[str, Decimal]] = field(default_factory=list)


def _counted(model: Any, lines: dict[int, tuple[Q, Q]], above: int) -> dict[int, Some]:
    """By the id of each run with any, of sales lines or of credits above an id."""
    if not lines:
        return {}
    figures: dict[str, Any] = {}
    for run_id, (counted, in_time) in lines.items():
        figures[f"count_{run_id}"] = Count("pk", filter=counted)
        figures[f"in_time_{run_id}"] = Count("pk", filter=counted & in_time)
        figures[f"sum_{run_id}"] = Sum("net_amount", filter=counted)
    rows: list[dict[str, Any]] = [
        dict(row)
        for row in model.objects.for_everyone(because="a settlement concerns all")
        .filter(pk__gt=above)
        .order_by("currency")
        .values("currency")
        .annotate(**figures)
    ]
    found = {}
    for run_id in lines:
        mine = [row for row in rows if row[f"count_{run_id}"]]
        if mine:
            count = sum(row[f"count_{run_id}"] for row in mine)
            earning = sum(row[f"in_time_{run_id}"] for row in mine)
            sums = [(row["currency"], row[f"sum_{run_id}"]) for row in mine]
            found[run_id] = Some(count, count - earning, sums)
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
        counted, in_time = Q(pk__in=[]), Q(pk__in=[])
        for plan in mine:
            counted |= lines_of(plan)
            in_time |= lines_of(plan) & _in_time(plan, own[run_id])
        if mine:
            found[run_id] = (Q(pk__gt=watermarks[run_id]) & counted, in_time)
    return found


def lines_of(plan: Plan) -> Q:
    """The lines of the period that the programme counts."""
    lines = counted_by(plan, plan.own_terms)
    if not is_exchanged(plan.policy):
        lines &= Q(currency=plan.version.currency)
    return lines


def _in_time(plan: Plan, watermark: int) -> Q:
    """What counts although the period is closed; `watermark`: up to which id its own settlement had read."""
    if plan.grace_until is None:
        return Q(pk__isnull=False)
    limit = clock.start_of_day(plan.grace_until + timedelta(days=1))
    if is_credited(plan.policy):
        nameless = Q(is_return=True, reverses__isnull=True)
        return Q(first_id__lte=watermark) | nameless | Q(first_at__lt=limit)
    return Q(net_amount__lt=0) | Q(quantity__lt=0) | Q(recorded_at__lt=limit)
