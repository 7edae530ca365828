"""Worker, broker and database sessions are killed in turn under load: every committed event arrives, in order."""

from __future__ import annotations

import itertools
import random
import threading
import time

import pytest
from django.db import connection, transaction

from prm.outbox.models import MissedDelivery, OutboxEvent
from prm.outbox.services import emit
from prm.values import clock
from tests.conftest import LONG
from tests.jobs.test_kills import broker, start, wait_for
from tests.outbox.hearing.events import Counted
from tests.outbox.hearing.listeners import heard, make_table

__all__ = ["broker"]
pytestmark = pytest.mark.django_db(transaction=True)
KEYS = 8
ROUNDS = 20 if LONG else 2
EVENTS = 320  # in each round


@pytest.fixture
def own_crew(own_stack):
    """A worker and a scheduler that know the tests' event."""
    stack = own_stack()
    stack.env |= {"DJANGO_SETTINGS_MODULE": "tests.outbox.settings", "PRM_LOG_LEVEL": "INFO"}
    return stack


class Regret(Exception):
    """Rolls a change back."""


class Load(threading.Thread):
    """Commits events of several objects, and rolls some back; `committed` is what must arrive.

    Quickly until it has as many as are `wanted`, then still some each second: it never rests.
    """

    def __init__(self, schema: str) -> None:
        super().__init__(daemon=True)
        self.schema, self.stopped = schema, threading.Event()
        self.wanted = 0
        self.committed: dict[str, list[int]] = {f"object:{n}": [] for n in range(KEYS)}

    def run(self) -> None:
        from django_tenants.utils import schema_context

        with schema_context(self.schema):
            for number in itertools.count():
                if self.stopped.is_set():
                    break
                key = random.choice(list(self.committed))
                self._one(key, number)
                time.sleep(0.005 if self.count < self.wanted else 0.1)
        connection.close()

    @property
    def count(self) -> int:
        return sum(map(len, self.committed.values()))

    def _one(self, key: str, number: int) -> None:
        regrets = number % 7 == 0
        try:
            with transaction.atomic():
                emit(Counted(key=key, number=number), object_key=key)
                if regrets:
                    raise Regret
            self.committed[key].append(number)
        except Regret:
            pass


@pytest.fixture
def load(monkeypatch):
    """No wake-up reaches the crew: the scheduler's rounds must find everything by themselves."""
    monkeypatch.setattr("prm.outbox.services._wake", lambda: None)
    make_table()
    made = Load(connection.schema_name)
    yield made
    made.stopped.set()
    if made.ident:
        made.join(10)


def kill_sessions() -> None:
    """End every database session of the crew, as a failing server would; the tests' own two go on."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND application_name <> 'load'"
        )


def arrived(load: Load) -> bool:
    open_ones = MissedDelivery.objects.filter(state__in=["open", "dead"])
    return not OutboxEvent.objects.filter(delivered_at=None).exists() and not open_ones.exists()


def test_every_committed_event_arrives_in_order_whatever_is_killed(own_crew, broker, load, monkeypatch):
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "application_name", "load")
    start(own_crew, "scheduler")
    load.start()
    for turn in range(ROUNDS):
        load.wanted += EVENTS
        time.sleep(random.uniform(1.0, 2.0))
        own_crew.kill("scheduler")
        time.sleep(0.3)
        start(own_crew, "scheduler")
        time.sleep(random.uniform(0.5, 1.5))
        kill_sessions()
        time.sleep(random.uniform(0.5, 1.5))
        if turn % 2 == 0:
            broker.kill_group()
            broker.process.wait()
            time.sleep(0.5)
            broker.spawn()
            broker.wait_ready(10)
        own_crew.revive()
    load.stopped.set()
    load.join(10)
    assert load.count > 300 * ROUNDS, "that was no load"
    _hurry()
    wait_for(lambda: arrived(load), limit=120, crew=own_crew)
    for who in ("steady", "moody"):
        assert heard(who) == {key: numbers for key, numbers in load.committed.items() if numbers}, who


def _hurry() -> None:
    """Pauses after failures are not what is tried here."""
    MissedDelivery.objects.filter(state="open").update(next_try_at=clock.now())
