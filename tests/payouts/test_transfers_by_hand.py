"""A transfer that is booked by hand goes to no account that a payout file would not pay to."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection

from payouts.services import ask_for_account
from prm.audit.models import AuditEntry
from prm.jobs.models import Job
from prm.tenancy.module_switch import switch_module
from prm.values import clock
from rebates.errors import NotInThisState
from rebates.errors_of_payouts import (
    AccountInDoubt,
    AccountNotChecked,
    AccountsNotChecked,
    NothingToRelease,
    PaidMeanwhile,
)
from rebates.models import Payment, SettlementRun, Statement
from rebates.pages import waiting_line
from rebates.services import outlook, pay_statement, release_run, releasing
from rebates.services.closing import releasers
from tests.payouts.world import account, closed, details, statement_of

pytestmark = pytest.mark.django_db
CHECKED = "By phone with its accountant, number from the agreement"


@pytest.fixture
def run(acme, rival):
    return closed((acme, 50_000), (rival, 20_000))


def paid():
    rows = Payment.objects.for_everyone(because="a test").order_by("statement__partner")
    return [payment.statement.partner_id for payment in rows]


def test_an_account_that_waits_for_its_second_person_is_not_paid_to_whatever_is_said(
    acme, run, finance, second
):
    ask_for_account(partner=acme.row, by=second, **details())
    with pytest.raises(AccountInDoubt, match="not confirmed yet"):
        pay_statement(statement=statement_of(acme, run), by=finance, account_checked=CHECKED)
    assert release_run(run=run, by=finance, account_checked=CHECKED) == 1
    assert acme.row.pk not in paid()
    (found,) = outlook(run=run, by=finance).doubtful
    assert found[0].statement.partner_id == acme.row.pk and "not confirmed" in found[1]


def test_nor_one_that_is_held_after_its_change(acme, run, finance, second):
    account(acme, finance, second, days_ago=1)
    with pytest.raises(AccountInDoubt, match="held until"):
        pay_statement(statement=statement_of(acme, run), by=finance, account_checked=CHECKED)


def test_the_account_before_is_paid_to_while_the_new_one_waits(acme, run, finance, second):
    account(acme, finance, second)
    ask_for_account(partner=acme.row, by=second, **details(account_number="6217001210073281745"))
    assert pay_statement(statement=statement_of(acme, run), by=finance).amount == Decimal("1000.00")


def test_where_none_is_kept_whoever_pays_says_how_it_was_checked_and_the_history_keeps_it(acme, run, finance):
    found = statement_of(acme, run)
    with pytest.raises(AccountNotChecked, match="Say how it was checked"):
        pay_statement(statement=found, by=finance)
    pay_statement(statement=found, by=finance, account_checked=CHECKED)
    (entry,) = AuditEntry.objects.of(found).filter(verb="paid")
    assert entry.changes["account_checked"] == [None, CHECKED]


def test_a_credit_note_needs_no_account(acme, run, finance):
    assert pay_statement(statement=statement_of(acme, run), by=finance, method="credit_note").amount > 0


def test_all_of_a_run_leaves_them_out_unless_words_are_said(acme, rival, run, finance, second):
    account(acme, finance, second)
    assert [total.count for total in outlook(run=run, by=finance).not_kept_totals] == [1]
    assert release_run(run=run, by=finance) == 1
    assert paid() == [acme.row.pk]
    assert SettlementRun.objects.get().state == "closed"
    assert release_run(run=run, by=finance, account_checked=CHECKED) == 1
    assert sorted(paid()) == sorted([acme.row.pk, rival.row.pk])
    assert SettlementRun.objects.get().state == "paid"


def test_a_tenant_that_keeps_no_accounts_here_pays_as_it_does(acme, run, finance, tenant, administrator):
    switch_module(tenant=tenant, code="payouts", on=False, by=administrator)
    try:
        assert pay_statement(statement=statement_of(acme, run), by=finance).amount > 0
    finally:
        connection.set_tenant(tenant)


def test_the_pages_say_who_is_left_out_and_ask_for_the_words(acme, rival, run, finance, second, browse):
    ask_for_account(partner=acme.row, by=second, **details())
    page = browse(finance).get(f"/settlements/{run.number}/confirm-release/").content.decode()
    assert "is not confirmed yet" in page and "1 transfer, ¥400.00, goes to a partner" in page
    assert "How the account was checked" in page and "¥250,000.00" in page  # who may not release
    held = browse(finance).get(f"{statement_of(acme, run).get_absolute_url()}pay/").content.decode()
    assert "No transfer to this partner is booked now" in held and "How the account was checked" not in held
    address = f"{statement_of(rival, run).get_absolute_url()}pay/"
    assert "No bank account of this partner is kept here" in browse(finance).get(address).content.decode()
    typed = {"amount": "100", "paid_on": clock.today().isoformat(), "method": "transfer"}
    assert browse(finance).post(address, typed).status_code == 422
    assert browse(finance).post(address, typed | {"account_checked": CHECKED}).status_code == 302


def test_a_page_that_is_older_than_a_payment_does_not_pay_a_second_time(acme, run, finance, second, browse):
    account(acme, finance, second)
    found = statement_of(acme, run)
    address = f"{found.get_absolute_url()}pay/"
    typed = {"amount": "100", "paid_on": clock.today().isoformat(), "method": "transfer", "seen": "0"}
    assert 'name="seen" value="0"' in browse(finance).get(address).content.decode()
    assert browse(finance).post(address, typed).status_code == 302
    answer = browse(finance).post(address, typed)
    assert answer.status_code == 422 and f"{found.number}-P1 was booked: ¥100.00" in answer.content.decode()
    assert 'name="seen" value="1"' in answer.content.decode()  # pressed again on purpose it pays
    assert browse(finance).post(address, typed | {"seen": "1"}).status_code == 302
    with pytest.raises(PaidMeanwhile):
        pay_statement(statement=found, by=finance, amount=Decimal(1), seen=1)
    assert Statement.objects.for_everyone(because="a test").get(pk=found.pk).payments.count() == 2


def test_an_account_that_came_while_the_release_waited_counts(acme, rival, run, finance, second):
    account(acme, finance, second, days_ago=30)
    account(rival, finance, second, days_ago=30)
    assert outlook(run=run, by=finance).not_kept == []
    with clock.at(clock.now() + timedelta(minutes=1)):
        assert release_run(run=run, by=finance) == 2


def test_pressed_where_nothing_can_be_paid_no_release_begins_and_what_is_missing_is_said(
    run, finance, second, acme, rival, browse
):
    with pytest.raises(AccountsNotChecked, match="Say how these were checked"):
        release_run(run=run, by=finance)
    address = f"/settlements/{run.number}/release/"
    answer = browse(finance).post(address, {"paid_on": clock.today().isoformat()})
    assert answer.status_code == 422 and "Say how these were checked" in answer.content.decode()
    for company in (acme, rival):
        account(company, finance, second)
    assert release_run(run=run, by=finance) == 2
    assert Job.objects.filter(kind=releasing.JOB).count() == 1
    with pytest.raises(NotInThisState):  # all is paid
        release_run(run=run, by=finance)


def test_the_history_says_how_many_were_paid_and_left_out_and_how_accounts_were_checked(
    acme, run, finance, second
):
    ask_for_account(partner=acme.row, by=second, **details())
    release_run(run=run, by=finance, account_checked=CHECKED)
    (entry,) = AuditEntry.objects.of(run).filter(verb="release ended")
    assert entry.changes == {
        "statements_paid": [None, 1], "left_out": [None, 1], "account_checked": [None, CHECKED],
    }  # fmt: skip
    with pytest.raises(NothingToRelease):
        release_run(run=run, by=finance, account_checked=CHECKED)


def test_a_closed_settlement_waits_for_those_who_may_pay_it(acme, finance, second):
    first = closed((acme, 50_000), approved_by=second)
    names = [user.pk for user in releasers(first)]
    assert finance.user_id in names and second.user_id not in names
    assert waiting_line(first).startswith("Closed by") and "waiting for payment by" in waiting_line(first)
