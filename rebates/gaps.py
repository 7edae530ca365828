"""What a settlement lacks, and which of its lines are no ordinary sales: for those who look before they approve."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Exists, Max, OuterRef, Q, Sum

from orders.models import CreditedLine, SalesLine
from partners.models import Partner
from rebates.credited import is_credited
from rebates.models import Result, RunMember, SettlementRun
from rebates.plans import scope_plans
from rebates.since_counts import lines_of

WHY = "a settlement concerns all"
SHOWN = 20  # rows of each list; the count says how many there are


@dataclass(frozen=True)
class Uncounted:
    """Lines of a product line that no programme of the settlement counts."""

    name: str
    currency: str
    lines: int
    amount: Decimal


@dataclass(frozen=True)
class Some:
    """The first rows of a list, and how many there are."""

    rows: list[Any]
    count: int

    @property
    def more(self) -> int:
        return self.count - len(self.rows)


@dataclass(frozen=True)
class Gaps:
    """No tier on the last day though figures are there; lines in the month and no figure at all; product lines that
    nobody counts; returns that name no line.
    """

    without_tier: Some
    without_figure: Some
    uncounted: list[Uncounted]
    nameless_returns: int

    @property
    def are_none(self) -> bool:
        return not (
            self.without_tier.count or self.without_figure.count or self.uncounted or self.nameless_returns
        )


def gaps(run: SettlementRun) -> Gaps:
    """What is missing in a computed settlement; a fixed number of queries."""
    results = Result.objects.for_everyone(because=WHY).filter(run=run)
    partners = Partner.objects.for_everyone(because=WHY).order_by("name", "pk")
    lines = _of_the_month(run)
    tierless = RunMember.objects.for_everyone(because=WHY).filter(run=run, tier="")
    own = results.filter(partner=OuterRef("pk"))
    return Gaps(
        without_tier=_some(partners.filter(Exists(own), pk__in=tierless.values("partner_id"))),
        without_figure=_some(partners.filter(~Exists(own), Exists(lines.filter(partner=OuterRef("pk"))))),
        uncounted=_uncounted(run, lines),
        nameless_returns=lines.filter(net_amount__lt=0, reverses__isnull=True).count(),
    )


def late_lines(run: SettlementRun) -> Some:
    """Lines of months before this one that came in since the last close, newest first."""
    before = SettlementRun.objects.closed().filter(ends__lt=run.ends).aggregate(last=Max("watermark"))["last"]
    rows = SalesLine.objects.for_everyone(because=WHY).filter(
        pk__gt=before or 0, pk__lte=run.watermark or 0, booking_date__lt=run.starts
    )
    return _some(_named(rows) if before is not None else rows.none())


def late_credits(run: SettlementRun) -> Some:
    """Credits of agents for lines of months before this one, given or taken back since the last close, newest first."""
    before = SettlementRun.objects.closed().filter(ends__lt=run.ends).aggregate(last=Max("watermark"))["last"]
    rows = CreditedLine.objects.for_everyone(because=WHY).filter(
        pk__gt=before or 0, pk__lte=run.watermark or 0, booking_date__lt=run.starts
    )
    named = rows.select_related("partner", "product", "takes_back", "reverses").order_by(
        "-booking_date", "-pk"
    )
    settles = any(is_credited(plan.policy) for plan in scope_plans(run))
    return _some(named if before is not None and settles else rows.none())


def returns(run: SettlementRun) -> Some:
    """Lines below zero that are booked in the month, newest first."""
    return _some(_named(_of_the_month(run).filter(net_amount__lt=0)))


def _named(rows: Any) -> Any:
    return rows.select_related("partner", "product", "reverses").order_by("-booking_date", "-pk")


def _of_the_month(run: SettlementRun) -> Any:
    return SalesLine.objects.for_everyone(because=WHY).filter(
        pk__lte=run.watermark or 0, booking_date__gte=run.starts, booking_date__lt=run.ends
    )


def _uncounted(run: SettlementRun, lines: Any) -> list[Uncounted]:
    counted = _any_of(lines_of(plan) for plan in scope_plans(run) if not is_credited(plan.policy))
    rows = (
        lines.exclude(counted)
        .order_by("product_line__name", "currency")
        .values_list("product_line__name", "currency")
        .annotate(lines=Count("pk"), amount=Sum("net_amount"))
    )
    return [Uncounted(*row) for row in rows[:SHOWN]]


def _any_of(conditions: Iterable[Q]) -> Q:
    found = Q(pk__in=[])
    for one in conditions:
        found |= one
    return found


def _some(rows: Any) -> Some:
    return Some(list(rows[:SHOWN]), rows.count())
