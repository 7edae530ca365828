"""Figures of orders and sales, each within what the actor may see; dashboards show them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import connection
from django.db.models import Count, Sum
from django.db.models.functions import TruncMonth

from orders.models import Invoice, Order, SalesLine
from prm.catalogue.models import ProductLine
from prm.values import clock
from prm.values.actor import Actor
from prm.values.periods import Period


@dataclass(frozen=True)
class MonthOfSales:
    """Net sales of a month, and of the month before it up to the same day."""

    month: date
    net: Decimal
    before: Decimal

    @property
    def growth(self) -> Decimal | None:
        return (self.net - self.before) / self.before if self.before > 0 else None


def open_orders_by_state(actor: Actor) -> dict[str, int]:
    """How many open orders stand in each state."""
    rows = Order.objects.visible_to(actor).readable_by(actor).open().order_by()
    return dict(rows.values_list("state").annotate(Count("pk")))


def sales_this_month(actor: Actor) -> MonthOfSales:
    """Net sales of the current month in the tenant's currency, beside the same days of the month before."""
    today = clock.today()
    now = Period.of("month", today)
    before = now.previous
    until = min(
        before.start.replace(day=1).toordinal() + (today - now.start).days, before.last_day.toordinal()
    )
    return MonthOfSales(
        now.start,
        net_sales(actor, now.start, now.end),
        net_sales(actor, before.start, date.fromordinal(until + 1)),
    )


def net_sales(actor: Actor, first_day: date, day_after: date) -> Decimal:
    """Net sales booked in [first_day, day_after), in the tenant's currency."""
    rows = _sales(actor).filter(booking_date__gte=first_day, booking_date__lt=day_after)
    return rows.aggregate(net=Sum("net_amount"))["net"] or Decimal(0)


def net_sales_by_month(actor: Actor, *, months: int = 6) -> list[tuple[date, Decimal]]:
    """Net sales of each of the last `months` months, this one included; months without a line are 0."""
    every = [Period.of("month", clock.today())]
    while len(every) < months:
        every.append(every[-1].previous)
    every.reverse()
    rows = (
        _sales(actor)
        .filter(booking_date__gte=every[0].start, booking_date__lt=every[-1].end)
        .annotate(month=TruncMonth("booking_date"))
        .order_by()
        .values_list("month")
        .annotate(Sum("net_amount"))
    )
    found = dict(rows)
    return [(period.start, found.get(period.start, Decimal(0))) for period in every]


def top_partners(actor: Actor, *, most: int = 5, months: int = 3) -> list[tuple[int, str, Decimal]]:
    """The partners with the highest net sales of the last months: (id, name, net)."""
    first = net_sales_by_month_start(months)
    rows = _sales(actor).filter(booking_date__gte=first).order_by().values_list("partner_id", "partner__name")
    return [(pk, name, net) for pk, name, net in rows.annotate(net=Sum("net_amount")).order_by("-net")[:most]]


def sales_by_product_line(actor: Actor, *, months: int = 3) -> list[tuple[ProductLine, Decimal]]:
    """Net sales of the last months by product line, the highest first."""
    first = net_sales_by_month_start(months)
    rows = _sales(actor).filter(booking_date__gte=first).order_by().values_list("product_line_id")
    sums = list(rows.annotate(net=Sum("net_amount")).order_by("-net"))
    lines = ProductLine.objects.in_bulk([pk for pk, _net in sums])
    return [(lines[pk], net) for pk, net in sums]


def net_sales_by_month_start(months: int) -> date:
    """The first day of the month `months` − 1 before this one."""
    period = Period.of("month", clock.today())
    for _step in range(months - 1):
        period = period.previous
    return period.start


def unpaid_invoices(actor: Actor) -> dict[str, Decimal]:
    """What is invoiced and neither paid nor credited, tax included, by currency."""
    found: dict[str, Decimal] = {}
    for invoice in Invoice.objects.visible_to(actor).unsettled().order_by():
        owed = invoice.total + invoice.credited + invoice.credited_tax
        found[invoice.currency] = found.get(invoice.currency, Decimal(0)) + owed
    return found


def newest_orders(actor: Actor, *, most: int = 5) -> list[Order]:
    return list(Order.objects.visible_to(actor).readable_by(actor).for_list().open().order_by("-pk")[:most])


def _sales(actor: Actor):
    currency = getattr(connection.tenant, "currency", "CNY")
    return SalesLine.objects.visible_to(actor).filter(currency=currency)
