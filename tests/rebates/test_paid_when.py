"""Finance says when money left and under which reference; everybody who looks at the payment reads it."""

from __future__ import annotations

import re
from datetime import date

import pytest
import time_machine

from rebates.errors import PaidBeforeTheClose, PaidInTheFuture
from rebates.models import Payment, Statement
from rebates.paper import statement_text
from rebates.services import pay_statement, release_run, start_release
from tests.rebates import world

pytestmark = pytest.mark.django_db
PAID = {"paid_on": "2026-11-12", "reference": "BT-2026-1112"}


@pytest.fixture(autouse=True)
def november():
    """The month is closed on 10 November, the payment made on the 20th."""
    with time_machine.travel("2026-11-10 04:00:00+00:00", tick=False) as moment:
        yield moment


@pytest.fixture
def run(acme, november):
    world.apply(world.policy())
    world.sell(acme, 50_000, on="2026-10-10")
    run = world.settle("2026-10")
    november.move_to("2026-11-20 04:00:00+00:00")
    return run


@pytest.fixture
def statement(run) -> Statement:
    return Statement.objects.for_everyone(because="a test").get()


def words(answer) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", answer.content.decode()))


def test_nothing_is_paid_tomorrow_or_before_the_close(run, statement, finance):
    for pay in (
        lambda day: pay_statement(statement=statement, paid_on=day, by=finance),
        lambda day: start_release(run=run, paid_on=day, by=finance),
    ):
        with pytest.raises(PaidInTheFuture):
            pay(date(2026, 11, 21))
        with pytest.raises(PaidBeforeTheClose):
            pay(date(2026, 11, 9))
    assert not Payment.objects.for_everyone(because="a test").exists()
    assert pay_statement(statement=statement, paid_on=date(2026, 11, 10), by=finance).paid_on.day == 10


def test_today_is_the_tenants_day(statement, finance, november):
    november.move_to("2026-11-20 17:00:00+00:00")  # the 21st in Shanghai
    assert pay_statement(statement=statement, by=finance).paid_on == date(2026, 11, 21)


def test_the_release_of_all_asks_for_both_and_refuses_at_the_field(run, finance, browse):
    client, address = browse(finance), run.get_absolute_url()
    asked = client.get(f"{address}confirm-release/").content.decode()
    assert 'name="paid_on"' in asked and "2026-11-20" in asked and 'name="reference"' in asked
    refused = client.post(f"{address}release/", {"paid_on": "2026-11-21", "reference": "x"})
    assert refused.status_code == 422
    assert "The payment date lies after today" in words(refused)
    assert client.post(f"{address}release/", PAID | {"reference": "x" * 101}).status_code == 422
    begun = words(client.post(f"{address}release/", PAID, follow=True))
    assert "12 Nov 2026, reference BT-2026-1112" in begun


def test_statement_paper_list_and_file_show_date_and_reference(run, statement, finance, acme, browse, rf):
    release_run(run=run, paid_on=date(2026, 11, 12), reference="BT-2026-1112", by=finance)
    request = rf.get("/")
    request.actor = finance
    client = browse(finance)
    exported = b"".join(client.get("/payouts/?export=csv")).decode("utf-8-sig")
    for shown in (
        words(browse(acme.admin).get(statement.get_absolute_url())),
        words(client.get("/payouts/")),
        statement_text(statement, request),
        exported,
    ):
        assert "BT-2026-1112" in shown
        assert "12 Nov 2026" in shown or "2026-11-12" in shown


def test_a_single_payment_is_confirmed_with_date_and_reference(statement, finance, browse):
    address = f"{statement.get_absolute_url()}pay/"
    said = words(browse(finance).post(address, PAID | {"amount": "400"}, follow=True))
    assert "Paid: ¥400.00 on 12 Nov 2026, reference BT-2026-1112." in said
