"""What a payment that is no transfer becomes: money in the partner's wallet, or goods that are to be delivered."""

from __future__ import annotations

from typing import Any

from prm.outbox.services import emit
from rebates.errors_of_payouts import GoodsNotNamed, GoodsOnlyForGoods
from rebates.models import GoodsDelivery, Payment
from rebates.payout_events import GoodsDue, WalletCredited

METHOD = Payment.Method


def refuse_goods(method: str, goods: str) -> None:
    """Raise unless goods are named where the payment is in goods, and only there."""
    if method == METHOD.GOODS and not goods.strip():
        raise GoodsNotNamed()
    if method != METHOD.GOODS and goods.strip():
        raise GoodsOnlyForGoods()


def into_wallet(event: str, payment: Payment) -> bool:
    """Whether this posting of the payment ends in the partner's wallet instead of the clearing account."""
    return event == "rebates.pay" and payment.method == METHOD.WALLET


def hand_over(payment: Payment, goods: str) -> None:
    """Tell the world of a payment that is no transfer, and keep what is to be delivered."""
    statement = payment.statement
    money: dict[str, Any] = {"amount": f"{payment.amount:.2f}", "currency": statement.currency}
    names: dict[str, Any] = {"statement_id": statement.pk, "payment_id": payment.pk}
    key = f"statement:{statement.pk}"
    if payment.method == METHOD.WALLET:
        emit(WalletCredited(**names, **money), object_key=key)
    elif payment.method == METHOD.GOODS:
        GoodsDelivery.objects.create(payment=payment, what=goods)
        emit(GoodsDue(**names, what=goods, **money), object_key=key)
