"""The pages as people use them: ask, confirm, prepare, release, book."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from payouts.finding import find_accounts, find_payouts
from payouts.models import BankAccount, Batch, BatchLine, PayingAccount
from payouts.services import (
    ask_for_account,
    confirm_account,
    prepare_batch,
    release_batch,
    stop_account,
    withdraw_account,
)
from prm.jobs.models import Job
from prm.jobs.services import run_job
from prm.ui import formats
from prm.values import clock
from rebates.models import Payment
from tests.factories.partners import PartnerFactory
from tests.payouts.world import CNY, account, closed, details, pays_from

pytestmark = pytest.mark.django_db
NUMBER = "6222 0210 0111 6245 702"


def test_a_partners_administrator_asks_and_finance_confirms(acme, finance, browse):
    own = browse(acme.admin)
    asked = {**details(), "partner": acme.row.pk, "reason": "We changed our bank"}
    answer = own.post("/bank-accounts/new/", {**asked, "cnaps": "12"})
    assert (answer.status_code, "12 digits" in answer.content.decode()) == (422, True)
    assert own.post("/bank-accounts/new/", asked).status_code == 302
    found = BankAccount.objects.for_everyone(because="a test").get()
    client = browse(finance)
    assert "We changed our bank" in client.get(f"/bank-accounts/{found.number}/").content.decode()
    answer = client.post(f"/bank-accounts/{found.number}/confirm/", follow=True)
    assert "Held until" in answer.content.decode()
    answer = own.post(f"/bank-accounts/{found.number}/stop/", {"reason": "Not us"}, follow=True)
    assert "Stopped" in answer.content.decode()


def test_who_confirms_an_account_sees_the_one_that_it_replaces(acme, rival, finance, second, browse):
    account(rival, finance, second, account_number="6222021001116245111")
    first = ask_for_account(partner=acme.row, by=acme.admin, **details())
    assert "None: it is the partner's first account in CNY" in (
        browse(finance).get(first.get_absolute_url()).content.decode()
    )
    withdraw_account(account=first, by=acme.admin)
    known = account(acme, finance, second)
    asked = ask_for_account(
        partner=acme.row,
        by=acme.admin,
        **details(account_number="6222021001116245999", holder="Acme Trading"),
    )
    for browser in (browse(finance), browse(acme.admin)):
        page = browser.get(asked.get_absolute_url()).content.decode()
        replaced = page.partition("The account that it replaces")[2].partition("</section>")[0]
        assert NUMBER in replaced and "ACME Networks Ltd" in replaced and known.number in replaced
    confirm_account(account=asked, by=finance)
    assert NUMBER in browse(second).get(asked.get_absolute_url()).content.decode()
    assert "The account that it replaces" not in browse(second).get(known.get_absolute_url()).content.decode()


def test_a_stopped_account_says_no_day_from_which_it_is_paid_to(acme, finance, second, browse):
    found = account(acme, finance, second, days_ago=0)
    client, day = browse(finance), formats.day(found.starts)
    assert day in client.get(found.get_absolute_url()).content.decode().partition("Paid to from")[2]
    stop_account(account=found, reason="Not theirs", by=second)
    assert "Paid to from" not in client.get(found.get_absolute_url()).content.decode()
    assert day not in client.get("/bank-accounts/").content.decode()


def test_who_asked_sees_why_the_button_is_off(acme, finance, browse):
    asked = ask_for_account(partner=acme.row, by=finance, **details())
    assert "somebody else confirms" in browse(finance).get(f"/bank-accounts/{asked.number}/").content.decode()


def test_numbers_are_whole_for_who_may_see_them_and_masked_for_others(acme, finance, second, manager, browse):
    found = account(acme, finance, second)
    for path in ("/bank-accounts/", f"/bank-accounts/{found.number}/"):
        assert NUMBER in browse(finance).get(path).content.decode()
        assert NUMBER in browse(acme.admin).get(path).content.decode()
        page = browse(manager).get(path).content.decode()
        assert NUMBER not in page and CNY["account_number"] not in page and "•••• 5702" in page
    assert browse(acme.sales).get("/bank-accounts/").status_code == 403


def test_finance_sets_from_where_is_paid(finance, manager, browse):
    client = browse(finance)
    assert client.post("/settings/paying-accounts/", details("EUR")).status_code == 302
    assert PayingAccount.objects.get().masked in client.get("/settings/paying-accounts/").content.decode()
    assert client.get("/settings/paying-accounts/?currency=EUR").status_code == 200
    assert browse(manager).get("/settings/paying-accounts/").status_code == 403


def test_from_a_closed_month_to_paid_in_the_browser(acme, rival, finance, second, browse):
    pays_from(finance)
    account(acme, finance, second)
    account(rival, finance, second)
    bare = PartnerFactory(name="Bare Ltd")
    run = closed((acme, 50_000), (rival, 20_000), (bare, 10_000))
    first, other = browse(finance), browse(second)
    assert run.number in first.get("/payout-files/new/").content.decode()
    page = first.get(f"/payout-files/new/?run={run.pk}").content.decode()
    assert "Bare Ltd" in page and "no bank account" in page and "1,400.00" in page
    answer = first.post("/payout-files/new/", {"settlement": run.pk, "pay_on": "2020-01-01"})
    assert answer.status_code == 422
    first.post("/payout-files/new/", {"settlement": run.pk, "pay_on": clock.today().isoformat()})
    batch = Batch.objects.get()
    own, theirs = BatchLine.objects.for_everyone(because="a test").order_by("pk")
    at = f"/payout-files/{batch.number}/"
    assert "Somebody else releases it" in first.get(at).content.decode()
    assert first.post(f"{at}lines/{own.pk}/amount/", {"amount": "5000"}).status_code == 422
    assert first.post(f"{at}lines/{own.pk}/amount/", {"amount": "600"}).status_code == 302
    first.post(f"{at}release/")
    assert Batch.objects.get().state == "prepared"
    assert "Download the file" in other.post(f"{at}release/", follow=True).content.decode()
    other.post(f"{at}lines/{theirs.pk}/refused/", {"reason": "AC04"})
    assert "600.00" in other.get(f"{at}execute/").content.decode()
    other.post(f"{at}execute/", {"executed_on": clock.today().isoformat(), "reference": "BT-1"})
    assert run_job(Job.objects.get(kind="payouts.book").pk) == "done"
    page = other.get(at).content.decode()
    assert "Executed" in page and "AC04" in page and "BT-1" in page
    assert Payment.objects.for_everyone(because="a test").get().amount == 600
    assert batch.number in other.get("/payout-files/").content.decode()


def test_given_up_its_statements_are_open_again(acme, finance, second, browse):
    pays_from(finance)
    account(acme, finance, second)
    run = closed((acme, 50_000))
    batch = release_batch(batch=prepare_batch(run=run, by=finance), by=second)
    client = browse(finance)
    assert (
        "bank has not got the file" in client.get(f"/payout-files/{batch.number}/give-up/").content.decode()
    )
    client.post(f"/payout-files/{batch.number}/give-up/", {"reason": "Wrong account"})
    assert client.get(f"/payout-files/{batch.number}/file.xml").status_code == 404
    assert prepare_batch(run=run, by=finance).state == "prepared"


def test_a_statement_in_a_payout_says_so_where_it_is_paid_by_hand(acme, finance, second, browse):
    pays_from(finance)
    account(acme, finance, second)
    run = closed((acme, 50_000))
    prepare_batch(run=run, by=finance)
    page = browse(second).get(f"/settlements/{run.number}/confirm-release/").content.decode()
    assert re.search(r"1 statement that is being paid by a payout", page)


def test_partners_and_managers_find_no_payouts(acme, manager, browse):
    for who in (acme.admin, manager):
        for path in ("/payout-files/", "/payout-files/new/"):
            assert browse(who).get(path).status_code == 403


def test_a_page_costs_the_same_for_few_and_for_many(finance, second, browse):
    pays_from(finance)
    counts = []
    client = browse(finance)
    client.get("/payout-files/new/")  # the first page of a session costs more
    for period, many in (("2026-08", 2), ("2026-09", 9)):
        partners = [PartnerFactory() for _number in range(many)]
        for partner in partners:
            account(partner, finance, second)
        run = closed(*[(partner, 10_000) for partner in partners], period=period)
        with CaptureQueriesContext(
            connection,
        ) as first:
            client.get(f"/payout-files/new/?run={run.pk}")
        batch = prepare_batch(run=run, by=finance)
        with CaptureQueriesContext(connection) as then:
            client.get(f"/payout-files/{batch.number}/")
        with CaptureQueriesContext(connection) as lists:
            client.get("/payout-files/")
            client.get("/bank-accounts/")
        counts.append((len(first), len(then), len(lists)))
    assert counts[0] == counts[1]


def test_a_partners_page_shows_its_accounts_and_the_release_by_hand_leads_to_a_file(
    acme, finance, second, browse
):
    found = account(acme, finance, second)
    run = closed((acme, 50_000))
    page = browse(second).get(acme.row.get_absolute_url()).content.decode()
    assert found.get_absolute_url() in page and CNY["account_number"] not in page
    page = browse(second).get(f"/settlements/{run.number}/confirm-release/").content.decode()
    assert f"/payout-files/new/?run={run.pk}" in page


def test_the_one_box_finds_a_payout_and_an_account_for_who_may_see_them(acme, rival, finance, second):
    pays_from(finance)
    found = account(acme, finance, second)
    batch = prepare_batch(run=closed((acme, 50_000)), by=finance)
    assert [row.title for row in find_payouts(finance, batch.number.lower(), 5)] == [batch.number]
    assert [row.title for row in find_accounts(acme.admin, found.number, 5)] == [found.number]
    assert find_accounts(rival.admin, found.number, 5) == [] == find_payouts(acme.admin, batch.number, 5)
    assert find_accounts(finance, CNY["account_number"], 5) == []
