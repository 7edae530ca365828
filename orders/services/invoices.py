"""Invoices and credit notes. Each of their lines appends one sales line."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from django.db import transaction
from django.db.models import Sum
from django.utils.formats import date_format

from orders.errors import (
    AlreadyPaid,
    MoreThanInvoiced,
    MoreThanShipped,
    NotAnInvoice,
    NothingToCredit,
    NothingToInvoice,
    PaidTooEarly,
    ReasonMissing,
)
from orders.events import InvoiceCredited, InvoicePaid, OrderInvoiced, SalesLinesRecorded
from orders.models import Invoice, InvoiceLine, Order, OrderLine, PaymentReceived, SalesLine
from orders.pricing import line_amount
from orders.services.steps import checked_day, close_if_complete, locked, quantities_of
from prm.access.rules import require
from prm.audit.services import record
from prm.outbox.services import emit
from prm.ui import formats
from prm.values import clock
from prm.values.actor import Actor
from prm.values.numbers import new_number


@transaction.atomic
def invoice_order(
    *, order: Order, quantities: Mapping[int, Decimal | None], by: Actor, issued_on: date | None = None
) -> Invoice:
    """Invoice quantities (by order line id) that were shipped and not invoiced yet; book them as sales."""
    require(by, "orders.invoice", order)
    order = locked(order, *Order.INVOICEABLE)
    ordered = {line.pk: line for line in order.lines.select_related("product")}
    wanted = quantities_of(ordered, quantities)
    if not wanted:
        raise NothingToInvoice()
    issued_on = checked_day(issued_on, field="issued_on")
    invoice = Invoice(
        number=new_number("IN", Invoice, on=issued_on), partner_id=order.partner_id, order=order,
        issued_on=issued_on, currency=order.currency, created_by=by.label,
    )  # fmt: skip
    lines = [
        _invoice_line(invoice, position, ordered[line_id], quantity)
        for position, (line_id, quantity) in enumerate(wanted.items(), start=1)
    ]
    _issue(invoice, lines)
    _book(invoice, lines, order=order)
    record(invoice, "issued", by=by, changes={"net_total": [None, invoice.net_total]})
    record(order, "invoiced", by=by, reason=invoice.number)
    emit(OrderInvoiced(order_id=order.pk, invoice_id=invoice.pk), object_key=f"order:{order.pk}")
    close_if_complete(order, by=by)
    return invoice


@transaction.atomic
def credit_invoice(
    *, invoice: Invoice, quantities: Mapping[int, Decimal | None], reason: str, by: Actor,
    issued_on: date | None = None,
) -> Invoice:  # fmt: skip
    """Take back quantities (by invoice line id): a credit note whose sales lines name the lines they reverse."""
    require(by, "orders.invoice", invoice)
    order = locked(invoice.order) if invoice.order else None
    invoice = Invoice.objects.locked(invoice)
    if invoice.is_credit_note:
        raise NotAnInvoice(number=invoice.number)
    if not reason.strip():
        raise ReasonMissing()
    origin = {line.pk: line for line in invoice.lines.select_related("product")}
    wanted = quantities_of(origin, quantities)
    if not wanted:
        raise NothingToCredit()
    note = Invoice(
        kind=Invoice.Kind.CREDIT_NOTE, credits=invoice, partner_id=invoice.partner_id, order=order,
        issued_on=checked_day(issued_on, field="issued_on", earliest=invoice.issued_on),
        currency=invoice.currency, reason=reason.strip(), created_by=by.label,
    )  # fmt: skip
    note.number = new_number("CN", Invoice, on=note.issued_on)
    lines = [
        _credit_line(note, position, origin[line_id], quantity)
        for position, (line_id, quantity) in enumerate(wanted.items(), start=1)
    ]
    _issue(note, lines)
    _book(note, lines, order=order)
    record(note, "issued", by=by, changes={"net_total": [None, note.net_total]}, reason=note.reason)
    record(invoice, "credited", by=by, reason=f"{note.number}: {note.reason}")
    emit(
        InvoiceCredited(order_id=order.pk if order else None, invoice_id=invoice.pk, credit_note_id=note.pk),
        object_key=f"order:{order.pk}" if order else f"invoice:{invoice.pk}",
    )
    if order:
        record(order, "credited", by=by, reason=note.number)
        close_if_complete(order, by=by)
    return note


def _receive(invoice: Invoice, day: date) -> None:
    """The fact that rebates read: all of the invoice came in on that day."""
    if invoice.total <= 0:
        return
    PaymentReceived.objects.create(
        payment_number=f"{invoice.number}/paid", partner_id=invoice.partner_id, document=invoice.number,
        invoice_total=invoice.total, amount=invoice.total, currency=invoice.currency, received_on=day,
        source=PaymentReceived.Source.PORTAL,
    )  # fmt: skip


@transaction.atomic
def mark_paid(*, invoice: Invoice, by: Actor, paid_on: date | None = None) -> Invoice:
    """Note the day on which an invoice was paid in full."""
    require(by, "orders.pay", invoice)
    order = locked(invoice.order) if invoice.order else None
    invoice = Invoice.objects.locked(invoice)
    if invoice.is_credit_note:
        raise NotAnInvoice(number=invoice.number)
    if invoice.paid_on:
        raise AlreadyPaid(number=invoice.number, day=date_format(invoice.paid_on, "Y-m-d"))
    paid_on = paid_on or clock.today()
    if not invoice.issued_on <= paid_on <= clock.today():
        raise PaidTooEarly(issued=date_format(invoice.issued_on, "Y-m-d"))
    invoice.paid_on = paid_on
    invoice.save(update_fields=["paid_on"])
    _receive(invoice, paid_on)
    record(invoice, "paid", by=by, changes={"paid_on": [None, paid_on]})
    emit(
        InvoicePaid(order_id=order.pk if order else None, invoice_id=invoice.pk),
        object_key=f"order:{order.pk}" if order else f"invoice:{invoice.pk}",
    )
    if order:
        close_if_complete(order, by=by)
    return invoice


def _issue(invoice: Invoice, lines: list[InvoiceLine]) -> None:
    """Store the document with its sums; from here on the database refuses to change it."""
    invoice.net_total = sum((line.net_amount for line in lines), Decimal(0))
    invoice.tax_total = sum((line.tax_amount for line in lines), Decimal(0))
    invoice.save(force_insert=True)
    InvoiceLine.objects.bulk_create(lines)


def _invoice_line(invoice: Invoice, position: int, ordered: OrderLine, quantity: Decimal) -> InvoiceLine:
    if quantity > ordered.to_invoice:
        raise MoreThanShipped(
            field=f"line_{ordered.pk}",
            position=ordered.position,
            open=formats.number(ordered.to_invoice, None),
        )
    ordered.invoiced += quantity
    ordered.save(update_fields=["invoiced"])
    return InvoiceLine(
        invoice=invoice, position=position, order_line=ordered, product=ordered.product, quantity=quantity,
        unit_price=ordered.unit_price, tax_rate=ordered.tax_rate,
        net_amount=line_amount(quantity, ordered.unit_price, invoice.currency),
    )  # fmt: skip


def _credit_line(note: Invoice, position: int, origin: InvoiceLine, quantity: Decimal) -> InvoiceLine:
    before = origin.credit_lines.aggregate(quantity=Sum("quantity"), net=Sum("net_amount"))
    left = origin.quantity + (before["quantity"] or 0)
    if quantity > left:
        raise MoreThanInvoiced(
            field=f"line_{origin.pk}", position=origin.position, open=formats.number(left, None)
        )
    net = line_amount(quantity, origin.unit_price, note.currency)
    if quantity == left:  # the last piece takes the rest, so that a full return leaves nothing behind
        net = origin.net_amount + (before["net"] or 0)
    return InvoiceLine(
        invoice=note, position=position, order_line_id=origin.order_line_id, credits=origin, product=origin.product,
        quantity=-quantity, unit_price=origin.unit_price, tax_rate=origin.tax_rate, net_amount=-net,
    )  # fmt: skip


def _book(invoice: Invoice, lines: list[InvoiceLine], *, order: Order | None) -> None:
    """Append the sales lines of an issued document, numbered `<document>/<position>`."""
    reversed_lines = _booked([line.credits for line in lines if line.credits])
    source = SalesLine.Source.CREDIT_NOTE if invoice.is_credit_note else SalesLine.Source.INVOICE
    zone = clock.tenant_zone()
    ordered_on = order.submitted_at.astimezone(zone).date() if order and order.submitted_at else None
    last_shipped = (
        order.shipments.order_by("-shipped_on").values_list("shipped_on", flat=True).first()
        if order
        else None
    )
    SalesLine.objects.bulk_create(
        SalesLine(
            line_number=f"{invoice.number}/{line.position}", partner_id=invoice.partner_id, product=line.product,
            product_line_id=line.product.product_line_id, booking_date=invoice.issued_on, order_date=ordered_on,
            ship_date=last_shipped, quantity=line.quantity, net_amount=line.net_amount, tax_rate=line.tax_rate,
            currency=invoice.currency, source=source, document=invoice.number, document_line=str(line.position),
            end_customer_id=order.end_customer_id if order else None, order=order,
            reverses_id=reversed_lines.get(_number_of(line.credits)) if line.credits else None,
        )
        for line in lines
    )  # fmt: skip
    day = invoice.issued_on.isoformat()
    emit(SalesLinesRecorded(count=len(lines), first_day=day, last_day=day, source=source))


def _booked(origins: list[InvoiceLine]) -> dict[str, int]:
    """The sales lines that invoice lines were booked as, by line number."""
    numbers = [_number_of(origin) for origin in origins]
    booked = SalesLine.objects.for_everyone(because="the caller holds the invoice")
    return dict(booked.filter(line_number__in=numbers).values_list("line_number", "pk"))


def _number_of(line: InvoiceLine) -> str:
    return f"{line.invoice.number}/{line.position}"
