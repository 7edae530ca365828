"""The cart: what a partner's user wants to order, kept until it is ordered or taken out."""

from __future__ import annotations

from decimal import Decimal

from django.db import transaction

from orders.errors import NotForSale
from orders.models import CartLine
from orders.services.steps import checked_quantity
from prm.access.rules import require
from prm.catalogue.models import Product
from prm.values.actor import Actor
from prm.values.errors import NotAllowed


def _mine(by: Actor):
    """The actor's own cart; only a partner's user has one."""
    if by.partner_id is None or by.user_id is None:
        raise NotAllowed()
    return CartLine.objects.visible_to(by).of(by.user_id)


@transaction.atomic
def put_in_cart(*, product: Product, quantity: Decimal, by: Actor) -> CartLine:
    """Add `quantity` of the product to what is in the cart."""
    require(by, "orders.order")
    cart = _mine(by).select_for_update()
    quantity = checked_quantity(quantity, field="quantity")
    if not product.is_active:
        raise NotForSale(product=str(product))
    line = cart.filter(product=product).first()
    if line is None:
        return CartLine.objects.create(
            partner_id=by.partner_id, user_id=by.user_id, product=product, quantity=quantity
        )
    line.quantity = checked_quantity(line.quantity + quantity, field="quantity")
    line.save(update_fields=["quantity"])
    return line


@transaction.atomic
def set_cart_quantity(*, product: Product, quantity: Decimal, by: Actor) -> None:
    """Make it `quantity` of the product; zero takes the product out."""
    require(by, "orders.order")
    cart = _mine(by).select_for_update()
    if quantity == 0:
        cart.filter(product=product).delete()
        return
    line = cart.filter(product=product).first() or CartLine(
        partner_id=by.partner_id, user_id=by.user_id, product=product
    )
    line.quantity = checked_quantity(quantity, field="quantity")
    line.save()


@transaction.atomic
def empty_cart(*, by: Actor) -> None:
    """Take everything out of the actor's cart."""
    require(by, "orders.order")
    _mine(by).delete()
