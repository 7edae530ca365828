"""A partner's administrators hear of their statements, and what was paid on them and how."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy

from partners.people import administrators_of
from prm.notices.services import notify
from prm.outbox.events import listens_to
from prm.ui import said
from rebates.events import SettlementClosed, StatementPaid
from rebates.models import Payment
from rebates.payout_events import CreditNoteDue, CreditNoteIssued, GoodsDelivered, GoodsDue, WalletCredited
from rebates.services.announcing import start_announcing


@listens_to(SettlementClosed)
def tell_of_statements(fact: SettlementClosed) -> None:
    start_announcing(run_id=fact.run_id)


@listens_to(StatementPaid)
def tell_of_a_payment(fact: StatementPaid) -> None:
    """Of a transfer; the other ways have words of their own."""
    payment = _payment(fact.payment_id)
    if payment.method == Payment.Method.TRANSFER:
        _tell(
            "statement_paid",
            payment.pk,
            day=said.Day(payment.paid_on),
            reference=_reference(payment),
        )


def _reference(payment: Payment) -> said.Sentence:
    """The bank's reference, or under which number the payment stands here."""
    if payment.reference:
        return said.Sentence(gettext_lazy("reference %(reference)s"), reference=payment.reference)
    return said.Sentence(gettext_lazy("payment %(number)s"), number=payment.number)


@listens_to(WalletCredited)
def tell_of_the_wallet(fact: WalletCredited) -> None:
    _tell("wallet_credited", fact.payment_id, link=reverse("rebates:wallet"))


@listens_to(GoodsDue)
def tell_of_goods(fact: GoodsDue) -> None:
    _tell("goods_due", fact.payment_id, what=fact.what)


@listens_to(GoodsDelivered)
def tell_of_a_delivery(fact: GoodsDelivered) -> None:
    payment = _payment(fact.payment_id)
    _tell(
        "goods_delivered", fact.payment_id, what=payment.goods.what, day=said.Day(payment.goods.delivered_on)
    )


@listens_to(CreditNoteDue)
def tell_of_a_credit_note(fact: CreditNoteDue) -> None:
    _tell("credit_note_due", fact.payment_id)


@listens_to(CreditNoteIssued)
def tell_of_an_issued_credit_note(fact: CreditNoteIssued) -> None:
    note = _payment(fact.payment_id).credit_note
    _tell("credit_note_issued", fact.payment_id, number=note.reference, day=said.Day(note.issued_on))


def _payment(payment_id: int) -> Payment:
    rows = Payment.objects.for_everyone(because="an event names it")
    return rows.select_related("statement", "goods", "credit_note").get(pk=payment_id)


def _tell(kind: str, payment_id: int, *, link: str = "", **more: Any) -> None:
    payment = _payment(payment_id)
    statement = payment.statement
    people = administrators_of({statement.partner_id})[statement.partner_id]
    notify(
        users=people, kind=f"rebates.{kind}", fact=f"{kind}:{payment.pk}", link=link or statement.get_absolute_url(),
        values={"amount": said.Money(payment.amount, statement.currency), "statement": statement.number, **more},
    )  # fmt: skip
