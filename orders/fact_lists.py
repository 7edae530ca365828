"""The lists of facts beside sales lines that policies read: payments received, and serial numbers sold and returned.

Staff see those of the partners that they see, a partner its own.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, pgettext_lazy

from orders.models import PaymentReceived, SerialMoved
from prm.ui import formats
from prm.ui.lists import (
    Amount,
    Between,
    Choice,
    Column,
    Count,
    Day,
    Empty,
    ListPage,
    Ref,
    Text,
    View,
)
from prm.values.actor import Actor


def payments_of(document: str) -> str:
    """The address of the payments of a document."""
    return f"{reverse('orders:payments')}?{urlencode({'q': document})}"


def serials_of(text: str) -> str:
    """The address of the serial numbers of a document or sales line, or of one serial number."""
    return f"{reverse('orders:serials')}?{urlencode({'q': text})}"


class Document(Column):
    """The invoice of a fact: opens where the portal issued it, else its sales lines, for whoever may see those."""

    css = "ui-fig"

    def __init__(self, name: str, *, lines: bool, **options: Any):
        super().__init__(name, **options)
        self.lines = lines

    def cell(self, row: Any) -> Any:
        number, href = self.value(row), ""
        line = getattr(row, "line", None)
        if line.order_id is not None if line else row.has_invoice:
            href = reverse("orders:invoice", args=[number])
        elif self.lines:
            href = f"{reverse('orders:sales')}?{urlencode({'q': number})}"
        return format_html('<a class="ui-link" href="{}">{}</a>', href, number) if href else number


class InvoiceDay(Day):
    """The day of the invoice that was paid."""

    def prepare(self, rows: Any) -> Any:
        return rows.with_invoice()


class DaysToPay(Column):
    """How many days after its invoice the money came; on a phone in words."""

    num = True

    def value(self, row: Any) -> int | None:
        return None if row.invoiced_on is None else (row.received_on - row.invoiced_on).days

    def cell(self, row: Any) -> Any:
        days = self.value(row)
        if days is None:
            return ""
        said = ngettext("paid after %(count)s day", "paid after %(count)s days", days) % {
            "count": formats.number(days)
        }
        return format_html(
            '<span class="ui-hide-sm">{}</span><span class="ui-only-sm">{}</span>', formats.number(days), said
        )

    def for_export(self, row: Any) -> Any:
        return self.value(row)


class OpenRest(Amount):
    """What of the invoice is still open by now, whichever of its payments the row is; nothing once it is paid."""

    def value(self, row: Any) -> Any:
        return row.invoice_total - row.received

    def cell(self, row: Any) -> Any:
        rest = self.value(row)
        if not rest:
            return ""
        said = _("open: %(money)s") % {"money": formats.money(rest, row.currency)}
        return format_html(
            '<span class="ui-hide-sm">{}</span><span class="ui-only-sm">{}</span>', super().cell(row), said
        )


class PaymentList(ListPage):
    """What came in of which invoice, and when?"""

    title = _("Invoice payments")
    verb = "orders.view"
    export_verb = "orders.export"
    rows = PaymentReceived.objects.for_list()
    order = "-received_on"
    search = ("payment_number", "document")
    search_label = _("Payment or document number begins with")
    views = [
        View("all", _("All"), counted=False),
        View(
            "taken_back",
            pgettext_lazy("payments received", "Taken back"),
            lambda rows, actor: rows.taken_back(),
            counted=False,
        ),
    ]

    @property
    def empty(self) -> Empty:  # type: ignore[override]
        if self.actor.is_partner:
            return Empty(
                _("No payment of yours is on file yet"),
                _("What you paid of your invoices stands here: rebates by the days to pay go by it."),
                icon="cash",
            )
        return Empty(
            _("No payment is on file yet"),
            _(
                "Rebates by the days to pay read them. An invoice that is marked as paid is received by itself."
            ),
            icon="cash",
            import_url="/imports/new/?kind=payments-received"
            if "orders.pay" in self.actor.permissions
            else "",
        )

    def get_columns(self, actor: Actor) -> list[Column]:
        whose = [] if actor.is_partner else [Ref("partner", filter=True)]
        return [
            Day("received_on", sort=True, filter=Between, phone="sub"),
            Text("payment_number", css="ui-fig", phone="a"),
            *whose,
            Document("document", lines="sales.view" in actor.permissions, phone="sub"),
            InvoiceDay("invoiced_on", label=_("Invoice date"), phone=None),
            DaysToPay("days_to_pay", label=_("Days to pay"), phone="sub"),
            Amount("invoice_total", currency="currency", places=2, total=False, phone=None),
            Amount("amount", currency="currency", places=2),
            OpenRest(
                "open_rest",
                label=_("Open of the invoice"),
                currency="currency",
                places=2,
                total=False,
                phone="sub",
            ),
            Text("currency", hidden=True, export=False, phone=None, filter=True),
            Choice("source", filter=True, tones={}, phone="d"),
        ]

    def find(self, rows: QuerySet, text: str) -> QuerySet:
        return rows.found_by(text)


class Moved(Column):
    """Sold, or came back."""

    css = "ui-nowrap"

    def cell(self, row: Any) -> str:
        came_back = pgettext_lazy("serial number", "Came back")
        return str(came_back if row.returned else pgettext_lazy("serial number", "Sold"))

    def for_export(self, row: Any) -> str:
        return self.cell(row)


class SerialList(ListPage):
    """Which piece was sold to whom, with which line, and did it come back?"""

    title = _("Serial numbers")
    verb = "orders.view"
    export_verb = "orders.export"
    rows = SerialMoved.objects.for_list()
    order = "-pk"
    search = ("serial", "line__line_number", "line__document")
    search_label = _("Serial, line or document number begins with")
    views = [
        View("all", _("All"), counted=False),
        View("sold", pgettext_lazy("serial number", "Sold"), lambda rows, actor: rows.sold(), counted=False),
        View(
            "came_back",
            pgettext_lazy("serial number", "Came back"),
            lambda rows, actor: rows.came_back(),
            counted=False,
        ),
    ]

    @property
    def empty(self) -> Empty:  # type: ignore[override]
        if self.actor.is_partner:
            return Empty(
                _("No serial number of yours is on file yet"),
                _("The pieces that you bought stand here: rebates by serial number go by them."),
                icon="hash",
            )
        return Empty(
            _("No serial number is on file yet"),
            _(
                "Rebates by serial number read them: each piece of a sales line, sold once and at most once returned."
            ),
            icon="hash",
            import_url="/imports/new/?kind=serials" if "sales.import" in self.actor.permissions else "",
        )

    def get_columns(self, actor: Actor) -> list[Column]:
        whose = [] if actor.is_partner else [Ref("partner", filter=True)]
        return [
            Text("serial", css="ui-fig ui-strong", phone="a"),
            Moved("returned", label=_("State"), phone="d"),
            *whose,
            Text("product__code", label=_("Product"), css="ui-fig ui-sub", phone="b"),
            Text("product", label=_("Product name"), phone="sub"),
            Ref("line__product_line", label=_("Product line"), filter=True, phone=None),
            Day("booking_date", filter=Between, phone="sub"),
            Document(
                "line__document", label=_("Document"), lines="sales.view" in actor.permissions, phone="sub"
            ),
            Text("line__line_number", label=_("Line number"), css="ui-fig ui-sub", phone=None),
        ]

    def find(self, rows: QuerySet, text: str) -> QuerySet:
        return rows.found_by(text)


class PaidLast(Column):
    """Of a sales line: the day of the newest payment of its document; opens the payments."""

    num = True

    def prepare(self, rows: Any) -> Any:
        payments = PaymentReceived.objects.for_everyone(because="narrowed to the row's own document")
        return rows.annotate(paid_last=payments.of_document().newest_day())

    def cell(self, row: Any) -> Any:
        if row.paid_last is None:
            return ""
        day = formats.day(row.paid_last, table=True)
        return format_html('<a class="ui-link" href="{}">{}</a>', payments_of(row.document), day)

    def for_export(self, row: Any) -> Any:
        return row.paid_last


class SerialCount(Count):
    """Of a sales line: how many serial numbers name it; opens them."""

    def prepare(self, rows: Any) -> Any:
        serials = SerialMoved.objects.for_everyone(because="narrowed to the row's own line")
        return rows.annotate(serial_count=serials.of_line())

    def cell(self, row: Any) -> Any:
        if not row.serial_count:
            return ""
        count = formats.number(row.serial_count)
        return format_html('<a class="ui-link" href="{}">{}</a>', serials_of(row.line_number), count)
