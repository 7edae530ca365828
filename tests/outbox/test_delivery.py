"""Events leave at least once, in order for each object, and a failing one holds nobody else back."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta

import pytest
import time_machine
from django.db import transaction

from prm.outbox import events as registry
from prm.outbox import services
from prm.outbox.events import event, listens_to
from prm.outbox.models import OutboxEvent
from prm.outbox.services import deliver_open_events, emit
from prm.values import clock

pytestmark = pytest.mark.django_db


@event("tests.happened", version=1)
class Happened:
    what: str


@pytest.fixture
def heard(monkeypatch):
    """What listeners heard; `heard.fails` names facts that a listener refuses."""

    class Heard(list):
        fails: set = set()

    found = Heard()
    found.fails = set()
    monkeypatch.setattr(registry, "_listeners", defaultdict(list))
    monkeypatch.setattr(services, "_wake", lambda: None)

    @listens_to(Happened)
    def listen(fact):
        if fact.what in found.fails:
            raise RuntimeError(f"{fact.what} is too much")
        found.append(fact.what)

    return found


def tell(*whats: str, key: str = "") -> None:
    for what in whats:
        emit(Happened(what=what), object_key=key)


def test_events_are_heard_in_order_and_once(heard):
    tell("first", "second", key="deal:1")
    assert deliver_open_events() == 2 and deliver_open_events() == 0
    assert heard == ["first", "second"]


def test_an_event_of_a_rolled_back_change_is_never_heard(heard):
    with pytest.raises(RuntimeError), transaction.atomic():
        tell("never")
        raise RuntimeError
    assert deliver_open_events() == 0 and heard == []


def test_a_failing_listener_is_tried_again_later_and_later(heard):
    heard.fails = {"hard"}
    tell("hard")
    with time_machine.travel(clock.now(), tick=False) as time:
        waits = []
        for _ in range(4):
            deliver_open_events()
            stored = OutboxEvent.objects.get()
            waits.append((stored.next_try_at - clock.now()).total_seconds())
            assert deliver_open_events() == 0
            time.move_to(stored.next_try_at + timedelta(seconds=1))
        assert waits == [2, 4, 8, 16] and "too much" in stored.error
        heard.fails = set()
        assert deliver_open_events() == 1 and heard == ["hard"]


def test_a_failing_event_holds_back_its_own_object_only(heard):
    heard.fails = {"a1"}
    tell("a1", "a2", key="a")
    tell("b1", key="b")
    tell("free")
    deliver_open_events()
    assert heard == ["b1", "free"]
    tell("a3", key="a")
    deliver_open_events()
    assert heard == ["b1", "free"]
    heard.fails = set()
    with time_machine.travel(clock.now() + timedelta(seconds=5)):
        deliver_open_events()
    assert heard == ["b1", "free", "a1", "a2", "a3"]


def test_many_failing_events_do_not_keep_a_new_one_waiting(heard, monkeypatch):
    monkeypatch.setattr(services, "BATCH", 5)
    heard.fails = {f"bad{n}" for n in range(12)}
    for n in range(12):
        tell(f"bad{n}", key=f"deal:{n}")
    tell("good")
    for _ in range(4):
        deliver_open_events()
    assert heard == ["good"]


def test_a_listeners_rows_and_the_mark_commit_together(heard):
    @listens_to(Happened)
    def write_then_fail(fact):
        OutboxEvent.objects.create(name="written.by.listener", version=1, payload={}, attempts=99)
        raise RuntimeError("after writing")

    tell("x")
    deliver_open_events()
    assert not OutboxEvent.objects.filter(name="written.by.listener").exists()
    assert OutboxEvent.objects.get(name="tests.happened").delivered_at is None


def test_after_twelve_attempts_an_event_rests_with_its_error(heard):
    heard.fails = {"never"}
    tell("never")
    OutboxEvent.objects.update(attempts=11)
    deliver_open_events()
    with time_machine.travel(clock.now() + timedelta(days=1)):
        assert deliver_open_events() == 0
    assert OutboxEvent.objects.get().attempts == 12


@pytest.mark.django_db(transaction=True)
def test_one_wake_up_for_a_transaction_also_after_a_rollback(monkeypatch):
    woken = []
    monkeypatch.setattr(services, "_wake", lambda: woken.append(1))
    with pytest.raises(RuntimeError), transaction.atomic():
        tell("lost")
        raise RuntimeError
    assert woken == []
    with transaction.atomic():
        tell("one", "two")
    assert woken == [1]
