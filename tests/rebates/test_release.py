"""Releasing all payments of a run: one job, in steps, each statement once, by somebody who still may."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Barrier
from time import sleep

import pytest
from django.db import connection, transaction
from django.db.models import Sum
from django.test.utils import CaptureQueriesContext

from prm.accounts.models import User
from prm.audit.models import AuditEntry
from prm.jobs.models import Job
from prm.jobs.services import cancel_job, retry_job, run_job
from prm.ledger.models import Entry, Transaction
from prm.outbox.models import OutboxEvent
from prm.values import clock
from prm.values.errors import NotAllowed
from rebates.errors import AuthorMayNotApprove, NotInThisState, SecondPersonNeeded
from rebates.models import Payment, SettlementRun, Statement, Version
from rebates.services import approve_run, close_run, pay_statement, release_run, releasing, start_release
from rebates.services.closing import hold_balances
from tests.factories.partners import PartnerFactory
from tests.factories.people import UserFactory, actor
from tests.rebates.world import BY, apply, policy, sell, settle


class Killed(BaseException):
    """Stands for a worker's sudden end: no handler of the product catches it."""


def closed(partners: int = 5, approved_by=BY) -> SettlementRun:
    """A closed month in which each partner is owed under two programmes."""
    apply(policy("a"), policy("b", kind="retroactive"))
    for number in range(partners):
        sell(PartnerFactory(), 10_000 * (number + 1))
    run = settle("2026-09", close=False)
    return close_run(run=approve_run(run=run, by=approved_by, reason="As every month"), by=BY)


def payments() -> list[tuple[int, Decimal]]:
    rows = Payment.objects.for_everyone(because="a test").order_by("statement_id", "pk")
    return list(rows.values_list("statement_id", "amount"))


def wanted(run) -> list[tuple[int, Decimal]]:
    rows = Statement.objects.for_everyone(because="a test").filter(run=run).order_by("pk")
    return [(row.pk, row.earned) for row in rows]


def balances() -> dict[str, Decimal]:
    entries = Entry.objects.for_everyone(because="a test")
    return dict(entries.order_by().values_list("account__kind").annotate(sum=Sum("amount")))


@pytest.fixture
def second(db):
    return actor(UserFactory(finance=True, name="Zhao Min"))


@pytest.fixture
def in_threads(fresh_tenant):
    """Run functions at the same moment, each on a connection of its own; answers or exceptions."""

    def run(*functions):
        barrier = Barrier(len(functions))

        def call(function):
            connection.set_tenant(fresh_tenant)
            try:
                barrier.wait()
                return function()
            except Exception as problem:
                return problem
            finally:
                connection.close()

        with ThreadPoolExecutor(len(functions)) as pool:
            return list(pool.map(call, functions))

    return run


def test_each_statement_is_paid_in_full_with_audit_and_event(second):
    run = closed()
    job = start_release(run=run, by=second, chunk=2)
    assert run_job(job.pk) == "done"
    job.refresh_from_db()
    assert (job.step, job.total, job.counts) == (3, 3, {"paid": 5, "blocked": 0})
    assert payments() == wanted(run)
    run.refresh_from_db()
    assert run.state == "paid"
    assert AuditEntry.objects.filter(verb="paid", object_type="rebates.statement").count() == 5
    assert AuditEntry.objects.of(run).filter(verb="release started", actor_label="Zhao Min").count() == 1
    assert OutboxEvent.objects.filter(name="rebates.statement_paid").count() == 5
    found = balances()
    assert (found["payable"], found["approved"], found["clearing"]) == (0, 0, -found["expense"])


def test_ledger_and_payment_name_each_other(second):
    run = closed(1)
    release_run(run=run, by=second, reference="BT-77")
    payment = Payment.objects.for_everyone(because="a test").get()
    assert (payment.reference, payment.released_by_label) == ("BT-77", "Zhao Min")
    rows = Transaction.objects.for_everyone(because="a test").filter(memo=payment.number)
    assert sorted(rows.values_list("key", flat=True)) == [
        f"rebates.pay:{payment.number}",
        f"rebates.release:{payment.number}",
    ]


