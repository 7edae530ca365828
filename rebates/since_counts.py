"""How many sales lines, or credits of agents, of given programmes and periods are on file above an id."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, Sum

from prm.values import clock
from rebates.counted_lines import counted_by
from rebates.credited import is_credited
from rebates.currencies import is_exchanged
from rebates.plans import Plan


@dataclass(frozen=True)
class Some:
    count: int = 0
    too_late: int = 0
    sums: list[tuple[str, Decimal]] = field(default_factory=list)


def counted(model: Any, lines: Mapping[Any, tuple[Q, Q]], above: int) -> dict[Any, Some]:
    """By key, which has any, of sales lines or of credits above an id: those that count, and of them those in time."""
    if not lines:
        return {}
    figures: dict[str, Any] = {}
    for key, (wanted, timely) in lines.items():
        figures[f"count_{key}"] = Count("pk", filter=wanted)
        figures[f"in_time_{key}"] = Count("pk", filter=wanted & timely)
        figures[f"sum_{key}"] = Sum("net_amount", filter=wanted)
    rows: list[dict[str, Any]] = [
        dict(row)
        for row in model.objects.for_everyone(because="a settlement concerns all")
        .filter(pk__gt=above)
        .order_by("currency")
        .values("currency")
        .annotate(**figures)
    ]
    found = {}
    for key in lines:
        mine = [row for row in rows if row[f"count_{key}"]]
        if mine:
            count = sum(row[f"count_{key}"] for row in mine)
            earning = sum(row[f"in_time_{key}"] for row in mine)
            sums = [(row["currency"], row[f"sum_{key}"]) for row in mine]
            found[key] = Some(count, count - earning, sums)
    return found


def lines_of(plan: Plan) -> Q:
    """The lines of the period that the programme counts."""
    lines = counted_by(plan, plan.own_terms)
    if not is_exchanged(plan.policy):
        lines &= Q(currency=plan.version.currency)
    return lines


def in_time(plan: Plan, watermark: int) -> Q:
    """What counts although the period is closed; `watermark`: up to which id its own settlement had read."""
    if plan.grace_until is None:
        return Q(pk__isnull=False)
    limit = clock.start_of_day(plan.grace_until + timedelta(days=1))
    if is_credited(plan.policy):
        nameless = Q(is_return=True, reverses__isnull=True)
        return Q(first_id__lte=watermark) | nameless | Q(first_at__lt=limit)
    return Q(net_amount__lt=0) | Q(quantity__lt=0) | Q(recorded_at__lt=limit)
