"""Payments received from a file: appended once, refused where they differ or make no sense."""

from __future__ import annotations

from decimal import Decimal

import pytest

from orders.models import PaymentReceived
from prm.spreadsheets.whole import import_file
from prm.values.actor import Actor
from prm.values.errors import NotAllowed
from tests.spreadsheets.conftest import problems_of

pytestmark = pytest.mark.django_db
CLERK = Actor.command("import_data")
HEADING = ["payment_number", "partner_number", "document", "invoice_total", "amount", "received_on"]


@pytest.fixture
def bring(write_file):
    def bring(*rows, heading=HEADING, by=CLERK):
        path = write_file("payments.csv", [heading, *rows])
        return import_file(kind="payments-received", path=path, by=by)

    return bring


def payment(number: str, partner: str, **changes: str) -> list[str]:
    row = {
        "document": "INV-1",
        "invoice_total": "1130.00",
        "amount": "500.00",
        "received_on": "2026-10-15",
    } | changes
    return [number, partner, *row.values()]


def test_payments_are_appended_and_skipped_when_they_are_there(bring, acme):
    rows = [
        payment("RC-1", acme.row.number),
        payment("RC-2", acme.row.number, amount="-500", received_on="2026-10-15"),
    ]
    upload = bring(*rows)
    assert (upload.state, upload.written) == ("done", 2), problems_of(upload)
    kept = PaymentReceived.objects.for_everyone(because="a test").get(payment_number="RC-1")
    assert (kept.partner, kept.amount, kept.invoice_total) == (acme.row, Decimal("500"), Decimal("1130"))
    assert (kept.currency, kept.source, kept.document) == ("CNY", "import", "INV-1")
    assert (bring(*rows).same, PaymentReceived.objects.for_everyone(because="a test").count()) == (2, 2)


@pytest.mark.parametrize(
    ("number", "changes", "problem"),
    [
        ("RC-1", {"amount": "600"}, ("payment_number", "payment_differs")),
        ("RC-2", {"amount": "0"}, ("amount", "payment_is_zero")),
        ("RC-2", {"amount": "0.001"}, ("amount", "too_many_decimals")),
        ("RC-2", {"invoice_total": "0"}, ("invoice_total", "total_not_above_zero")),
        ("RC-2", {"invoice_total": "999"}, ("invoice_total", "another_total")),
        ("RC-2", {"received_on": "2027-06-01"}, ("received_on", "received_later")),
        ("RC-2", {"document": ""}, ("document", "missing")),
    ],
)
def test_what_is_refused(bring, acme, number, changes, problem):
    bring(payment("RC-1", acme.row.number))
    upload = bring(payment(number, acme.row.number, **changes))
    assert [found[1:] for found in problems_of(upload)] == [problem]
    assert PaymentReceived.objects.for_everyone(because="a test").count() == 1


def test_two_rows_of_one_file_agree_on_the_invoices_total(bring, acme, rival):
    upload = bring(
        payment("RC-1", acme.row.number), payment("RC-2", acme.row.number, invoice_total="1130.01"),
        payment("RC-3", rival.row.number, invoice_total="77"),
    )  # fmt: skip
    assert problems_of(upload) == [(3, "invoice_total", "another_total")]


def test_a_partner_that_is_not_known_and_a_person_who_may_not(bring, acme, manager):
    assert problems_of(bring(payment("RC-1", "P-NOBODY"))) == [(2, "partner_number", "unknown_partner")]
    with pytest.raises(NotAllowed):
        bring(payment("RC-1", acme.row.number), by=manager)


def test_a_chinese_file_needs_no_matching_by_hand(bring, acme):
    heading = ["回款编号", "伙伴编号", "发票号", "发票金额", "回款金额（元）", "回款日期"]
    upload = bring(["RC-1", acme.row.number, "INV-1", "1,130.00", "1,130", "2026年10月1日"], heading=heading)
    assert (upload.state, upload.written) == ("done", 1), problems_of(upload)
