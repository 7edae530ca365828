"""The memberships behind one figure: those that the run of its period froze, or today's."""

from __future__ import annotations

from typing import Any

from partners.models import TierMembership
from rebates.models import RunMember

Spans = list[list[str | None]]


def spans_of(result: Any) -> Spans:
    """[[first day, day after the last, tier's code]] of a result or accrual: ISO days, None where there is no end."""
    kept = frozen_spans(result.partner_id, result.ends) if hasattr(result, "run_id") else None
    if kept is not None:
        return kept
    rows = TierMembership.objects.for_everyone(because="the figure names the partner").filter(
        partner_id=result.partner_id
    )
    return [
        [_iso(row.during.lower), _iso(row.during.upper), row.tier.code] for row in rows.select_related("tier")
    ]


def frozen_spans(partner_id: int, ends: Any) -> Spans | None:
    """What the run of the period that ends so froze; None where the partner was not there yet."""
    kept = (
        RunMember.objects.for_everyone(because="the caller names the partner")
        .filter(run__ends=ends, partner_id=partner_id)
        .first()
    )
    return None if kept is None else kept.tier_days or []


def _iso(day: Any) -> str | None:
    return None if day is None else day.isoformat()
