"""Kills at random moments, connections cut by the server, two who press at once: so often that chance finds the gap.

Starts at once are tried in each run; what forks and kills only with `bin/test --long`.
"""

from __future__ import annotations

import json
import os
import random
import signal
import time
from typing import Any

import psycopg2
import pytest
from django.conf import settings
from django.db import connection, connections, transaction
from django.db.models import Sum

from prm.jobs.models import Job
from prm.jobs.services import run_job
from prm.ledger.models import Entry, Transaction
from prm.values.periods import Period
from rebates.models import Result, SettlementRun, Statement
from rebates.services import approve_run, close_run, computing, discard_run, start_close, start_settlement
from tests.factories.partners import PartnerFactory
from tests.rebates.test_crashes_and_races import in_threads  # noqa: F401
from tests.rebates.world import BY, apply, policy, sell

LONG = os.environ.get("PRM_LONG") == "1"
KILLS, CUTS, TWICE = (50, 20, 100) if LONG else (5, 2, 3)
PARTNERS, MONTHS = 6, [f"2026-{number:02}" for number in range(1, 11)]
STATEMENT = ("opening", "accrued", "earned", "adjusted", "approved", "paid", "closing", "carried", "kept")
RESULT = ("partner_id", "programme_id", "kind", "tier", "qualifier", "base", "band", "earned", "adjusted",
          "line_count", "explanation")  # fmt: skip


def world() -> None:
    apply(policy("a"), policy("b", kind="retroactive"), policy("q", period="quarter"))
    for number in range(PARTNERS):
        partner = PartnerFactory(tier="gold")
        for month in MONTHS:
            sell(partner, 30_000 * number + 7_000, f"{month}-10")
            sell(partner, -2_000, f"{month}-12")


def written(run: SettlementRun) -> bytes:
    """The bytes of all that a closed run wrote but the random numbers of its statements; its ledger balances."""
    statements = Statement.objects.for_everyone(because="a test").filter(run=run).order_by("partner_id")
    results = Result.objects.for_everyone(because="a test").filter(run=run)
    entries = Entry.objects.for_everyone(because="a test").filter(transaction__memo=run.number)
    by_account = entries.values_list("account__kind", "account__partner_id", "purpose_id").annotate(
        Sum("amount")
    )
    assert sum(row[-1] for row in by_account) == 0
    transactions = Transaction.objects.for_everyone(because="a test").filter(memo=run.number)
    found = {
        "statements": list(statements.values_list("partner_id", *STATEMENT)),
        "results": list(results.order_by("partner_id", "programme_id", "ends").values_list(*RESULT)),
        "ledger": sorted(map(str, by_account)),
        "transactions": sorted(transactions.values_list("key", flat=True)),
    }
    return json.dumps(found, sort_keys=True, default=str).encode()


def undisturbed(month: str) -> tuple[bytes, float]:
    """What the month's settlement writes when nothing happens, and how long its longer half takes; nothing stays."""
    with transaction.atomic():
        began = time.monotonic()
        run = approved(month)
        half = time.monotonic()
        close_run(run=run, by=BY, chunk=1)
        found = written(run)
        transaction.set_rollback(True)
    return found, max(half - began, time.monotonic() - half)


def approved(month: str) -> SettlementRun:
    run = computing.compute_run(period=Period.parse(month), by=BY, chunk=1)
    return approve_run(run=run, by=BY)


def in_a_worker(job: Job) -> int:
    """A process of its own that runs the job; its id. The parent has no connection that it could share."""
    schema_tenant = connection.tenant
    connections.close_all()
    child = os.fork()
    if child:
        connection.set_tenant(schema_tenant)
        return child
    try:
        connection.set_tenant(schema_tenant)
        run_job(job.pk)
    finally:
        os._exit(0)


def disturbed(job: Job, chance: random.Random, longest: float, disturb: Any, most: int) -> int:
    """Run the job to its end while `disturb(worker)` happens at random moments. Returns how often it did."""
    happened = 0
    while Job.objects.get(pk=job.pk).is_open:
        Job.objects.filter(pk=job.pk).update(failures=0, run_after=job.created_at)  # no pause, no giving up
        worker = in_a_worker(job)
        if happened < most:
            time.sleep(chance.uniform(0, longest))
            disturb(worker)
            happened += 1
        os.waitpid(worker, 0)
    assert Job.objects.get(pk=job.pk).state == Job.State.DONE, Job.objects.get(pk=job.pk).error
    return happened


def kill(worker: int) -> None:
    os.kill(worker, signal.SIGKILL)


def cut(worker: int) -> None:
    """The server ends every connection to the database, as it does when it stops hard."""
    database = settings.DATABASES["default"]
    link = psycopg2.connect(
        host=database["HOST"], port=database["PORT"], user=database["USER"], password=database["PASSWORD"],
        dbname="postgres",
    )  # fmt: skip
    try:
        link.autocommit = True
        link.cursor().execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [database["NAME"]]
        )
    finally:
        link.close()
    tenant = connection.tenant
    connections.close_all()
    connection.set_tenant(tenant)


def settled_while(disturb: Any, count: int) -> None:
    """Settle month after month until `count` disturbances happened; each writes what it would have undisturbed."""
    chance, happened = random.Random(20261126), 0
    for month in MONTHS:
        expected, longest = undisturbed(month)
        each = (
            -(-count // len(MONTHS)) if LONG else 2
        )  # twice what is needed: some jobs end before it happens
        job = start_settlement(period=Period.parse(month), by=BY, chunk=1)
        happened += disturbed(job, chance, longest, disturb, each)
        run = approve_run(run=SettlementRun.objects.get(ends=Period.parse(month).end), by=BY)
        job = start_close(run=run, by=BY, chunk=1)
        happened += disturbed(job, chance, longest, disturb, each)
        run.refresh_from_db()
        assert run.state == "closed"
        assert written(run) == expected
        if happened >= count:
            return
    assert happened >= count


@pytest.mark.long  # it forks: one process at a time, as bin/test --long tests/rebates/test_crash_counts.py
def test_a_worker_killed_at_random_moments_leaves_the_same_bytes(fresh_tenant):
    world()
    settled_while(kill, KILLS)


@pytest.mark.long  # it forks: one process at a time, as bin/test --long tests/rebates/test_crash_counts.py
def test_a_server_that_ends_all_connections_leaves_the_same_bytes(fresh_tenant):
    world()
    settled_while(cut, CUTS)


@pytest.mark.parametrize("pressed", [2, 4])
def test_started_at_once_it_is_one_run_each_time(in_threads, pressed):  # noqa: F811
    world()
    first: list[Any] = []
    for _time in range(TWICE):
        jobs = in_threads(
            *[lambda: start_settlement(period=Period.parse("2026-01"), by=BY, chunk=2)] * pressed
        )
        assert len({job.pk for job in jobs}) == 1
        in_threads(*[lambda pk=jobs[0].pk: run_job(pk)] * pressed)
        run = SettlementRun.objects.get()
        rows = list(Result.objects.for_everyone(because="a test").order_by("partner_id", "programme_id")
                    .values_list(*RESULT))  # fmt: skip
        first = first or rows
        assert (run.state, rows) == ("computed", first)
        assert len(rows) == 2 * PARTNERS
        discard_run(run=run, by=BY)
