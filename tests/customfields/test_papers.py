"""Own values on what partners get to read and print: their company's page, invoices, statements."""

from __future__ import annotations

import pytest
from django.test import RequestFactory

from orders.models import Invoice
from prm.customfields.field_forms import FieldForm
from prm.customfields.models import CustomField
from prm.customfields.targets import find
from rebates.models import Statement
from rebates.paper import statement_text
from tests.factories.orders import order_of
from tests.rebates import world

pytestmark = pytest.mark.django_db


@pytest.fixture
def two_fields(field, acme):
    """One field of partners that they may read, and one that they may not."""
    field("partner", "vendor_code", label="Vendor code", staff_only=False)
    field("partner", "risk", label="Risk class")
    acme.row.custom = {"vendor_code": "V-4711", "risk": "Shaky"}
    acme.row.save(update_fields=["custom"])


def test_a_field_of_partners_is_for_staff_until_somebody_says_otherwise(two_fields, administrator):
    assert CustomField.objects.get(code="risk").staff_only
    form = FieldForm(actor=administrator, target=find("partner"), kind="text")
    assert form["staff_only"].value() is True


def test_the_companys_own_page_shows_what_it_may_read(two_fields, acme, browse, manager):
    page = browse(acme.admin).get("/company/").content.decode()
    assert "Vendor code" in page and "V-4711" in page and "Shaky" not in page
    page = browse(manager).get(f"/partners/{acme.row.pk}/").content.decode()
    assert "V-4711" in page and "Shaky" in page


def test_an_invoice_shows_the_orders_values_and_staff_print_no_more(field, acme, browse, manager):
    field("order", "project", label="Project code")
    field("order", "margin", label="Margin", staff_only=True)
    order = order_of(acme.row, state="invoiced")
    order.custom = {"project": "P-8800", "margin": "0.31"}
    order.save(update_fields=["custom"])
    invoice = Invoice.objects.visible_to(manager).get(order=order)
    for reader in (acme.sales, manager):
        page = browse(reader).get(f"/invoices/{invoice.number}/").content.decode()
        assert "Project code" in page and "P-8800" in page and "Margin" not in page


def test_a_statement_names_the_partners_values_on_paper(two_fields, acme, manager, tenant):
    world.apply(world.policy())
    world.sell(acme, 120_000)
    world.settle("2026-09")
    request = RequestFactory().get("/")
    request.actor, request.tenant = manager, tenant
    text = statement_text(Statement.objects.visible_to(manager).get(), request)
    assert "Vendor code: V-4711" in text and "Shaky" not in text
