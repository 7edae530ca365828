"""Lists of orders, invoices and sales lines."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from orders import services
from orders.fact_lists import PaidLast, SerialCount
from orders.models import Invoice, Order, SalesLine
from orders.registrations import TONES
from prm.access.rules import allowed
from prm.ui import formats
from prm.ui.lists import (
    Amount,
    Between,
    Bulk,
    Choice,
    Column,
    Create,
    Day,
    Empty,
    Link,
    ListPage,
    Number,
    Ref,
    Text,
    View,
    When,
)  # fmt: skip
from prm.values import clock
from prm.values.actor import Actor


class Waiting(Column):
    """How long a submitted order has been waiting."""

    css = "ui-nowrap"

    def cell(self, row: Any) -> Any:
        if row.waiting_since is None:
            return ""
        ago = formats.duration(clock.now() - row.waiting_since)
        return format_html('<span class="ui-fig" title="{}">{}</span>', formats.exact(row.waiting_since), ago)

    def for_export(self, row: Any) -> Any:
        return formats.local(row.waiting_since).replace(tzinfo=None) if row.waiting_since else ""


def may_approve(row: Any, actor: Actor) -> bool:
    return row.state == Order.State.SUBMITTED and allowed(actor, "orders.approve", row)


class OrderList(ListPage):
    """What is held; where is it?"""

    title = _("Orders")
    verb = "orders.view"
    subject = "order"
    export_verb = "orders.export"
    order = "-pk"
    search = ("number", "purchase_number")
    search_label = _("Order number, partner's number")
    bulk = [
        Bulk("approve", _("Approve"), "orders.approve", can=may_approve,
             run=lambda row, actor: services.approve_order(order=row, by=actor)),
    ]  # fmt: skip

    @property
    def empty(self) -> Empty:  # type: ignore[override]
        text = (
            _("Choose products in the catalogue; the order takes your prices.")
            if self.actor.is_partner
            else _(
                "Partners order from their catalogue or from a won deal. What they order waits here for approval."
            )
        )
        return Empty(_("No order yet"), text, icon="shopping-cart")

    @property
    def create(self) -> Create:  # type: ignore[override]
        return Create(_("New order"), "orders:new", "orders.order")

    def get_rows(self, actor: Actor) -> QuerySet:
        return Order.objects.for_list().readable_by(actor)

    def get_views(self, actor: Actor) -> list[View]:
        open_ = View("open", pgettext_lazy("not finished", "Open"), lambda rows, actor: rows.open())
        done = View("closed", _("Closed"), lambda rows, actor: rows.filter(state="closed"), counted=False)
        everything = View("all", _("All"))
        if actor.is_partner:
            return [open_, done, everything]
        mine = View("approve", _("Waits for approval"), lambda rows, actor: rows.to_approve(actor), hot=True)
        ship = View(
            "ship", _("To ship"), lambda rows, actor: rows.filter(state__in=("confirmed", "partly_shipped"))
        )
        return [everything, mine, ship, open_, done]

    def get_columns(self, actor: Actor) -> list[Column]:
        columns = [
            Link("number"),
            Ref("partner", filter=True),
            Text("purchase_number", label=_("Partner’s order number")),
            Ref("end_customer", label=_("End customer"), phone=None, css="ui-clip ui-clip-wide"),
            Amount("net_total", label=_("Net"), currency="currency", sort=True, filter=Between, places=2),
            Choice("state", filter=True, tones=TONES),
            Waiting("waiting_since", label=_("Waiting for")),
            When("submitted_at", label=_("Submitted"), filter=Between, phone="sub"),
        ]
        hidden = ("partner", "waiting_since") if actor.is_partner else ()
        return [column for column in columns if column.name not in hidden]


class InvoiceState(Column):
    """Paid, to pay, credited; nothing for credit notes."""

    def word(self, row: Any) -> tuple[str, str]:
        if row.is_credit_note:
            return "", ""
        if row.paid_on:
            return str(_("Paid")), "ok"
        if row.net_total == -row.credited:
            return str(_("Credited")), ""
        return str(_("To pay")), "live"

    def cell(self, row: Any) -> Any:
        word, tone = self.word(row)
        return (
            format_html('<span class="ui-state{}">{}</span>', f" is-{tone}" if tone else "", word)
            if word
            else ""
        )

    def for_export(self, row: Any) -> Any:
        return self.word(row)[0]


class InvoiceList(ListPage):
    """What is invoiced, credited and paid?"""

    title = _("Invoices")
    verb = "orders.view"
    export_verb = "orders.export"
    order = "-pk"
    search = ("number", "order__number")
    search_label = _("Invoice or order number")
    empty = Empty(_("No invoice yet"), _("Invoices appear when shipped goods are invoiced."), icon="receipt")
    views = [
        View("all", _("All")),
        View("open", _("To pay"), lambda rows, actor: rows.unsettled(), counted=False),
        View("credit", _("Credit notes"), lambda rows, actor: rows.filter(kind="credit_note"), counted=False),
    ]

    def get_rows(self, actor: Actor) -> QuerySet:
        return Invoice.objects.for_list().with_credited()

    def get_columns(self, actor: Actor) -> list[Column]:
        columns = [
            Link("number"),
            Choice("kind", filter=True, tones={}, phone="sub"),
            Ref("partner", label=_("Partner"), filter=True),
            Ref("order", label=_("Order"), link=True, phone=None),
            Day("issued_on", label=_("Date"), filter=Between, phone="sub"),
            Amount("net_total", label=_("Net"), currency="currency", places=2),
            Amount("total", label=_("With tax"), currency="currency", places=2, total=False, phone=None),
            InvoiceState("paid_on", label=_("State"), phone="d"),
        ]
        return [column for column in columns if not (actor.is_partner and column.name == "partner")]


class SalesList(ListPage):
    """What was sold, by whom, when?"""

    title = _("Sales lines")
    verb = "sales.view"
    export_verb = "sales.export"
    rows = SalesLine.objects.for_list()
    order = "-booking_date"
    template = "orders/sales.html"
    search = ("line_number", "document")
    search_label = _("Line or document number begins with")
    columns = [
        Day("booking_date", sort=True, filter=Between, phone="sub"),
        Link("line_number", quiet=True, to=lambda row: row.document_address),
        Ref("partner", filter=True),
        Ref("product_line", filter=True, phone=None),
        Text("product__code", label=_("Product"), css="ui-fig ui-sub"),
        Number("quantity", places=None, phone=None),
        Amount("net_amount", label=_("Net"), currency="currency", places=2),
        PaidLast("paid_last", label=_("Paid last"), phone=None),
        SerialCount("serial_count", label=_("Serial numbers"), phone=None),
        Choice("source", filter=True, tones={}),
    ]
    empty = Empty(
        _("No sales line yet"),
        _("Invoices append sales lines; what was sold elsewhere is imported from a spreadsheet."),
        icon="list-details", import_url="/imports/new/?kind=sales-lines",
    )  # fmt: skip

    def find(self, rows: QuerySet, text: str) -> QuerySet:
        return rows.found_by(text)

    def answer(self) -> HttpResponseBase:
        """The list; with `sums=1` only the net amount of the whole filter, which takes longer on many lines."""
        if self.query.get("sums") and self.request.method == "GET":
            self.shown_columns = self.get_columns(self.actor)
            self.scoped = self.scope(self.get_rows(self.actor))
            for column in self.shown_columns:
                column.bind(self.scoped.model)
            self.chips = []
            return render(
                self.request, "orders/sales_sums.html", {"sums": self._filtered(self.scoped).sums()}
            )
        return super().answer()

    def context(self, actor: Actor) -> dict[str, Any]:
        query = self.query.copy()
        query["sums"] = "1"
        return {"sums_address": f"?{query.urlencode()}"}
