"""Orders as a subject of approval flows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from dealreg.waiting import deciders_by_partner
from orders.models import Order
from prm.approvals import subjects
from prm.approvals.subjects import Subject
from prm.customfields.showing import facts_of
from prm.ui import formats
from prm.ui.parts import Fact
from prm.values.actor import Actor

CODE = "order"


def register() -> None:
    subjects.register(
        Subject(
            code=CODE,
            label=_("Order"),
            model="orders.Order",
            verb="orders.approve",
            title=lambda order: f"{order.number} · {order.partner.name}",
            submitter=lambda order: order.created_by_id,
            own=lambda order: (order.created_by_id,),
            managers=lambda order: deciders_by_partner([order.partner_id])[order.partner_id],
            facts=facts,
            brief=lambda order: [formats.money(order.net_total, order.currency)],
            approve=approve,
            reject=reject,
            hand_back=hand_back,
            conditions="order",
            notice=notice,
            icon="shopping-cart",
        )
    )


def approve(order: Order, *, by: Actor, text: str, says: Mapping[str, Any]) -> None:
    from orders.services.decisions import accept_order

    accept_order(order=order, by=by)


def reject(order: Order, *, by: Actor, text: str, says: Mapping[str, Any]) -> None:
    from orders.services.decisions import refuse_order

    refuse_order(order=order, by=by, reason=text)


def hand_back(order: Order, *, by: Actor, text: str, says: Mapping[str, Any]) -> None:
    from orders.services.returns import ask_for_changes

    ask_for_changes(order=order, text=text, by=by)


def facts(order: Order, actor: Actor) -> Iterable[Fact]:
    """What a decider reads first."""
    found = [
        Fact(_("Partner"), order.partner.name),
        Fact(_("Net total"), formats.money(order.net_total, order.currency), strong=True),
        Fact(_("Lines"), formats.number(order.lines.count())),
        Fact(_("Wanted on"), formats.day(order.wanted_on)),
        Fact(_("Ship to"), order.ship_to),
        Fact(_("Partner’s order number"), order.purchase_number),
        Fact(_("Note"), order.note),
        *facts_of("order", order, actor),
    ]
    return [fact for fact in found if fact.value]


def notice(run: Any, order: Order) -> tuple[str, dict[str, Any]]:
    """How its deciders are told."""
    from orders.listeners import without_tax

    return "orders.submitted", {
        "number": order.number, "partner": order.partner.name, "total": without_tax(order)
    }  # fmt: skip
