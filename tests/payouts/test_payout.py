"""A payout: what it pays, who lets it go, what the bank did with it, and that nothing is paid twice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from threading import Barrier

import pytest
from django.db import IntegrityError, connection, transaction

from payouts.errors import (
    AnotherPersonReleases,
    DayIsPast,
    ExecutedBeforeRelease,
    ExecutedInTheFuture,
    LineDecided,
    MoreThanPayable,
    NoLongerPayable,
    NothingPayable,
    NotPrepared,
    SettlementNotClosed,
)
from payouts.models import BankAccount, Batch, BatchLine
from payouts.prospect import prospect
from payouts.services import (
    ask_for_account,
    book_batch,
    cancel_batch,
    change_line,
    drop_line,
    executing,
    fail_line,
    prepare_batch,
    release_batch,
    start_booking,
)
from prm.audit.models import AuditEntry
from prm.jobs.models import Job
from prm.jobs.services import run_job
from prm.ledger.models import Entry
from prm.notices.models import Notice
from prm.outbox.models import OutboxEvent
from prm.outbox.services import deliver_open_events
from prm.values import clock
from prm.values.errors import NotAllowed
from rebates.errors import PaidElsewhere, SecondPersonNeeded
from rebates.errors_of_payouts import NothingToRelease
from rebates.models import Payment, Statement
from rebates.services import confirm_return, pay_statement, release_run, report_return
from rebates.services.payments import open_amount
from rebates.services.releasing import outlook
from tests.factories.partners import PartnerFactory
from tests.factories.people import UserFactory, actor
from tests.payouts.world import account, closed, details, pays_from, statement_of
from tests.rebates.world import BY, apply, policy, sell, settle

pytestmark = pytest.mark.django_db


class Killed(BaseException):
    """Stands for a worker's sudden end: no handler of the product catches it."""


@pytest.fixture
def run(acme, rival, finance, second):
    """Two partners with an account, to whom a closed month owes 1,000 and 400."""
    pays_from(finance)
    account(acme, finance, second)
    account(rival, finance, second, holder="Rival Systems", account_number="6222021001116245799")
    return closed((acme, 50_000), (rival, 20_000))


def lines(batch: Batch) -> list[BatchLine]:
    return list(BatchLine.objects.for_everyone(because="a test").filter(batch=batch).for_list())


def payments() -> list[Decimal]:
    rows = Payment.objects.for_everyone(because="a test").order_by("-amount")
    return list(rows.values_list("amount", flat=True))


def released(run, first, second) -> Batch:
    return release_batch(batch=prepare_batch(run=run, by=first), by=second)


def test_a_payout_holds_what_is_open_with_the_account_in_force(run, acme, finance):
    batch = prepare_batch(run=run, by=finance)
    found = lines(batch)
    assert [(line.amount, line.account.holder) for line in found] == [
        (Decimal("1000.00"), "ACME Networks Ltd"),
        (Decimal("400.00"), "Rival Systems"),
    ]
    assert found[0].end_to_end_id == f"{batch.number}-00001"


def test_what_is_left_out_is_said_with_its_reason(acme, rival, finance, second):
    held, bare, blocked, dollars, taker, waits = (PartnerFactory(name=name) for name in "HBKDTW")
    pays_from(finance)
    account(held, finance, second, days_ago=0)
    for one in (blocked, taker, acme):
        account(one, finance, second)
    ask_for_account(partner=waits, by=finance, **details())
    run = closed(
        (held, 10_000), (bare, 10_000), (blocked, 10_000), (acme, 10_000), (waits, 10_000), (rival, -5_000)
    )
    type(blocked).objects.for_everyone(because="a test").filter(pk=blocked.pk).update(status="suspended")
    found = prospect(run, by=finance)
    reasons = {one.statement.partner.name: one.reason for one in found.left_out}
    assert reasons == {"H": "held", "B": "no_account", "K": "on_hold", "W": "unconfirmed"}
    assert [one.statement.partner.name for one in found.due] == [acme.name]
    assert found.carried == 1
    assert all(one.text for one in found.left_out)
    batch = prepare_batch(run=run, by=finance)
    assert {row["reason"] for row in batch.left_out} == set(reasons.values())
    again = prospect(run, by=finance)
    assert [one.detail for one in again.left_out if one.reason == "elsewhere"] == [batch.number]


