"""What orders tell the platform: verbs, kinds of notices, open work, search, menu, an action on won deals."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from functools import partial
from typing import Any

from django.db.models import Value
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, pgettext_lazy

from dealreg import actions
from dealreg.waiting import promised_by
from prm.access import permissions
from prm.access.roles import PARTNER_ROLES, STAFF_ROLES, Role
from prm.audit import words
from prm.notices import kinds, work
from prm.outbox import objects, told
from prm.ui import formats, menu
from prm.values import pulse
from prm.values.actor import Actor

# Kinds of facts that a partner's menu leads to where there are any, to be added up.
CREDITS, PAYMENTS, SERIALS = 1, 2, 4
MOVERS = (Role.ADMINISTRATOR, Role.CHANNEL_MANAGER)
TONES = {
    "draft": "", "submitted": "live", "returned": "note", "approved": "live", "sent": "live", "confirmed": "live",
    "partly_shipped": "note",
    "shipped": "ok", "delivered": "ok", "closed": "", "rejected": "bad", "cancelled": "",
}  # fmt: skip


def register() -> None:
    objects.register("order", "orders.Order", verb="orders.view", find=("number", "purchase_number"))
    told.register(
        "order", "orders.Order", read=told_of_order, related=("partner", "registration"), order_number="str",
        purchase_number="str", deal_number="str", state="str", partner_id="int", partner_number="str",
        partner_name="str", net_amount="str", amount="str", currency="str",
    )  # fmt: skip
    _register_verbs()
    words.register_types(
        {
            "orders.order": _("Order"),
            "orders.invoice": _("Invoice"),
            "orders.pricelist": _("Price list"),
            "orders.creditedline": _("Credit of an agent"),
        }
    )
    words.register_names(
        {"share": pgettext_lazy("change", "share"), "document": pgettext_lazy("change", "document")}
    )
    words.register(
        {
            "credited with": _("credited to the agent"),
            "credit taken back": _("credit taken back"),
            "credit corrected": _("credit corrected"),
            "returned": _("returned for changes"),
            "resubmitted": _("submitted again"),
            "confirmed": _("confirmed"),
            "shipped": _("shipped"),
            "delivered": _("delivered"),
            "completed": _("completed"),
            "issued": pgettext_lazy("done", "issued"),
            "invoiced": _("invoiced"),
            "credited": _("credited"),
            "prices_changed": _("prices changed"),
        }
    )
    words.register_types(
        {"orders.order": _("Order"), "orders.invoice": _("Invoice"), "orders.pricelist": _("Price list")}
    )
    _register_notices()
    _register_menu()
    work.register(open_work, count=count_open_work, verb="orders.view")
    actions.register(
        "order", label=_("Order from this deal"), icon="shopping-cart", verb="orders.order", order=10,
        href=lambda deal: f"{reverse('orders:new')}?deal={deal.number}", shown=lambda deal: deal.state == "won",
    )  # fmt: skip


def told_of_order(order: Any) -> dict[str, Any]:
    """What other systems are told of an order beside its id; amounts are with tax unless they are called net."""
    return {
        "order_number": order.number, "purchase_number": order.purchase_number, "state": order.state,
        "deal_number": order.registration.number if order.registration else None,
        "partner_id": order.partner_id, "partner_number": order.partner.number, "partner_name": order.partner.name,
        "net_amount": str(order.net_total), "amount": str(order.total), "currency": order.currency,
    }  # fmt: skip


def _register_verbs() -> None:
    permissions.register(
        "orders.view", label=_("See orders"), roles=(*STAFF_ROLES, *PARTNER_ROLES), reads=True
    )
    permissions.register("orders.order", label=_("Draft and submit orders"), roles=PARTNER_ROLES)
    permissions.register("orders.cancel", label=_("Cancel orders"), roles=(*MOVERS, *PARTNER_ROLES))
    permissions.register("orders.approve", label=_("Approve orders"), roles=MOVERS, sensitive=True)
    permissions.register("orders.fulfil", label=_("Ship orders"), roles=MOVERS)
    permissions.register("orders.invoice", label=_("Invoice orders"), roles=STAFF_ROLES)
    permissions.register(
        "orders.pay",
        label=_("Record payments of invoices"),
        roles=(Role.ADMINISTRATOR, Role.FINANCE),
        sensitive=True,
    )
    permissions.register("orders.price", label=_("Change prices of an order"), roles=MOVERS)
    permissions.register(
        "orders.export",
        label=_("Export orders"),
        roles=(*STAFF_ROLES, Role.PARTNER_ADMIN),
        sensitive=True,
        reads=True,
    )
    permissions.register("sales.view", label=_("See sales lines"), roles=STAFF_ROLES, reads=True)
    permissions.register("sales.import", label=_("Import sales lines"), roles=STAFF_ROLES)
    permissions.register(
        "credits.view", label=_("See credits of agents"), roles=(*STAFF_ROLES, *PARTNER_ROLES), reads=True
    )
    permissions.register(
        "credits.record",
        label=_("Credit agents with sales"),
        roles=(Role.ADMINISTRATOR, Role.FINANCE),
        sensitive=True,
    )
    permissions.register(
        "credits.export",
        label=_("Export credits of agents"),
        roles=(Role.ADMINISTRATOR, Role.FINANCE, *PARTNER_ROLES),
        sensitive=True,
        reads=True,
    )
    permissions.register(
        "sales.export", label=_("Export sales lines"), roles=STAFF_ROLES, sensitive=True, reads=True
    )


# Kind: who gets it, how it is called in the settings, heading, text.
NOTICES = {
    "submitted": (
        MOVERS, _("An order waits for approval"), _("%(partner)s ordered for %(total)s"),
        _("%(number)s waits for your approval."),
    ),
    "resubmitted": (
        MOVERS, _("An order comes again after changes"), _("%(partner)s changed %(number)s"),
        _("It is for %(total)s now and waits for your approval."),
    ),
    "withdrawn": (
        MOVERS, _("A partner cancelled an order"), _("%(partner)s cancelled %(number)s"),
        _("It needs no decision any more."),
    ),
    "approved": (
        PARTNER_ROLES, _("Your order was approved"), _("%(number)s was approved"),
        _("%(who)s approved your order for %(total)s."),
    ),
    "rejected": (
        PARTNER_ROLES, _("Your order was rejected"), _("%(number)s was rejected"), _("%(who)s wrote: %(reason)s"),
    ),
    "returned": (
        PARTNER_ROLES, _("Your order came back for changes"), _("%(number)s came back for changes"),
        _("What has to change: %(reason)s"),
    ),
    "cancelled": (
        PARTNER_ROLES, _("Your order was cancelled"), _("%(number)s was cancelled"), _("The reason: %(reason)s"),
    ),
    "confirmed": (
        PARTNER_ROLES, _("Your order was confirmed"), _("%(number)s is confirmed"), _("It will be shipped next."),
    ),
    "shipped": (
        PARTNER_ROLES, _("Goods are on their way"), _("Goods of %(number)s are on their way"),
        _("Shipment %(shipment)s. %(carrier)s %(tracking)s"),
    ),
    "invoiced": (
        PARTNER_ROLES, _("A new invoice"), _("Invoice %(invoice)s for %(total)s"), _("For order %(number)s."),
    ),
    "credited": (
        PARTNER_ROLES, _("A credit note"), _("Credit note %(invoice)s for %(total)s"),
        _("For invoice %(origin)s: %(reason)s"),
    ),
    "closed": (
        PARTNER_ROLES, _("Your order is complete"), _("%(number)s is complete"),
        _("All of it is shipped, invoiced and paid."),
    ),
}  # fmt: skip


def _register_notices() -> None:
    for name, (roles, label, title, body) in NOTICES.items():
        kinds.register(
            f"orders.{name}", icon="shopping-cart", roles=roles, label=label, title=title, body=body
        )


def _register_menu() -> None:
    staff = (
        (
            "Channel",
            _("Orders"),
            "shopping-cart",
            "list",
            "orders.view",
            30,
            {"count": count_to_approve, "key": "o"},
        ),
        ("Channel", _("Price lists"), "tag", "price_lists", "orders.price", 55, {}),
        ("Money", _("Invoices"), "receipt", "invoices", "orders.view", 40, {}),
        ("Money", _("Sales lines"), "list-details", "sales", "sales.view", 50, {}),
        ("Money", _("Agents’ credits"), "user-share", "credits", "credits.view", 51, {}),
        ("Money", _("Invoice payments"), "cash", "payments", "orders.view", 51, {}),
        ("Money", _("Serial numbers"), "hash", "serials", "orders.view", 51, {}),
    )
    partner = (
        ("", _("Catalogue"), "books", "catalogue", "orders.order", 44, {}),
        ("", _("Cart"), "shopping-cart", "cart", "orders.order", 45, {"count": count_in_cart}),
        ("", _("Orders"), "package", "list", "orders.view", 46, {"tab": 4, "key": "o"}),
        ("", _("Invoices"), "receipt", "invoices", "orders.view", 47, {}),
        ("", _("Credited sales"), "user-share", "credits", "credits.view", 51, _with(CREDITS)),
        ("", _("Invoice payments"), "cash", "payments", "orders.view", 51, _with(PAYMENTS)),
        ("", _("Serial numbers"), "hash", "serials", "orders.view", 51, _with(SERIALS)),
    )
    for audience, entries in (("staff", staff), ("partner", partner)):
        for section, label, icon, url, verb, order, more in entries:
            menu.register(
                section=section, label=label, icon=icon, url=f"orders:{url}", verb=verb, order=order,
                audience=audience, hot=True, **more,
            )  # fmt: skip


def _with(kind: int) -> dict[str, Any]:
    """For whoever has facts of that kind only."""
    return {"where": partial(has_on_file, kind)}


def has_on_file(kind: int, actor: Actor) -> bool:
    """Whether the partner has facts of that kind: most are credited with no sale of others, and where no rebate reads
    payments or serial numbers none are on file. All kinds are one question, asked once a menu.
    """
    kinds = menu.once("facts", lambda: pulse.kept("facts", actor, lambda: _kinds_on_file(actor)))
    return bool(kinds & kind)


def _kinds_on_file(actor: Actor) -> int:
    """The sum of the kinds of which `actor` sees a row."""
    from orders.models import CreditedLine, PaymentReceived, SerialMoved

    one, *others = (
        model.objects.visible_to(actor).order_by().values_list(Value(kind))[:1]
        for model, kind in ((CreditedLine, CREDITS), (PaymentReceived, PAYMENTS), (SerialMoved, SERIALS))
    )
    return sum(kind for (kind,) in one.union(*others, all=True))


def count_to_approve(actor: Actor) -> int:
    from orders.models import Order

    if "orders.approve" not in actor.permissions:
        return 0

    def count() -> int:
        return Order.objects.visible_to(actor).to_approve(actor).count_to(menu.COUNTED)

    return pulse.kept("orders", actor, count)


def count_open_work(actor: Actor) -> int:
    from orders.models import Order

    rows = Order.objects.visible_to(actor)
    if actor.is_partner:
        return rows.returned().count_to(menu.COUNTED) if "orders.order" in actor.permissions else 0
    rows = rows.to_work_on(
        approve="orders.approve" in actor.permissions, confirm="orders.fulfil" in actor.permissions
    )
    return rows.count_to(menu.COUNTED)


def count_in_cart(actor: Actor) -> int:
    from orders.models import CartLine

    return CartLine.objects.visible_to(actor).of(actor.user_id).count()


def open_work(actor: Actor) -> Iterable[work.Work]:
    """For a partner what came back; for staff what they may approve without a flow, and what is to be confirmed."""
    if actor.is_partner:
        return to_change(actor)
    return itertools.chain(to_approve(actor), to_confirm(actor))


def to_change(actor: Actor) -> Iterable[work.Work]:
    """A partner's orders that came back."""
    from orders.models import Order

    back = Order.objects.visible_to(actor).returned().order_by("waiting_since")
    for order in back[:50] if "orders.order" in actor.permissions else []:
        yield work.Work(
            title=order.number, link=order.get_absolute_url(), since=order.waiting_since,
            subtitle=order.state_reason[:80], kind=_("Change the order"), icon="arrow-back-up",
        )  # fmt: skip


