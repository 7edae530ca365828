"""Events leave at least once, in order for each object, and a failing one holds nobody else back."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta

import pytest
import time_machine
from django.db import transaction

from prm.outbox import delivery, services
from prm.outbox import events as registry
from prm.outbox.delivery import DeliveryGivenUp
from prm.outbox.events import event, listens_to
from prm.outbox.models import MissedDelivery, OutboxEvent
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
    monkeypatch.setattr(registry, "_everywhere", [])
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
            missed = MissedDelivery.objects.get()
            waits.append((missed.next_try_at - clock.now()).total_seconds())
            assert deliver_open_events() == 0
            time.move_to(missed.next_try_at + timedelta(seconds=1))
        assert waits == [2, 4, 8, 16] and "too much" in missed.error and missed.attempts == 4
        heard.fails = set()
        assert deliver_open_events() == 1 and heard == ["hard"]
    missed.refresh_from_db()
    assert missed.state == "done" and missed.error == ""


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
        while deliver_open_events():
            pass
    assert heard == ["b1", "free", "a1", "a2", "a3"]


def test_what_waited_behind_a_failure_is_heard_in_the_same_round_in_order(heard):
    heard.fails = {"hard"}
    tell("hard", *(f"later {number}" for number in range(30)), key="deal:1")
    deliver_open_events()
    assert heard == [] and MissedDelivery.objects.filter(state="open").count() == 31
    heard.fails = {"later 20"}
    MissedDelivery.objects.update(next_try_at=clock.now())
    assert deliver_open_events() == 21
    assert heard == ["hard", *(f"later {number}" for number in range(20))]
    heard.fails = set()
    assert deliver_open_events() == 0, "the next one that failed has a pause of its own"
    MissedDelivery.objects.filter(state="open").update(next_try_at=clock.now())
    assert deliver_open_events() == 10
    assert heard == ["hard", *(f"later {number}" for number in range(30))]


def test_a_failing_listener_keeps_no_other_listener_waiting(heard):
    @listens_to(Happened)
    def hear_too(fact):
        other.append(fact.what)

    other: list[str] = []
    heard.fails = {"a1"}
    tell("a1", "a2", key="a")
    deliver_open_events()
    assert heard == [] and other == ["a1", "a2"]
    heard.fails = set()
    with time_machine.travel(clock.now() + timedelta(seconds=5)):
        while deliver_open_events():
            pass
    assert heard == ["a1", "a2"] and other == ["a1", "a2"], "who had heard hears nothing twice"


def test_many_failing_events_do_not_keep_a_new_one_waiting(heard, monkeypatch):
    monkeypatch.setattr(delivery, "BATCH", 5)
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
        OutboxEvent.objects.create(name="written.by.listener", version=1, payload={})
        raise RuntimeError("after writing")

    tell("x")
    deliver_open_events()
    assert not OutboxEvent.objects.filter(name="written.by.listener").exists()
    assert heard == ["x"]
    assert MissedDelivery.objects.get().listener.endswith("write_then_fail")


def give_up_at_once() -> None:
    """Let what failed once have its last attempt now."""
    MissedDelivery.objects.update(attempts=delivery.MAX_ATTEMPTS - 1, next_try_at=clock.now())
    deliver_open_events()


def test_after_twelve_attempts_an_event_is_given_up_and_holds_its_object(heard):
    heard.fails = {"never"}
    tell("never", "later", key="deal:1")
    deliver_open_events()
    give_up_at_once()
    missed = MissedDelivery.objects.get(event__payload={"what": "never"})
    assert (missed.state, missed.attempts) == ("dead", 12)
    with time_machine.travel(clock.now() + timedelta(days=1)):
        deliver_open_events()
    assert heard == [], "the later one waits for a person"
    told = OutboxEvent.objects.get(name=DeliveryGivenUp.event_name)
    assert told.payload["missed_id"] == missed.pk


def test_an_event_that_nobody_can_read_is_kept_for_every_listener(heard):
    tell("old", key="deal:1")
    OutboxEvent.objects.update(payload={"gone": 1})
    tell("new", key="deal:1")
    deliver_open_events()
    assert heard == []
    first, second = MissedDelivery.objects.order_by("event_id")
    assert (first.listener, second.listener) == ("", "") and "gone" in first.error
    OutboxEvent.objects.filter(pk=first.event_id).update(payload={"what": "old"})
    with time_machine.travel(clock.now() + timedelta(seconds=5)):
        while deliver_open_events():
            pass
    assert heard == ["old", "new"]


def test_a_listener_that_is_gone_is_an_error_that_people_see(heard):
    heard.fails = {"x"}
    tell("x")
    deliver_open_events()
    MissedDelivery.objects.update(listener="tests.gone")
    with time_machine.travel(clock.now() + timedelta(seconds=5)):
        deliver_open_events()
    assert "tests.gone" in MissedDelivery.objects.get().error


def test_old_events_are_deleted_when_everybody_has_heard(heard, settings):
    heard.fails = {"stuck"}
    tell("stuck", "fine")
    deliver_open_events()
    OutboxEvent.objects.update(created_at=clock.now() - timedelta(days=settings.EVENTS_DAYS + 1))
    tell("young")
    deliver_open_events()
    assert services.prune() == 1
    assert [stored.payload["what"] for stored in OutboxEvent.objects.order_by("id")] == ["stuck", "young"]


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
