"""Measures that apps offer: "net sales of a partner in a period". Criteria, conditions, scores and reports ask here.

    registry.register(
        "orders.net_sales", label=_("Net sales"), unit="money",
        totals=lambda first, after: SalesLine.objects.for_everyone(because="a measure of all partners")
            .filter(booking_date__gte=first, booking_date__lt=after)
            .values("partner_id").annotate(value=Sum("net_amount")),
    )

Its one definition is set-based: `totals(first day, day after the last)` gives a queryset with a row for each partner
that has anything (`partner_id`, `value`); a partner without a row has 0. Units: "money" (the tenant's currency),
"number". The grain is the partner. Kinds: "certificate" (how many a partner holds within the
days), "score", or none. A measure that adds up sales lines also says which: `lines(sales lines, first day, day after
the last)` gives those among them. Everything else follows from it:

    measure.of(partner_id, period)                   Decimal, one partner
    measure.by_partner(period, partner_ids=None)     {partner_id: Decimal}, one query
    measure.annotate(rows, "net", period)            rows of partners with the figure
    measure.annotate(rows, "net", period, partner="partner_id")
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import DecimalField, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Cast, Coalesce

from prm.measures import periods

UNITS = ("money", "number")
KINDS = ("", "certificate", "score")
EXACT = DecimalField(max_digits=40, decimal_places=8)


@dataclass(frozen=True)
class Measure:
    name: str
    label: Any
    unit: str
    totals: Callable[[date, date], QuerySet]
    staff: bool = False  # whether only the vendor's own people may ask for it
    grain: str = "partner"
    kind: str = ""
    lines: Callable[[QuerySet, date, date], QuerySet] | None = None

    def rows(self, period: Any, today: date | None = None) -> QuerySet:
        """The queryset of (`partner_id`, `value`) for a period as it stands in JSON."""
        return self.totals(*periods.days(period, today)).order_by()

    def by_partner(
        self, period: Any, partner_ids: Iterable[int] | None = None, *, today: date | None = None
    ) -> dict[int, Decimal]:
        """The figure of each partner that has one, or of exactly the partners asked for."""
        rows = self.rows(period, today)
        if partner_ids is None:
            return {pk: Decimal(value or 0) for pk, value in rows.values_list("partner_id", "value")}
        wanted = list(partner_ids)
        found = dict(rows.filter(partner_id__in=wanted).values_list("partner_id", "value"))
        return {pk: Decimal(found.get(pk) or 0) for pk in wanted}

    def of(self, partner_id: int, period: Any, *, today: date | None = None) -> Decimal:
        """The figure of one partner."""
        return self.by_partner(period, [partner_id], today=today)[partner_id]

    def annotate(
        self, queryset: QuerySet, alias: str, period: Any, *, partner: str = "pk", today: date | None = None
    ) -> QuerySet:
        """`queryset` with the figure of each row's partner as `alias`; `partner` is the path to the partner's id."""
        own = self.rows(period, today).filter(partner_id=OuterRef(partner)).values("value")
        figure = Coalesce(Cast(Subquery(own[:1]), EXACT), Value(Decimal(0), EXACT))
        return queryset.annotate(**{alias: figure})


_measures: dict[str, Measure] = {}


def register(
    name: str, *, label: Any, unit: str, totals: Callable[[date, date], QuerySet], staff: bool = False,
    kind: str = "", lines: Callable[[QuerySet, date, date], QuerySet] | None = None,
) -> None:  # fmt: skip
    """Offer a measure under `app.name`."""
    if kind not in KINDS:
        raise ValueError(f"{name}: {kind} is no kind of a measure")
    if unit not in UNITS:
        raise ValueError(f"{name}: {unit} is no unit; choose from {', '.join(UNITS)}")
    _measures[name] = Measure(name, label, unit, totals, staff, kind=kind, lines=lines)


def forget(name: str) -> None:
    """Take a measure away again: a test's own."""
    _measures.pop(name, None)


def find(name: Any) -> Measure | None:
    return _measures.get(name) if isinstance(name, str) else None


def everything() -> dict[str, Measure]:
    return dict(_measures)
