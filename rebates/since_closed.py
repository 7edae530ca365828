"""What came in after a settlement's figures were computed and concerns closed periods, which the settlement adjusts.

It stands in none of its adjustments: computed again it does, closed without it the next settlement has it. Lines and
credits that come after a closed period's grace days earn nothing either way and are not told; a line that the
settlement counts itself (of a quarter, say, whose first months are closed by another programme) is told as its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Exists, OuterRef, Q

from orders.models import CreditedLine, PaymentReceived, SalesLine
from prm.values.periods import Period
from rebates import yearly
from rebates.adjustments import seen_to
from rebates.collection import steps_of
from rebates.counting_days import BOOKING, PAYMENT, basis_of
from rebates.credited import is_credited
from rebates.models import RunScope, SettlementRun
from rebates.plans import Plan, plans_for
from rebates.since_counts import Some, counted, in_time, lines_of

WHY = "a settlement concerns all"
ALWAYS = Q(pk__isnull=False)
Closed = tuple[SettlementRun, list[Plan]]  # and what of it late lines change


@dataclass(frozen=True)
class Older:
    """So many lines, credits of agents and payments received for closed periods, the earliest of which is `first`."""

    lines: int = 0
    credits: int = 0
    payments: int = 0
    first: Period | None = None
    sums: list[tuple[str, Decimal]] = field(default_factory=list)

    @property
    def count(self) -> int:
        return self.lines + self.credits + self.payments


def of_closed(
    runs: list[SettlementRun], own_lines: Mapping[int, tuple[Q, Q]], own_credits: Mapping[int, tuple[Q, Q]]
) -> dict[int, Older]:
    """By the id of each of these computed runs for which something came in. The own ones are told elsewhere."""
    days = {model: _days_above(model, runs) for model in (SalesLine, CreditedLine)}
    paid = _documents_above(runs)
    if not runs or not (any(days.values()) or paid):
        return {}
    closed = _closed_concerned(days, paid)
    marks = [run for run, _plans in closed]
    every = list(SettlementRun.objects.closed().order_by("ends")) if marks else []
    lines = _counted_of(SalesLine, runs, closed, every, own_lines)
    credits = _counted_of(CreditedLine, runs, closed, every, own_credits)
    payments = _payments(runs, closed, every)
    periods = {run.pk: run.period for run in marks}
    found = {}
    for run in runs:
        sold, given, came = (one[run.pk] for one in (lines, credits, payments))
        touched = [periods[pk] for pk in {*sold.closed, *given.closed, *came.closed}]
        if touched:
            first = min(touched, key=lambda period: period.start)
            found[run.pk] = Older(sold.count, given.count, came.count, first, sold.sums)
    return found


def after_grace(rows: Sequence[Any]) -> set[int]:
    """Of these late lines, or credits, those that closed programmes would count, had they come in time."""
    if not rows:
        return set()
    model = type(rows[0])
    other: Any = SalesLine if model is CreditedLine else CreditedLine
    days = {row.booking_date for row in rows} | {row.reverses.booking_date for row in rows if row.reverses}
    wanted, timely = Q(pk__in=[]), Q(pk__in=[])
    for earlier, plans in _closed_concerned({model: days, other: set()}, set()):
        for plan in plans:
            if is_credited(plan.policy) == (model is CreditedLine):
                wanted |= lines_of(plan)
                timely |= lines_of(plan) & in_time(plan, earlier.watermark or 0)
    found = model.objects.for_everyone(because=WHY).filter(pk__in=[row.pk for row in rows])
    counted_ones, in_time_ones = (
        set(found.filter(rule).values_list("pk", flat=True)) for rule in (wanted, timely)
    )
    return counted_ones - in_time_ones


@dataclass
class _Found:
    count: int = 0
    sums: list[tuple[str, Decimal]] = field(default_factory=list)
    closed: set[int] = field(default_factory=set)  # the closed runs whose periods are concerned


def _days_above(model: Any, runs: list[SettlementRun]) -> set[date]:
    """On which days the rows are booked that came in since, and the sales that they take back."""
    above = min((run.watermark or 0 for run in runs), default=None)
    if above is None:
        return set()
    rows = model.objects.for_everyone(because=WHY).filter(pk__gt=above).order_by()
    pairs = rows.values_list("booking_date", "reverses__booking_date").distinct()
    return {day for pair in pairs for day in pair if day is not None}


def _documents_above(runs: list[SettlementRun]) -> set[date]:
    """On which days something was paid since, and on which the lines are booked whose invoices that was for."""
    marks = [run.paid_watermark for run in runs if run.paid_watermark is not None]
    if not marks:
        return set()
    new = PaymentReceived.objects.for_everyone(because=WHY).filter(pk__gt=min(marks)).order_by()
    found = set(new.values_list("received_on", flat=True).distinct())
    if not found:
        return found
    lines = SalesLine.objects.for_everyone(because=WHY).order_by()
    invoiced = lines.filter(Exists(new.filter(partner=OuterRef("partner"), document=OuterRef("document"))))
    return found | set(invoiced.values_list("booking_date", flat=True).distinct())


def _closed_concerned(days: dict[Any, set[date]], paid: set[date]) -> list[Closed]:
    """The closed runs, oldest first, with those of their plans that these days may concern."""
    scopes = list(
        RunScope.objects.filter(run__in=SettlementRun.objects.closed())
        .select_related("run", "version__programme")
        .order_by("run__ends", "programme__code")
    )

    def concerned(scope: RunScope) -> bool:
        policy = scope.version.policy
        reads = days[CreditedLine if is_credited(policy) else SalesLine]
        first = scope.period.start.replace(month=1, day=1) if policy.get("cumulative") else scope.starts
        by_line = (reads and basis_of(policy) != BOOKING) or any(first <= day < scope.ends for day in reads)
        return by_line or (_reads_payments(policy) and any(first <= day < scope.ends for day in paid))

    scopes = [scope for scope in scopes if concerned(scope)]
    by_run: dict[SettlementRun, list[Plan]] = defaultdict(list)
    plans = plans_for((scope.version, scope.period) for scope in scopes)
    for scope, plan in zip(scopes, plans, strict=True):
        if yearly.adjusts(plan):
            by_run[scope.run].append(plan)
    return list(by_run.items())


def _reads_payments(policy: dict[str, Any]) -> bool:
    return basis_of(policy) == PAYMENT or bool(steps_of(policy))


def _counted_of(
    model: Any, runs: list[SettlementRun], closed: list[Closed], every: list[SettlementRun],
    own: Mapping[int, tuple[Q, Q]],
) -> dict[int, _Found]:  # fmt: skip
    """By run how many rows of the model it would adjust for, and in which closed runs' periods."""

    def wanted(plan: Plan, earlier: SettlementRun) -> Q | None:
        if is_credited(plan.policy) != (model is CreditedLine):
            return None
        found = lines_of(plan) & in_time(plan, earlier.watermark or 0)
        return found & Q(_paid_within(plan)) if basis_of(plan.policy) == PAYMENT else found

    def above(run: SettlementRun, earlier: SettlementRun) -> int:
        return max(run.watermark or 0, seen_to(earlier, every))

    asked = _asked(runs, closed, wanted, above)
    for run in runs:
        if run.pk in own and str(run.pk) in asked:
            asked[str(run.pk)] &= ~own[run.pk][0]
    lowest = min((run.watermark or 0 for run in runs), default=0)
    return _told(runs, counted(model, {key: (rows, ALWAYS) for key, rows in asked.items()}, lowest))


