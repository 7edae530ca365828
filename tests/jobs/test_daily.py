"""The day's work: once a day, never two at once, again after a worker's death."""

from __future__ import annotations

import threading

import pytest
from django.core.cache import cache
from django.db import connection

from prm.jobs import daily, services, tasks


class Killed(BaseException):
    """Stands for a worker's sudden end: no handler of the product catches it."""


@pytest.fixture
def work(db, monkeypatch):
    """Only the test's own daily work; `work(name, function)` adds to it."""
    registered: dict = {}
    monkeypatch.setattr(daily, "_daily", registered)
    cache.clear()
    yield registered.__setitem__
    cache.clear()


def test_the_days_work_is_done_once_a_day(work, time_machine):
    done = []
    work("count", lambda: done.append(1))
    for day in ("2026-11-04", "2026-11-04", "2026-11-05"):
        time_machine.move_to(f"{day}T08:00:00Z")
        tasks.run_daily_of_tenant()
    assert len(done) == 2


def test_what_failed_or_died_is_done_in_the_next_round_and_keeps_nothing_else_waiting(work):
    done, wrong = [], [Killed(), ValueError("no")]

    def stumble():
        if wrong:
            raise wrong.pop()
        done.append("stumble")

    work("stumble", stumble)
    work("other", lambda: done.append("other"))
    tasks.run_daily_of_tenant()
    assert done == ["other"]
    with pytest.raises(Killed):
        tasks.run_daily_of_tenant()
    tasks.run_daily_of_tenant()
    assert done == ["other", "stumble"]


def test_with_the_marks_lost_the_same_work_never_runs_twice_at_once(fresh_tenant, monkeypatch):
    done = []
    monkeypatch.setattr(daily, "_daily", {"slow": lambda: done.append(1)})
    cache.clear()
    inside, leave = threading.Event(), threading.Event()

    def other_worker():
        connection.set_tenant(fresh_tenant)
        try:
            with services.alone("daily:slow"):
                inside.set()
                leave.wait(20)
        finally:
            connection.close()

    thread = threading.Thread(target=other_worker)
    thread.start()
    assert inside.wait(20)
    tasks.run_daily_of_tenant()
    assert done == []
    leave.set()
    thread.join(20)
    tasks.run_daily_of_tenant()
    assert done == [1]
