"""Figures of the deal pipeline, each within what the actor may see; dashboards show them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import Count, Q, Sum
from django.db.models.functions import TruncMonth

from dealreg.models import DealRegistration
from prm.values import clock
from prm.values.actor import Actor

State = DealRegistration.State
PIPELINE = (State.SUBMITTED, State.IN_REVIEW, State.INFO_REQUESTED, State.APPROVED, State.DISPUTED)


@dataclass(frozen=True)
class WinRate:
    """Of the deals that ended, how many were won: `share` 0..1, None before the first one ended."""

    won: int
    lost: int

    @property
    def share(self) -> Decimal | None:
        ended = self.won + self.lost
        return Decimal(self.won) / ended if ended else None


def counts_by_state(actor: Actor) -> dict[str, int]:
    """How many registrations stand in each state; states without one are 0."""
    rows = _handed_in(actor).order_by().values_list("state").annotate(Count("pk"))
    return {str(state): 0 for state in State} | dict(rows)


def to_decide(actor: Actor, *, most: int | None = None) -> int:
    """How many wait for a decision of `actor`, counted no further than `most`."""
    rows = DealRegistration.objects.visible_to(actor).to_decide(actor)
    return rows.count_to(most) if most else rows.count()


def waiting_for_partner(actor: Actor, *, most: int | None = None) -> int:
    """How many wait for the partner's answer, counted no further than `most`."""
    rows = DealRegistration.objects.visible_to(actor).waiting_for_partner()
    return rows.count_to(most) if most else rows.count()


def pipeline_value(actor: Actor) -> dict[str, Decimal]:
    """Estimated value of what is registered and not over, by currency."""
    rows = _handed_in(actor).filter(state__in=PIPELINE).order_by().values_list("currency")
    return {currency: total or Decimal(0) for currency, total in rows.annotate(Sum("estimated_value"))}


def won_value(actor: Actor, *, first_day: date, day_after: date) -> dict[str, Decimal]:
    """Estimated value of what was won in [first_day, day_after), by currency."""
    rows = (
        _handed_in(actor)
        .filter(
            state=State.WON,
            closed_at__gte=clock.start_of_day(first_day),
            closed_at__lt=clock.start_of_day(day_after),
        )
        .order_by()
        .values_list("currency")
    )
    return {currency: total or Decimal(0) for currency, total in rows.annotate(Sum("estimated_value"))}


def win_rate(actor: Actor, *, days: int = 365) -> WinRate:
    """Of the deals that ended in the last `days` days."""
    ended = _handed_in(actor).filter(closed_at__gte=clock.now() - timedelta(days=days))
    found = ended.aggregate(
        won=Count("pk", filter=Q(state=State.WON)), lost=Count("pk", filter=Q(state=State.LOST))
    )
    return WinRate(**found)


def record_of_partner(actor: Actor, partner_id: int) -> tuple[int, int]:
    """How many deals a partner registered, and how many of them it won."""
    found = _handed_in(actor).filter(partner_id=partner_id).aggregate(
        registered=Count("pk"), won=Count("pk", filter=Q(state=State.WON))
    )  # fmt: skip
    return found["registered"], found["won"]


def ending_protections(actor: Actor, *, most: int = 5) -> list[DealRegistration]:
    """Approved deals whose protection ends within 14 days, the nearest first."""
    rows = DealRegistration.objects.visible_to(actor).ending_soon().select_related("partner")
    return list(rows.order_by("protected_until", "pk")[:most])


def latest(actor: Actor, *, partner_id: int | None = None, most: int = 5) -> list[DealRegistration]:
    """The newest registrations (of one partner), drafts of partners included for themselves."""
    rows = (
        DealRegistration.objects.visible_to(actor).readable_by(actor).select_related("partner", "decided_by")
    )
    if partner_id is not None:
        rows = rows.filter(partner_id=partner_id)
    return list(rows.order_by("-pk")[:most])


def submitted_by_month(actor: Actor, *, months: int = 6) -> list[tuple[date, int]]:
    """How many were handed in each of the last `months` months, this one included; months without one are 0."""
    zone = clock.tenant_zone()
    first = _first_of_month_back(clock.today(), months - 1)
    rows = (
        _handed_in(actor)
        .filter(submitted_at__gte=clock.start_of_day(first))
        .annotate(month=TruncMonth("submitted_at", tzinfo=zone))
        .order_by()
        .values_list("month")
        .annotate(Count("pk"))
    )
    counted = {month.date(): count for month, count in rows}
    every = [_first_of_month_back(clock.today(), back) for back in reversed(range(months))]
    return [(month, counted.get(month, 0)) for month in every]


def _handed_in(actor: Actor):
    return DealRegistration.objects.visible_to(actor).handed_in()


def _first_of_month_back(day: date, back: int) -> date:
    months = day.year * 12 + day.month - 1 - back
    return date(months // 12, months % 12 + 1, 1)
