"""A claim is paid by transfer to no account that a payout file would not pay to; its page says who waits for whom."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime
from typing import Any

import pytest

from claims.services import approve_claim, pay_claim
from payouts.prospect import doubts_about_accounts
from payouts.services import ask_for_account
from prm.audit.models import AuditEntry
from prm.values import clock
from rebates.errors_of_payouts import AccountInDoubt, AccountNotChecked
from rebates.services import unconfirmed
from tests.claims.world import agreed, bought, claimed, sold
from tests.payouts.world import account, details

pytestmark = pytest.mark.django_db
CHECKED = "By phone with its accountant, number from the agreement"


@pytest.fixture(autouse=True)
def accounts_are_asked(accounts_are_kept_elsewhere):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(unconfirmed, "_checks", [doubts_about_accounts])
        yield


@pytest.fixture
def claim(acme, finance) -> Any:
    """ACME is owed 600 for a claim that the clerk approved."""
    bought(acme, 100, on="2026-05-20")
    agreement = agreed(acme)
    sold(acme, 30)
    return approve_claim(claim=claimed(agreement, by=acme.admin), by=finance)


def words(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", html.unescape(answer.content.decode())))


def test_an_account_that_waits_for_its_second_person_is_not_paid_to_whatever_is_said(
    acme, claim, finance, second
):
    ask_for_account(partner=acme.row, by=finance, **details())
    with pytest.raises(AccountInDoubt, match="not confirmed yet"):
        pay_claim(claim=claim, by=second, account_checked=CHECKED)
    assert pay_claim(claim=claim, by=second, method="credit_note").amount == 600  # needs no account


def test_where_none_is_kept_whoever_pays_says_how_it_was_checked(claim, second, browse):
    with pytest.raises(AccountNotChecked):
        pay_claim(claim=claim, by=second)
    page = browse(second).get(f"{claim.get_absolute_url()}pay/")
    assert "How the account was checked" in words(page)
    typed = {"amount": "600", "method": "transfer", "paid_on": clock.today().isoformat()}
    assert browse(second).post(f"{claim.get_absolute_url()}pay/", typed).status_code == 422
    answer = browse(second).post(f"{claim.get_absolute_url()}pay/", typed | {"account_checked": CHECKED})
    assert answer.status_code == 302
    (entry,) = AuditEntry.objects.of(claim).filter(verb="claim paid")
    assert entry.changes["account_checked"] == [None, CHECKED]


def test_a_confirmed_account_is_paid_to_without_words(acme, claim, finance, second, browse):
    account(acme, finance, second)
    assert "How the account was checked" not in words(browse(second).get(f"{claim.get_absolute_url()}pay/"))
    assert pay_claim(claim=claim, by=second).amount == 600


def test_the_page_that_pays_says_whom_and_how_much_and_is_not_shown_to_who_approved(
    acme, claim, finance, second, browse
):
    assert f"¥600.00 is owed to {acme.name}" in words(browse(second).get(f"{claim.get_absolute_url()}pay/"))
    answer = browse(finance).get(f"{claim.get_absolute_url()}pay/", follow=True)
    assert answer.redirect_chain and "approved this claim; somebody else pays it" in words(answer)


def test_a_claim_says_since_when_it_waits_for_finance(acme, finance, browse):
    bought(acme, 100, on="2026-05-20")
    agreement = agreed(acme)
    sold(acme, 30)
    with clock.at(datetime(2026, 11, 3, 2, tzinfo=UTC)):
        claim = claimed(agreement, by=acme.admin)
    for person in (acme.admin, finance):
        shown = words(browse(person).get(claim.get_absolute_url()))
        assert "Waiting for finance since 3 Nov 2026 10:00 CST." in shown
    with clock.at(datetime(2026, 11, 5, 2, tzinfo=UTC)):
        approve_claim(claim=claim, by=finance)
    shown = words(browse(acme.admin).get(claim.get_absolute_url()))
    assert "Waiting for finance since 5 Nov 2026 10:00 CST." in shown and "accepted ¥600.00" in shown


def test_the_only_thing_that_a_partner_can_do_is_reached_on_a_phone_too(acme, browse):
    bought(acme, 100, on="2026-05-20")
    agreement = agreed(acme)
    sold(acme, 30)
    claim = claimed(agreement, by=acme.admin)
    page = browse(acme.admin).get(claim.get_absolute_url()).content.decode()
    line = page[page.index('class="ui-decide"') :]
    assert (
        "Withdraw" in line and 'data-sheet="verbs-sheet"' in line
    )  # a phone shows one that is not the first there
