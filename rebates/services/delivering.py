"""Goods and credit notes that partners get instead of money: confirmed when they are there, once."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import transaction

from prm.access.rules import require
from prm.audit.services import record
from prm.outbox.services import emit
from prm.values import clock
from prm.values.actor import Actor
from rebates.errors_of_payouts import (
    CreditNoteTaken,
    DeliveredAlready,
    DeliveryInTheFuture,
    IssuedAlready,
    IssuedInTheFuture,
)
from rebates.models import CreditNote, GoodsDelivery
from rebates.payout_events import CreditNoteIssued, GoodsDelivered


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
    goods.delivered_on, goods.reference = delivered_on, reference
    goods.confirm(by)
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


@transaction.atomic
def confirm_credit_note(*, note: CreditNote, issued_on: date, reference: str, by: Actor) -> CreditNote:
    """Say that the credit note was issued, under which number of the finance system. Each number counts once."""
    require(by, "rebates.pay", note)
    note = CreditNote.objects.locked(note)
    if note.state == CreditNote.State.ISSUED:
        raise IssuedAlready(person=note.confirmer)
    if issued_on > clock.today():
        raise IssuedInTheFuture(today=clock.today())
    payment, reference = note.payment, reference.strip()
    others = CreditNote.objects.for_everyone(because="a number counts once")
    other = others.filter(reference=reference).select_related("payment").first()
    if other is not None:
        raise CreditNoteTaken(payment=other.payment.number)
    note.issued_on, note.reference = issued_on, reference
    note.confirm(by)
    note.save()
    changes: dict[str, list[Any]] = {
        "payment": [None, payment.number],
        "issued_on": [None, issued_on],
        "reference": [None, reference],
    }
    record(payment.statement, "credit note issued", by=by, changes=changes)
    emit(
        CreditNoteIssued(
            statement_id=payment.statement_id, payment_id=payment.pk, issued_on=issued_on.isoformat(),
            reference=reference,
        ),
        object_key=f"statement:{payment.statement_id}",
    )  # fmt: skip
    return note
