"""Price drops: entered by one person, confirmed by another; then partners claim their stock."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from django.db import transaction

from claims.errors import AnotherPersonApproves, DropNotInState, DropOnFile, PriceDoesNotDrop
from claims.events import PriceDropConfirmed
from claims.models import PriceDrop
from prm.access.rules import require
from prm.audit.services import record
from prm.catalogue.models import Product
from prm.outbox.services import emit
from prm.values import clock
from prm.values.actor import Actor
from prm.values.numbers import new_number

State = PriceDrop.State


@transaction.atomic
def enter_drop(
    *,
    product: Product,
    currency: str,
    day: date,
    old_price: Decimal,
    new_price: Decimal,
    days_back: int,
    by: Actor,
) -> PriceDrop:
    require(by, "claims.enter_drop")
    product = Product.objects.select_for_update(no_key=True).get(pk=product.pk)
    if new_price >= old_price:
        raise PriceDoesNotDrop()
    if PriceDrop.objects.filter(product=product, day=day).exclude(state=State.REFUSED).exists():
        raise DropOnFile()
    drop = PriceDrop.objects.create(
        number=new_number("PD", PriceDrop, on=clock.today()), product=product, currency=currency, day=day,
        old_price=old_price, new_price=new_price, days_back=days_back,
        created_by_id=by.user_id, created_by_label=by.label,
    )  # fmt: skip
    record(drop, "price drop entered", by=by, changes={"new_price": [old_price, new_price]})
    return drop


@transaction.atomic
def confirm_drop(*, drop: PriceDrop, by: Actor) -> PriceDrop:
    """Confirm as a second person: partners claim it on the stock that they report for the day, and are told so."""
    require(by, "claims.confirm_drop")
    drop = _decided(drop, State.CONFIRMED, by)
    record(drop, "price drop confirmed", by=by)
    emit(PriceDropConfirmed(drop_id=drop.pk), object_key=f"price_drop:{drop.pk}")
    return drop


@transaction.atomic
def refuse_drop(*, drop: PriceDrop, by: Actor) -> PriceDrop:
    require(by, "claims.confirm_drop")
    drop = _decided(drop, State.REFUSED, by)
    record(drop, "price drop refused", by=by)
    return drop


def _decided(drop: PriceDrop, state: str, by: Actor) -> PriceDrop:
    drop = PriceDrop.objects.all().locked(drop)
    if state not in PriceDrop.TRANSITIONS[State(drop.state)]:
        raise DropNotInState(number=drop.number, state=drop.get_state_display())
    if by.user_id is not None and by.user_id == drop.created_by_id:
        raise AnotherPersonApproves(person=drop.author)
    drop.state, drop.decided_at = state, clock.now()
    drop.decided_by_id, drop.decided_by_label = by.user_id, by.label
    drop.save()
    return drop
