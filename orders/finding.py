"""What the one box finds here: orders, invoices, the partner's catalogue, sales lines by their document."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from orders.registrations import TONES
from prm.catalogue.finding import named
from prm.customfields.showing import with_own
from prm.search import registry as search
from prm.ui import formats
from prm.values.actor import Actor

# Of one document's beginning no more lines are read than this: the box shows documents, not lines.
MOST_LINES = 200
SHORTEST_DOCUMENT = 3


def register() -> None:
    for name, label, icon, find, order, verb, more in (
        ("orders", _("Orders"), "shopping-cart", find_orders, 30, "orders.view", "/orders/"),
        ("catalogue", _("Products"), "package", find_products, 40, "orders.order", "/catalogue/"),
        ("invoices", _("Invoices"), "receipt", find_invoices, 60, "orders.view", "/invoices/"),
        ("sales", _("Sales lines"), "list-details", find_sales, 65, "sales.view", "/sales/"),
    ):
        search.register(
            name, label=label, icon=icon, find=find, order=order, verb=verb, more=_list_with(more)
        )


def _list_with(address: str) -> Callable[[str], str]:
    return lambda text: f"{address}?{urlencode({'q': text})}"


def find_orders(actor: Actor, text: str, limit: int) -> list[search.Row]:
    """Orders by their number or the partner's own order number; without text the newest."""
    from orders.models import Order

    rows = Order.objects.visible_to(actor).readable_by(actor).for_list()
    found = rows.found_by(text)
    orders = (with_own("order", actor, rows, found, text) if text else found).order_by("-pk")[:limit]
    return [
        search.Row(
            title=order.number, href=order.get_absolute_url(), state=str(order.get_state_display()),
            tone=TONES[order.state],
            detail=" · ".join(filter(None, ["" if actor.is_partner else order.partner.name, order.purchase_number])),
        )
        for order in orders
    ]  # fmt: skip


def find_invoices(actor: Actor, text: str, limit: int) -> list[search.Row]:
    """Invoices and credit notes whose number begins with `text`."""
    from orders.models import Invoice

    if not text:
        return []
    found = Invoice.objects.visible_to(actor).for_list().numbered(text).order_by("-pk")[:limit]
    return [
        search.Row(
            title=invoice.number, href=invoice.get_absolute_url(), state=str(invoice.get_kind_display()),
            detail="" if actor.is_partner else invoice.partner.name,
        )
        for invoice in found
    ]  # fmt: skip


def find_products(actor: Actor, text: str, limit: int) -> list[search.Row]:
    """What a partner can order, by code or either name; a row opens the catalogue there."""
    from prm.catalogue.models import Product

    if not text:
        return []
    found = Product.objects.filter(named(text), is_active=True).order_by("code")[:limit]
    return [
        search.Row(
            title=str(product), detail=product.code,
            href=f"{reverse('orders:catalogue')}?{urlencode({'q': product.code})}",
        )
        for product in found
    ]  # fmt: skip


def find_sales(actor: Actor, text: str, limit: int) -> list[search.Row]:
    """Documents whose number begins with `text`; a row opens the list of sales lines with that document."""
    from orders.models import SalesLine

    if len(text) < SHORTEST_DOCUMENT:
        return []
    lines = SalesLine.objects.visible_to(actor).of_document(text).select_related("partner").order_by()
    documents = {line.document: line for line in lines[:MOST_LINES]}
    return [
        search.Row(
            title=line.document, detail=f"{line.partner.name} · {formats.day(line.booking_date)}",
            href=f"{reverse('orders:sales')}?{urlencode({'q': line.document})}",
        )
        for _document, line in sorted(documents.items())[:limit]
    ]  # fmt: skip
