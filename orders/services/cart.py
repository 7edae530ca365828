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
    first = {"partner_id": by.partner_id, "user_id": by.user_id, "quantity": quantity}
    line, new = cart.get_or_create(product=product, defaults=first)
    if new:
        return line
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
    quantity = checked_quantity(quantity, field="quantity")
    first = {"partner_id": by.partner_id, "user_id": by.user_id, "quantity": quantity}
    cart.update_or_create(product=product, defaults={"quantity": quantity}, create_defaults=first)


@transaction.atomic
def empty_cart(*, by: Actor) -> int:
    """Take everything out of the actor's cart. Returns how many products it held."""
    require(by, "orders.order")
    return _mine(by).delete()[0]