def _asked(
    runs: list[SettlementRun],
    closed: Iterable[Closed],
    wanted: Callable[[Plan, SettlementRun], Q | None],
    above: Callable[[SettlementRun, SettlementRun], int],
) -> dict[str, Q]:
    """Which rows: under a run's id all of its own, under both ids those of a closed run's periods."""
    asked: dict[str, Q] = {}
    for earlier, plans in closed:
        conditions = [one for plan in plans if (one := wanted(plan, earlier)) is not None]
        if not conditions:
            continue
        any_of = conditions[0]
        for condition in conditions[1:]:
            any_of |= condition
        for run in runs:
            rows = Q(pk__gt=above(run, earlier)) & any_of
            asked[f"{run.pk}_{earlier.pk}"] = rows
            asked[str(run.pk)] = asked[str(run.pk)] | rows if str(run.pk) in asked else rows
    return asked


def _told(runs: list[SettlementRun], some: Mapping[str, Some]) -> dict[int, _Found]:
    found = {}
    for run in runs:
        all_of_it = some.get(str(run.pk), Some())
        closed = {int(key.split("_")[1]) for key in some if key.startswith(f"{run.pk}_")}
        found[run.pk] = _Found(all_of_it.count, all_of_it.sums, closed if all_of_it.count else set())
    return found


# Payments


def _paid_within(plan: Plan) -> Exists:
    """For a line, or a credit: whether something was paid for its invoice in the plan's days."""
    buyer = "buyer" if is_credited(plan.policy) else "partner"
    rows = PaymentReceived.objects.for_everyone(because=WHY).filter(
        partner=OuterRef(buyer), document=OuterRef("document"), currency=OuterRef("currency"),
        received_on__gte=plan.counted.start, received_on__lt=plan.counted.end,
    )  # fmt: skip
    return Exists(rows)


def _payments(
    runs: list[SettlementRun], closed: list[Closed], every: list[SettlementRun]
) -> dict[int, _Found]:
    """By run how many payments received it would adjust for."""

    def wanted(plan: Plan, earlier: SettlementRun) -> Q | None:
        return _invoice_counts(plan) if _reads_payments(plan.policy) else None

    def above(run: SettlementRun, earlier: SettlementRun) -> int:
        later = [one.paid_watermark or 0 for one in every if one.frozen_at > earlier.closed_at]
        return max([run.paid_watermark or 0, earlier.paid_watermark or 0, *later])

    asked = _asked([run for run in runs if run.paid_watermark is not None], closed, wanted, above)
    if not asked:
        return {run.pk: _Found() for run in runs}
    rows = PaymentReceived.objects.for_everyone(because=WHY)
    some = {key: Some(rows.filter(condition).count()) for key, condition in asked.items()}
    return _told(runs, {key: one for key, one in some.items() if one.count})


def _invoice_counts(plan: Plan) -> Q:
    """A payment that the plan's figure hangs on: it makes a line count in the period, or weighs by its day."""
    model: Any = CreditedLine if is_credited(plan.policy) else SalesLine
    buyer = "buyer" if is_credited(plan.policy) else "partner"
    lines = model.objects.for_everyone(because=WHY).filter(
        lines_of(plan), **{buyer: OuterRef("partner")}, document=OuterRef("document")
    )
    if basis_of(plan.policy) == PAYMENT:
        return Q(Exists(lines), received_on__gte=plan.counted.start, received_on__lt=plan.counted.end)
    last = max((step["days"] for step in steps_of(plan.policy)), default=0)
    return Q(Exists(lines.filter(booking_date__gte=OuterRef("received_on") - timedelta(days=last))))
