"""The one box reaches products, people, contacts, settlements, payments, sales lines and imports, in scope."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.utils import translation

from partners.models import Contact
from prm.access.scope import actor_for
from prm.search.registry import search
from prm.values import clock
from prm.values.periods import Period
from rebates.finding import month_meant
from tests.cast import acme, administrator, finance, manager, rival
from tests.factories import dealreg as deals
from tests.factories.catalogue import ProductFactory
from tests.factories.orders import SalesLineFactory
from tests.factories.people import UserFactory

__all__ = ["acme", "administrator", "finance", "manager", "rival"]
pytestmark = pytest.mark.django_db


def titles(actor, text: str) -> dict[str, list[str]]:
    with translation.override("en"):
        return {
            str(group.label): [row.title for row in group.rows] for group in search(actor=actor, text=text)
        }


def test_a_product_is_found_by_code_and_by_both_names(acme, manager):
    ProductFactory(code="RT-100", name="Router", name_zh="路由器")
    ProductFactory(code="OLD-1", name="Router of old", is_active=False)
    for text in ("rt-1", "router", "路由"):
        assert "Router" in titles(manager, text)["Products"]
    assert titles(acme.sales, "router")["Products"] == ["Router"], "partners find what they can order"


def test_people_and_contacts_are_found_within_ones_scope(acme, rival, administrator, manager):
    Contact.objects.create(partner=acme.row, name="Wang Lei", email="wang@acme.example")
    Contact.objects.create(partner=rival.row, name="Wang Min", email="min@rival.example")
    assert titles(administrator, "Sales")["People"] == ["ACME Networks Sales", "Rival Systems Sales"]
    assert titles(manager, "wang")["Contacts"] == ["Wang Lei", "Wang Min"]
    assert titles(acme.admin, "Sales")["People"] == ["ACME Networks Sales"]
    assert titles(acme.admin, "wang")["Contacts"] == ["Wang Lei"]
    assert "People" not in titles(acme.sales, "Sales") and "Contacts" not in titles(acme.sales, "wang")


def test_a_manager_of_one_partner_finds_nobody_elses_people(acme, rival):
    from guardian.shortcuts import assign_perm

    user = UserFactory(role="channel_manager")
    assign_perm("partners.access_partner", user, acme.row)
    found = titles(actor_for(user, tenant="test"), "Sales")
    assert found["People"] == ["ACME Networks Sales"]


def test_sales_lines_are_found_by_the_documents_number(acme, finance):
    for position in range(3):
        SalesLineFactory(partner=acme.row, document="DN-7001", line_number=f"L-{position}")
    group = next(g for g in search(actor=finance, text="dn-70") if str(g.label) == "Sales lines")
    assert [row.title for row in group.rows] == ["DN-7001"]
    assert group.rows[0].href == "/sales/?q=DN-7001"
    assert "Sales lines" not in titles(acme.sales, "DN-7001")


def test_the_filtered_list_holds_the_documents_lines(acme, finance, browse):
    SalesLineFactory(partner=acme.row, document="DN-7001", line_number="L-1")
    SalesLineFactory(partner=acme.row, document="DN-8001", line_number="L-2")
    page = browse(finance).get("/sales/?q=DN-7001").content.decode()
    assert "L-1" in page and "L-2" not in page


def test_an_index_serves_the_documents_number(acme):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("EXPLAIN SELECT id FROM orders_salesline WHERE document LIKE 'DN-70%'")
        assert "sales_by_document" in " ".join(row[0] for row in cursor.fetchall())


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("October 2026", (2026, 10)), ("oct", (None, 10)), ("2026-10", (2026, 10)), ("2026年10月", (2026, 10)),
        ("十月", (None, 10)), ("10月", (None, 10)), ("12", None), ("router", None), ("2026年13月", None),
    ],
)  # fmt: skip
def test_a_month_is_meant_in_words(text, meant):
    assert month_meant(text) == meant


def test_settlements_are_found_by_number_and_month(finance, acme):
    from rebates.models import SettlementRun

    month = Period.of("month", date(2026, 10, 5))
    SettlementRun.objects.create(
        number="SET-2610", starts=month.start, ends=month.end, created_by_label="test"
    )
    for text in ("set-26", "October 2026", "2026年10月"):
        assert titles(finance, text)["Settlements"] == ["SET-2610"]
    assert "Settlements" not in titles(acme.admin, "October 2026")


def test_imports_are_found_by_number_and_file(manager):
    from prm.spreadsheets.models import Import

    Import.objects.create(
        number="IMP-77", kind="products", file_name="autumn.xlsx", created_label="x",
        created_by_id=manager.user_id, created_at=clock.now(),
    )  # fmt: skip
    assert titles(manager, "imp-77")["Imports"] == titles(manager, "autumn")["Imports"] == ["autumn.xlsx"]


def test_a_payment_is_found_by_its_reference_by_staff_and_its_own_partner(acme, rival, finance):
    from rebates.models import Payment, SettlementRun, Statement

    month = Period.of("month", date(2026, 10, 5))
    run = SettlementRun.objects.create(
        number="SET-1", starts=month.start, ends=month.end, created_by_label="t"
    )
    zero = dict.fromkeys(
        ("opening", "accrued", "earned", "adjusted", "approved", "paid", "closing"), Decimal(0)
    )
    statement = Statement.objects.create(
        run=run, partner=acme.row, number="ST-1", starts=month.start, ends=month.end, currency="CNY", carried={},
        issued_at=clock.now(), **zero,
    )  # fmt: skip
    Payment.objects.create(
        statement=statement, number="PAY-900", amount=1, paid_on=month.end, reference="WIRE 4711",
        released_by_label="t",
    )  # fmt: skip
    for who in (finance, acme.admin):
        assert titles(who, "4711")["Payments"] == ["PAY-900"]
        assert titles(who, "pay-9")["Payments"] == ["PAY-900"]
    assert "Payments" not in titles(rival.admin, "4711")


def test_partners_reach_the_search_on_a_phone(acme, browse):
    page = browse(acme.sales).get("/").content.decode()
    top = page[page.index('class="ui-top"') :]
    assert "ui-only-sm ui-touch" in top and 'href="/search/"' in top


def test_a_number_and_a_name_are_found_together(acme, rival, manager):
    SalesLineFactory(partner=acme.row, document="574294")
    SalesLineFactory(partner=rival.row, document="574294-B")
    deal = deals.in_review(acme, customer_name="Hangzhou Xunda Logistics Co., Ltd.")
    assert titles(manager, "574294")["Sales lines"] == ["574294", "574294-B"]
    assert titles(manager, "574294 acme")["Sales lines"] == ["574294"]
    assert titles(manager, "Rival Systems 574294")["Sales lines"] == ["574294-B"]
    assert len(titles(manager, f"{deal.number} xunda")["Deal registrations"]) == 1
    assert "Deal registrations" not in titles(manager, f"{deal.number} zhoushan")
    assert "Sales lines" not in titles(rival.sales, "574294 ACME")
