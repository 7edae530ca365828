"""The ledger: balanced, append-only, idempotent; balances are sums of entries."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, InternalError, connection, transaction
from django.db.models import Sum

from prm.ledger.errors import AlreadyReversed, UnknownPosting
from prm.ledger.models import Account, Entry, Transaction
from prm.ledger.services import Move, Posting, post, post_batch, post_many, purpose_for, reverse
from prm.values.actor import Actor

pytestmark = pytest.mark.django_db
BY = Actor.job("tests")
DAY = date(2026, 9, 30)


@pytest.fixture
def purpose():
    return purpose_for(kind="rebate", code="core", name="Core")


def close(purpose, amount="100.00", *, key="k", partner=7, currency="CNY", event="rebates.close"):
    move = Move("expense", "payable", purpose, Decimal(amount))
    return post(
        key=key, event=event, moves=[move], currency=currency, booked_on=DAY, partner_id=partner, by=BY
    )


def balance(kind, **owner):
    accounts = Account.objects.for_everyone(because="a test").filter(kind=kind, **owner)
    return accounts.aggregate(sum=Sum("entries__amount"))["sum"]


def test_a_posting_moves_money_from_debit_to_credit(purpose):
    close(purpose, "100.00")
    assert balance("expense") == Decimal("100.00")
    assert balance("payable", partner_id=7) == Decimal("-100.00")


def test_the_same_key_again_posts_nothing(purpose):
    first = close(purpose)
    assert close(purpose, "999.00") == first
    assert Entry.objects.for_everyone(because="a test").count() == 2


def test_what_the_table_of_postings_does_not_list_is_refused(purpose):
    with pytest.raises(UnknownPosting, match="rebates.gift"):
        close(purpose, event="rebates.gift")


def test_a_correction_names_what_it_reverses_and_happens_once(purpose):
    original = close(purpose)
    taken_back = reverse(original=original, booked_on=DAY, by=BY)
    assert taken_back.reverses == original
    assert balance("payable", partner_id=7) == 0
    with pytest.raises(AlreadyReversed):
        reverse(original=original, booked_on=DAY, by=BY)


def bare_transaction(key="bare", currency="CNY"):
    return Transaction.objects.create(key=key, event="x", currency=currency, booked_on=DAY, posted_by="test")


@pytest.mark.parametrize("amounts", [["1.00"], ["1.00", "-0.99"], ["1.00", "-1.00", "0.01"]])
def test_the_database_refuses_entries_that_do_not_balance(purpose, amounts):
    close(purpose)
    accounts = list(Account.objects.for_everyone(because="a test").order_by("pk"))
    made = bare_transaction()
    with pytest.raises(IntegrityError, match="does not balance"), transaction.atomic():
        Entry.objects.bulk_create(
            Entry(transaction=made, account=accounts[index % 2], amount=Decimal(amount))
            for index, amount in enumerate(amounts)
        )


def test_the_database_refuses_two_currencies_in_one_transaction(purpose):
    close(purpose)
    close(purpose, key="usd", currency="USD")
    cny, usd = (
        Account.objects.for_everyone(because="a test").get(kind="expense", currency=c) for c in ("CNY", "USD")
    )
    made = bare_transaction()
    with pytest.raises(IntegrityError, match="another currency"), transaction.atomic():
        Entry.objects.bulk_create(
            [Entry(transaction=made, account=cny, amount=1), Entry(transaction=made, account=usd, amount=-1)]
        )


def test_the_database_refuses_entries_of_a_missing_account_or_transaction(purpose):
    close(purpose)
    account = Account.objects.for_everyone(because="a test").get(kind="expense")
    for values in (
        {"transaction_id": 10**9, "account_id": account.pk},
        {"transaction_id": bare_transaction().pk, "account_id": 10**9},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Entry.objects.bulk_create([Entry(**values, amount=1), Entry(**values, amount=-1)])


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE ledger_entry SET amount = 0",
        "DELETE FROM ledger_entry",
        "TRUNCATE ledger_entry",
        "UPDATE ledger_transaction SET memo = 'x'",
        "DELETE FROM ledger_transaction",
        "TRUNCATE ledger_transaction CASCADE",
    ],
)
def test_the_database_refuses_every_change(purpose, change):
    close(purpose)
    refused = pytest.raises((IntegrityError, InternalError), match="never changed")
    with refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(change)


def batch(purpose, rows, key="batch"):
    values = ", ".join(
        f"({partner}::bigint, {purpose.pk}::bigint, {amount}::numeric(18,2))" for partner, amount in rows
    )
    return post_batch(
        key=key, event="rebates.close", debit="expense", credit="payable", currency="CNY", booked_on=DAY,
        rows=f"SELECT partner_id, purpose_id, amount FROM (VALUES {values}) v(partner_id, purpose_id, amount)",
        params={}, by=BY,
    )  # fmt: skip


def test_a_batch_posts_a_transaction_per_partner_and_repeats_nothing(purpose):
    rows = [(1, "10.00"), (1, "2.50"), (2, "-3.00"), (3, "0.00")]
    assert batch(purpose, rows) == 6
    assert batch(purpose, rows) == 0
    assert batch(purpose, [*rows, (4, "1.00")]) == 2
    assert balance("payable", partner_id=1) == Decimal("-12.50")
    assert balance("payable", partner_id=2) == Decimal("3.00")
    assert balance("expense") == Decimal("10.50")
    assert Transaction.objects.for_everyone(because="a test").count() == 3


def test_partners_see_only_their_own_postings(purpose, acme, rival, finance):
    close(purpose, key="a", partner=acme.row.pk)
    close(purpose, key="r", partner=rival.row.pk)
    assert [row.key for row in Transaction.objects.visible_to(acme.admin)] == ["a"]
    assert {entry.account.partner_id for entry in Entry.objects.visible_to(acme.admin)} == {acme.row.pk}
    assert Transaction.objects.visible_to(finance).count() == 2


def several(purpose, *rows):
    """Postings of (key, partner, currency, amount)."""
    return [
        Posting(
            key, [Move("expense", "payable", purpose, Decimal(amount))], currency, DAY, partner_id=partner,
            memo=key.upper(),
        )
        for key, partner, currency, amount in rows
    ]  # fmt: skip


def test_many_postings_go_to_the_accounts_of_their_own_partner_and_currency(purpose):
    other = purpose_for(kind="rebate", code="other", name="Other")
    rows = several(purpose, ("a", 1, "CNY", "10.00"), ("b", 2, "CNY", "4.00"), ("c", 1, "USD", "7.00"))
    rows += several(other, ("d", 1, "CNY", "0.50"))
    assert post_many(event="rebates.close", postings=rows, by=BY) == 4
    assert balance("payable", partner_id=1, currency="CNY") == Decimal("-10.50")
    assert balance("payable", partner_id=1, currency="USD") == Decimal("-7.00")
    assert balance("payable", partner_id=2) == Decimal("-4.00")
    assert balance("expense", purpose=purpose, currency="CNY") == Decimal("14.00")
    assert balance("expense", purpose=other) == Decimal("0.50")
    written = Transaction.objects.for_everyone(because="a test").get(key="b")
    assert (written.partner_id, written.memo, written.booked_on, written.posted_by) == (2, "B", DAY, "tests")


def test_of_many_postings_those_that_were_posted_write_nothing(purpose):
    close(purpose, "10.00", key="a", partner=1)
    rows = several(purpose, ("a", 1, "CNY", "10.00"), ("b", 2, "CNY", "4.00"), ("b", 2, "CNY", "4.00"))
    assert post_many(event="rebates.close", postings=rows, by=BY) == 1
    assert post_many(event="rebates.close", postings=rows, by=BY) == 0
    assert post_many(event="rebates.close", postings=[], by=BY) == 0
    assert Entry.objects.for_everyone(because="a test").count() == 4


def test_many_postings_are_refused_together_when_the_table_does_not_list_one(purpose):
    rows = several(purpose, ("a", 1, "CNY", "1.00"))
    with pytest.raises(UnknownPosting):
        post_many(event="rebates.gift", postings=rows, by=BY)
    assert not Transaction.objects.for_everyone(because="a test").exists()
