"""The demo's payments received and serial numbers: invoices paid in time, late, in parts or not at all; pieces sold one
by one, and some that came back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Min, QuerySet, Sum

from orders.models import SalesLine
from partners.models import Partner
from prm.starter.demo import bring_in
from prm.values import clock
from prm.values.actor import Actor

DAYS = 150
WAITS = (18, 27, 34, 44, 61)  # days until an invoice was paid
IN_PARTS = 6  # which invoice is paid in two parts
UNPAID = 7  # which one is not paid yet
MOST_PIECES = 12  # a line of more has no serial numbers
EVERY = 25  # which line has some
NUMBERED = "decor"  # the product line whose pieces have them


def fill(*, by: Actor) -> None:
    bring_in("payments-received", _payments(), by=by)
    bring_in("serials", _serials(_numbered().filter(quantity__gt=0)), by=by)
    back = list(_serials_back())
    if back:
        bring_in("serials", back, by=by)


def _recent() -> QuerySet[SalesLine]:
    rows = SalesLine.objects.for_everyone(because="the demo's facts")
    return rows.filter(booking_date__gte=clock.days_after(clock.today(), -DAYS))


def _payments() -> Iterator[dict[str, Any]]:
    """Payments of distributors' invoices, as long after them as people take."""
    sold = _recent().filter(partner__type=Partner.Type.DISTRIBUTOR, quantity__gt=0, reverses__isnull=True)
    invoices = sold.order_by().values("document", "partner__number").annotate(
        day=Min("booking_date"), total=Sum("net_amount")
    )  # fmt: skip
    for place, invoice in enumerate(invoices.order_by("day", "document")):
        day = clock.days_after(invoice["day"], WAITS[place % len(WAITS)])
        if place % UNPAID == 0 or day > clock.today() or invoice["total"] <= 0:
            continue
        yield from _parts(place, invoice, day)


def _parts(place: int, invoice: Any, day: date) -> Iterator[dict[str, Any]]:
    first = (invoice["total"] / 2).quantize(Decimal("0.01")) if place % IN_PARTS == 0 else invoice["total"]
    for number, amount in enumerate((first, invoice["total"] - first), start=1):
        if amount:
            yield {
                "payment_number": f"RC-{invoice['document']}-{number}",
                "partner_number": invoice["partner__number"],
                "document": invoice["document"],
                "invoice_total": invoice["total"],
                "amount": amount,
                "received_on": day.isoformat(),
            }


def _numbered() -> QuerySet[SalesLine]:
    return _recent().filter(product_line__code=NUMBERED, quantity__range=(-MOST_PIECES, MOST_PIECES))


def _serials(lines: QuerySet[SalesLine]) -> Iterator[dict[str, Any]]:
    """Of some lines each piece, and of all that came back."""
    back = set(_numbered().filter(quantity__lt=0).values_list("reverses", flat=True))
    for place, line in enumerate(lines.order_by("booking_date", "line_number")):
        if place % EVERY == 0 or line.pk in back:
            for piece in range(1, int(line.quantity) + 1):
                yield {"serial": _serial(line, piece), "line_number": line.line_number}


def _serials_back() -> Iterator[dict[str, Any]]:
    """The pieces that came back, in order: a line may come back in parts."""
    returned: Counter[int] = Counter()
    returns = _numbered().filter(quantity__lt=0, reverses__in=_numbered().values("pk"))
    for line in returns.select_related("reverses").order_by("booking_date", "line_number"):
        for _piece in range(int(-line.quantity)):
            returned[line.reverses.pk] += 1
            yield {
                "serial": _serial(line.reverses, returned[line.reverses.pk]),
                "line_number": line.line_number,
            }


def _serial(line: SalesLine, piece: int) -> str:
    return f"SN-{line.line_number}-{piece:02}".replace("/", "-")
