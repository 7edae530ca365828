"""What statements themselves owe, by purpose: a payment pays its own statement's programmes before any others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.db.models import F, Sum

from prm.ledger.models import Entry
from rebates.models import ManualAdjustment, Payment, Result, Statement

WHY = "of the statements that the caller has"
ZERO = Decimal("0.00")
Dues = dict[int, Decimal]  # by purpose


def dues_of(statements: Sequence[Statement]) -> dict[int, Dues]:
    """By statement: what its settlement posted to each purpose, less what its own payments have paid of that."""
    found: dict[int, Dues] = {one.pk: defaultdict(Decimal) for one in statements}
    places = {(one.run_id, one.partner_id, one.currency): one.pk for one in statements}
    for *place, purpose, amount in _posted(statements):
        if (pk := places.get(tuple(place))) is not None:
            found[pk][purpose] += amount
    for pk, purpose, amount in _paid(statements):
        found[pk][purpose] -= amount
    return found


def split(owed: Dues, due: Dues, amount: Decimal, order: Any) -> Dues:
    """`amount` by purpose, in the order of `order(purpose)`: all balances where it settles them, else what the
    statement itself owes, then what is owed besides. What the bank paid beyond that takes the last one below zero.
    """
    if amount == sum(owed.values(), ZERO):
        return owed
    shares: Dues = dict.fromkeys(sorted(owed, key=order), ZERO)
    rest = amount
    for most in (due, owed):
        for purpose in shares:
            room = min(owed[purpose], most.get(purpose, ZERO)) - shares[purpose]
            taken = max(ZERO, min(rest, room))
            shares[purpose] += taken
            rest -= taken
    if rest:
        shares[purpose] += rest
    return {purpose: share for purpose, share in shares.items() if share}


def _posted(statements: Sequence[Statement]) -> list[tuple[Any, ...]]:
    whose = {
        "run__in": {one.run_id for one in statements},
        "partner__in": {one.partner_id for one in statements},
    }
    keys = ("run_id", "partner_id", "currency", "programme__purpose_id")
    computed = Result.objects.for_everyone(because=WHY).filter(**whose).order_by().values_list(*keys)
    by_hand = ManualAdjustment.objects.for_everyone(because=WHY).filter(**whose).order_by().values_list(*keys)
    return [
        *computed.annotate(sum=Sum(F("earned") + F("adjusted"))),
        *by_hand.annotate(sum=Sum("amount")),
    ]


def _paid(statements: Sequence[Statement]) -> list[tuple[int, int, Decimal]]:
    payments = Payment.objects.for_everyone(because=WHY).filter(
        statement__in=[one.pk for one in statements], returned_on__isnull=True
    )
    keys = {f"rebates.pay:{number}": pk for number, pk in payments.values_list("number", "statement_id")}
    entries = Entry.objects.for_everyone(because=WHY).filter(
        transaction__key__in=list(keys), account__kind="approved"
    )
    rows = entries.values_list("transaction__key", "purpose_id", "amount")
    return [(keys[key], purpose, amount) for key, purpose, amount in rows]
