"""What orders can say about a partner in a period: criteria, conditions and scores read it here."""

from __future__ import annotations

from datetime import date

from django.db import connection
from django.db.models import Count, QuerySet, Sum
from django.utils.translation import gettext_lazy as _

from orders.models import Order, SalesLine
from prm.measures import registry
from prm.values import clock


def register() -> None:
    registry.register(
        "orders.net_sales", label=_("Net sales"), unit="money", totals=net_sales, lines=lines_of_net_sales
    )
    registry.register("orders.order_count", label=_("Orders placed"), unit="number", totals=orders_placed)


def net_sales(first: date, after: date) -> QuerySet:
    """Net amount of the sales lines booked in [first, after), returns taken off, in the tenant's currency."""
    lines = lines_of_net_sales(
        SalesLine.objects.for_everyone(because="a measure over all partners"), first, after
    )
    return lines.order_by().values("partner_id").annotate(value=Sum("net_amount"))


def lines_of_net_sales(lines: QuerySet, first: date, after: date) -> QuerySet:
    """Of sales lines those that `net_sales` adds up."""
    currency = getattr(connection.tenant, "currency", "CNY")
    return lines.filter(currency=currency, booking_date__gte=first, booking_date__lt=after)


def orders_placed(first: date, after: date) -> QuerySet:
    """How many orders were handed in in [first, after) and neither rejected nor cancelled."""
    placed = (
        Order.objects.for_everyone(because="a measure over all partners")
        .filter(submitted_at__gte=clock.start_of_day(first), submitted_at__lt=clock.start_of_day(after))
        .exclude(state__in=(Order.State.REJECTED, Order.State.CANCELLED))
    )
    return placed.order_by().values("partner_id").annotate(value=Count("pk"))
