"""The partners' wallets: what rebates paid into them, by currency, and every movement. Orders spend from there."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Sum

from partners.models import Partner
from prm.ledger.models import Account, Entry
from prm.values.actor import Actor

MOVEMENTS = 100


@dataclass(frozen=True)
class Wallet:
    """A partner's balance in one currency; what stands in the ledger below zero is the partner's."""

    partner: Partner
    currency: str
    balance: Decimal


def wallets(actor: Actor, *, partner_id: int | None = None) -> list[Wallet]:
    """Those that `actor` sees, of one partner where one is named; by the partner's name."""
    accounts = Account.objects.visible_to(actor).filter(kind=Account.Kind.WALLET)
    if partner_id is not None:
        accounts = accounts.filter(partner_id=partner_id)
    sums = accounts.order_by().values_list("partner_id", "currency").annotate(sum=Sum("entries__amount"))
    rows = list(sums)
    partners = Partner.objects.visible_to(actor).in_bulk({row[0] for row in rows})
    found = [Wallet(partners[pk], currency, -(amount or Decimal("0.00"))) for pk, currency, amount in rows]
    return sorted(found, key=lambda one: (one.partner.name, one.partner.pk, one.currency))


def movements(actor: Actor, *, partner_id: int) -> list[dict[str, Any]]:
    """The newest movements of a partner's wallets: day, text, programme, amount (above zero: paid in)."""
    rows = (
        Entry.objects.visible_to(actor)
        .filter(account__kind=Account.Kind.WALLET, account__partner_id=partner_id)
        .for_list()[:MOVEMENTS]
    )
    return [
        {
            "day": row.transaction.booked_on, "text": row.transaction.memo, "purpose": row.purpose,
            "amount": -row.amount, "currency": row.account.currency,
        }
        for row in rows
    ]  # fmt: skip
