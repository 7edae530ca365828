"""Approval, shipment, invoice, credit note, payment: who may, in which order, and what is booked."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction

from orders import errors, services
from orders.models import Invoice, Order, SalesLine
from prm.values import clock
from prm.values.errors import NotAllowed
from tests.factories.orders import order_of
from tests.orders.conftest import again

pytestmark = pytest.mark.django_db


def sales_of(partner):
    lines = SalesLine.objects.for_everyone(because="a test").filter(partner=partner).order_by("id")
    return [
        (line.line_number.partition("/")[2], line.source, line.quantity, line.net_amount) for line in lines
    ]


def by_position(order, **quantities):
    lines = {line.position: line for line in order.lines.all()}
    return {lines[int(name[1:])].pk: Decimal(quantity) for name, quantity in quantities.items()}


def test_the_whole_path_ends_closed_with_its_sales_booked(acme):
    order = order_of(acme.row, state="closed")
    assert (order.state, order.closed_at is not None) == ("closed", True)
    assert sales_of(acme.row) == [
        ("1", "invoice", Decimal(10), Decimal("1000.00")),
        ("2", "invoice", Decimal("2.5"), Decimal("49.98")),
    ]
    booked = SalesLine.objects.for_everyone(because="a test").filter(order=order).last()
    assert booked.booking_date == booked.ship_date == booked.order_date == clock.today()
    assert booked.line_number == f"{order.invoices.get().number}/1"


def test_the_manager_decides_and_the_second_hears_who_was_faster(acme, manager):
    order = order_of(acme.row)
    services.approve_order(order=order, by=manager)
    with pytest.raises(errors.AlreadyDecided, match=manager.label):
        services.reject_order(order=order, reason="Too late", by=manager)
    assert again(order).state == "approved"


def test_a_rejection_needs_a_reason_that_the_partner_reads(acme, manager):
    order = order_of(acme.row)
    with pytest.raises(errors.ReasonMissing):
        services.reject_order(order=order, reason=" ", by=manager)
    services.reject_order(order=order, reason="Out of range", by=manager)
    assert (again(order).state, again(order).state_reason) == ("rejected", "Out of range")


@pytest.mark.parametrize("verb", ["approve_order", "confirm_order", "mark_delivered"])
def test_partners_never_move_their_own_orders(acme, finance, verb):
    for by in (acme.sales, acme.admin, finance):
        with pytest.raises(NotAllowed):
            getattr(services, verb)(order=order_of(acme.row), by=by)


def test_a_partner_cancels_until_approved_and_staff_until_shipped(acme, manager):
    assert services.cancel_order(order=order_of(acme.row), by=acme.sales).state == "cancelled"
    approved = order_of(acme.row, state="approved")
    with pytest.raises(errors.TooLateToCancel):
        services.cancel_order(order=approved, by=acme.sales)
    with pytest.raises(errors.ReasonMissing):
        services.cancel_order(order=approved, by=manager)
    assert services.cancel_order(order=approved, reason="Withdrawn product", by=manager).state == "cancelled"
    with pytest.raises(errors.WrongState):
        services.cancel_order(order=order_of(acme.row, state="shipped"), reason="No", by=manager)


def test_shipping_and_invoicing_in_parts(acme, manager):
    order = order_of(acme.row, state="confirmed")
    services.ship_order(
        order=order, quantities=by_position(order, p1="4"), carrier="SF", tracking_number="77", by=manager
    )
    assert again(order).state == "partly_shipped"
    with pytest.raises(errors.MoreThanShipped, match="only 4"):
        services.invoice_order(order=order, quantities=by_position(order, p1="5"), by=manager)
    services.invoice_order(order=order, quantities=by_position(order, p1="3"), by=manager)
    with pytest.raises(errors.MoreThanOrdered, match="only 6 of 10"):
        services.ship_order(order=order, quantities=by_position(order, p1="7"), by=manager)
    services.ship_order(order=order, quantities=by_position(order, p1="6", p2="2.5"), by=manager)
    assert again(order).state == "shipped"
    services.invoice_order(order=order, quantities=by_position(order, p1="7", p2="2.5"), by=manager)
    assert [net for *_rest, net in sales_of(acme.row)] == [Decimal(300), Decimal(700), Decimal("49.98")]
    assert [str(line.invoiced) for line in again(order).lines.all()] == ["10.000", "2.500"]


def test_nothing_and_strangers_lines_cannot_be_shipped(acme, rival, manager):
    order, other = order_of(acme.row, state="confirmed"), order_of(rival.row, state="confirmed")
    with pytest.raises(errors.NothingToShip):
        services.ship_order(order=order, quantities={}, by=manager)
    with pytest.raises(errors.UnknownLine):
        services.ship_order(order=order, quantities=by_position(other, p1="1"), by=manager)
    assert again(other).state == again(order).state == "confirmed"


def test_an_order_closes_when_the_last_of_shipped_invoiced_and_paid_is_done(acme, manager, finance):
    order = order_of(acme.row, state="invoiced")
    services.mark_delivered(order=order, by=manager)
    assert again(order).state == "delivered"
    services.mark_paid(invoice=order.invoices.get(), by=finance)
    assert again(order).state == "closed"
    with pytest.raises(errors.AlreadyPaid):
        services.mark_paid(invoice=order.invoices.get(), by=finance)


def test_a_credit_note_names_what_it_reverses(acme, finance):
    order = order_of(acme.row, state="invoiced")
    invoice = order.invoices.get()
    first, second = invoice.lines.all()
    note = services.credit_invoice(
        invoice=invoice, quantities={second.pk: Decimal(1)}, reason="Broken", by=finance
    )
    assert (note.kind, note.net_total, note.tax_total) == ("credit_note", Decimal("-19.99"), Decimal("-2.60"))
    line = SalesLine.objects.for_everyone(because="a test").get(document=note.number)
    assert (line.quantity, line.reverses.line_number, line.source) == (
        -1,
        f"{invoice.number}/2",
        "credit_note",
    )
    with pytest.raises(errors.MoreThanInvoiced, match="only 1.5"):
        services.credit_invoice(
            invoice=invoice, quantities={second.pk: Decimal(2)}, reason="More", by=finance
        )
    services.credit_invoice(
        invoice=invoice, quantities={second.pk: Decimal("1.5")}, reason="Rest", by=finance
    )
    assert sum(net for *_rest, net in sales_of(acme.row)) == Decimal(1000)  # as if the line had never been
    with pytest.raises(errors.NotAnInvoice):
        services.credit_invoice(invoice=note, quantities={first.pk: Decimal(1)}, reason="No", by=finance)


def test_a_wholly_credited_invoice_needs_no_payment(acme, finance):
    order = order_of(acme.row, state="invoiced")
    invoice = order.invoices.get()
    everything = {line.pk: line.quantity for line in invoice.lines.all()}
    services.credit_invoice(invoice=invoice, quantities=everything, reason="Returned", by=finance)
    assert again(order).state == "closed"
    assert not Invoice.objects.for_everyone(because="a test").unsettled().exists()


def test_days_that_cannot_be_are_refused(acme, finance):
    order = order_of(acme.row, state="shipped")
    quantities = {line.pk: line.quantity for line in order.lines.all()}
    tomorrow = clock.today() + timedelta(days=1)
    with pytest.raises(errors.DateInFuture):
        services.invoice_order(order=order, quantities=quantities, issued_on=tomorrow, by=finance)
    invoice = services.invoice_order(
        order=order, quantities=quantities, issued_on=date(2026, 9, 3), by=finance
    )
    assert invoice.number.startswith("IN-2609-")
    with pytest.raises(errors.PaidTooEarly):
        services.mark_paid(invoice=invoice, paid_on=date(2026, 9, 2), by=finance)


def test_sales_lines_and_issued_documents_cannot_be_changed(acme):
    invoice = order_of(acme.row, state="closed").invoices.get()
    connection.cursor().execute("SET CONSTRAINTS ALL IMMEDIATE")
    for statement in (
        "UPDATE orders_salesline SET net_amount = 1",
        "DELETE FROM orders_salesline",
        "TRUNCATE orders_salesline CASCADE",
        "UPDATE orders_invoiceline SET quantity = 1",
        "DELETE FROM orders_invoiceline",
        "UPDATE orders_invoice SET net_total = 1",
        "UPDATE orders_invoice SET paid_on = NULL",
        "DELETE FROM orders_invoice",
    ):
        with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
            connection.cursor().execute(statement)
    assert Invoice.objects.for_everyone(because="a test").get(pk=invoice.pk).net_total == invoice.net_total


def test_every_state_leads_only_where_the_table_says():
    for state, following in Order.TRANSITIONS.items():
        for other in Order.State:
            assert Order(state=state).may_become(other) == (other in following)
