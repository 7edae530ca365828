"""Two at once, a kill at any step, a database error in the close: one correct run."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import pytest
from django.db import connection, transaction

from prm.jobs.models import Job
from prm.jobs.services import run_job
from prm.jobs.sharing import help_with
from prm.ledger.models import Entry, Transaction
from prm.values.periods import Period
from rebates.errors import AlreadyClosed
from rebates.models import Result, SettlementRun, Statement
from rebates.services import approve_run, close_run, computing, start_settlement
from tests.factories.partners import PartnerFactory
from tests.rebates.world import BY, apply, policy, sell, settle

SEPTEMBER = Period.parse("2026-09")


class Killed(BaseException):
    """Stands for a worker's sudden end: no handler of the product catches it."""


def world(partners: int = 7) -> None:
    apply(policy("a"), policy("b", kind="retroactive"), policy("q", period="quarter"))
    for number in range(partners):
        partner = PartnerFactory(tier="gold")
        for amount in (40_000 * number, 70_000, -1000):
            sell(partner, amount)


def figures() -> list[tuple]:
    rows = Result.objects.for_everyone(because="a test").order_by("partner_id", "programme_id", "ends")
    return [
        (
            row.partner_id,
            row.programme_id,
            row.kind,
            row.qualifier,
            row.base,
            row.band,
            row.earned,
            row.explanation,
        )
        for row in rows
    ]


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


def test_two_people_pressing_at_once_get_one_run_and_one_job(in_threads):
    world()
    jobs = in_threads(*[lambda: start_settlement(period=SEPTEMBER, by=BY)] * 6)
    assert {job.pk for job in jobs} == {Job.objects.get(kind=computing.JOB).pk}
    assert SettlementRun.objects.count() == 1


def test_one_job_in_two_workers_writes_each_result_once(in_threads):
    world()
    job = start_settlement(period=SEPTEMBER, by=BY, chunk=2)
    in_threads(*[lambda: run_job(job.pk)] * 3)
    run = SettlementRun.objects.get()
    assert run.state == "computed"
    assert len(figures()) == 7 * 3


def test_helpers_share_the_computation_and_the_figures_are_the_same(in_threads):
    world()
    with transaction.atomic():
        settle("2026-09", close=False)
        alone = figures()
        transaction.set_rollback(True)
    job = start_settlement(period=SEPTEMBER, by=BY, chunk=1)

    over = Event()

    def leader():
        try:
            run_job(job.pk)
        finally:
            over.set()

    def helper():
        while not over.is_set():
            help_with(job.pk, 1)

    in_threads(leader, helper, helper)
    run = SettlementRun.objects.get()
    assert (run.state, run.line_count, figures()) == ("computed", 21, alone)


def test_two_closing_at_once_close_once(in_threads):
    world()
    run = approve_run(run=settle("2026-09", close=False), by=BY)
    answers = in_threads(*[lambda: close_run(run=run, by=BY, chunk=2)] * 4)
    # Who comes while it is being closed waits for the same close, who comes later reads that it is closed.
    assert {type(answer) for answer in answers} <= {SettlementRun, AlreadyClosed}
    assert "closed" in {answer.state for answer in answers if isinstance(answer, SettlementRun)}
    # A transaction a partner, a debit and a credit for each of three programmes.
    assert Transaction.objects.for_everyone(because="a test").count() == 7
    assert Entry.objects.for_everyone(because="a test").count() == 7 * 6
    assert Statement.objects.for_everyone(because="a test").count() == 7


@pytest.mark.parametrize("step", range(6))
def test_a_worker_killed_at_any_step_and_started_again_ends_with_the_same_figures(
    fresh_tenant, monkeypatch, step
):
    world()
    with transaction.atomic():
        settle("2026-09", close=False)
        undisturbed = figures()
        transaction.set_rollback(True)
    assert len(undisturbed) == 21

    job = start_settlement(period=SEPTEMBER, by=BY, chunk=2)
    _kill_at(monkeypatch, step)
    with pytest.raises(Killed):
        run_job(job.pk)
    monkeypatch.undo()
    assert Job.objects.get(pk=job.pk).progress == (step, 6)
    run_job(job.pk)
    assert SettlementRun.objects.get().state == "computed"
    assert figures() == undisturbed


def _kill_at(monkeypatch, step: int) -> None:
    """The step's work is done, but its transaction never commits."""
    done = iter(range(100))

    def then_die(work):
        def dying(*arguments):
            answer = work(*arguments)
            if next(done) == step:
                raise Killed
            return answer

        return dying

    for name in ("freeze", "compute_chunk", "finish"):
        monkeypatch.setattr(computing, name, then_die(getattr(computing, name)))


def test_a_line_inserted_while_the_run_freezes_is_counted_once(in_threads):
    """Inserts that took an id before the freeze are waited for; later ones are late lines."""
    world()
    partner = PartnerFactory(tier="gold")
    in_threads(lambda: settle("2026-09"), *[lambda: sell(partner, 1000)] * 3)
    settle("2026-10")
    rows = Result.objects.for_everyone(because="a test").filter(partner_id=partner.pk, programme__code="a")
    assert sum(row.amount for row in rows) == 60
