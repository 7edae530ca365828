"""What deal registrations can say about a partner in a period: criteria, conditions and scores read it here."""

from __future__ import annotations

from datetime import date

from django.db import connection
from django.db.models import Count, QuerySet, Sum
from django.utils.translation import gettext_lazy as _

from dealreg.models import DealRegistration
from prm.measures import registry
from prm.values import clock


def register() -> None:
    registry.register("dealreg.won_value", label=_("Value of won deals"), unit="money", totals=won_value)
    registry.register("dealreg.won_count", label=_("Won deals"), unit="number", totals=won_count)
    registry.register(
        "dealreg.submitted_count", label=_("Registered deals"), unit="number", totals=submitted_count
    )


def won_value(first: date, after: date) -> QuerySet:
    """Estimated value of the deals won in [first, after), in the tenant's currency."""
    currency = getattr(connection.tenant, "currency", "CNY")
    return _by_partner(_won(first, after).filter(currency=currency), Sum("estimated_value"))


def won_count(first: date, after: date) -> QuerySet:
    """How many deals were won in [first, after)."""
    return _by_partner(_won(first, after), Count("pk"))


def submitted_count(first: date, after: date) -> QuerySet:
    """How many registrations were handed in in [first, after)."""
    return _by_partner(_between("submitted_at", first, after), Count("pk"))


def _won(first: date, after: date) -> QuerySet:
    return _between("closed_at", first, after).filter(state=DealRegistration.State.WON)


def _between(moment: str, first: date, after: date) -> QuerySet:
    days = {f"{moment}__gte": clock.start_of_day(first), f"{moment}__lt": clock.start_of_day(after)}
    return DealRegistration.objects.for_everyone(because="a measure over all partners").filter(**days)


def _by_partner(rows: QuerySet, figure: Sum | Count) -> QuerySet:
    return rows.order_by().values("partner_id").annotate(value=figure)