def test_what_was_paid_in_part_is_paid_up(second):
    run = closed(2)
    first = Statement.objects.for_everyone(because="a test").filter(run=run).order_by("pk").first()
    pay_statement(statement=first, amount=Decimal("1.00"), by=second)
    assert release_run(run=run, by=second) == 2
    assert [amount for statement_id, amount in payments() if statement_id == first.pk] == [
        Decimal("1.00"),
        first.earned - 1,
    ]


def test_pressed_by_several_at_once_it_is_one_job(in_threads):
    run = closed()
    jobs = in_threads(*[lambda: start_release(run=run, by=BY)] * 6)
    assert {getattr(job, "pk", job) for job in jobs} == {Job.objects.get(kind=releasing.JOB).pk}
    assert AuditEntry.objects.of(run).filter(verb="release started").count() == 1


def test_one_job_in_two_workers_beside_a_single_payment_pays_each_once(in_threads):
    run = closed(6)
    job = start_release(run=run, by=BY, chunk=1)
    last = Statement.objects.for_everyone(because="a test").filter(run=run).order_by("pk").last()
    in_threads(lambda: run_job(job.pk), lambda: run_job(job.pk), lambda: pay_statement(statement=last, by=BY))
    assert payments() == wanted(run)
    run.refresh_from_db()
    assert run.state == "paid"


@pytest.mark.parametrize("how", ["one", "all"])
def test_who_pays_waits_for_a_close_under_way(fresh_tenant, how):
    """Else the next statement would miss the payment: a close remembers up to where it read the ledger."""
    run = closed(1)
    statement = Statement.objects.for_everyone(because="a test").filter(run=run).first()

    def elsewhere():
        connection.set_tenant(fresh_tenant)
        try:
            pay_statement(statement=statement, by=BY) if how == "one" else release_run(run=run, by=BY)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            hold_balances()  # as a close does
            paying = pool.submit(elsewhere)
            sleep(0.7)
            assert not paying.done()
        paying.result(timeout=30)
    assert payments() == wanted(run)


@pytest.mark.parametrize("step", range(3))
def test_killed_at_any_step_and_started_again_it_pays_each_once(fresh_tenant, monkeypatch, step):
    run = closed()
    job = start_release(run=run, by=BY, chunk=2)
    done = iter(range(100))

    def dying(*arguments, **named):
        answer = releasing_step(*arguments, **named)
        if next(done) == step:
            raise Killed
        return answer

    releasing_step = releasing.release_some
    monkeypatch.setattr(releasing, "release_some", dying)
    with pytest.raises(Killed):
        run_job(job.pk)
    monkeypatch.undo()
    job.refresh_from_db()
    assert (job.step, len(payments())) == (step, 2 * step)
    assert run_job(job.pk) == "done"
    assert payments() == wanted(run)
    run.refresh_from_db()
    assert run.state == "paid"


def test_a_step_that_runs_twice_pays_nothing_twice(second):
    run = closed()
    job = start_release(run=run, by=second)
    first, last = job.params["bounds"][0]
    paid = [
        releasing.release_some(run.pk, first, last, paid_on=run.ends, reference="", by=second)
        for _time in range(2)
    ]
    assert paid == [(5, 0), (0, 0)]
    assert payments() == wanted(run)


def test_stopped_and_resumed_it_pays_the_rest(second, monkeypatch):
    run = closed()
    job = start_release(run=run, by=second, chunk=2)
    stop = releasing.release_some

    def stopping(*arguments, **named):
        Job.objects.filter(pk=job.pk).update(cancel_requested=True)
        return stop(*arguments, **named)

    monkeypatch.setattr(releasing, "release_some", stopping)
    assert run_job(job.pk) == "cancelled"
    monkeypatch.undo()
    assert len(payments()) == 2
    retry_job(job=job, by=second)
    assert run_job(job.pk) == "done"
    assert payments() == wanted(run)