def to_approve(actor: Actor) -> Iterable[work.Work]:
    """Orders that the actor may approve without a flow; the others are tasks, which approvals show."""
    from orders.models import Order

    if "orders.approve" not in actor.permissions:
        return
    rows = Order.objects.visible_to(actor).awaiting_approval().outside_flows().for_list()
    for order in rows.order_by("waiting_since")[:50]:
        total = formats.money(order.net_total, order.currency, 0)
        yield work.Work(
            title=order.partner.name, link=order.get_absolute_url(), since=order.waiting_since,
            subtitle=f"{order.number} · {total}", due=promised_by(order.waiting_since), kind=_("Order"),
            icon="shopping-cart",
        )  # fmt: skip


def to_confirm(actor: Actor) -> Iterable[work.Work]:
    """Approved orders: the partner waits for the confirmation."""
    from orders.models import Order

    if "orders.fulfil" not in actor.permissions:
        return
    rows = Order.objects.visible_to(actor).awaiting_confirmation().for_list()
    for order in rows.order_by("decided_at", "pk")[:50]:
        total = formats.money(order.net_total, order.currency, 0)
        yield work.Work(
            title=order.partner.name, link=order.get_absolute_url(), since=order.decided_at or order.created_at,
            subtitle=f"{order.number} · {total}", kind=_("Order to confirm"), icon="shopping-cart",
        )  # fmt: skip


def open_work_when_off() -> list[str]:
    """What stays undone in the tenant while orders are off."""
    from orders.models import Order

    count = Order.objects.for_everyone(because="counted, for whoever switches the module off").open().count()
    if not count:
        return []
    text = ngettext(
        "%(count)s order is open and stays where it is.",
        "%(count)s orders are open and stay where they are.",
        count,
    )
    return [text % {"count": count}]
