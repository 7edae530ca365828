"""The job engine in one process: steps, failures, giving up, stopping, resuming."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection

from prm.jobs import services
from prm.jobs.errors import AnotherIsOpen, JobNotOpen, JobNotRetryable
from prm.jobs.models import Job
from prm.jobs.services import cancel_job, reap, retry_job, run_job, run_to_end, start_job
from prm.notices.models import Letter, Notice
from prm.outbox.services import deliver_open_events
from prm.values import clock
from prm.values.actor import Actor
from prm.values.errors import NotAllowed
from tests.factories.people import UserFactory, actor
from tests.jobs.counting.jobs import counted, make_table

pytestmark = pytest.mark.django_db
SYSTEM = Actor.job("tests")


@pytest.fixture
def sent(monkeypatch):
    """Which jobs were sent to the broker, in place of the broker."""
    found = []
    monkeypatch.setattr(services, "send", lambda job: found.append(job.pk))
    return found


@pytest.fixture(autouse=True)
def _table(db, sent):
    make_table()


def begin(by: Actor = SYSTEM, steps: int = 3, key: str = "", **params) -> Job:
    return start_job(kind="tests.count", params={"steps": steps, **params}, by=by, key=key)


def test_every_step_runs_once_and_the_result_is_kept():
    job = begin()
    assert run_job(job.pk) == "done"
    job.refresh_from_db()
    assert counted(job) == [0, 1, 2] and job.counts == {"counted": 3} and job.result == {"counted": 3}
    assert run_job(job.pk) == "" and counted(job) == [0, 1, 2]


def test_a_key_has_one_open_job():
    first, second = begin(key="2026-10"), begin(key="2026-10")
    assert first.pk == second.pk
    run_job(first.pk)
    assert begin(key="2026-10").pk != first.pk


def test_a_failing_step_waits_and_goes_on_where_it_was(sent):
    job = begin(breaks_at=1)
    with time_machine.travel("2026-11-12T09:00:00Z", tick=False) as time:
        Job.objects.filter(pk=job.pk).update(run_after=clock.now())
        assert run_job(job.pk) == "queued"
        job.refresh_from_db()
        assert "no step 1 today" in job.error and counted(job) == [0]
        assert run_job(job.pk) == "queued", "it is not time yet"
        time.shift(timedelta(seconds=3))
        assert reap() == 1 and sent[-1] == job.pk
        assert run_job(job.pk) == "done" and counted(job) == [0, 1, 2]
    job.refresh_from_db()
    assert job.error == "" and job.attempt == 2


def test_a_job_that_fails_again_and_again_is_given_up_and_whoever_began_it_is_told():
    user = UserFactory(manager=True)
    job = begin(by=actor(user), breaks_at=1, breaks=99)
    with time_machine.travel(clock.now(), tick=False) as time:
        for _ in range(5):
            run_job(job.pk)
            time.shift(timedelta(minutes=2))
    job.refresh_from_db()
    assert job.state == "dead" and counted(job) == [0]
    deliver_open_events()
    assert Notice.objects.get(user=user).kind == "jobs.failed"
    assert "no step 1 today" in Letter.objects.get(to=user.email).text


def test_what_a_rule_refuses_is_not_tried_again_and_said_in_the_persons_language():
    user = UserFactory(manager=True, language="zh-hans")
    job = begin(by=actor(user), refused_at=1)
    assert run_job(job.pk) == "dead" and counted(job) == [0]
    job.refresh_from_db()
    assert (job.error, job.failures) == ("该任务已结束。", 1)


def test_a_command_waits_for_the_end_or_says_why_there_is_none():
    assert run_to_end(begin()).counts == {"counted": 3}
    with pytest.raises(RuntimeError, match="already ended"):
        run_to_end(begin(refused_at=0))


def test_a_job_whose_worker_died_too_often_is_given_up_by_the_reaper():
    job = begin()
    Job.objects.filter(pk=job.pk).update(
        state="running", failures=5, attempt=5, run_after=clock.now() - timedelta(minutes=1)
    )
    assert reap() == 0
    job.refresh_from_db()
    assert job.state == "dead" and "died" in job.error


def test_a_worker_that_comes_while_the_reaper_looks_gets_the_job(sent, monkeypatch):
    job, own = begin(), connection.copy()
    Job.objects.filter(pk=job.pk).update(run_after=clock.now() - timedelta(seconds=20))
    looks, got = Job.refresh_from_db, []

    def looks_slowly(self, *args, **kwargs):
        with own.cursor() as cursor:  # another process begins `run_job` here
            cursor.execute(
                "SELECT pg_try_advisory_lock(hashtextextended(%s, 3))", [f"{connection.schema_name}:{job.pk}"]
            )
            got.extend(cursor.fetchone())
        return looks(self, *args, **kwargs)

    monkeypatch.setattr(Job, "refresh_from_db", looks_slowly)
    reap()
    reap()  # now it has the job: nothing is sent
    own.close()
    assert got == [True] and sent == [job.pk]


def test_a_kind_that_a_new_version_no_longer_has_ends_instead_of_blocking_the_others(sent):
    lost = begin()
    Job.objects.filter(pk=lost.pk).update(
        kind="gone.away", failures=5, state="running", run_after=clock.now()
    )
    other = begin()
    Job.objects.filter(pk=other.pk).update(run_after=clock.now() - timedelta(seconds=20))
    assert reap() == 1 and sent == [other.pk]
    lost.refresh_from_db()
    assert lost.state == "dead"


def test_a_job_that_waits_in_a_long_queue_is_not_sent_every_two_seconds(sent):
    job = begin()
    Job.objects.filter(pk=job.pk).update(run_after=clock.now() - timedelta(seconds=20))
    assert [reap(), reap(), reap()] == [1, 0, 0]
    cache.clear()  # the broker died and forgot its messages with the mark
    assert reap() == 1


def test_stopping_keeps_the_steps_that_are_done_and_resuming_goes_on():
    job = begin()
    cancel_job(job=job, by=SYSTEM)
    assert run_job(job.pk) == "" and counted(job) == []
    retry_job(job=job, by=SYSTEM)
    assert run_job(job.pk) == "done" and counted(job) == [0, 1, 2]
    with pytest.raises(JobNotOpen):
        cancel_job(job=job, by=SYSTEM)
    with pytest.raises(JobNotRetryable):
        retry_job(job=job, by=SYSTEM)


def test_a_cancelled_job_cannot_run_beside_its_successor():
    first = begin(key="2026-10")
    cancel_job(job=first, by=SYSTEM)
    begin(key="2026-10")
    with pytest.raises(AnotherIsOpen):
        retry_job(job=first, by=SYSTEM)


def test_only_whoever_began_it_or_an_administrator_stops_a_job(acme):
    mine = actor(UserFactory(manager=True))
    job = begin(by=mine)
    for stranger in (actor(UserFactory(finance=True)), acme.sales):
        with pytest.raises(NotAllowed):
            cancel_job(job=job, by=stranger)
    cancel_job(job=job, by=actor(UserFactory(administrator=True)))
    cancel_job(job=begin(by=mine), by=mine)


def test_a_finished_job_tells_its_beginner_in_the_inbox_without_a_letter():
    user = UserFactory(manager=True)
    job = begin(by=actor(user))
    run_job(job.pk)
    deliver_open_events()
    deliver_open_events()
    assert Notice.objects.get(user=user).kind == "jobs.finished" and not Letter.objects.exists()
