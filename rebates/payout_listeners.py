"""A partner's administrators hear what was paid into their wallet, and what goods they get."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.urls import reverse

from partners.models import Member
from prm.access.roles import Role
from prm.notices.services import notify
from prm.outbox.events import listens_to
from prm.ui import said
from prm.values import clock
from rebates.models import Payment
from rebates.payout_events import GoodsDelivered, GoodsDue, WalletCredited


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


def _payment(payment_id: int) -> Payment:
    rows = Payment.objects.for_everyone(because="an event names it")
    return rows.select_related("statement", "goods").get(pk=payment_id)


def _tell(kind: str, payment_id: int, *, link: str = "", **more: Any) -> None:
    payment = _payment(payment_id)
    statement = payment.statement
    members = Member.objects.for_everyone(because="people of the payment's own partner").on(clock.today())
    ids = members.filter(partner_id=statement.partner_id).values("user_id")
    people = get_user_model().objects.filter(pk__in=ids, is_active=True, role=Role.PARTNER_ADMIN)
    notify(
        users=people, kind=f"rebates.{kind}", fact=f"{kind}:{payment.pk}", link=link or statement.get_absolute_url(),
        values={"amount": said.Money(payment.amount, statement.currency), "statement": statement.number, **more},
    )  # fmt: skip