def test_without_an_account_to_pay_from_nothing_is_payable(acme, finance, second):
    account(acme, finance, second)
    run = closed((acme, 10_000))
    assert [one.reason for one in prospect(run, by=finance).left_out] == ["no_paying_account"]
    with pytest.raises(NothingPayable, match=run.number):
        prepare_batch(run=run, by=finance)


def test_a_settlement_that_is_not_closed_pays_nothing(acme, finance):
    apply(policy())
    sell(acme, 10_000)
    run = settle("2026-09", close=False)
    with pytest.raises(SettlementNotClosed):
        prepare_batch(run=run, by=finance)


def test_who_prepared_does_not_release_nor_who_approved_the_settlement(acme, finance, second):
    third = actor(UserFactory(finance=True, name="Wu Fang"))
    pays_from(finance)
    account(acme, finance, second)
    run = closed((acme, 10_000), approved_by=second)
    batch = prepare_batch(run=run, by=finance)
    with pytest.raises(AnotherPersonReleases, match="He Min"):
        release_batch(batch=batch, by=finance)
    with pytest.raises(SecondPersonNeeded, match="Zhao Min"):
        release_batch(batch=batch, by=second)
    assert release_batch(batch=batch, by=third).state == "released"


def test_the_database_refuses_a_release_by_whoever_prepared(run, finance):
    batch = prepare_batch(run=run, by=finance)
    with pytest.raises(IntegrityError, match="payout_released_by_another"), transaction.atomic():
        Batch.objects.filter(pk=batch.pk).update(released_by_id=finance.user_id)


def test_partners_and_managers_do_none_of_it(run, acme, manager, finance):
    batch = prepare_batch(run=run, by=finance)
    for by in (acme.admin, manager):
        with pytest.raises(NotAllowed):
            prepare_batch(run=run, by=by)
        with pytest.raises(NotAllowed):
            release_batch(batch=batch, by=by)


def test_a_part_can_be_paid_and_the_rest_stays_open(run, acme, finance, second):
    batch = prepare_batch(run=run, by=finance)
    first, other = lines(batch)
    with pytest.raises(MoreThanPayable):
        change_line(line=first, amount=Decimal("1000.01"), by=finance)
    change_line(line=first, amount=Decimal("250.00"), by=finance)
    drop_line(line=other, reason="Asked to wait", by=finance)
    book_batch(batch=release_batch(batch=batch, by=second), by=second)
    assert payments() == [Decimal("250.00")]
    assert open_amount(statement_of(acme, run)) == Decimal("750.00")
    run.refresh_from_db()
    assert run.state == "closed"


def test_what_stands_in_a_payout_is_not_paid_by_hand(run, acme, finance, second):
    batch = prepare_batch(run=run, by=finance)
    with pytest.raises(PaidElsewhere, match=batch.number):
        pay_statement(statement=statement_of(acme, run), by=second)
    assert outlook(run=run, by=second).elsewhere == 2
    with pytest.raises(NothingToRelease):
        release_run(run=run, by=second)
    assert payments() == []
    cancel_batch(batch=batch, reason="Bank changed its mind", by=finance)
    assert release_run(run=run, by=second) == 2


def test_executed_the_payments_are_written_with_date_and_reference(run, acme, finance, second):
    batch = released(run, finance, second)
    assert payments() == []
    batch = book_batch(batch=batch, by=second, reference="BT-2026-1")
    assert (batch.state, payments()) == ("executed", [Decimal("1000.00"), Decimal("400.00")])
    found = Payment.objects.for_everyone(because="a test").first()
    assert (found.reference, found.paid_on) == ("BT-2026-1", clock.today())
    assert all(line.payment_id and line.state == "executed" for line in lines(batch))
    run.refresh_from_db()
    assert run.state == "paid"
    entries = Entry.objects.for_everyone(because="a test").filter(account__kind__in=("payable", "approved"))
    assert sum(entry.amount for entry in entries) == 0
    assert OutboxEvent.objects.filter(name="rebates.statement_paid").count() == 2
    verbs = set(AuditEntry.objects.of(batch).values_list("verb", flat=True))
    assert verbs == {"payout prepared", "payout released", "payout booking started", "payout executed"}


