"""A step that several workers share: each part is done once, whoever dies."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event
from types import SimpleNamespace

import pytest
from django.db import connection

from prm.jobs import services, sharing
from prm.jobs.models import Job
from prm.jobs.progress import card_of
from prm.jobs.services import cancel_job, run_job, start_job
from prm.jobs.sharing import do_a_part, help_with
from prm.values.actor import Actor
from tests.factories.people import UserFactory, actor
from tests.jobs.counting.jobs import Shared, counted, make_table

SYSTEM = Actor.job("tests")


class Killed(BaseException):
    """Stands for a worker's sudden end: no handler of the product catches it."""


def die():
    raise Killed


@pytest.fixture(autouse=True)
def _table(db, monkeypatch):
    make_table()
    monkeypatch.setattr(services, "send", lambda job: None)
    monkeypatch.setattr(sharing, "_call", lambda *_arguments: None)
    monkeypatch.setattr(Shared, "amid", {})


def begin(parts: int = 4, by: Actor = SYSTEM) -> Job:
    return start_job(kind="tests.shared", params={"parts": parts}, by=by)


def begun(parts: int = 4) -> Job:
    """A job whose worker died amid the first part of the shared step."""
    job = begin(parts)
    Shared.amid[0] = die
    with pytest.raises(Killed):
        run_job(job.pk)
    Shared.amid.clear()
    return Job.objects.get(pk=job.pk)


@pytest.mark.django_db
def test_one_worker_alone_does_all_parts_and_adds_up_what_they_counted():
    job = begin()
    assert run_job(job.pk) == "done"
    job.refresh_from_db()
    assert counted(job) == [0, 1, 2, 3]
    assert job.counts == {"step 0": 1, "parts": 4, "step 2": 1}


@pytest.mark.django_db
def test_parts_that_were_done_are_not_done_again_after_a_kill():
    job = begun()
    assert counted(job) == [] and job.progress == (1, 6)
    assert do_a_part(job.pk, 1, Shared()) and do_a_part(job.pk, 1, Shared())
    again = Job.objects.get(pk=job.pk)
    assert again.progress == (3, 6) and again.percent == 50
    assert run_job(job.pk) == "done"
    assert counted(job) == [0, 1, 2, 3] and Job.objects.get(pk=job.pk).counts["parts"] == 4


@pytest.mark.django_db
def test_a_helper_does_what_is_open_and_nothing_of_a_step_that_is_over():
    job = begun(parts=3)
    assert help_with(job.pk, 0) == 0 and help_with(job.pk, 1) == 3
    assert counted(job) == [0, 1, 2]
    assert run_job(job.pk) == "done" and help_with(job.pk, 1) == 0


@pytest.mark.django_db
def test_a_part_that_fails_a_helper_is_left_to_the_jobs_own_worker_which_counts_the_failure():
    job = begun(parts=2)
    Shared.amid[0] = lambda: 1 / 0
    assert help_with(job.pk, 1) == 0
    assert Job.objects.get(pk=job.pk).error == "" and counted(job) == []
    assert run_job(job.pk) == "queued"
    assert "division" in Job.objects.get(pk=job.pk).error


@pytest.mark.django_db
def test_a_job_that_was_stopped_keeps_its_parts_and_gives_out_no_more():
    user = UserFactory(manager=True)
    job = begin(by=actor(user))
    Shared.amid[1] = lambda: cancel_job(job=job, by=actor(user))
    assert run_job(job.pk) == "cancelled"
    assert counted(job) == [0, 1] and help_with(job.pk, 1) == 0
    card = card_of(Job.objects.get(pk=job.pk), actor(user))
    assert (card["done"], card["total"]) == (3, 6)


def as_worker(tenant):
    """Runs a function in a thread as a worker of the tenant does, with a connection of its own."""

    def worker(work):
        connection.set_tenant(tenant)
        try:
            return work()
        finally:
            connection.close()

    return worker


@pytest.mark.django_db(transaction=True)
def test_two_workers_are_amid_a_part_at_the_same_moment(fresh_tenant):
    """Each of the first two parts waits for the other: one worker alone would never end."""
    make_table()
    together, over = Barrier(2), Event()
    Shared.amid |= {0: lambda: together.wait(30), 1: lambda: together.wait(30)}
    job = begin(parts=5)

    def leader():
        try:
            return run_job(job.pk)
        finally:
            over.set()

    def helper():
        done = 0
        while not over.is_set():
            done += help_with(job.pk, 1)
        return done

    with ThreadPoolExecutor(2) as pool:
        ran, helped = pool.map(as_worker(fresh_tenant), [leader, helper])
    assert ran == "done" and helped >= 1
    assert counted(job) == [0, 1, 2, 3, 4]


@pytest.mark.django_db(transaction=True)
def test_the_jobs_own_worker_goes_on_the_moment_the_others_part_is_over(fresh_tenant, monkeypatch):
    """It stands at that part's lock instead of looking at intervals."""
    make_table()
    job = begun(parts=1)
    taken, over = Event(), Event()

    def look_at_intervals(_seconds):
        raise AssertionError("it slept")

    def until_somebody_stands_at_the_lock():
        taken.set()
        with connection.cursor() as cursor:
            while not over.is_set():
                cursor.execute(
                    "SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
                )
                if cursor.fetchone() is not None:
                    return

    def leader():
        assert taken.wait(30)
        try:
            return run_job(job.pk)
        finally:
            over.set()

    monkeypatch.setattr(sharing, "time", SimpleNamespace(sleep=look_at_intervals))
    Shared.amid[0] = until_somebody_stands_at_the_lock
    with ThreadPoolExecutor(2) as pool:
        ran, helped = pool.map(as_worker(fresh_tenant), [leader, lambda: help_with(job.pk, 1)])
    assert (ran, helped, counted(job)) == ("done", 1, [0])
