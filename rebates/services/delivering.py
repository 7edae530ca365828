"""Goods that partners get instead of money: named with the payment, confirmed when they are there."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import transaction

from prm.access.rules import require
from prm.audit.services import record
from prm.outbox.services import emit
from prm.values import clock
from prm.values.actor import Actor
from rebates.errors_of_payouts import DeliveredAlready, DeliveryInTheFuture
from rebates.models import GoodsDelivery
from rebates.payout_events import GoodsDelivered


@transaction.atomic
def confirm_delivery(
    *, goods: GoodsDelivery, delivered_on: date, by: Actor, reference: str = ""
) -> GoodsDelivery:
    """Say that the goods were delivered."""
    require(by, "rebates.pay", goods)
    goods = GoodsDelivery.objects.locked(goods)
    if goods.state == GoodsDelivery.State.DELIVERED:
        raise DeliveredAlready(person=goods.confirmer)
    if delivered_on > clock.today():
        raise DeliveryInTheFuture(today=clock.today())
    goods.state, goods.delivered_on, goods.reference = GoodsDelivery.State.DELIVERED, delivered_on, reference
    goods.confirmed_by_id, goods.confirmed_by_label, goods.confirmed_at = (
        by.user_id,
        by.label[:200],
        clock.now(),
    )
    goods.save()
    payment = goods.payment
    changes: dict[str, list[Any]] = {
        "payment": [None, payment.number],
        "delivered_on": [None, delivered_on],
        "reference": [None, reference],
    }
    record(payment.statement, "goods delivered", by=by, changes=changes)
    emit(
        GoodsDelivered(
            statement_id=payment.statement_id, payment_id=payment.pk, delivered_on=delivered_on.isoformat(),
            reference=reference,
        ),
        object_key=f"statement:{payment.statement_id}",
    )  # fmt: skip
    return goods