def test_who_approved_cannot_even_start(second):
    run = closed(approved_by=second)
    with pytest.raises(SecondPersonNeeded, match="Zhao Min"):
        start_release(run=run, by=second)
    assert not Job.objects.filter(kind=releasing.JOB).exists()


def test_only_a_closed_run_is_released(second, manager):
    run = closed()
    with pytest.raises(NotAllowed):
        start_release(run=run, by=manager)
    release_run(run=run, by=second)
    with pytest.raises(NotInThisState, match="Paid"):
        start_release(run=run, by=second)


def test_who_has_lost_the_right_meanwhile_pays_nothing(second):
    run = closed()
    job = start_release(run=run, by=second)
    User.objects.filter(pk=second.user_id).update(role="channel_manager")
    assert run_job(job.pk) == "dead"
    job.refresh_from_db()
    assert (job.error, payments()) == ("You may not do this. Ask your administrator.", [])


def test_who_has_left_meanwhile_pays_nothing(second):
    job = start_release(run=closed(), by=second)
    User.objects.filter(pk=second.user_id).update(is_active=False)
    assert (run_job(job.pk), payments()) == ("dead", [])


def test_the_rule_about_authors_is_asked_in_each_step(second, settings, monkeypatch):
    run = closed()
    job = start_release(run=run, by=second, chunk=2)
    Version.objects.update(author_id=second.user_id)
    step = releasing.release_some

    def lowered(*arguments, **named):
        answer = step(*arguments, **named)
        settings.REBATE_AUTHOR_LIMIT = 1
        return answer

    monkeypatch.setattr(releasing, "release_some", lowered)
    assert run_job(job.pk) == "dead"
    job.refresh_from_db()
    assert "Somebody else has to approve" in job.error
    assert len(payments()) == 2
    with pytest.raises(AuthorMayNotApprove):
        start_release(run=run, by=second)


def test_while_it_runs_the_page_shows_how_far_it_is_and_no_second_button(second, browse):
    run = closed()
    client, address = browse(second), run.get_absolute_url()
    assert "Release all payments" in client.get(address).content.decode()
    typed = {"paid_on": clock.today().isoformat(), "reference": "BT-78"}
    assert client.post(f"{address}release/", typed).status_code == 302
    job = Job.objects.get(kind=releasing.JOB)
    page = client.get(address).content.decode()
    assert f"Payments of settlement {run.number}" in page
    assert 'id="job"' in page and "Release all payments" not in page
    client.post(f"{address}release/", typed)
    assert Job.objects.filter(kind=releasing.JOB).count() == 1
    run_job(job.pk)
    page = client.get(address).content.decode()
    assert "5 statements were released for payment." in page
    assert "reference BT-78" in page
    assert 'id="job"' not in page


def test_a_stopped_release_can_be_begun_anew(second, browse):
    run = closed()
    cancel_job(job=start_release(run=run, by=second), by=second)
    assert "Release all payments" in browse(second).get(run.get_absolute_url()).content.decode()
    assert release_run(run=run, by=second) == 5


def queries_of_a_step(run, second, count: int) -> int:
    rows = Statement.objects.for_everyone(because="a test").filter(run=run)
    unpaid = list(rows.filter(payments=None).order_by("pk").values_list("pk", flat=True)[:count])
    with CaptureQueriesContext(connection) as ran:
        paid = releasing.release_some(
            run.pk, unpaid[0], unpaid[-1], paid_on=run.ends, reference="", by=second
        )
    assert paid == (count, 0)
    return sum(not one["sql"].startswith(("SET", "SAVEPOINT", "RELEASE")) for one in ran.captured_queries)


def test_a_statement_more_costs_its_audit_line_and_its_event(second):
    run = closed(16)
    queries_of_a_step(run, second, 1)  # the first opens the programmes' accounts
    few, many = (queries_of_a_step(run, second, count) for count in (3, 12))
    assert many - few == 2 * 9
