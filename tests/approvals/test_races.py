"""Two at once, and a worker killed in the middle: one outcome, and a history without a gap."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection

from dealreg.models import DealRegistration, Protection
from prm.accounts.services import deactivate_user
from prm.approvals import services
from prm.approvals.models import Decision, Task
from prm.outbox.models import OutboxEvent
from prm.outbox.services import deliver_open_events
from prm.values import clock
from prm.values.errors import DomainError
from tests.approvals.flows import approver, people, publish, run_of, task_of
from tests.cast import Company
from tests.factories import dealreg as deals
from tests.factories.people import UserFactory, actor

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*presses) -> list:
    """Run all at the same moment, each on a connection of its own; what each gave or was refused with."""
    start, results, tenant = threading.Barrier(len(presses)), [None] * len(presses), connection.tenant

    def run(at, press):
        connection.set_tenant(tenant)
        try:
            start.wait(10)
            results[at] = press()
        except DomainError as refused:
            results[at] = refused
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=one) for one in enumerate(presses)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return results


@pytest.fixture
def panel():
    UserFactory(administrator=True)
    return [UserFactory(role="channel_manager", name=f"P{number}", all_partners=True) for number in range(3)]


def facts_of(deal) -> list[Decision]:
    rows = Decision.objects.for_everyone(because="a test looks").filter(run=run_of(deal))
    found = list(rows.order_by("number"))
    assert [fact.number for fact in found] == list(range(1, len(found) + 1))
    return found


def test_one_approves_while_another_rejects(panel):
    publish(approver("panel", people(*panel)))
    for number in range(6):
        deal = deals.in_review(Company(f"ACME {number}"), customer_name=f"Customer {number}")
        first, second = task_of(deal, panel[0]), task_of(deal, panel[1])
        results = at_once(
            lambda task=first: services.approve(task=task, by=actor(panel[0])),
            lambda task=second: services.reject(task=task, by=actor(panel[1]), text="No"),
        )
        assert sum(isinstance(one, DomainError) for one in results) == 1
        decided = [fact.kind for fact in facts_of(deal) if fact.kind in ("approved", "rejected")]
        deal.refresh_from_db()
        assert decided == [deal.state] == [run_of(deal).state]


def test_the_last_two_of_all_press_together_and_it_ends_once(panel):
    publish(approver("panel", people(*panel), mode="all"))
    deal = deals.in_review(Company("ACME Networks"))
    results = at_once(
        *[lambda user=user: services.approve(task=task_of(deal, user), by=actor(user)) for user in panel]
    )
    assert not any(isinstance(one, DomainError) for one in results)
    assert [fact.kind for fact in facts_of(deal)].count("ended") == 1
    rows = Protection.objects.for_everyone(because="a test looks")
    assert rows.filter(registration=deal).count() == 1


def test_the_same_person_in_two_tabs(panel):
    publish(approver("panel", people(panel[0])))
    deal = deals.in_review(Company("ACME Networks"))
    task = task_of(deal, panel[0])
    results = at_once(*[lambda: services.approve(task=task, by=actor(panel[0])) for _ in range(4)])
    assert sum(isinstance(one, DomainError) for one in results) == 3
    assert [fact.kind for fact in facts_of(deal)].count("approved") == 1


def test_somebody_is_deactivated_while_they_decide(panel):
    boss = actor(UserFactory(administrator=True))
    publish(approver("panel", people(panel[0])))
    deal = deals.in_review(Company("ACME Networks"))
    task, by = task_of(deal, panel[0]), actor(panel[0])
    at_once(
        lambda: services.approve(task=task, by=by),
        lambda: deactivate_user(user=panel[0], by=boss),
        lambda: services.look_after(panel[0].pk),
    )
    while OutboxEvent.objects.filter(delivered_at=None).exists():  # a running worker may be at it, too
        deliver_open_events()
    facts_of(deal)
    run = run_of(deal)
    assert run.state == "approved" or Task.objects.open().filter(run=run).exclude(user=panel[0]).exists()


def test_the_clock_and_a_person_at_once(panel, time_machine):
    publish(approver("panel", people(panel[0]), deadline={"hours": 1, "then": "approve"}))
    deal = deals.in_review(Company("ACME Networks"))
    task = task_of(deal, panel[0])
    time_machine.move_to(clock.now() + timedelta(days=7))
    at_once(
        lambda: services.reject(task=task, by=actor(panel[0]), text="No"),
        services.wake_due_runs,
        services.wake_due_runs,
    )
    ended = [fact.kind for fact in facts_of(deal)].count("ended")
    deal.refresh_from_db()
    assert (ended, run_of(deal).state) == (1, deal.state)


def test_killed_anywhere_nothing_of_the_step_remains(panel, monkeypatch):
    """Each write of a decision fails once; what was committed before stands, and the next try ends it."""
    publish(
        approver("panel", people(panel[0])),
        {"id": "n", "kind": "notice", "to": people(panel[1]), "text": "Done"},
    )
    deal = deals.in_review(Company("ACME Networks"))
    before = len(facts_of(deal))
    from prm.approvals.engine import Course

    note = Course.note
    for after in range(1, 4):
        left = [after]

        def dies(self, *args, left=left, **kwargs):
            fact = note(self, *args, **kwargs)
            left[0] -= 1
            if left[0] == 0:
                raise KeyboardInterrupt
            return fact

        monkeypatch.setattr(Course, "note", dies)
        with pytest.raises(KeyboardInterrupt):
            services.approve(task=task_of(deal, panel[0]), by=actor(panel[0]))
        assert len(facts_of(deal)) == before
        assert (
            DealRegistration.objects.for_everyone(because="a test looks").get(pk=deal.pk).state == "in_review"
        )
    monkeypatch.setattr(Course, "note", note)
    services.approve(task=task_of(deal, panel[0]), by=actor(panel[0]))
    assert run_of(deal).state == "approved"
