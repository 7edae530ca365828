"""What is to be paid means the same on every page: without what is disputed, and a credit note that is still to be
issued is called that, not paid."""

from __future__ import annotations

from decimal import Decimal

import pytest

from prm.values import clock
from rebates import pages
from rebates.figures import own_unpaid
from rebates.models import CreditNote, GoodsDelivery, Statement
from rebates.paper import statement_paper
from rebates.services import confirm_credit_note, confirm_delivery, pay_statement
from rebates.services.payments import open_on, payment_state
from tests.rebates import disputing
from tests.rebates.test_goods_and_wallet import settled
from tests.rebates.world import sell, settle

pytestmark = pytest.mark.django_db


def row_of(statement: Statement) -> Statement:
    rows = Statement.objects.for_everyone(because="a test").for_list()
    return rows.get(pk=statement.pk)


@pytest.fixture
def disputed(acme) -> Statement:
    """Two lines, one of them disputed: 60,000 of 150,000."""
    statement = disputing.settled(acme, 90_000, 60_000)
    disputing.marked(acme, "INV-2")
    return statement


def test_page_list_first_page_and_overview_say_the_same_sum(acme, browse, disputed):
    row, (parts,) = row_of(disputed), open_on([disputed])
    (owed,) = pages.owed_to(acme.admin)
    assert parts.held > 0 and parts.amount + parts.held == parts.rest
    assert row.to_pay == owed.unpaid == parts.amount and owed.held == parts.held
    home = own_unpaid(acme.admin)
    assert f"{parts.amount:,.2f}" in home.value and f"besides ¥{parts.held:,.2f}" in home.note
    shown = browse(acme.admin).get("/rebates/").content.decode()
    assert f"¥{parts.amount:,.2f}" in shown and f"besides ¥{parts.held:,.2f} that is disputed" in shown
    listed = browse(acme.admin).get("/statements/").content.decode()
    foot = listed[listed.index("To be paid on this page") :]
    assert f"{parts.amount:,.2f}" in foot and f"{parts.rest:,.2f}" not in foot


def test_the_paper_says_what_is_disputed_held_and_open_and_its_hash_on_every_page(acme, tenant, disputed):
    (parts,) = open_on([disputed])
    text = statement_paper(disputed, acme.admin, tenant)
    assert "Disputed, until the decision: " in text
    for money in (parts.held, parts.amount, disputed.payable):
        assert f"{money:,.2f}" in text
    assert f"SHA-256 {disputed.digest[:16]}…{disputed.digest[-8:]}" in text.partition("</style>")[0]


def test_a_credit_note_that_is_still_to_be_issued_is_not_called_paid(acme, finance, browse):
    statement = settled(acme, payout_as="credit_note")
    payment = pay_statement(statement=statement, by=finance)
    assert payment_state(statement) == row_of(statement).payment_state == "credit_due"
    client = browse(acme.admin)
    page = client.get(statement.get_absolute_url()).content.decode()
    assert "Credit note to be issued" in page and "nothing is open any more" not in page
    assert "¥1,000.00 is paid by credit note, which is still to be issued" in page
    assert "Credit note to be issued" in client.get("/statements/").content.decode()
    overview = client.get("/rebates/").content.decode()
    assert "Credit note to be issued" in overview and "¥0.00 paid" in overview
    note = CreditNote.objects.for_everyone(because="a test").get(payment=payment)
    confirm_credit_note(note=note, issued_on=clock.today(), reference="CN-1", by=finance)
    assert payment_state(statement) == row_of(statement).payment_state == "paid"
    assert "¥1,000.00 paid" in client.get("/rebates/").content.decode()


def test_goods_that_are_still_to_be_delivered_are_not_called_paid(acme, finance, browse):
    statement = settled(acme, payout_as="goods")
    payment = pay_statement(statement=statement, by=finance, goods="Ten cases of tea")
    assert payment_state(statement) == row_of(statement).payment_state == "goods_due"
    assert "Goods to be delivered" in browse(acme.admin).get(statement.get_absolute_url()).content.decode()
    goods = GoodsDelivery.objects.for_everyone(because="a test").get(payment=payment)
    confirm_delivery(goods=goods, delivered_on=clock.today(), reference="DN-1", by=finance)
    assert payment_state(statement) == row_of(statement).payment_state == "paid"


def test_the_next_statements_paid_figure_names_what_is_still_to_come(acme, finance, browse):
    first = settled(acme, payout_as="credit_note")
    pay_statement(statement=first, by=finance)
    sell(acme, 1_000, "2026-10-05")
    settle("2026-10")
    rows = Statement.objects.for_everyone(because="a test").filter(partner=acme.row)
    later = rows.order_by("starts").last()
    assert later.paid == Decimal("1000.00")  # in the ledger, as the close found it
    shown = browse(acme.admin).get(f"{later.get_absolute_url()}figures/core/paid/").content.decode()
    assert "Credit note to be issued" in shown
