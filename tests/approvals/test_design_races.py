"""Two administrators at the same moment: one outcome, and the other is told."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connection

from prm.approvals import drafts
from prm.approvals.design_errors import DraftChanged, NoDraft
from prm.approvals.models import FlowVersion
from prm.approvals.services import design
from prm.approvals.subjects import subject_of
from prm.values.errors import DomainError
from tests.approvals.unsound import ask
from tests.factories.people import UserFactory, actor


def at_once(*presses: Any) -> list[Any]:
    """Run all at the same moment, each on a connection of its own; what each gave or was refused with."""
    start, results, tenant = threading.Barrier(len(presses)), [None] * len(presses), connection.tenant

    def run(at: int, press: Any) -> None:
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


def flow(who: dict[str, Any], hours: int) -> dict[str, Any]:
    step = ask(who=who, deadline={"hours": hours, "then": "none"})
    return {"schema": 1, "subject": "deal", "name": "Standard", "steps": [step]}


BOSS = {"kind": "role", "role": "administrator"}


@pytest.fixture
def people(transactional_db: None) -> list[Any]:
    return [actor(UserFactory(administrator=True, name=name)) for name in ("Ada", "Bo")]


def test_two_first_drafts_at_once_are_one_draft_and_a_refusal(people):
    deal = subject_of("deal")
    revision = drafts.standing(deal).revision

    def save(by: Any, hours: int) -> Any:
        return lambda: design.save_draft(subject=deal, data=flow(BOSS, hours), revision=revision, by=by)

    answers = at_once(save(people[0], 8), save(people[1], 16))
    assert sorted(type(one) for one in answers if isinstance(one, DraftChanged)) == [DraftChanged]
    assert FlowVersion.objects.filter(state="draft").count() == 1


def test_two_who_publish_at_once_publish_once(people):
    deal = subject_of("deal")
    design.save_draft(subject=deal, data=flow(BOSS, 8), revision=drafts.standing(deal).revision, by=people[0])
    design.dry_run(subject=deal, by=people[0])
    revision = drafts.standing(deal).revision

    def press(by: Any) -> Any:
        return lambda: design.publish(subject=deal, revision=revision, by=by)

    answers = at_once(press(people[0]), press(people[1]))
    assert sorted(type(one).__name__ for one in answers) == ["FlowVersion", "PublishedMeanwhile"]
    assert any(isinstance(one, NoDraft) and "published the draft meanwhile" in one.text for one in answers)
    assert FlowVersion.objects.filter(flow__subject="deal", state="published").count() == 1
