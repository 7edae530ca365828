"""What orders tell the platform: verbs, kinds of notices, open work, search, menu, an action on won deals."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from dealreg import actions
from dealreg.waiting import promised_by
from prm.access import permissions
from prm.access.roles import PARTNER_ROLES, STAFF_ROLES, Role
from prm.audit import words
from prm.notices import kinds, work
from prm.search import registry as search
from prm.ui import formats, menu
from prm.values.actor import Actor

MOVERS = (Role.ADMINISTRATOR, Role.CHANNEL_MANAGER)
TONES = {
    "draft": "", "submitted": "live", "approved": "live", "sent": "live", "confirmed": "live", "partly_shipped": "note",
    "shipped": "ok", "delivered": "ok", "closed": "", "rejected": "bad", "cancelled": "",
}  # fmt: skip


def register() -> None:
    _register_verbs()
    words.register(
        {
            "confirmed": _("confirmed"),
            "shipped": _("shipped"),
            "delivered": _("delivered"),
            "completed": _("completed"),
            "issued": _("issued"),
            "invoiced": _("invoiced"),
            "credited": _("credited"),
            "prices_changed": _("prices changed"),
        }
    )
    _register_notices()
    _register_menu()
    work.register(open_work, count=count_to_approve)
    search.register(
        "orders", label=_("Orders"), icon="shopping-cart", find=find, order=30, verb="orders.view",
        more=lambda text: f"/orders/?q={text}",
    )  # fmt: skip
    search.register(
        "invoices", label=_("Invoices"), icon="receipt", find=find_invoices, order=60, verb="orders.view",
        more=lambda text: f"/invoices/?q={text}",
    )  # fmt: skip
    actions.register(
        "order", label=_("Order from this deal"), icon="shopping-cart", verb="orders.order", order=10,
        href=lambda deal: f"{reverse('orders:new')}?deal={deal.number}", shown=lambda deal: deal.state == "won",
    )  # fmt: skip


def _register_verbs() -> None:
    permissions.register("orders.view", roles=(*STAFF_ROLES, *PARTNER_ROLES), reads=True)
    permissions.register("orders.order", roles=PARTNER_ROLES)
    permissions.register("orders.cancel", roles=(*MOVERS, *PARTNER_ROLES))
    permissions.register("orders.approve", roles=MOVERS, sensitive=True)
    permissions.register("orders.fulfil", roles=MOVERS)
    permissions.register("orders.invoice", roles=STAFF_ROLES)
    permissions.register("orders.pay", roles=(Role.ADMINISTRATOR, Role.FINANCE), sensitive=True)
    permissions.register("orders.price", roles=MOVERS)
    permissions.register(
        "orders.export", roles=(*STAFF_ROLES, Role.PARTNER_ADMIN), sensitive=True, reads=True
    )
    permissions.register("sales.view", roles=STAFF_ROLES, reads=True)
    permissions.register("sales.import", roles=STAFF_ROLES)
    permissions.register("sales.export", roles=STAFF_ROLES, sensitive=True, reads=True)


def _register_notices() -> None:
    def tell(name: str, roles: Iterable[str], **words: Any) -> None:
        kinds.register(f"orders.{name}", icon="shopping-cart", roles=roles, **words)

    tell(
        "submitted",
        MOVERS,
        label=_("An order waits for approval"),
        title=_("%(partner)s ordered for %(total)s"),
        body=_("%(number)s waits for your approval."),
    )
    tell(
        "withdrawn",
        MOVERS,
        label=_("A partner cancelled an order"),
        title=_("%(partner)s cancelled %(number)s"),
        body=_("It needs no decision any more."),
    )
    tell(
        "approved",
        PARTNER_ROLES,
        label=_("Your order was approved"),
        title=_("%(number)s was approved"),
        body=_("%(who)s approved your order for %(total)s."),
    )
    tell(
        "rejected",
        PARTNER_ROLES,
        label=_("Your order was rejected"),
        title=_("%(number)s was rejected"),
        body=_("%(who)s wrote: %(reason)s"),
    )
    tell(
        "cancelled",
        PARTNER_ROLES,
        label=_("Your order was cancelled"),
        title=_("%(number)s was cancelled"),
        body=_("The reason: %(reason)s"),
    )
    tell(
        "confirmed",
        PARTNER_ROLES,
        label=_("Your order was confirmed"),
        title=_("%(number)s is confirmed"),
        body=_("It will be shipped next."),
    )
    tell(
        "shipped",
        PARTNER_ROLES,
        label=_("Goods are on their way"),
        title=_("Goods of %(number)s are on their way"),
        body=_("Shipment %(shipment)s. %(carrier)s %(tracking)s"),
    )
    tell(
        "invoiced",
        PARTNER_ROLES,
        label=_("A new invoice"),
        title=_("Invoice %(invoice)s for %(total)s"),
        body=_("For order %(number)s."),
    )
    tell(
        "credited",
        PARTNER_ROLES,
        label=_("A credit note"),
        title=_("Credit note %(invoice)s for %(total)s"),
        body=_("For invoice %(origin)s: %(reason)s"),
    )
    tell("closed", PARTNER_ROLES, label=_("Your order is complete"),
         title=_("%(number)s is complete"), body=_("All of it is shipped, invoiced and paid."))  # fmt: skip


def _register_menu() -> None:
    staff: dict[str, Any] = {"audience": "staff"}
    menu.register(
        section="Channel",
        label=_("Orders"),
        icon="shopping-cart",
        url="orders:list",
        verb="orders.view",
        order=30,
        count=count_to_approve,
        hot=True,
        key="o",
        **staff,
    )
    menu.register(
        section="Channel",
        label=_("Price lists"),
        icon="tag",
        url="orders:price_lists",
        verb="orders.price",
        order=55,
        **staff,
    )
    menu.register(
        section="Money",
        label=_("Invoices"),
        icon="receipt",
        url="orders:invoices",
        verb="orders.view",
        order=40,
        **staff,
    )
    menu.register(
        section="Money",
        label=_("Sales lines"),
        icon="list-details",
        url="orders:sales",
        verb="sales.view",
        order=50,
        **staff,
    )
    partner: dict[str, Any] = {"audience": "partner", "section": ""}
    menu.register(
        label=_("Catalogue"), icon="books", url="orders:catalogue", verb="orders.order", order=50, **partner
    )
    menu.register(
        label=_("Cart"),
        icon="shopping-cart",
        url="orders:cart",
        verb="orders.order",
        order=52,
        count=count_in_cart,
        **partner,
    )
    menu.register(
        label=_("Orders"),
        icon="package",
        url="orders:list",
        verb="orders.view",
        order=54,
        tab=4,
        key="o",
        **partner,
    )
    menu.register(label=_("Invoices"), icon="receipt", url="orders:invoices", verb="orders.view", order=56, **partner)  # fmt: skip


def count_to_approve(actor: Actor) -> int:
    from orders.models import Order

    if "orders.approve" not in actor.permissions:
        return 0
    return Order.objects.visible_to(actor).awaiting_approval().count()


def count_in_cart(actor: Actor) -> int:
    from orders.models import CartLine

    return CartLine.objects.visible_to(actor).of(actor.user_id).count()


def open_work(actor: Actor) -> Iterable[work.Work]:
    """Orders that the actor may approve, the longest wait first."""
    from orders.models import Order

    if "orders.approve" not in actor.permissions:
        return
    for order in (
        Order.objects.visible_to(actor).awaiting_approval().for_list().order_by("waiting_since")[:50]
    ):
        total = formats.money(order.net_total, order.currency, 0)
        yield work.Work(
            title=order.partner.name, link=order.get_absolute_url(), since=order.waiting_since,
            subtitle=f"{order.number} · {total}", due=promised_by(order.waiting_since), kind=_("Order"),
            icon="shopping-cart",
        )  # fmt: skip


def find(actor: Actor, text: str, limit: int) -> list[search.Row]:
    """Orders by their number or the partner's own order number; without text the newest."""
    from orders.models import Order

    orders = (
        Order.objects.visible_to(actor).readable_by(actor).for_list().found_by(text).order_by("-pk")[:limit]
    )
    return [
        search.Row(
            title=order.number, href=order.get_absolute_url(), state=str(order.get_state_display()),
            tone=TONES[order.state],
            detail=" · ".join(filter(None, ["" if actor.is_partner else order.partner.name, order.purchase_number])),
        )
        for order in orders
    ]  # fmt: skip


def find_invoices(actor: Actor, text: str, limit: int) -> list[search.Row]:
    from orders.models import Invoice

    if not text:
        return []
    found = (
        Invoice.objects.visible_to(actor).for_list().filter(number__istartswith=text).order_by("-pk")[:limit]
    )
    return [
        search.Row(
            title=invoice.number, href=invoice.get_absolute_url(), state=str(invoice.get_kind_display()),
            detail="" if actor.is_partner else invoice.partner.name,
        )
        for invoice in found
    ]  # fmt: skip
