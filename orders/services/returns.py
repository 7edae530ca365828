"""An order that goes back to its partner for changes, and comes again.

`return_order` is the verb of the order's page: where an approval flow is under way it decides the reader's task in it.
`ask_for_changes` changes the order; it is called by that verb or by the flow.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db import transaction

from orders.approvals import CODE
from orders.errors import AskForSomething, NothingChanged
from orders.events import OrderResubmitted, OrderReturned
from orders.models import Order
from orders.services.decisions import turn
from orders.services.ordering import Items, check_partner, check_registration, check_wanted, write_lines
from orders.services.steps import locked, move
from partners.models import Partner
from prm.access.rules import require
from prm.approvals import services as approvals
from prm.audit.services import differences
from prm.customfields.values import changes_between
from prm.outbox.services import emit
from prm.values import clock
from prm.values.actor import Actor

WORDS = ("purchase_number", "ship_to", "wanted_on", "note")


@transaction.atomic
def return_order(*, order: Order, text: str, by: Actor) -> Order:
    """Send a submitted order back for changes: at one's step of the flow that is under way, else at once."""
    task, order = turn(order, by)
    if not text.strip():
        raise AskForSomething()
    if task is None:
        return ask_for_changes(order=order, text=text, by=by)
    approvals.hand_back(task=task, by=by, text=text)
    order.refresh_from_db()
    return order


@transaction.atomic
def ask_for_changes(*, order: Order, text: str, by: Actor) -> Order:
    """From now on the order waits for its partner, who reads what has to change."""
    require(by, "orders.approve", order)
    order = locked(order, Order.State.SUBMITTED)
    if not text.strip():
        raise AskForSomething()
    move(order, Order.State.RETURNED, by=by, verb="returned", reason=text.strip())
    order.waiting_since = clock.now()
    order.save(update_fields=["waiting_since"])
    emit(OrderReturned(order_id=order.pk, at=order.waiting_since.isoformat()), object_key=f"order:{order.pk}")
    return order


@transaction.atomic
def resubmit_order(
    *, order: Order, items: Items, by: Actor, purchase_number: str = "", ship_to: str = "",
    wanted_on: date | None = None, note: str = "", custom: Mapping[str, Any] | None = None, text: str = "",
) -> Order:  # fmt: skip
    """Change a returned order and hand it in again, at the partner's prices of today.

    What a flow decided before is decided anew. With nothing changed it is an answer, for which `text` is needed, and
    the flow goes on where it stood.
    """
    require(by, "orders.order", order)
    approvals.hold(CODE, order.pk)  # the run before everything else
    partner = Partner.objects.locked(order.partner)
    order = locked(order, Order.State.RETURNED)
    check_partner(partner)
    check_registration(order.registration, partner)
    before, held = _told(order), dict(order.custom)
    if wanted_on != order.wanted_on:
        check_wanted(wanted_on)
    order.purchase_number, order.ship_to, order.wanted_on, order.note = (
        purchase_number,
        ship_to,
        wanted_on,
        note,
    )
    order.lines.all().delete()
    write_lines(order, items, custom, by=by, draft=False)
    changes = differences(before, _told(order)) | changes_between("order", held, order.custom)
    if not changes and not text.strip():
        raise NothingChanged()
    move(
        order, Order.State.SUBMITTED, by=by, verb="resubmitted", reason=text.strip(),
        changes={name: pair for name, pair in changes.items() if name != "items"},
    )  # fmt: skip
    order.waiting_since = clock.now()
    order.save(update_fields=["waiting_since"])
    emit(
        OrderResubmitted(order_id=order.pk, at=order.waiting_since.isoformat()),
        object_key=f"order:{order.pk}",
    )
    approvals.resume_run(subject=CODE, obj=order, by=by, changed=bool(changes), text=text.strip())
    order.refresh_from_db()  # a flow without people may have decided at once
    return order


def _told(order: Order) -> dict[str, Any]:
    """What a partner may change; the sums follow from the lines and from today's prices."""
    lines = order.lines.order_by("position").values_list("product_id", "quantity")
    own = {name: getattr(order, name) for name in WORDS}
    return own | {"net_total": order.net_total, "items": [(pk, quantity) for pk, quantity in lines]}
