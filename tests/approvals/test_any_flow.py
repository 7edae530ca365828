"""Random flows and random people: every run ends, nobody decides twice, nobody decides without authority."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dealreg.services import answer_information
from prm.access.scope import partner_ids_of_user
from prm.accounts.models import User
from prm.approvals import services
from prm.approvals.document import parse
from prm.approvals.history import next_moves, replay
from prm.approvals.models import ApprovalRun, Decision, Task
from prm.outbox.services import deliver_open_events
from prm.values import clock
from prm.values.errors import DomainError
from tests.approvals.flows import publish, run_of
from tests.factories import dealreg as deals
from tests.factories.people import UserFactory, actor

pytestmark = pytest.mark.django_db
STAFF = ("one@x.example", "two@x.example", "three@x.example", "four@x.example")
CONDITIONS = [
    {"field": "estimated_value", "op": "at_least", "value": "100000.00"},
    {"field": "estimated_value", "op": "at_most", "value": "5.00"},
    {"field": "no_such_field", "op": "is", "value": "x"},
    {},
]


@st.composite
def whos(draw: Any) -> dict[str, Any]:
    kind = draw(st.sampled_from(["people", "role", "partner_manager", "submitter_manager", "submitter"]))
    if kind == "people":
        return {
            "kind": kind,
            "users": draw(st.lists(st.sampled_from(STAFF), min_size=1, max_size=3, unique=True)),
        }
    if kind == "role":
        return {"kind": kind, "role": draw(st.sampled_from(["channel_manager", "finance", "administrator"]))}
    return {"kind": kind}


@st.composite
def documents(draw: Any) -> list[dict[str, Any]]:
    ids = (f"s{number}" for number in itertools.count())

    def sequence(depth: int) -> list[dict[str, Any]]:
        return [step(depth) for _ in range(draw(st.integers(0 if depth else 1, 3)))]

    def step(depth: int) -> dict[str, Any]:
        kinds = (
            ["approver"] * 4
            + ["wait", "decide", "notice", "update", "webhook"]
            + ["branch", "parallel"] * (depth < 2)
        )
        kind, own = draw(st.sampled_from(kinds)), {"id": next(ids)}
        if kind == "approver":
            mode = draw(st.sampled_from(["one", "all", "quorum", "in_turn"]))
            own |= {"who": draw(whos()), "mode": mode} | ({"quorum": 2} if mode == "quorum" else {})
            if draw(st.booleans()):
                then = draw(st.sampled_from(["none", "approve", "escalate", "reject"]))
                own["deadline"] = {
                    "hours": 8,
                    "remind": 2,
                    "then": then,
                    "to": {"kind": "role", "role": "finance"},
                }
        elif kind in ("branch", "parallel"):
            own["branches"] = [{"id": next(ids), "steps": sequence(depth + 1)} for _ in range(2)]
            if kind == "branch":
                own["branches"][0]["when"] = draw(st.sampled_from(CONDITIONS))
        elif kind == "wait":
            own["hours"] = 4
        elif kind == "decide":
            own |= {
                "when": draw(st.sampled_from(CONDITIONS)),
                "outcome": draw(st.sampled_from(["approve", "reject"])),
            }
        elif kind == "webhook":
            own["url"] = "https://hooks.example.com/cases"
        elif kind == "notice":
            own |= {"to": draw(whos()), "text": "Look"}
        else:
            own |= {"field": draw(st.sampled_from(["type", "nothing"])), "value": "resale"}
        return own | {"kind": kind}

    return sequence(0)


ACTIONS = ["approve"] * 5 + [
    "reject",
    "return",
    "back",
    "hand",
    "add",
    "take",
    "tick",
    "leave",
    "away",
    "answer",
    "twice",
]
presses = st.lists(st.tuples(st.sampled_from(ACTIONS), st.integers(0, 9), st.integers(0, 9)), max_size=14)


class World:
    """One registration in a random flow, and everything that people and the clock do to it."""

    def __init__(self, acme: Any, steps: list[dict[str, Any]], move: Any):
        self.acme, self.move, self.now = acme, move, clock.now()
        for number, email in enumerate(STAFF):
            UserFactory(
                email=email, name=email, role=("channel_manager", "finance")[number % 2], all_partners=True
            )
        self.boss = UserFactory(administrator=True)
        User.objects.filter(pk=acme.sales_user.pk).update(manager=User.objects.get(email=STAFF[0]))
        self.version = publish(*steps)
        self.deal = deals.in_review(acme)

    @property
    def run(self) -> ApprovalRun:
        return run_of(self.deal)

    def people(self) -> list[User]:
        return list(User.objects.exclude(role__startswith="partner_").order_by("pk"))

    def press(self, action: str, first: int, second: int) -> None:
        tasks = list(Task.objects.filter(run=self.run).select_related("user").order_by("pk"))
        people = self.people()
        other = people[second % len(people)]
        if action == "tick":
            self.now += timedelta(hours=9)
            self.move(self.now)
            services.wake_due_runs()
        elif action == "leave":
            User.objects.filter(pk=other.pk).exclude(pk=self.boss.pk).update(is_active=False)
            services.look_after(other.pk)
        elif action == "away":
            to = people[first % len(people)]
            services.name_stand_in(to=to, first_day=clock.today(), last_day=clock.today(), by=actor(other))
        elif action == "answer":
            answer_information(registration=self.deal, text="So it is", by=self.acme.sales)
        elif tasks:
            self.decide(action, tasks[first % len(tasks)], other)

    def decide(self, action: str, task: Task, other: User) -> None:
        by = actor(task.user)
        earlier = [step.id for step in parse(self.version.document).steps if step.kind == "approver"]
        {
            "approve": lambda: services.approve(task=task, by=by),
            "twice": lambda: (services.approve(task=task, by=by), services.approve(task=task, by=by)),
            "reject": lambda: services.reject(task=task, by=by, text="No"),
            "return": lambda: services.hand_back(task=task, by=by, text="Change it"),
            "back": lambda: services.hand_back(task=task, by=by, text="Again", to=(earlier or ["none"])[0]),
            "hand": lambda: services.hand_over(task=task, user=other, by=by),
            "add": lambda: services.add_approver(task=task, user=other, by=by),
            "take": lambda: services.take_over(task=task, by=actor(other)),
        }[action]()

    def finish(self) -> None:
        """Whatever happened before: when people and the clock go on, the run ends."""
        for _round in range(60):
            if not self.run.is_open:
                return
            self.now += timedelta(hours=9)
            self.move(self.now)
            self.quietly(lambda: services.wake_due_runs())
            self.quietly(lambda: answer_information(registration=self.deal, text="So", by=self.acme.sales))
            for task in Task.objects.open().filter(run=self.run).select_related("user"):
                self.quietly(lambda task=task: services.approve(task=task, by=actor(task.user)))
        raise AssertionError(f"the run does not end: {list(self.run.decisions.values_list('kind', 'step'))}")

    def quietly(self, press: Any) -> None:
        try:
            with transaction.atomic():
                press()
        except DomainError:
            pass


def stands_as_promised(world: World) -> None:
    run = world.run
    facts = list(Decision.objects.for_everyone(because="a test looks").filter(run=run).order_by("number"))
    assert [fact.number for fact in facts] == list(range(1, run.length + 1))
    own = {world.deal.created_by_id, world.deal.submitted_by_id}
    decided: set[tuple[str, int, int]] = set()
    for fact in facts:
        if fact.kind in ("approved", "rejected", "returned"):
            assert fact.task is not None and fact.task.user_id == fact.user_id
            assert fact.user_id not in own
            user = User.objects.get(pk=fact.user_id)
            visible = partner_ids_of_user(user)
            assert user.role in ("administrator", "channel_manager", "finance")
            assert visible is None or run.partner_id in visible
            key = (fact.step, fact.passage, fact.user_id)
            assert key not in decided, "somebody decided twice"
            decided.add(key)
    state = replay(world.version.parsed, facts)
    open_now = set(Task.objects.open().filter(run=run).values_list("step", "passage", "user_id"))
    assert open_now == {(step, at.passage, one.user_id) for step, at, one in state.turns}
    assert next_moves(world.version.parsed, state) == []
    world.deal.refresh_from_db()
    ends = {
        "approved": "approved",
        "rejected": "rejected",
        "returned": "info_requested",
        "running": "in_review",
    }
    assert world.deal.state == ends[run.state]
    assert sum(fact.kind == "ended" for fact in facts) == (not run.is_open)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(steps=documents(), pressed=presses)
def test_every_run_ends_and_nobody_decides_twice_or_without_authority(acme, time_machine, steps, pressed):
    with transaction.atomic():
        world = World(acme, steps, lambda now: time_machine.move_to(now, tick=False))
        stands_as_promised(world)
        for action, first, second in pressed:
            world.quietly(lambda one=(action, first, second): world.press(*one))
            stands_as_promised(world)
        world.finish()
        stands_as_promised(world)
        deliver_open_events()
        transaction.set_rollback(True)
