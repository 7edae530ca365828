"""One table of examples for the rules of forms; tests/e2e/test_own_fields.py puts it to the browser's module too."""

from __future__ import annotations

import pytest

from prm.customfields import rules

KINDS = {
    "value": "money", "seats": "number", "closes": "date", "name": "text", "urgent": "yes_no", "kind": "choice",
    "wants": "many", "keeper": "reference", "plan": "file",
}  # fmt: skip
OVER = {"field": "value", "op": "more_than", "value": "500000"}


def one(field, op, value=None):
    return {"field": field, "op": op} if value is None else {"field": field, "op": op, "value": value}


# rule, what is typed, whether it holds
EXAMPLES = [
    (True, {}, True),
    (False, {}, False),
    ({"all": []}, {}, True),
    (OVER, {"value": "500,000.01"}, True),
    (OVER, {"value": "500000"}, False),
    (OVER, {"value": "¥600,000"}, True),
    (OVER, {"value": "６０００００"}, True),
    (OVER, {"value": ""}, False),
    (OVER, {"value": "much"}, False),
    (one("value", "at_least", "0.1"), {"value": "0.10000000"}, True),
    (one("value", "more_than", "9007199254740993"), {"value": "9007199254740993.01"}, True),
    (one("value", "is", "9007199254740993"), {"value": "9007199254740992"}, False),
    (one("value", "less_than", "-1"), {"value": "−2"}, True),
    (one("value", "at_most", "3"), {"value": "3.00"}, True),
    (one("value", "is_not", "3"), {"value": ""}, True),
    (one("seats", "is", "12"), {"seats": " 12 "}, True),
    (one("closes", "before", "2026-12-01"), {"closes": "2026-11-30"}, True),
    (one("closes", "on_or_before", "2026-12-01"), {"closes": "2026/12/1"}, True),
    (one("closes", "after", "2026-12-01"), {"closes": "2026-12-01"}, False),
    (one("closes", "on_or_after", "2026-12-01"), {"closes": "2026年12月1日"}, True),
    (one("closes", "after", "2026-12-01"), {"closes": "soon"}, False),
    (one("name", "is", "ACME  Works"), {"name": " acme works"}, True),
    (one("name", "contains", "物流"), {"name": "杭州讯达物流"}, True),
    (one("name", "empty"), {"name": "   "}, True),
    (one("name", "not_empty"), {"name": "x"}, True),
    (one("urgent", "is", "yes"), {"urgent": "true"}, True),
    (one("urgent", "is", "no"), {"urgent": "no"}, True),
    (one("urgent", "is", "yes"), {"urgent": ""}, False),
    (one("kind", "is", "dell"), {"kind": "dell"}, True),
    (one("kind", "one_of", ["dell", "hp"]), {"kind": "hp"}, True),
    (one("kind", "one_of", ["dell", "hp"]), {"kind": ""}, False),
    (one("wants", "any_of", ["support"]), {"wants": ["training", "support"]}, True),
    (one("wants", "any_of", ["support"]), {"wants": []}, False),
    (one("wants", "empty"), {"wants": []}, True),
    ({"all": [OVER, one("urgent", "is", "yes")]}, {"value": "600000", "urgent": "no"}, False),
    ({"any": [OVER, one("urgent", "is", "yes")]}, {"value": "1", "urgent": "yes"}, True),
    ({"not": OVER}, {"value": "1"}, True),
    ({"not": {"any": [OVER, one("seats", "empty")]}}, {"value": "1", "seats": "3"}, True),
    (one("value", "between", {"from": "1", "to": "3.5"}), {"value": "3.50"}, True),
    (one("value", "between", {"from": "1", "to": "3.5"}), {"value": "3.51"}, False),
    (one("value", "between", {"from": "1", "to": ""}), {"value": "2"}, False),
    (one("value", "between", {"from": "1", "to": "3"}), {"value": ""}, False),
    (one("closes", "between", {"from": "2026-12-01", "to": "2026-12-31"}), {"closes": "2026-12-31"}, True),
    (one("name", "not_contains", "works"), {"name": "ACME Works"}, False),
    (one("name", "not_contains", "works"), {"name": ""}, True),
    (one("name", "starts_with", "acme"), {"name": "ACME Works"}, True),
    (one("name", "ends_with", "WORKS"), {"name": "ACME Works"}, True),
    (one("name", "one_of", ["a b", "c"]), {"name": "A  B"}, True),
    (one("name", "none_of", ["a b", "c"]), {"name": "A  B"}, False),
    (one("kind", "none_of", ["dell", "hp"]), {"kind": ""}, True),
    (one("kind", "none_of", ["dell", "hp"]), {"kind": "hp"}, False),
    (one("wants", "all_of", ["a", "b"]), {"wants": ["b", "a", "c"]}, True),
    (one("wants", "all_of", ["a", "b"]), {"wants": ["a"]}, False),
    (one("wants", "none_of", ["a", "b"]), {"wants": ["c"]}, True),
    (one("wants", "none_of", ["a", "b"]), {"wants": []}, True),
    (one("keeper", "is", "12"), {"keeper": 12}, True),
    (one("keeper", "is", "12"), {"keeper": "120"}, False),
    (one("keeper", "is", ""), {"keeper": ""}, False),
    (one("keeper", "is_not", ""), {"keeper": "12"}, True),
    (one("keeper", "none_of", ["12", "13"]), {"keeper": "13"}, False),
    (one("keeper", "empty"), {"keeper": ""}, True),
    (one("plan", "not_empty"), {"plan": {"id": 1, "name": "plan.pdf"}}, True),
    (one("plan", "not_empty"), {"plan": False}, False),
    (one("plan", "empty"), {"plan": ""}, True),
    (one("urgent", "is", True), {"urgent": "yes"}, True),
    (one("urgent", "is", False), {"urgent": "yes"}, False),
]


@pytest.mark.parametrize(("rule", "typed", "found"), EXAMPLES)
def test_the_server_says(rule, typed, found):
    assert rules.holds(rule, typed, KINDS) is found
