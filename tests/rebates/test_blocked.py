"""A partner on hold is settled with the others; its payment waits until it is active again."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from time import sleep

import pytest
from django.db import connection, transaction

from partners.models import Partner
from partners.services import change_status
from rebates.errors import NothingToPay, PaymentBlocked
from rebates.models import Payment, Statement
from rebates.services import pay_statement, release_run, start_release
from rebates.services.payments import payment_state
from tests.cast import Company
from tests.factories.people import UserFactory, actor
from tests.rebates.world import BY, apply, policy, sell, settle


@pytest.fixture
def run(acme, rival):
    """A closed month: ACME is owed 4,400.00, the rival 1,000.00."""
    apply(policy())
    sell(acme, 180_000)
    sell(rival, 50_000)
    return settle("2026-09")


def move(company, *states) -> None:
    for state in states:
        change_status(partner=company.row, status=state, reason="a test", by=BY)


def statement_of(company) -> Statement:
    return Statement.objects.for_everyone(because="a test").get(partner=company.row)


def listed(company) -> Statement:
    return Statement.objects.for_everyone(because="a test").for_list().get(partner=company.row)


def text(response) -> str:
    return response.content.decode()


def test_a_suspended_partner_is_settled_and_closed_and_its_payment_blocked(acme, rival):
    apply(policy())
    sell(acme, 180_000)
    move(acme, "suspended")
    run = settle("2026-09")
    statement = statement_of(acme)
    assert (run.state, statement.earned) == ("closed", Decimal("4400.00"))
    assert payment_state(statement) == listed(acme).payment_state == "blocked"


def test_paying_it_is_refused_by_name_and_with_what_to_do(run, acme):
    move(acme, "suspended")
    with pytest.raises(PaymentBlocked, match="ACME Networks is “Suspended”.*when the partner is active"):
        pay_statement(statement=statement_of(acme), by=BY)
    assert not Payment.objects.for_everyone(because="a test").exists()


def test_it_opens_again_when_the_partner_is_active_again(run, acme):
    move(acme, "suspended", "active")
    assert payment_state(statement_of(acme)) == listed(acme).payment_state == "open"
    assert pay_statement(statement=statement_of(acme), by=BY).amount == Decimal("4400.00")


def test_releasing_all_leaves_it_out_and_the_run_is_not_paid_until_it_is(run, acme, rival):
    move(acme, "suspended")
    assert release_run(run=run, by=BY) == 1
    run.refresh_from_db()
    assert (run.state, payment_state(statement_of(rival))) == ("closed", "paid")
    move(acme, "active")
    assert release_run(run=run, by=BY) == 1
    run.refresh_from_db()
    assert (run.state, payment_state(statement_of(acme))) == ("paid", "paid")


def test_the_last_single_payment_does_not_make_a_run_paid_while_one_is_blocked(run, acme, rival):
    move(acme, "suspended")
    pay_statement(statement=statement_of(rival), by=BY)
    run.refresh_from_db()
    assert run.state == "closed"


def test_who_leaves_is_settled_with(run, acme, rival):
    move(acme, "exiting")
    move(rival, "exiting", "exited")
    assert [payment_state(statement_of(company)) for company in (acme, rival)] == ["open", "open"]
    assert release_run(run=run, by=BY) == 2


@pytest.mark.parametrize("status", Partner.Status.values)
def test_each_state_of_a_partner_says_whether_it_is_paid(run, acme, status):
    Partner.objects.for_everyone(because="a test").filter(pk=acme.row.pk).update(status=status)
    blocked = status not in ("active", "exiting", "exited")
    assert (payment_state(statement_of(acme)) == "blocked") == blocked
    assert (listed(acme).payment_state == "blocked") == blocked


def test_list_and_page_call_each_payment_the_same(run, acme, rival):
    third, fourth = Company("Third Works"), Company("Fourth Works")
    sell(third, -10_000, on="2026-10-05")
    sell(fourth, 10_000, on="2026-10-05")
    settle("2026-10")
    pay_statement(statement=Statement.objects.visible_to(rival.admin).get(run=run), by=BY)
    pay_statement(statement=Statement.objects.visible_to(acme.admin).get(run=run), amount=Decimal(1), by=BY)
    move(fourth, "suspended")
    rows = Statement.objects.for_everyone(because="a test").for_list().filter(unpaid__gte=0)
    own = {row.pk: row.payment_state for row in rows if row.own_amount}
    assert own == {
        row.pk: payment_state(row)
        for row in Statement.objects.for_everyone(because="a test").filter(pk__in=own)
    }
    assert sorted(own.values()) == ["blocked", "carried", "paid", "part_paid"]


def test_what_is_paid_or_carried_is_not_blocked(run, acme, rival):
    pay_statement(statement=statement_of(acme), by=BY)
    move(acme, "suspended")
    assert payment_state(statement_of(acme)) == listed(acme).payment_state == "paid"
    with pytest.raises(NothingToPay):
        pay_statement(statement=statement_of(acme), by=BY)


def test_finance_reads_it_in_the_list_on_the_run_and_on_the_statement(run, acme, finance, browse):
    move(acme, "suspended")
    client, number = browse(finance), statement_of(acme).number
    assert "Blocked" in text(client.get("/statements/"))
    assert number in text(client.get("/statements/?view=blocked"))
    assert number not in text(client.get("/statements/?view=open"))
    page = text(client.get(run.get_absolute_url()))
    assert "1 payment is blocked: its partner is on hold, or the payment itself is held." in page
    page = text(client.get(f"/statements/{number}/"))
    assert "blocked while the partner is “Suspended”" in page
    assert f"/statements/{number}/pay/" not in page
    answer = client.post(f"/statements/{number}/pay/", {"amount": "4400", "paid_on": "2026-11-20"})
    assert "The payment is blocked: ACME Networks" in text(answer)


def test_it_is_said_in_chinese_too(run, acme, browse):
    move(acme, "suspended")
    client = browse(UserFactory(finance=True, language="zh-hans"))
    assert "冻结" in text(client.get("/statements/"))
    assert "合作伙伴处于“已暂停”状态期间冻结" in text(client.get(f"/statements/{statement_of(acme).number}/"))
    assert "1 笔付款已冻结" in text(client.get(run.get_absolute_url()))


def test_a_suspension_under_way_is_waited_for(fresh_tenant):
    """Who pays at the moment of a suspension either comes first or is refused."""
    company = Company("ACME Networks")
    apply(policy())
    sell(company, 50_000)
    run = settle("2026-09")
    statement, second = statement_of(company), actor(UserFactory(finance=True))

    def elsewhere(function):
        connection.set_tenant(fresh_tenant)
        try:
            return function()
        except Exception as problem:
            return problem
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        with transaction.atomic():
            move(company, "suspended")
            one = pool.submit(elsewhere, lambda: pay_statement(statement=statement, by=second))
            all_of_it = pool.submit(elsewhere, lambda: release_run(run=run, by=second))
            sleep(0.7)
            assert not one.done() and not all_of_it.done()
        answers = one.result(timeout=30), all_of_it.result(timeout=30)
    assert isinstance(answers[0], PaymentBlocked), answers
    assert answers[1] == 0
    assert not Payment.objects.for_everyone(because="a test").exists()


def test_the_job_says_how_many_it_left_out(run, acme, rival, finance, browse):
    from prm.jobs.services import run_job

    move(acme, "suspended")
    job = start_release(run=run, by=finance)
    assert run_job(job.pk) == "done"
    job.refresh_from_db()
    assert job.counts == {"paid": 1, "blocked": 1}
    page = text(browse(finance).get(run.get_absolute_url()))
    assert "1 statement was released for payment. 1 was left out." in page