def test_the_payment_names_who_released_it_not_who_booked_it(run, finance, second):
    book_batch(batch=released(run, finance, second), by=finance)
    names = Payment.objects.for_everyone(because="a test").values_list("released_by_label", flat=True)
    assert set(names) == {"Zhao Min"}


@pytest.mark.parametrize("step", range(2))
def test_killed_at_any_step_and_begun_again_each_is_booked_once(fresh_tenant, monkeypatch, step):
    first, other = (actor(UserFactory(finance=True)) for _person in range(2))
    pays_from(first)
    partners = [PartnerFactory() for _number in range(2)]
    for partner in partners:
        account(partner, first, other)
    batch = released(closed(*[(partner, 10_000) for partner in partners]), first, other)
    job, done, book_some = start_booking(batch=batch, by=first, chunk=1), iter(range(9)), executing.book_some

    def dying(*arguments, **named):
        answer = book_some(*arguments, **named)
        if next(done) == step:
            raise Killed
        return answer

    monkeypatch.setattr(executing, "book_some", dying)
    with pytest.raises(Killed):
        run_job(job.pk)
    monkeypatch.undo()
    assert len(payments()) == step
    assert start_booking(batch=batch, by=other).pk == job.pk
    assert run_job(job.pk) == "done"
    batch.refresh_from_db()
    assert (batch.state, payments()) == ("executed", [Decimal("200.00")] * 2)


def test_what_the_bank_refused_is_open_again_and_goes_into_the_next_payout(run, rival, finance, second):
    batch = released(run, finance, second)
    refused = lines(batch)[1]
    fail_line(line=refused, reason="AC04 account closed", by=finance)
    with pytest.raises(LineDecided):
        fail_line(line=refused, reason="Again", by=finance)
    batch = book_batch(batch=batch, by=second)
    assert (batch.state, payments()) == ("executed", [Decimal("1000.00")])
    assert open_amount(statement_of(rival, run)) == Decimal("400.00")
    with pytest.raises(NotPrepared):
        fail_line(line=lines(batch)[0], reason="Late", by=finance)
    later = prepare_batch(run=run, by=finance)
    assert [line.amount for line in lines(later)] == [Decimal("400.00")]


def test_a_payout_of_which_the_bank_refused_all_has_failed(run, finance, second):
    batch = released(run, finance, second)
    for line in lines(batch):
        fail_line(line=line, reason="AC01", by=finance)
    batch.refresh_from_db()
    assert batch.state == "failed"
    assert len(lines(prepare_batch(run=run, by=finance))) == 2


def test_pressed_twice_everything_happens_once(run, finance, second):
    batch = prepare_batch(run=run, by=finance)
    with pytest.raises(NothingPayable):
        prepare_batch(run=run, by=finance)
    release_batch(batch=batch, by=second)
    with pytest.raises(NotPrepared):
        release_batch(batch=batch, by=second)
    jobs = {start_booking(batch=batch, by=second).pk for _press in range(2)}
    assert len(jobs) == 1
    (job,) = jobs
    assert run_job(job) == "done"
    assert executing.book_some(batch.pk, 0, 10**9, by=second) == 0
    with pytest.raises(NotPrepared):
        start_booking(batch=batch, by=second)
    assert len(payments()) == 2


def test_a_step_that_runs_twice_books_nothing_twice(run, finance, second):
    batch = released(run, finance, second)
    job = start_booking(batch=batch, by=second, chunk=1)
    for first, last in job.params["bounds"] * 2:
        executing.book_some(batch.pk, first, last, by=second)
    assert run_job(job.pk) == "done"
    assert len(payments()) == 2


