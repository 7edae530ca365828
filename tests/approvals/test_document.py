"""A flow document: read, refused with the step's name, written again, walked."""

from __future__ import annotations

import json

import pytest
from django.utils import translation

from prm.approvals.document import DocumentInvalid, check, parse, read_text

FLOW = """
schema: 1
subject: deal
name: Standard approval
name_zh: 标准审批
steps:
  - {id: a1, kind: approver, name: Manager, who: {kind: partner_manager}, mode: one,
     deadline: {hours: 16, remind: 8, then: escalate, to: {kind: role, role: administrator}}}
  - id: b1
    kind: branch
    name: By value
    branches:
      - id: large
        name: Large
        when: {field: estimated_value, op: at_least, value: "100000.00"}
        steps:
          - {id: a2, kind: approver, who: {kind: level_up, levels: 2}, mode: all}
          - id: p1
            kind: parallel
            branches:
              - {id: left, steps: [{id: a3, kind: approver, who: {kind: people, users: [a@x.example]}}]}
              - {id: right, steps: [{id: n1, kind: notice, to: {kind: submitter}, text: "On its way"}]}
      - {id: other, name: Other, steps: []}
  - {id: w1, kind: wait, hours: "1.5"}
  - {id: d1, kind: decide, when: {}, outcome: approve}
"""


def test_a_flow_is_read_walked_and_written_the_same_again():
    document = parse(read_text(FLOW))
    assert [place.step.id for place in document.walk()] == ["a1", "b1", "a2", "p1", "a3", "n1", "w1", "d1"]
    assert [step.id for step, _branch in document.places["a3"].parents] == ["b1", "p1"]
    text = document.to_text()
    assert parse(read_text(text)).to_text() == text
    assert parse(json.loads(json.dumps(document.to_data()))) == document


def test_going_back_undoes_the_step_and_all_that_follows_it_and_no_neighbour_branch():
    document = parse(read_text(FLOW))
    assert document.from_on("w1") == {"w1", "d1"}
    assert document.from_on("a3") == {"a3", "w1", "d1"}
    assert document.from_on("b1") == {"b1", "a2", "p1", "a3", "n1", "w1", "d1"}


def broken(**changes):
    step = {"id": "a1", "kind": "approver", "who": {"kind": "submitter_manager"}} | changes
    return {"schema": 1, "subject": "deal", "name": "Flow", "steps": [step]}


@pytest.mark.parametrize(
    ("data", "step", "words"),
    [
        (broken(kind="oracle"), "a1", "kind that does not exist"),
        (broken(who={"kind": "nobody"}), "a1", "a kind that does not exist: “nobody”"),
        (broken(who={"kind": "people", "users": []}), "a1", "names nobody yet"),
        (broken(who={"kind": "role", "role": "king"}), "a1", "role that does not exist"),
        (broken(mode="quorum"), "a1", "how many must approve"),
        (broken(mode="dice"), "a1", "one, all, a quorum"),
        (broken(deadline={"hours": 0}), "a1", "hours"),
        (broken(deadline={"hours": 4, "remind": 4}), "a1", "reminds before it begins"),
        (broken(deadline={"hours": 4, "then": "shout"}), "a1", "after its deadline"),
        (broken(deadline={"hours": 4, "then": "escalate"}), "a1", "does not say to whom it escalates"),
        (broken(colour="red"), "a1", "which its kind does not know"),
        (
            {
                "schema": 1,
                "subject": "deal",
                "name": "F",
                "steps": [{"id": "h1", "kind": "webhook", "url": " "}],
            },
            "h1",
            "which address",
        ),
        (broken(kind="robot"), "a1", "kind that does not exist"),
        (broken(id="b1", kind="branch", who=None, branches=[]), "b1", "at least two branches"),
        (broken(hours=1.5), "a1", "which its kind does not know"),
        ({"schema": 2, "subject": "deal", "name": "F", "steps": []}, "", "schema is not 1"),
        ({"schema": 1, "subject": "deal", "name": "F", "steps": {}}, "", "not a list"),
        ({"schema": 1, "subject": "deal", "steps": []}, "", "name is missing"),
        ([], "", "is a mapping"),
    ],
)
def test_what_has_the_wrong_shape_is_refused_by_name(data, step, words):
    problems = check(data)
    assert any(problem.step == step and words in problem.message for problem in problems), problems
    with pytest.raises(DocumentInvalid):
        parse(data)


def test_a_misspelled_way_of_naming_people_is_corrected_and_the_step_called_by_its_name():
    (problem,) = check(broken(name="Director", name_zh="总监", who={"kind": "rolle", "role": "finance"}))
    assert problem.message == (
        "“Director” says who by a kind that does not exist: “rolle”. Did you mean “role”?"
    )
    with translation.override("zh-hans"):
        (problem,) = check(broken(name="Director", name_zh="总监", who={"kind": "rolle", "role": "finance"}))
        assert "总监" in problem.message and "Director" not in problem.message
    (problem,) = check(broken(name="Director", who={"kind": "xyz"}))
    assert "“Director”" in problem.message and "partner_manager" in problem.message, "all kinds are named"


def test_an_id_used_twice_is_named():
    data = broken()
    data["steps"].append(dict(data["steps"][0]))
    assert [problem.step for problem in check(data)] == ["a1"]


def test_the_last_branch_is_the_default():
    branches = [{"id": "x", "when": {}, "steps": []}, {"id": "y", "when": {}, "steps": []}]
    data = {
        "schema": 1,
        "subject": "deal",
        "name": "F",
        "steps": [{"id": "b", "kind": "branch", "branches": branches}],
    }
    assert [problem.step for problem in check(data)] == ["y"]


@pytest.mark.parametrize(
    "text",
    ["a: [", "x: &a [1]\ny: [*a, *a]", "!!python/object/apply:os.system ['true']", "[" * 5000, "x" * 600_000],
)
def test_hostile_text_is_refused(text):
    with pytest.raises(DocumentInvalid):
        parse(read_text(text))


def test_nesting_and_length_have_an_end():
    steps = []
    for number in range(30):
        other = {"id": f"y{number}", "steps": []}
        steps = [
            {
                "id": f"p{number}",
                "kind": "parallel",
                "branches": [{"id": f"x{number}", "steps": steps}, other],
            }
        ]
    data = {"schema": 1, "subject": "deal", "name": "F", "steps": steps}
    assert any("nested deeper" in problem.message for problem in check(data))
    many = [{"id": f"w{number}", "kind": "wait", "hours": 1} for number in range(300)]
    assert any("more than 200 steps" in problem.message for problem in check(data | {"steps": many}))
