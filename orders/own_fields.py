"""Orders as a target of fields and forms of the tenant's own: what the check-out asks besides products."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from prm.customfields import targets
from prm.customfields.targets import Builtin
from prm.values.actor import Actor

BUILTIN = (
    Builtin("ship_to", _("Ship to"), "text"),
    Builtin("purchase_number", _("Your order number"), "text"),
    Builtin("wanted_on", _("Wanted on"), "date"),
    Builtin("note", _("Note"), "long_text"),
)


def register() -> None:
    targets.register(
        "order", model="orders.Order", label=_("Order"), verb="orders.view", builtin=BUILTIN, form=form,
        audiences=("partner",), seen_by=seen_by, change=change,
    )  # fmt: skip


def change(row: Any, custom: dict[str, Any], by: Actor) -> Any:
    from orders.services import complete_order

    return complete_order(order=row, custom=custom, by=by)


def seen_by(actor: Actor) -> QuerySet:
    from orders.models import Order

    return Order.objects.visible_to(actor).readable_by(actor)


def form(actor: Actor, **options: Any) -> Any:
    from orders.forms import CheckOutForm

    return CheckOutForm(actor=actor, **options)