def test_the_days_are_those_on_which_a_bank_can_have_done_it(run, finance, second):
    with pytest.raises(DayIsPast):
        prepare_batch(run=run, by=finance, pay_on=clock.today() - timedelta(days=1))
    batch = released(run, finance, second)
    with pytest.raises(ExecutedInTheFuture):
        start_booking(batch=batch, by=second, executed_on=clock.today() + timedelta(days=1))
    with pytest.raises(ExecutedBeforeRelease):
        start_booking(batch=batch, by=second, executed_on=clock.today() - timedelta(days=1))


def test_a_payment_refused_for_its_account_stops_the_account_in_the_same_step(
    run, acme, rival, finance, second, browse
):
    old = BankAccount.objects.for_everyone(because="a test").get(partner=acme.row)
    wrong = account(acme, finance, second, days_ago=20, account_number="6222021001116245999")
    batch = released(run, finance, second)
    (line,) = [one for one in lines(batch) if one.account_id == wrong.pk]
    page = browse(second).post(
        f"/payout-files/{batch.number}/lines/{line.pk}/refused/",
        {"reason": "AC01", "wrong_account": "on"},
        follow=True,
    )
    assert "the account is stopped" in page.content.decode()
    wrong.refresh_from_db()
    assert (wrong.state, wrong.decision) == ("stopped", "AC01")
    assert AuditEntry.objects.filter(verb="account stopped", object_id=str(wrong.pk)).count() == 1
    while deliver_open_events():
        pass
    told = {one.user_id for one in Notice.objects.filter(kind="payouts.account_stopped")}
    assert {acme.admin.user_id, finance.user_id, second.user_id} <= told
    (left,) = [one for one in prospect(run, by=finance).left_out if one.statement.partner_id == acme.row.pk]
    assert left.reason == "account_stopped" and "AC01" in left.text
    later = account(acme, finance, second, days_ago=0, account_number="6222021001116245888")
    old.refresh_from_db()  # it does not come back, neither now nor with the next one
    assert not old.is_in_force(clock.today()) and later.is_in_force(later.starts)


def test_a_payment_refused_for_another_reason_leaves_the_account(run, acme, finance, second):
    batch = released(run, finance, second)
    line = fail_line(line=lines(batch)[0], reason="Limit of the day", by=finance)
    assert line.account.is_in_force(clock.today())


def test_what_changed_since_it_was_prepared_stops_the_release(run, acme, rival, finance, second):
    batch = prepare_batch(run=run, by=finance)
    status = type(acme.row).objects.for_everyone(because="a test").filter(pk=acme.row.pk)
    status.update(status="suspended")
    with pytest.raises(NoLongerPayable, match="on hold"):
        release_batch(batch=batch, by=second)
    status.update(status="active")
    change = account(acme, finance, second, days_ago=14, holder="ACME Elsewhere")
    assert change.is_in_force(clock.today())
    with pytest.raises(NoLongerPayable, match="Another bank account"):
        release_batch(batch=batch, by=second)
    drop_line(line=lines(batch)[0], reason="Account changed", by=finance)
    assert release_batch(batch=batch, by=second).state == "released"


def test_a_later_close_that_takes_from_the_balance_stops_the_release(run, acme, finance, second):
    batch = prepare_batch(run=run, by=finance)
    sell(acme, -20_000, "2026-10-05")
    settle("2026-10")
    with pytest.raises(NoLongerPayable, match="Less is open"):
        release_batch(batch=batch, by=second)


def test_what_the_bank_paid_is_booked_whatever_a_later_close_took(run, acme, finance, second):
    batch = released(run, finance, second)
    sell(acme, -50_000, "2026-10-05")
    settle("2026-10")
    book_batch(batch=batch, by=second)
    assert payments() == [Decimal("1000.00"), Decimal("400.00")]
    owed = Entry.objects.for_everyone(because="a test").filter(
        account__partner_id=acme.row.pk, account__kind__in=("payable", "approved")
    )
    assert -sum(entry.amount for entry in owed) == Decimal("-1000.00")


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE payouts_batchline SET amount = amount - 1",
        "UPDATE payouts_batchline SET account_id = (SELECT max(account_id) FROM payouts_batchline)",
        "DELETE FROM payouts_batchline",
        "UPDATE payouts_batch SET debtors = '{}'",
        "UPDATE payouts_batch SET xml_digest = 'x'",
        "DELETE FROM payouts_batch",
        "INSERT INTO payouts_batchline (batch_id, statement_id, account_id, end_to_end_id, amount, state, reason)"
        " SELECT batch_id, statement_id, account_id, 'X', amount, 'dropped', '' FROM payouts_batchline",
    ],
)
def test_what_was_released_is_never_changed(run, finance, second, change):
    released(run, finance, second)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(change)


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


