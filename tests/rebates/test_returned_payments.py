"""A booked payment that the bank sends back: two people, the ledger taken back, open again, paid again."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.db.models import Sum

from prm.audit.models import AuditEntry
from prm.ledger.models import Entry, Transaction
from prm.notices.models import Notice
from prm.notices.work import waiting_for
from prm.outbox.services import deliver_open_events
from prm.ui import formats
from prm.values import clock
from prm.values.errors import NotAllowed
from rebates.balances import behind
from rebates.books import reconciled
from rebates.errors_of_returns import (
    ReturnDecided,
    ReturnedAlready,
    ReturnedBeforePaid,
    ReturnedInTheFuture,
    ReturnReasonMissing,
    SecondPersonConfirmsReturn,
)
from rebates.models import Payment, PaymentReturn, Programme, Statement
from rebates.services import confirm_return, pay_statement, refuse_return, report_return
from rebates.services.payments import open_on, payment_state
from tests.factories.people import UserFactory, actor
from tests.rebates.world import BY, apply, policy, sell, settle

pytestmark = pytest.mark.django_db


@pytest.fixture
def second(db):
    return actor(UserFactory(finance=True, name="Zhao Min"))


@pytest.fixture
def paid(acme, finance):
    """ACME was owed 4,400.00 and got it; the settlement is paid."""
    apply(policy())
    sell(acme, 180_000)
    settle("2026-09")
    return pay_statement(statement=statement_of(acme), reference="BT-1", by=finance)


def statement_of(company, **period) -> Statement:
    rows = Statement.objects.for_everyone(because="a test").for_list()
    return rows.get(partner=company.row, **period)


def report(payment, by, **more):
    said = {"returned_on": clock.today(), "reason": "Account closed"} | more
    return report_return(payment=payment, by=by, **said)


def balances() -> dict[str, Decimal]:
    rows = Entry.objects.for_everyone(because="a test").order_by()
    return dict(rows.values_list("account__kind").annotate(sum=Sum("amount")))


def test_confirmed_by_another_the_ledger_takes_back_what_it_names(paid, finance, second, acme):
    before = balances()
    found = report(paid, finance)
    assert balances() == before  # one person books nothing
    confirm_return(found=found, by=second)
    after = balances()
    assert (after["payable"], after["approved"], after["clearing"]) == (Decimal("-4400.00"), 0, 0)
    rows = Transaction.objects.for_everyone(because="a test").filter(reverses__isnull=False)
    assert sorted(rows.values_list("key", "reverses__key")) == [
        (f"{event}:{paid.number}:reversed", f"{event}:{paid.number}") for event in ("rebates.pay", "rebates.release")
    ]  # fmt: skip
    (check,) = reconciled(finance)
    assert (check.paid, check.difference) == (0, 0)


def test_in_the_ledger_it_reads_as_what_came_back_and_not_as_a_second_payment(
    paid, finance, second, acme, browse
):
    confirm_return(found=report(paid, finance), by=second)
    rows = Transaction.objects.for_everyone(because="a test")
    back, made = (
        rows.get(key=f"rebates.pay:{paid.number}:reversed"),
        rows.get(key=f"rebates.pay:{paid.number}"),
    )
    listed = browse(finance).get("/ledger/").content.decode()
    assert listed.count(f"Payment {paid.number} sent back by the bank") >= 1
    assert f"Approval of payment {paid.number} taken back" in listed
    of_back = listed.partition(f'href="/ledger/{back.pk}/"')[2].partition("</tr>")[0]
    assert '−<span class="ui-only-sm">¥</span>4,400.00' in of_back
    page = browse(finance).get(f"/ledger/{back.pk}/").content.decode()
    assert f'<a class="ui-link" href="/ledger/{made.pk}/">Paid</a> · {paid.number}' in page
    page = browse(finance).get(f"/ledger/{made.pk}/").content.decode()
    assert "Reversed by" in page and f"Payment {paid.number} sent back by the bank</a>" in page


def test_the_partner_reads_it_so_behind_its_next_statement(paid, finance, second, acme):
    confirm_return(found=report(paid, finance), by=second)
    sell(acme, 10_000, "2026-10-02")
    settle("2026-10")
    told = behind(statement_of(acme, starts="2026-10-01"), Programme.objects.get(), "paid")
    assert [(one.name, one.amount) for one in told.bookings] == [
        ("Paid", Decimal("4400.00")), (f"Payment {paid.number} sent back by the bank", Decimal("-4400.00")),
    ]  # fmt: skip


def test_the_statement_is_open_again_and_the_settlement_not_paid(paid, finance, second, acme):
    assert statement_of(acme).payment_state == "paid"
    confirm_return(found=report(paid, finance), by=second)
    statement = statement_of(acme)
    assert payment_state(statement) == statement.payment_state == "open"
    assert statement.unpaid == open_on([statement])[0].amount == Decimal("4400.00")
    statement.run.refresh_from_db()
    assert statement.run.state == "closed"
    assert AuditEntry.objects.of(statement.run).filter(verb="open again").count() == 1
    again = pay_statement(statement=statement, reference="BT-2", by=finance)
    assert again.number == paid.number.removesuffix("1") + "2"
    statement.run.refresh_from_db()
    assert (statement_of(acme).payment_state, statement.run.state) == ("paid", "paid")
    assert (balances()["payable"], balances()["clearing"]) == (0, Decimal("-4400.00"))


def test_the_next_statement_says_what_was_paid_in_the_end(paid, finance, second, acme):
    confirm_return(found=report(paid, finance), by=second)
    sell(acme, 50_000, "2026-10-05")
    settle("2026-10")
    october = statement_of(acme, starts="2026-10-01")
    assert (october.opening, october.paid, october.closing) == (
        Decimal("4400.00"),
        Decimal("0.00"),
        Decimal("5400.00"),
    )


def test_a_payment_of_before_the_last_close_comes_back_on_the_next_statement(paid, finance, second, acme):
    sell(acme, 50_000, "2026-10-05")
    settle("2026-10")
    assert statement_of(acme, starts="2026-10-01").paid == Decimal("4400.00")
    confirm_return(found=report(paid, finance), by=second)
    assert [statement_of(acme, starts=f"2026-{month}-01").unpaid for month in ("09", "10")] == [
        Decimal("4400.00"),
        Decimal("1000.00"),
    ]


def test_nobody_confirms_what_they_reported(paid, finance, second, acme):
    found = report(paid, finance)
    with pytest.raises(SecondPersonConfirmsReturn):
        confirm_return(found=found, by=finance)
    with pytest.raises(IntegrityError, match="return_confirmed_by_another"), transaction.atomic():
        PaymentReturn.objects.for_everyone(because="a test").filter(pk=found.pk).update(
            state="confirmed", decided_by_id=finance.user_id
        )
    for stranger in (acme.admin,):
        with pytest.raises(NotAllowed):
            confirm_return(found=found, by=stranger)
    assert [work.link for work in waiting_for(second) if "/return/" in work.link] == [
        found.get_absolute_url()
    ]
    assert [work.link for work in waiting_for(finance) if "/return/" in work.link] == []


def test_not_confirmed_the_payment_stands_and_can_be_reported_again(paid, finance, second, acme):
    found = report(paid, finance)
    with pytest.raises(ReturnedAlready):
        report(paid, second)
    refuse_return(found=found, reason="It was another payment", by=second)
    with pytest.raises(ReturnDecided):
        confirm_return(found=found, by=second)
    assert statement_of(acme).payment_state == "paid"
    confirm_return(found=report(paid, finance), by=second)
    with pytest.raises(ReturnedAlready):
        report(paid, finance)


def test_day_and_reason_are_looked_at(paid, finance):
    tomorrow, earlier = clock.days_after(clock.today(), 1), clock.days_after(paid.paid_on, -1)
    for said, refusal in (
        ({"returned_on": tomorrow}, ReturnedInTheFuture),
        ({"returned_on": earlier}, ReturnedBeforePaid),
        ({"reason": " "}, ReturnReasonMissing),
    ):
        with pytest.raises(refusal):
            report(paid, finance, **said)


def test_the_database_keeps_payments_as_they_were(paid):
    rows = Payment.objects.for_everyone(because="a test").filter(pk=paid.pk)
    changes = (
        lambda: rows.update(amount=1),
        lambda: rows.update(returned_on=clock.today()),
        lambda: rows.delete(),
        lambda: type(paid.statement.run).objects.filter(pk=paid.statement.run_id).update(state="closed"),
    )
    for change in changes:
        with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
            change()


def test_finance_and_the_partner_hear_of_it(paid, finance, second, acme):
    found = report(paid, finance)
    while deliver_open_events():
        pass
    asked = Notice.objects.filter(kind="rebates.return_reported")
    assert [one.user_id for one in asked] == [second.user_id]
    confirm_return(found=found, by=second)
    while deliver_open_events():
        pass
    told = {one.user_id: one.values for one in Notice.objects.filter(kind="rebates.payment_returned")}
    assert {acme.admin_user.pk, finance.user_id, second.user_id} == set(told)
    assert told[acme.admin_user.pk]["reason"] == "Account closed"


def test_it_is_done_in_the_browser(paid, finance, second, acme, browse):
    statement = statement_of(acme)
    page = browse(finance).get(statement.get_absolute_url()).content.decode()
    assert f"/payouts/{paid.number}/returned/" in page
    sent = {"returned_on": clock.today().isoformat(), "reason": "Account closed", "wrong_account": "on"}
    page = browse(finance).post(f"/payouts/{paid.number}/returned/", sent, follow=True).content.decode()
    assert "Account closed" in page and "Somebody else has to confirm it" in page
    page = browse(second).post(f"/payouts/{paid.number}/return/confirm/", follow=True).content.decode()
    assert "the ledger has taken the payment back" in page
    page = browse(acme.admin).get(statement.get_absolute_url()).content.decode()
    assert "returned by the bank" in page and "Account closed" in page and "/returned/" not in page
    assert paid.number in browse(finance).get("/payouts/?view=returned").content.decode()


def test_a_negative_balance_is_set_off_where_everybody_sees_it(finance, acme, browse):
    apply(policy())
    sell(acme, 180_000, "2026-08-10")
    settle("2026-08")
    sell(acme, -50_000, "2026-09-10")  # takes 1,000.00 back
    settle("2026-09")
    statement = statement_of(acme, starts="2026-08-01")
    (found,) = open_on([statement])
    assert (found.offset, found.amount) == (Decimal("1000.00"), Decimal("3400.00"))
    pay_statement(statement=statement, amount=Decimal("400.00"), by=BY)
    for who in (finance, acme.admin):
        page = browse(who).get(statement.get_absolute_url()).content.decode()
        assert "Set off against a negative balance" in page and "¥1,000.00" in page and "¥3,000.00" in page


def test_a_statement_whose_payment_came_back_waits_since_then(acme, paid, finance, second, browse):
    statement = paid.statement
    found = report(paid, finance)
    own, others = (
        browse(person).get(statement.get_absolute_url()).content.decode() for person in (finance, second)
    )
    assert "You reported that it came back; somebody else in finance confirms it" in own
    assert "Somebody says that it came back: confirm" in others
    later = clock.now() + timedelta(days=3)
    with clock.at(later):
        confirm_return(found=found, by=second)
        page = browse(acme.admin).get(statement.get_absolute_url()).content.decode()
    assert f"waiting for Finance since {formats.exact(later)}" in page
    assert formats.exact(later) != formats.exact(statement.issued_at)
