"""Before a settlement is closed its page says what each partner would be paid after it, and why not all it earned."""

from __future__ import annotations

import html
import re
from decimal import Decimal
from typing import Any

import pytest
import time_machine

from partners.services import change_status
from rebates.foretold import Foretold, foretold
from rebates.models import SettlementRun, Statement
from rebates.services import approve_run, close_run, hold_payment, pay_statement
from tests.rebates.world import BY, apply, policy, results, sell, settle

pytestmark = pytest.mark.django_db
ALL = {"kind": "flat", "rate": "100%"}


@pytest.fixture(autouse=True)
def november():
    with time_machine.travel("2026-11-12 04:00:00+00:00", tick=False):
        yield


def statement_of(company: Any, run: SettlementRun) -> Statement:
    rows = Statement.objects.for_everyone(because="a test").for_list()
    return rows.get(partner=company.row, run=run)


def told(company: Any, run: SettlementRun) -> Foretold:
    own = sum((one.amount for one in results(run) if one.partner_id == company.row.pk), Decimal(0))
    (found,) = foretold(run, {(company.row.pk, "CNY"): own}).values()
    return found


def closed(run: SettlementRun) -> SettlementRun:
    return close_run(run=approve_run(run=run, by=BY), by=BY)


def words(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", html.unescape(answer.content.decode())))


@pytest.fixture
def owing(acme) -> None:
    """ACME was paid 100 for September and then gave back goods for 300: 300 too much."""
    apply(policy(mechanism=ALL))
    sell(acme, 100, "2026-08-10")
    august = settle("2026-08")
    pay_statement(statement=statement_of(acme, august), by=BY)
    sell(acme, -300, "2026-09-10")
    settle("2026-09")


def test_what_is_set_off_is_foretold_to_the_cent(acme, owing, finance, browse):
    sell(acme, "500.50", "2026-10-10")
    run = settle("2026-10", close=False)
    found = told(acme, run)
    assert found.amount == Decimal("200.50")
    assert found.why == ["¥300.00 is set off against a negative balance"]
    shown = words(browse(finance).get(run.get_absolute_url()))
    assert "Paid after the close" in shown and "¥300.00 is set off against a negative balance" in shown
    chinese = words(browse(finance).get(run.get_absolute_url(), headers={"accept-language": "zh-CN"}))
    assert "关账后支付" in chinese and "¥300.00 被负余额抵扣" in chinese
    of_partner = words(browse(finance).get(f"{run.get_absolute_url()}partners/{acme.row.pk}/"))
    assert "¥200.50" in of_partner and "¥300.00 is set off" in of_partner
    assert statement_of(acme, closed(run)).unpaid == Decimal("200.50")
    assert "Paid after the close" not in words(browse(finance).get(run.get_absolute_url()))


def test_a_figure_below_zero_lowers_what_is_owed_and_the_rest_is_carried(acme, finance):
    apply(policy(mechanism=ALL))
    sell(acme, 100, "2026-09-10")
    september = settle("2026-09")
    sell(acme, -250, "2026-10-10")
    run = settle("2026-10", close=False)
    found = told(acme, run)
    assert found.amount == 0
    assert found.why == [
        "¥100.00 is taken off what earlier statements still owe",
        "¥150.00 below zero is carried to the next statement",
    ]
    statement = statement_of(acme, closed(run))
    assert (statement.unpaid, statement.closing) == (0, Decimal("-150.00"))
    assert statement_of(acme, september).closing == 100


@pytest.mark.parametrize(
    ("september", "october", "paid", "why"),
    [
        ("", "38.20", "0.00", ["¥38.20 is below the minimum payout and carried forward"]),
        ("38.20", "71.55", "109.75", ["¥38.20 carried forward before is paid with it"]),
        ("20", "20", "0.00", ["¥40.00 is below the minimum payout and carried forward"]),
        ("", "-20", "0.00", ["¥20.00 below zero is carried to the next statement"]),
    ],
)
def test_a_minimum_payout_is_foretold(acme, september, october, paid, why):
    apply(policy(mechanism=ALL, minimum_payout=50))
    if september:
        sell(acme, september, "2026-09-10")
        settle("2026-09")
    sell(acme, october, "2026-10-10")
    run = settle("2026-10", close=False)
    found = told(acme, run)
    assert (found.amount, found.why) == (Decimal(paid), why)
    assert statement_of(acme, closed(run)).unpaid == Decimal(paid)


def test_a_partner_on_hold_or_a_held_payment_waits_with_its_reason(acme, rival, finance, browse):
    apply(policy(mechanism=ALL))
    sell(acme, 100, "2026-10-10")
    sell(rival, 70, "2026-10-10")
    run = settle("2026-10", close=False)
    change_status(partner=acme.row, status="suspended", reason="Unpaid invoices", by=BY)
    hold_payment(run=run, partner=rival.row, reason="The contract is being read", by=finance)
    assert (told(acme, run).amount, told(acme, run).to_pay) == (0, 100)
    assert told(acme, run).why == ["¥100.00 waits: the partner is “Suspended”"]
    assert told(rival, run).why == ["¥70.00 waits: its payment is held: The contract is being read"]
    run = closed(run)
    assert [statement_of(one, run).unpaid for one in (acme, rival)] == [100, 70]


def test_where_all_is_paid_nothing_has_to_be_said(acme, finance, browse):
    apply(policy(mechanism=ALL))
    sell(acme, 100, "2026-10-10")
    run = settle("2026-10", close=False)
    assert (told(acme, run).amount, told(acme, run).why) == (100, [])
    shown = words(browse(finance).get(f"{run.get_absolute_url()}partners/{acme.row.pk}/"))
    assert "All that was earned" in shown


def test_it_costs_as_many_queries_for_two_partners_as_for_one(acme, rival, django_assert_num_queries):
    apply(policy(mechanism=ALL, minimum_payout=50))
    sell(acme, 100, "2026-10-10")
    sell(rival, 70, "2026-10-10")
    run = settle("2026-10", close=False)
    one = {(acme.row.pk, "CNY"): Decimal(100)}
    with django_assert_num_queries(9):
        foretold(run, one)
    with django_assert_num_queries(9):
        foretold(run, one | {(rival.row.pk, "CNY"): Decimal(70)})
