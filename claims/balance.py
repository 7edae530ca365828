"""What a partner bought and sold on of a product, day by day.

Guarantee: of all sales that are reported of a product, those that pass never come to more than was bought until any
day, in whatever order and for whatever days they are reported.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Sum

from claims.models import SellThroughLine
from orders.models import SalesLine

NONE = Decimal("0.000")


@dataclass(frozen=True)
class Stand:
    """What was sold on and bought until the end of a day."""

    day: date
    sold: Decimal
    bought: Decimal


@dataclass(frozen=True)
class Reported:
    """A reported line as it counts: a return never before the day of its sale."""

    pk: int
    day: date
    quantity: Decimal
    sale: int | None


class Balance:
    """Stands of each reported sale, read once for all sales of a claim of one partner."""

    def __init__(self, reports: list[SellThroughLine]):
        partners, products = {one.partner_id for one in reports}, {one.product_id for one in reports}
        self._own: dict[int, Stand] = {}
        self._exceeded: dict[int, Stand] = {}
        bought: dict[int, list[tuple[date, Decimal]]] = defaultdict(list)
        of_days = purchases(partners, products).values_list("product_id", "booking_date")
        for product, day, quantity in of_days.annotate(sum=Sum("quantity")).order_by("booking_date"):
            bought[product].append((day, quantity))
        sold: dict[int, list[Reported]] = defaultdict(list)
        rows = SellThroughLine.objects.for_everyone(because="the partner's own reports")
        for product, line in rows.of_products(partners, products):
            sold[product].append(Reported(*line))
        wanted = {one.pk for one in reports}
        for product in products:
            self._read(bought[product], sold[product], wanted)

    def of(self, report: SellThroughLine) -> Stand:
        """Until the line, by its day."""
        return self._own[report.pk]

    def exceeded(self, report: SellThroughLine) -> Stand | None:
        """The first later day until which the line and what was reported before it come to more than was bought."""
        return self._exceeded.get(report.pk)

    def _read(self, bought: list[tuple[date, Decimal]], sold: list[Reported], wanted: set[int]) -> None:
        days = sorted({day for day, _quantity in bought} | {line.day for line in sold})
        place = {day: at for at, day in enumerate(days)}
        stock = list(_running(bought, days))
        so_far = NONE
        for line in sorted(sold, key=lambda one: (one.day, one.pk)):
            so_far += line.quantity
            if line.pk in wanted:
                self._own[line.pk] = Stand(line.day, so_far, stock[place[line.day]])
        returns: dict[int | None, list[Reported]] = defaultdict(list)
        for line in sold:
            if line.quantity < 0:
                returns[line.sale].append(line)
        known = [NONE] * len(days)
        for line in sorted(sold, key=lambda one: one.pk):
            if line.quantity < 0:
                continue
            if line.pk in wanted:
                self._look_ahead(line, place[line.day], days, known, stock)
            for one in (line, *returns[line.pk]):
                known[place[one.day]] += one.quantity

    def _look_ahead(
        self, line: Reported, at: int, days: list[date], known: list[Decimal], stock: list[Decimal]
    ) -> None:
        total = self._own[line.pk].sold
        for later in range(at + 1, len(days)):
            total += known[later]
            if total > stock[later]:
                self._exceeded[line.pk] = Stand(days[later], total, stock[later])
                return


def bought_between(partner_id: int, product_id: int, first: date, last: date) -> Decimal:
    """How much the partner bought (returned goods taken off) from `first` to `last`, both included."""
    rows = purchases({partner_id}, {product_id}).filter(booking_date__gte=first, booking_date__lte=last)
    return rows.aggregate(sum=Sum("quantity"))["sum"] or NONE


def who_bought(product_id: int, first: date, last: date) -> list[int]:
    """The partners that bought more of the product in these days than they sent back."""
    rows = _all_purchases().filter(product_id=product_id, booking_date__gte=first, booking_date__lte=last)
    sums = rows.values_list("partner_id").annotate(sum=Sum("quantity")).filter(sum__gt=0)
    return [partner for partner, _sum in sums.order_by("partner_id")]


def purchases(partners: set[int], products: set[int]) -> Any:
    """What these partners bought and sent back of these products."""
    return _all_purchases().filter(partner_id__in=partners, product_id__in=products)


def _all_purchases() -> Any:
    """What partners sold on themselves is none of it."""
    rows = SalesLine.objects.for_everyone(because="what a claim is held against")
    return rows.exclude(source=SalesLine.Source.POINT_OF_SALE).order_by()


def _running(bought: list[tuple[date, Decimal]], days: list[date]) -> Iterator[Decimal]:
    """How much was bought until each of the days."""
    known, sums = [day for day, _quantity in bought], [NONE]
    for _day, quantity in bought:
        sums.append(sums[-1] + quantity)
    for day in days:
        yield sums[bisect_right(known, day)]
