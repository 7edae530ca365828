"""Whatever people press, in whatever order: the table of transitions holds and the sums add up."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import transaction
from django.db.models import Sum
from hypothesis import given, settings
from hypothesis import strategies as st

from orders import services
from orders.models import Invoice, Order, SalesLine
from prm.values.actor import Actor
from prm.values.errors import DomainError
from tests.factories.catalogue import ProductFactory
from tests.factories.partners import PartnerFactory

pytestmark = pytest.mark.django_db
STAFF = Actor.job("tests")
PARTS = st.decimals(min_value=0, max_value=5, places=1)
STEPS = st.lists(
    st.one_of(
        st.tuples(
            st.sampled_from(["submit", "approve", "reject", "confirm", "cancel", "delivered"]), st.none()
        ),
        st.tuples(st.sampled_from(["ship", "invoice", "credit"]), st.tuples(PARTS, PARTS)),
        st.tuples(st.just("pay"), st.integers(min_value=0, max_value=3)),
    ),
    max_size=25,
)
WHOLE = [("submit", None), ("approve", None), ("confirm", None), ("ship", (Decimal(3), Decimal(4)))]


def press(order: Order, verb: str, how) -> None:
    lines = [line.pk for line in order.lines.order_by("position")]
    invoices = list(order.invoices.filter(kind="invoice").order_by("id"))
    if verb in ("ship", "invoice"):
        quantities = dict(zip(lines, how, strict=False))
        getattr(services, f"{verb}_order")(order=order, quantities=quantities, by=STAFF)
    elif verb == "credit":
        for invoice in invoices[-1:]:
            rows = [line.pk for line in invoice.lines.order_by("position")]
            services.credit_invoice(
                invoice=invoice, quantities=dict(zip(rows, how, strict=False)), reason="r", by=STAFF
            )
    elif verb == "pay":
        for invoice in invoices[how : how + 1]:
            services.mark_paid(invoice=invoice, by=STAFF)
    elif verb == "delivered":
        services.mark_delivered(order=order, by=STAFF)
    else:
        words = {"reason": "r"} if verb in ("reject", "cancel") else {}
        getattr(services, f"{verb}_order")(order=order, by=STAFF, **words)


def reachable(state: str) -> set[str]:
    """States that one press may lead to: the next one, and "closed" after it when all is done."""
    following = set(Order.TRANSITIONS[state])
    return following | {after for one in following for after in Order.TRANSITIONS[one] if after == "closed"}


def check(order: Order, before: str) -> None:
    assert order.state == before or order.state in reachable(before)
    for line in order.lines.all():
        assert 0 <= line.invoiced <= line.shipped <= line.quantity
    invoices = Invoice.objects.for_everyone(because="a test").filter(order=order)
    booked = SalesLine.objects.for_everyone(because="a test").filter(order=order)
    assert (booked.aggregate(n=Sum("net_amount"))["n"] or 0) == (
        invoices.aggregate(n=Sum("net_total"))["n"] or 0
    )
    for invoice in invoices.with_credited().filter(kind="invoice"):
        assert -invoice.net_total <= invoice.credited <= 0
    if order.state == "closed":
        assert all(line.invoiced == line.quantity for line in order.lines.all())
        assert not invoices.unsettled().exists()
    if order.state in ("draft", "submitted", "approved", "rejected", "cancelled"):
        assert not order.shipments.exists() and not invoices.exists()


@given(steps=STEPS, begun=st.booleans())
@settings(max_examples=40)
def test_no_order_of_verbs_breaks_the_books(steps, begun):
    with transaction.atomic():
        partner = PartnerFactory()
        items = [
            (ProductFactory(list_price=price), q)
            for price, q in ((Decimal("19.99"), Decimal(3)), (Decimal("0.335"), Decimal(4)))
        ]
        order = services.place_order(partner=partner, items=items, by=STAFF)
        for verb, how in (WHOLE if begun else []) + steps:
            before = order.state
            try:
                with transaction.atomic():
                    press(order, verb, how)
            except DomainError:
                pass
            order = Order.objects.for_everyone(because="a test").get(pk=order.pk)
            check(order, before)
        transaction.set_rollback(True)
