"""The invoices that lines name by their document, and the facts beside them, as far as whoever reads may open them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from orders.fact_lists import payments_of
from orders.models import Invoice
from prm.access.rules import allowed
from prm.modules.registry import is_on
from prm.values.actor import Actor
from rebates.collection import steps_of
from rebates.counting_days import PAYMENT, basis_of
from rebates.credited import is_credited


def reads_payments(policy: dict[str, Any]) -> bool:
    """Whether a figure hangs on the payments received for its invoices."""
    return bool(steps_of(policy)) or basis_of(policy) == PAYMENT


def linked(lines: Iterable[Any], by: Actor, policy: dict[str, Any] | None = None) -> None:
    """Put `invoice`, an address or nothing, on each line: that of the invoice of the line's own buyer. With the policy
    that counts them also `payments`, where it goes by those, and whether their serial numbers may be opened.
    """
    lines = list(lines)
    found: dict[tuple[str, int], str] = {}
    may = is_on("orders") and allowed(by, "orders.view")
    # What the buyer paid is no business of the agent that is credited with its line.
    own = policy is not None and not (by.is_partner and is_credited(policy))
    pays = may and own and policy is not None and reads_payments(policy)
    if may:
        numbers = {line.document for line in lines if line.document}
        rows = Invoice.objects.visible_to(by).filter(number__in=numbers)
        found = {(one.number, one.partner_id): one.get_absolute_url() for one in rows}
    for line in lines:
        line.invoice = found.get((line.document, getattr(line, "buyer_id", line.partner_id)), "")
        line.payments = payments_of(line.document) if pays and line.document else ""
        line.opens_serials = may and own
