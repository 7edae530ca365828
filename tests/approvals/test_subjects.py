"""What only people decide, and a rehearsal of settlements under a condition over their sums."""

from __future__ import annotations

import pytest

from prm.approvals import subjects
from prm.approvals.dryrun import rehearse
from prm.approvals.engine import published
from prm.approvals.soundness import inspect
from prm.approvals.world import world_for
from rebates.services import submit_for_review
from tests.rebates.world import apply, policy, sell, settle

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("code", ["programme", "settlement"])
def test_neither_a_deadline_nor_a_rule_decides_what_needs_a_person(code, finance, administrator):
    subject = subjects.subject_of(code)
    who = {"kind": "role", "role": "finance"}
    late = [
        {"id": "a", "kind": "approver", "who": who, "deadline": {"hours": 8, "then": then}}
        for then in ("approve", "reject")
    ]
    rule = {"id": "d", "kind": "decide", "when": {}, "outcome": "approve"}
    for step in (*late, rule):
        document = {"schema": 1, "subject": code, "name": "Test", "steps": [step]}
        found = inspect(document, world_for(subject, document))
        assert "self_decision_refused" in {fault.code for fault in found.faults}, step
    assert not subject.links


def test_a_settlement_is_rehearsed_under_a_condition_over_its_sum(acme, finance, administrator):
    apply(policy())
    sell(acme, 180_000)
    submit_for_review(run=settle("2026-09", close=False), by=finance)
    subject, current = subjects.subject_of("settlement"), published("settlement").parsed
    high = {"field": "earned", "op": "at_least", "value": "1000.00"}
    boss = {
        "id": "boss",
        "kind": "approver",
        "name": "Boss",
        "who": {"kind": "role", "role": "administrator"},
    }
    data = current.to_data()
    data["steps"].append(
        {"id": "size", "kind": "branch",
         "branches": [{"id": "large", "when": high, "steps": [boss]}, {"id": "usual", "steps": []}]}
    )  # fmt: skip
    from prm.approvals.document import parse

    outcome = rehearse(parse(data), current, subject)
    assert (outcome["cases"], outcome["different"]) == (1, 1)
