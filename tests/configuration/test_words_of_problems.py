"""What is wrong in a configuration as text is told once, with its line, and with what was probably meant."""

from __future__ import annotations

import re

import pytest

from prm.configuration import text as configuration_text
from prm.configuration.errors import ConfigurationProblem
from prm.configuration.services import export_text, plan
from tests.approvals.flows import MANAGER, approver, publish

pytestmark = pytest.mark.django_db

FLOW = """schema: 1
flows:
  deal:
    name: Deals
    steps:
      - id: which
        kind: branch
        branches:
          - id: large
            when:
              all:
                - {condition}
            steps:
              - id: boss
                kind: approver
                {who}:
                  kind: role
                  role: administrator
          - id: rest
            steps:
              - id: owner
                kind: approver
                who:
                  kind: partner_manager
"""
SOUND = "{ field: estimated_value, op: more_than, value: '1000.00' }"


def problems(by, condition: str = SOUND, who: str = "who") -> list[str]:
    try:
        plan(source=FLOW.format(condition=condition, who=who), by=by)
    except ConfigurationProblem as problem:
        return problem.problems
    return []


def test_the_sound_one_is_taken(administrator):
    assert problems(administrator) == []


def test_a_misspelled_field_names_line_part_and_what_was_meant(administrator):
    (one,) = problems(administrator, "{ field: estimated_valeu, op: more_than, value: '1000.00' }")
    assert one.startswith("flows.deal.steps[0].branches[0].when.all[0].field: ")
    assert "There is no field “estimated_valeu” here. Did you mean “estimated_value”?" in one
    assert one.endswith("(line 12)")


def test_a_field_that_is_like_no_other_names_those_that_there_are(administrator):
    (one,) = problems(administrator, "{ field: zzz, op: is, value: x }")
    assert "There are: " in one and "estimated_value" in one


def test_a_wrong_key_of_a_condition_is_one_problem(administrator):
    (one,) = problems(administrator, "{ fild: estimated_value, op: more_than, value: '1000.00' }")
    assert "“fild” is no part of a condition. Did you mean “field”?" in one and "(line 12)" in one


def test_a_wrong_key_of_a_step_is_one_problem(administrator):
    (one,) = problems(administrator, who="whoo")
    assert "“whoo”, which its kind does not know. Did you mean “who”?" in one and one.endswith("(line 16)")


def test_a_wrong_key_of_a_section_is_one_problem(administrator):
    with pytest.raises(ConfigurationProblem) as refused:
        plan(source="schema: 1\nflows:\n  deal:\n    nam: Deals\n    steps: []\n", by=administrator)
    (one,) = refused.value.problems
    assert "unknown key: nam. Did you mean “name”?" in one and "(line 3)" in one


def test_each_step_of_an_exported_flow_stands_on_lines_of_its_own(administrator):
    publish(approver("owner", MANAGER), approver("boss", {"kind": "role", "role": "administrator"}))
    text = export_text(by=administrator)
    flows = text.partition("\nflows:\n")[2]
    assert "      - id: owner\n        kind: approver\n" in flows and "      - id: boss\n" in flows
    assert "        who:\n          kind: role\n          role: administrator\n" in flows
    assert "{" not in flows.partition("\n\n")[0]


@pytest.mark.parametrize("text", ["schema: 1\ntiers: [1,\nroles: {a: b: c}\n", "schema: 1\n\ttiers: x\n"])
def test_a_text_that_is_no_yaml_names_its_line_and_no_object_of_the_program(text):
    with pytest.raises(ConfigurationProblem) as refused:
        configuration_text.read(text)
    (told,) = refused.value.problems
    assert re.fullmatch(r"file: this is not YAML from line [23] on: .+", told)
    assert "<" not in told and '"' not in told