def test_a_payout_prepared_beside_payments_by_hand_pays_each_once(in_threads):
    """Six at once: two prepare, two pay a statement, two release the run. Each statement ends up taken once."""
    first, other = (actor(UserFactory(finance=True)) for _person in range(2))
    pays_from(first)
    partners = [PartnerFactory() for _number in range(3)]
    for partner in partners:
        account(partner, first, other)
    run = closed(*[(partner, 10_000) for partner in partners])
    one = statement_of(partners[0], run)
    in_threads(
        *[lambda: prepare_batch(run=run, by=first)] * 2,
        *[lambda: pay_statement(statement=one, by=BY)] * 2,
        *[lambda: release_run(run=run, by=BY)] * 2,
    )
    waiting = BatchLine.objects.for_everyone(because="a test").waiting()
    taken = [*waiting.values_list("statement_id", flat=True)]
    paid = Payment.objects.for_everyone(because="a test").values_list("statement_id", flat=True)
    assert sorted([*taken, *paid]) == sorted(statement_of(partner, run).pk for partner in partners)
    for batch in Batch.objects.all():
        release_batch(batch=batch, by=other)
        jobs = in_threads(*[lambda batch=batch: start_booking(batch=batch, by=other, chunk=1)] * 3)
        assert len({job.pk for job in jobs}) == 1
        in_threads(*[lambda pk=jobs[0].pk: run_job(pk)] * 3)
        while Job.objects.open().filter(pk=jobs[0].pk).exists():
            run_job(jobs[0].pk)
    assert payments() == [Decimal("200.00")] * 3


def test_after_a_return_a_wrong_account_gets_nothing_more_and_another_one_does(acme, rival, db):
    first, other = (actor(UserFactory(finance=True)) for _person in range(2))
    pays_from(first)
    account(acme, first, other)
    run = closed((acme, 50_000))
    batch = release_batch(batch=prepare_batch(run=run, by=first), by=other)
    book_batch(batch=batch, by=first)
    payment = Payment.objects.for_everyone(because="a test").get()
    said = {"returned_on": clock.today(), "reason": "Account closed", "wrong_account": True}
    confirm_return(found=report_return(payment=payment, by=first, **said), by=other)
    (left,) = prospect(run, by=first).left_out
    assert (left.reason, left.amount) == ("bounced", Decimal("1000.00"))
    assert "Account closed" in left.text
    account(acme, first, other, account_number="6222021001116245999")
    again = prospect(run, by=first)
    assert [one.amount for one in again.due] == [Decimal("1000.00")]
    assert again.left_out == []


def test_what_is_paid_into_the_wallet_goes_through_no_bank(acme, db):
    first, other = (actor(UserFactory(finance=True)) for _person in range(2))
    pays_from(first)
    account(acme, first, other)
    run = closed((acme, 50_000), payout_as="wallet")
    found = prospect(run, by=first)
    assert found.due == [] and [(one.reason, one.amount) for one in found.left_out] == [
        ("not_by_bank", Decimal("1000.00"))
    ]


def test_a_payment_without_a_file_shows_the_account_of_its_day_to_be_wrong(acme, db):
    first, other = (actor(UserFactory(finance=True)) for _person in range(2))
    pays_from(first)
    account(acme, first, other)
    run = closed((acme, 50_000))
    statement = Statement.objects.for_everyone(because="a test").get()
    payment = pay_statement(statement=statement, by=first, reference="W-1")
    said = {"returned_on": clock.today(), "reason": "Account closed", "wrong_account": True}
    confirm_return(found=report_return(payment=payment, by=first, **said), by=other)
    (left,) = prospect(run, by=first).left_out
    assert left.reason == "bounced" and "Account closed" in left.text
