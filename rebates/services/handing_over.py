"""What a payment that is no transfer becomes: money in the partner's wallet, goods that are to be delivered, or a
credit note that is to be issued.
"""

from __future__ import annotations

from prm.outbox.services import emit
from rebates.errors_of_payouts import GoodsNotNamed, GoodsOnlyForGoods
from rebates.models import CreditNote, GoodsDelivery, Payment
from rebates.payout_events import CreditNoteDue, GoodsDue, WalletCredited

METHOD = Payment.Method
# Where a payment ends in the ledger, if not on the clearing account of the bank.
ACCOUNTS = {METHOD.WALLET.value: "wallet", METHOD.CREDIT_NOTE.value: "credit_notes"}


def refuse_goods(method: str, goods: str) -> None:
    """Raise unless goods are named where the payment is in goods, and only there."""
    if method == METHOD.GOODS and not goods.strip():
        raise GoodsNotNamed()
    if method != METHOD.GOODS and goods.strip():
        raise GoodsOnlyForGoods()


def account_of(payment: Payment) -> str:
    """The kind of account that the payment is made to."""
    return ACCOUNTS.get(payment.method, "clearing")


def hand_over(payment: Payment, goods: str) -> None:
    """Tell the world of a payment that is no transfer, and keep what is to be delivered or issued."""
    statement = payment.statement
    amount, key = f"{payment.amount:.2f}", f"statement:{statement.pk}"
    if payment.method == METHOD.WALLET:
        emit(
            WalletCredited(
                statement_id=statement.pk, payment_id=payment.pk, amount=amount, currency=statement.currency
            ),
            object_key=key,
        )  # fmt: skip
    elif payment.method == METHOD.GOODS:
        GoodsDelivery.objects.create(payment=payment, what=goods)
        emit(
            GoodsDue(
                statement_id=statement.pk, payment_id=payment.pk, what=goods, amount=amount,
                currency=statement.currency,
            ),
            object_key=key,
        )  # fmt: skip
    elif payment.method == METHOD.CREDIT_NOTE:
        CreditNote.objects.create(payment=payment)
        emit(
            CreditNoteDue(
                statement_id=statement.pk, payment_id=payment.pk, payment=payment.number,
                partner=statement.partner.number, amount=amount, currency=statement.currency,
            ),
            object_key=key,
        )  # fmt: skip
