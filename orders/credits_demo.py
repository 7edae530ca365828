"""The demo's agent: it brokers sales of two distributors over several months, and is credited with shares of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from orders.models import SalesLine
from partners.models import Partner
from prm.starter.demo import bring_in
from prm.values import clock
from prm.values.actor import Actor

DAYS = 150
EVERY = 12  # which line of a distributor the agent brought
SHARES = ("100%", "50%", "33.3333%")


def agent() -> Partner | None:
    """The first agent among the demo's partners."""
    rows = Partner.objects.for_everyone(because="the demo's agent").filter(type=Partner.Type.AGENT)
    return rows.order_by("number").first()


def fill(*, by: Actor) -> None:
    broker = agent()
    if broker is not None:
        bring_in("credits", _credits(broker), by=by)


def _credits(broker: Partner) -> Iterator[dict[str, Any]]:
    lines = SalesLine.objects.for_everyone(because="the demo's sales").filter(
        partner__type=Partner.Type.DISTRIBUTOR,
        reverses__isnull=True,
        quantity__gt=0,
        booking_date__gte=clock.days_after(clock.today(), -DAYS),
    )
    number = 0
    for place, line in enumerate(lines.order_by("booking_date", "line_number")):
        if place % EVERY:
            continue
        number += 1
        row = {
            "credit_number": f"CR-{line.booking_date:%y%m}-{number:03}", "line_number": line.line_number,
            "agent_number": broker.number, "share": SHARES[number % len(SHARES)], "takes_back": "", "reason": "",
        }  # fmt: skip
        yield row
        if number % 12 == 0:  # another agent brought it, as it turned out
            yield row | {
                "credit_number": f"{row['credit_number']}-B", "takes_back": row["credit_number"],
                "reason": "Brokered by our own sales team",
            }  # fmt: skip
