"""A statement's page says why it closes with another sum than it pays, and names adjustments where there are some."""

from __future__ import annotations

import pytest

from rebates.services import pay_statement
from tests.rebates import disputing
from tests.rebates.disputing import statement_of
from tests.rebates.world import BY, apply, policy, sell, settle

pytestmark = pytest.mark.django_db


def page_of(client, company, month: str) -> str:
    return client.get(statement_of(company, month).get_absolute_url()).content.decode()


def next_month(company, amount: int) -> None:
    sell(company, amount, "2026-09-11")
    settle("2026-09")


def test_what_earlier_statements_still_owe(acme, browse):
    disputing.settled(acme, 50_000)
    next_month(acme, 20_000)
    client = browse(acme.admin)
    assert "This statement itself pays" not in page_of(client, acme, "2026-08")
    said = "This statement itself pays ¥400.00: earlier statements still owed ¥1,000.00 when it was issued."
    assert said in page_of(client, acme, "2026-09")


def test_what_is_held_back_by_a_dispute_of_an_earlier_statement(acme, browse):
    disputing.settled(acme, 50_000)
    dispute = disputing.marked(acme, "INV-1")
    next_month(acme, 20_000)
    said = (
        "earlier statements still owed ¥1,000.00 when it was issued, of which ¥1,000.00 is held back by "
        f"{dispute.number}."
    )
    assert said in page_of(browse(acme.admin), acme, "2026-09")


def test_what_waits_for_a_minimum(acme, browse):
    disputing.settled(acme, 5_000, minimum_payout=200)
    page = page_of(browse(acme.admin), acme, "2026-08")
    assert (
        "This statement itself pays nothing: ¥100.00 is below the minimum payout and carried forward." in page
    )


def test_what_a_negative_balance_takes_off(acme, browse):
    statement = disputing.settled(acme, 50_000)
    pay_statement(statement=statement, by=BY)
    next_month(acme, -20_000)
    sell(acme, 30_000, "2026-10-11")
    settle("2026-10")
    said = "This statement itself pays ¥600.00: ¥400.00 is set off against a negative balance."
    assert said in page_of(browse(acme.admin), acme, "2026-10")


def test_where_all_is_paid_by_it_the_page_says_nothing_and_without_adjustments_it_names_none(acme, browse):
    apply(policy())
    sell(acme, 50_000, "2026-08-11")
    settle("2026-08")
    page = page_of(browse(acme.admin), acme, "2026-08")
    assert "approved ¥1,000.00" in page and "with adjustments" not in page
    assert "This statement itself pays" not in page


def test_with_adjustments_it_names_them(acme, browse):
    disputing.settled(acme, 50_000)
    sell(acme, 10_000, "2026-08-20")  # late
    next_month(acme, 20_000)
    assert "approved, with adjustments, ¥600.00" in page_of(browse(acme.admin), acme, "2026-09")
