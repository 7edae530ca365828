"""What is found out about an order after it was submitted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from orders.models import Order
from orders.services.steps import refusal
from prm.access.rules import require
from prm.audit.services import differences, record
from prm.customfields.values import apply as apply_custom
from prm.values.actor import Actor

# Words for people; nothing is reckoned or shipped by them.
FIELDS = ("note",)


@transaction.atomic
def complete_order(
    *, order: Order, by: Actor, custom: Mapping[str, Any] | None = None, **facts: str
) -> Order:
    """Fill in or correct any of FIELDS and the tenant's own fields (`custom`, by code) of an order.

    Not for drafts, which their partner writes. Raises WrongState, ValueRefused.
    """
    require(by, "orders.approve", order)
    order = Order.objects.locked(order)
    if order.state == Order.State.DRAFT:
        raise refusal(order)
    unknown = set(facts) - set(FIELDS)
    if unknown:
        raise TypeError(f"{', '.join(sorted(unknown))} cannot be completed")
    before = {name: getattr(order, name) for name in facts}
    for name, value in facts.items():
        setattr(order, name, value.strip())
    own = apply_custom("order", order, custom, by=by)
    changes = differences(before, {name: getattr(order, name) for name in facts}) | own
    if changes:
        order.save(update_fields=[*facts, "custom"])
        record(order, "edited", by=by, changes=changes)
    return order
