"""Goods and credit notes that partners get instead of money: confirmed when they are there, once."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import IntegrityError, transaction

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
    told = GoodsDelivered(
        statement_id=payment.statement_id, payment_id=payment.pk, delivered_on=delivered_on.isoformat(),
        reference=reference,
    )  # fmt: skip
    _tell(goods, "goods delivered", "delivered_on", told, by)
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
    taken = _payment_of(reference)
    if taken:
        raise CreditNoteTaken(payment=taken)
    note.issued_on, note.reference = issued_on, reference
    note.confirm(by)
    try:
        with transaction.atomic():
            note.save()
    except IntegrityError:  # somebody confirmed another one under this number at the same moment
        raise CreditNoteTaken(payment=_payment_of(reference)) from None
    told = CreditNoteIssued(
        statement_id=payment.statement_id, payment_id=payment.pk, issued_on=issued_on.isoformat(),
        reference=reference,
    )  # fmt: skip
    _tell(note, "credit note issued", "issued_on", told, by)
    return note


def _payment_of(reference: str) -> str:
    """The payment that a credit note's number stands for already; empty where it is free."""
    rows = CreditNote.objects.for_everyone(because="a number counts once").filter(reference=reference)
    return rows.values_list("payment__number", flat=True).first() or ""


def _tell(awaited: GoodsDelivery | CreditNote, verb: str, day: str, fact: Any, by: Actor) -> None:
    """The trail of the statement, and everybody else, hear that what a payment waited for is there."""
    payment = awaited.payment
    changes: dict[str, list[Any]] = {
        "payment": [None, payment.number],
        day: [None, awaited.done_on],
        "reference": [None, awaited.reference],
    }
    record(payment.statement, verb, by=by, changes=changes)
    emit(fact, object_key=f"statement:{payment.statement_id}")
