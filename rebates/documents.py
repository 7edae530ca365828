"""The invoices that lines name by their document, as far as whoever reads may open them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from orders.models import Invoice
from prm.access.rules import allowed
from prm.modules.registry import is_on
from prm.values.actor import Actor


def linked(lines: Iterable[Any], by: Actor) -> None:
    """Put `invoice`, an address or nothing, on each line: that of the invoice of the line's own buyer."""
    lines = list(lines)
    found: dict[tuple[str, int], str] = {}
    if is_on("orders") and allowed(by, "orders.view"):
        numbers = {line.document for line in lines if line.document}
        rows = Invoice.objects.visible_to(by).filter(number__in=numbers)
        found = {(one.number, one.partner_id): one.get_absolute_url() for one in rows}
    for line in lines:
        line.invoice = found.get((line.document, getattr(line, "buyer_id", line.partner_id)), "")
