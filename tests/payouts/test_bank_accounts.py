"""A partner's bank account changes with two people, a notice and a hold; nothing drops these."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, connection, transaction

from payouts.banking import masked
from payouts.errors import (
    AccountDecided,
    AccountIsTheSame,
    AnotherChangeWaits,
    AnotherPartnersAccount,
    AnotherPersonConfirms,
    HoldIsOver,
    PersonNeeded,
)
from payouts.holding import first_payable_day
from payouts.models import BankAccount
from payouts.pages import also_of
from payouts.services import (
    ask_for_account,
    confirm_account,
    refuse_account,
    stop_account,
    withdraw_account,
)
from prm.approvals.services import add_day
from prm.audit.models import AuditEntry
from prm.notices.models import Letter, Notice
from prm.outbox.services import deliver_open_events
from prm.values import clock
from prm.values.errors import DomainError, NotAllowed
from prm.values.working_time import WorkingTime
from tests.factories.partners import person_of
from tests.payouts.world import IBAN, OTHER_IBAN, account, details
from tests.rebates.world import BY

pytestmark = pytest.mark.django_db
MONDAY = datetime(2026, 3, 2, 10, tzinfo=ZoneInfo("UTC"))


def accounts(company) -> list[BankAccount]:
    return list(BankAccount.objects.for_everyone(because="a test").filter(partner=company.row).order_by("pk"))


def in_force(company, day: date) -> list[str]:
    rows = BankAccount.objects.for_everyone(because="a test").filter(partner=company.row).in_force(day)
    return [row.details.number for row in rows]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"currency": "EUR", "iban": "DE89370400440532013001"}, "iban_wrong"),
        ({"currency": "EUR", "iban": "DE8937040044"}, "iban_wrong"),
        ({"currency": "EUR", "iban": IBAN, "bic": "COBADE"}, "bic_wrong"),
        ({"currency": "EUR", "iban": "", "account_number": "12345678", "bank_name": "B"}, "iban_needed"),
        ({"currency": "USD", "iban": IBAN, "account_number": "12345678"}, "one_number_only"),
        ({"cnaps": "10229000001"}, "cnaps_wrong"),
        ({"bank_name": " "}, "bank_missing"),
        ({"account_number": "12 34"}, "account_number_wrong"),
        ({"account_number": ""}, "number_missing"),
        ({"holder": "\u200b\n"}, "holder_missing"),
    ],
)
def test_a_number_that_no_bank_takes_is_refused_with_its_reason(acme, finance, change, code):
    with pytest.raises(DomainError) as refused:
        ask_for_account(partner=acme.row, by=finance, **{**details(change.get("currency", "CNY")), **change})
    assert refused.value.code == code
    assert accounts(acme) == []


def test_a_number_is_kept_without_the_spaces_in_which_people_write_it(acme, finance):
    asked = ask_for_account(
        partner=acme.row, by=finance, **details("EUR", iban="de89 3704 0044 0532 0130 00")
    )
    assert (asked.iban, asked.masked) == (IBAN, "DE•••• 3000")
    assert masked("6222021001116245702") == "•••• 5702"


def test_one_person_alone_changes_no_account(acme, finance, second):
    asked = ask_for_account(partner=acme.row, by=finance, **details())
    with pytest.raises(AnotherPersonConfirms, match="He Min"):
        confirm_account(account=asked, by=finance)
    assert confirm_account(account=asked, by=second).state == "confirmed"


def test_neither_a_partner_nor_a_job_confirms(acme, finance, manager):
    asked = ask_for_account(partner=acme.row, by=finance, **details())
    for by in (acme.admin, acme.sales, manager):
        with pytest.raises(NotAllowed):
            confirm_account(account=asked, by=by)
    with pytest.raises(PersonNeeded):
        confirm_account(account=asked, by=BY)
    with pytest.raises(PersonNeeded):
        ask_for_account(partner=acme.row, by=BY, **details("EUR"))


def test_the_database_refuses_a_confirmation_by_whoever_asked(acme, finance):
    asked = ask_for_account(partner=acme.row, by=finance, **details())
    rows = BankAccount.objects.for_everyone(because="a test").filter(pk=asked.pk)
    with pytest.raises(IntegrityError, match="bank_account_confirmed_by_another"), transaction.atomic():
        rows.update(state="confirmed", decided_by_id=finance.user_id, starts=date(2026, 1, 1))


def test_a_partners_salesperson_asks_for_nothing_and_a_rival_neither(acme, rival):
    for by in (acme.sales, rival.admin):
        with pytest.raises(NotAllowed):
            ask_for_account(partner=acme.row, by=by, **details())


@pytest.mark.parametrize(
    ("confirmed", "first"),
    [("2026-03-02", "2026-03-10"), ("2026-03-06", "2026-03-14"), ("2026-03-07", "2026-03-14")],
)
def test_the_hold_is_five_whole_working_days(confirmed, first):
    calendar = WorkingTime(ZoneInfo("UTC"))
    assert first_payable_day(date.fromisoformat(confirmed), calendar) == date.fromisoformat(first)


def test_a_holiday_of_the_tenant_lengthens_the_hold(acme, finance, second, administrator):
    add_day(day=date(2026, 3, 4), name="Closed", is_working=False, by=administrator)
    with clock.at(MONDAY):
        asked = ask_for_account(partner=acme.row, by=finance, **details())
        assert confirm_account(account=asked, by=second).starts == date(2026, 3, 11)


def test_until_the_hold_is_over_the_old_account_is_paid_to(acme, finance, second):
    account(acme, finance, second, currency="EUR", days_ago=60)
    new = account(acme, finance, second, currency="EUR", days_ago=0, iban=OTHER_IBAN, bic="")
    today = clock.today()
    assert in_force(acme, today) == [IBAN]
    assert in_force(acme, new.starts - timedelta(days=1)) == [IBAN]
    assert in_force(acme, new.starts) == [OTHER_IBAN]


def test_a_first_account_is_held_as_well(acme, finance, second):
    first = account(acme, finance, second, days_ago=0)
    assert first.is_held(clock.today())
    assert in_force(acme, clock.today()) == []


def test_stopped_during_the_hold_the_old_account_stays(acme, finance, second):
    account(acme, finance, second, currency="EUR", days_ago=60)
    new = account(acme, finance, second, currency="EUR", days_ago=1, iban=OTHER_IBAN, bic="")
    stopped = stop_account(account=new, reason="Nobody of us wanted this", by=acme.admin)
    assert (stopped.state, in_force(acme, new.starts + timedelta(days=90))) == ("stopped", [IBAN])
    with pytest.raises(AccountDecided):
        stop_account(account=new, reason="Again", by=acme.admin)


def test_after_the_hold_it_is_too_late_to_stop(acme, finance, second):
    old = account(acme, finance, second)
    with pytest.raises(HoldIsOver):
        stop_account(account=old, reason="Late", by=acme.admin)


def test_two_changes_in_one_hold_leave_one_account_in_force_a_day(acme, finance, second):
    account(acme, finance, second, currency="EUR", days_ago=60)
    middle = account(acme, finance, second, currency="EUR", days_ago=2, iban=OTHER_IBAN, bic="")
    last = account(acme, finance, second, currency="EUR", days_ago=0, holder="ACME Holding")
    assert middle.starts <= last.starts
    for ahead in range(20):
        assert len(in_force(acme, clock.today() + timedelta(days=ahead))) == 1
    stop_account(account=middle, reason="Typing error", by=finance)
    for ahead in range(20):
        assert in_force(acme, clock.today() + timedelta(days=ahead)) == [IBAN]


def test_one_change_waits_at_a_time_and_the_same_account_is_no_change(acme, finance, second):
    account(acme, finance, second)
    with pytest.raises(AccountIsTheSame):
        ask_for_account(partner=acme.row, by=finance, **details())
    waiting = ask_for_account(partner=acme.row, by=acme.admin, **details(holder="ACME Two"))
    with pytest.raises(AnotherChangeWaits, match=waiting.number):
        ask_for_account(partner=acme.row, by=finance, **details(holder="ACME Three"))
    withdraw_account(account=waiting, by=acme.admin)
    refused = ask_for_account(partner=acme.row, by=finance, **details(holder="ACME Three"))
    assert refuse_account(account=refused, reason="Not on the paper", by=second).state == "refused"
    with pytest.raises(AccountDecided):
        confirm_account(account=refused, by=second)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE payouts_bankaccount SET iban = 'GB33BUKB20201555555555', account_number = ''",
        "UPDATE payouts_bankaccount SET starts = '2020-01-01'",
        "UPDATE payouts_bankaccount SET state = 'asked'",
        "DELETE FROM payouts_bankaccount",
        "TRUNCATE payouts_bankaccount CASCADE",
    ],
)
def test_the_history_of_accounts_is_never_changed(acme, finance, second, change):
    account(acme, finance, second)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(change)


def test_all_administrators_of_the_partner_hear_by_mail_and_inbox(acme, rival, finance, second):
    other = person_of(acme.row, "partner_admin", name="Second Boss")
    asked = ask_for_account(partner=acme.row, by=acme.admin, **details())
    deliver_open_events()
    told = set(Notice.objects.filter(kind="payouts.account_asked").values_list("user_id", flat=True))
    assert told == {acme.admin_user.pk, other.pk}
    waits = set(Notice.objects.filter(kind="payouts.account_to_confirm").values_list("user_id", flat=True))
    assert {finance.user_id, second.user_id} <= waits
    assert {acme.admin_user.email, other.email} <= set(Letter.objects.values_list("to", flat=True))
    confirm_account(account=asked, by=second)
    deliver_open_events()
    deliver_open_events()  # hearing it again tells nobody twice
    assert Notice.objects.filter(kind="payouts.account_confirmed").count() == 2
    assert not Notice.objects.filter(user=rival.admin_user).exists()
    assert "6222021001116245702" not in str(list(Notice.objects.values_list("values", flat=True)))


def test_the_trail_knows_each_step_and_no_whole_number(acme, finance, second):
    asked = ask_for_account(partner=acme.row, by=finance, reason="New bank", **details())
    confirm_account(account=asked, by=second)
    found = AuditEntry.objects.of(asked)
    assert set(found.values_list("verb", flat=True)) == {"account asked for", "account confirmed"}
    assert "6222021001116245702" not in str(list(found.values_list("changes", flat=True)))


def test_finance_is_warned_of_an_account_that_two_partners_share(acme, rival, finance, second, browse):
    account(acme, finance, second)
    asked = ask_for_account(partner=rival.row, by=finance, **details())
    page = browse(second).get(asked.get_absolute_url()).content.decode()
    assert f"The same account is that of {acme.row.name}" in page
    own = browse(rival.admin).get(asked.get_absolute_url()).content.decode()
    assert "The same account" not in own


def test_of_a_partner_that_one_does_not_see_only_is_said_that_there_is_one(
    acme, rival, finance, second, manager
):
    account(acme, finance, second)
    asked = ask_for_account(partner=rival.row, by=finance, **details())
    limited = replace(second, partner_ids=frozenset({rival.row.pk}))
    assert also_of(asked, limited) == ["a partner that you do not see"]
    assert also_of(asked, manager) == [] == also_of(asked, rival.admin)
    assert acme.row.name in also_of(asked, second)[0]


def test_an_account_that_two_partners_share_is_confirmed_only_by_who_says_so(
    acme, rival, finance, second, browse
):
    account(acme, finance, second)
    asked = ask_for_account(partner=rival.row, by=finance, **details())
    with pytest.raises(AnotherPartnersAccount):
        confirm_account(account=asked, by=second)
    client, confirm = browse(second), f"{asked.get_absolute_url()}confirm/"
    assert f"The same account is that of {acme.row.name}" in client.get(confirm).content.decode()
    answer = client.post(confirm)
    assert answer.status_code == 422 and "tick the box" in answer.content.decode()
    asked.refresh_from_db()
    assert asked.state == "asked"
    assert client.post(confirm, {"anyway": "on"}).status_code == 302
    asked.refresh_from_db()
    assert asked.state == "confirmed"
    entry = AuditEntry.objects.of(asked).get(verb="account confirmed")
    assert "Another partner has the same account" in str(entry.reason_said)


def test_a_partner_asks_for_its_own_company_and_has_nothing_to_choose(acme, rival, browse):
    client = browse(acme.admin)
    assert client.get("/bank-accounts/new/").context["form"]["partner"].is_hidden
    typed = details(reason="A new bank") | {"partner": str(rival.row.pk)}
    assert client.post("/bank-accounts/new/", typed).status_code == 302
    (asked,) = BankAccount.objects.for_everyone(because="a test")
    assert asked.partner == acme.row
