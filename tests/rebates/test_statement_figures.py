"""Every figure of a statement opens to what it is made of: results, or the ledger's entries."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from rebates import balances
from rebates.models import Statement
from rebates.services import pay_statement
from rebates.statements import statement_lines
from tests.rebates import world

pytestmark = pytest.mark.django_db


def statement_of(company, run) -> Statement:
    rows = Statement.objects.for_everyone(because="a test").select_related("run", "partner")
    return rows.get(run=run, partner=company.row)


@pytest.fixture
def october(acme, rival, finance):
    """ACME's third statement: two programmes, a part of August paid in between, a late line of September."""
    world.apply(world.policy("core"), world.policy("plus", kind="retroactive"))
    for month, amount in (("08", "120000"), ("09", "40000"), ("10", "90000")):
        world.sell(acme, amount, on=f"2026-{month}-10")
        world.sell(rival, "11111", on=f"2026-{month}-10")
    august = statement_of(acme, world.settle("2026-08"))
    pay_statement(statement=august, amount=Decimal("1000.00"), by=finance)
    world.settle("2026-09")
    pay_statement(statement=august, amount=Decimal("700.00"), by=finance)
    world.sell(acme, "5000", on="2026-09-20")
    return statement_of(acme, world.settle("2026-10"))


def test_the_entries_add_up_to_the_figure_of_every_programme(acme, october):
    checked = set()
    for run in (october.run, *october.run.__class__.objects.closed().exclude(pk=october.run_id)):
        statement = statement_of(acme, run)
        for line in statement_lines(statement):
            for figure in balances.FIGURES:
                found = balances.behind(statement, line.programme, figure)
                assert found.amount == getattr(line, figure), (run.number, line.programme.code, figure)
                assert found.amount == found.earlier + sum(one.amount for one in found.bookings)
                checked.add((figure, found.amount != 0))
    assert {("opening", True), ("paid", True), ("closing", True)} <= checked


def test_what_is_old_stands_in_one_sum(acme, october, monkeypatch):
    (line, *_rest) = statement_lines(october)
    every = balances.behind(october, line.programme, "closing")
    monkeypatch.setattr(balances, "SHOWN", 2)
    short = balances.behind(october, line.programme, "closing")
    assert (len(short.bookings), short.amount) == (2, every.amount)
    assert short.earlier == sum(one.amount for one in every.bookings[:-2])


def test_later_payments_do_not_change_what_an_older_statement_shows(acme, finance, october):
    (line, *_rest) = statement_lines(october)
    before = balances.behind(october, line.programme, "closing")
    pay_statement(statement=october, by=finance)
    assert balances.behind(october, line.programme, "closing") == before


def test_every_figure_that_is_underlined_opens(acme, october, browse):
    client = browse(acme.sales)
    page = client.get(october.get_absolute_url()).content.decode()
    addresses = set(re.findall(r'class="ui-open[^"]*" href="([^"]+)"', page))
    # of two programmes opening, closing, earned and adjusted, and what was paid: of the first alone
    assert len(addresses) == 2 * 4 + 1
    for address in addresses:
        assert client.get(address).status_code == 200, address
        assert "<html" not in client.get(address, headers={"hx-request": "true"}).content.decode()
    assert "any number" not in page


def test_a_partner_opens_no_figure_of_another_and_no_figure_that_is_none(acme, rival, october, browse):
    address = f"{october.get_absolute_url()}figures/core/closing/"
    assert browse(rival.sales).get(address).status_code == 404
    client = browse(acme.sales)
    assert client.get(address).status_code == 200
    assert client.get(address.replace("closing", "earned")).status_code == 404
    assert client.get(address.replace("core", "other")).status_code == 404


def test_finance_goes_on_to_the_posting_and_a_partner_does_not(acme, october, finance, browse):
    address = f"{october.get_absolute_url()}figures/core/paid/"
    assert 'href="/ledger/' in browse(finance).get(address).content.decode()
    page = browse(acme.sales).get(address).content.decode()
    assert 'href="/ledger/' not in page
    assert "/statements/" in page  # of the month that was paid


def test_what_was_approved_stands_apart_from_what_was_earned(acme, october, browse):
    assert october.approved == october.earned + october.adjusted != october.earned
    page = browse(acme.sales).get(october.get_absolute_url()).content.decode()
    assert f"approved, with adjustments, ¥{october.approved:,.2f}" in page
