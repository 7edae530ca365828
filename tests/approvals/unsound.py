# ruff: noqa: E501 (a row of a table stays one line)
"""Unsound flows, one a row: what is wrong, the node that is named, the fault's code, and the steps."""

from __future__ import annotations

from typing import Any

CHEN, GONE, SELLER, NOBODY = (
    "chen@vendor.example",
    "gone@vendor.example",
    "seller@acme.example",
    "who@vendor.example",
)
MANAGER = {"kind": "partner_manager"}


def people(*emails: str) -> dict[str, Any]:
    return {"kind": "people", "users": list(emails)}


def ask(own: str = "a1", who: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return {"id": own, "kind": "approver", "who": who or people(CHEN)} | more


def fork(*branches: dict[str, Any], own: str = "b1") -> dict[str, Any]:
    return {"id": own, "kind": "branch", "branches": list(branches)}


def when(own: str, condition: dict[str, Any], *steps: dict[str, Any]) -> dict[str, Any]:
    return {"id": own, "when": condition, "steps": list(steps)}


def otherwise(own: str, *steps: dict[str, Any]) -> dict[str, Any]:
    return {"id": own, "steps": list(steps)}


def value(op: str, amount: Any) -> dict[str, Any]:
    return {"field": "estimated_value", "op": op, "value": amount}


def decide(own: str, condition: dict[str, Any], outcome: str = "approve") -> dict[str, Any]:
    return {"id": own, "kind": "decide", "when": condition, "outcome": outcome}


def notice(own: str = "n1", to: dict[str, Any] | None = None, text: str = "Done") -> dict[str, Any]:
    return {"id": own, "kind": "notice", "to": to or {"kind": "submitter"}, "text": text}


def both(own: str, *sides: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "id": own,
        "kind": "parallel",
        "branches": [{"id": f"{own}{n}", "steps": s} for n, s in enumerate(sides)],
    }


def nested(depth: int) -> dict[str, Any]:
    step = ask("deepest")
    for level in range(depth):
        step = fork(
            when(f"w{level}", value("more_than", str(level)), step),
            otherwise(f"o{level}", ask(f"x{level}")),
            own=f"f{level}",
        )
    return step


def until(then: str, to: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return {"hours": 16, "then": then} | ({"to": to} if to else {}) | more


UNDER = {"hours": 8, "then": "approve"}
VERDICT = {"field": "verdict", "op": "is", "value": "clear"}
EAST, WEST = ({"field": "region", "op": "is", "value": name} for name in ("East", "West"))

# (what it is, code, node, steps)
UNSOUND: list[tuple[str, str, str, list[Any]]] = [
    ("no step at all", "no_steps", "", []),
    ("only a notice", "nobody_decides", "n1", [notice()]),
    ("a branch in which nobody decides", "nobody_decides", "b1y",
     [fork(when("b1x", value("more_than", "100"), ask()), otherwise("b1y"))]),
    ("a decision under a condition, then the end", "nobody_decides", "d1", [decide("d1", VERDICT)]),
    ("everything rejected", "rejects_all", "d1", [ask(), decide("d1", {}, "reject")]),
    ("a step after a certain decision", "unreachable", "a2", [decide("d1", {}), ask("a2")]),
    ("a step after a decision that its branch makes certain", "unreachable", "a2",
     [fork(when("b1x", value("less_than", "100"), decide("d1", value("less_than", "200")), ask("a2")), otherwise("b1y", ask()))]),
    ("a branch after one that always holds", "always_true", "b1x", [fork(when("b1x", {"all": []}, ask()), otherwise("b1y", ask("a2")))]),
    ("a branch that contradicts itself", "never_true", "b1x",
     [fork(when("b1x", {"all": [value("more_than", "100"), value("less_than", "50")]}, ask()), otherwise("b1y", ask("a2")))]),
    ("a branch that contradicts the one around it", "never_true", "b2x",
     [fork(when("b1x", value("more_than", "300000"),
                fork(when("b2x", value("less_than", "200000"), ask()), otherwise("b2y", ask("a2")), own="b2")),
           otherwise("b1y", ask("a3")))]),
    ("a choice that two branches exclude", "never_true", "b2x",
     [fork(when("b1x", VERDICT, fork(when("b2x", {"field": "verdict", "op": "is_not", "value": "clear"}, ask()), otherwise("b2y", ask("a2")), own="b2")),
           otherwise("b1y", ask("a3")))]),
    ("two days that exclude one another", "never_true", "b1x",
     [fork(when("b1x", {"all": [{"field": "expected_close", "op": "before", "value": "2026-03-01"},
                                {"field": "expected_close", "op": "on_or_after", "value": "2026-04-01"}]}, ask()), otherwise("b1y", ask("a2")))]),
    ("two spans of days that exclude one another", "never_true", "b1x",
     [fork(when("b1x", {"all": [{"field": "expected_close", "op": "in_next", "value": {"count": 30, "unit": "day"}},
                                {"field": "expected_close", "op": "older_than", "value": {"count": 1, "unit": "day"}}]}, ask()), otherwise("b1y", ask("a2")))]),
    ("the same text twice, otherwise", "never_true", "b1x", [fork(when("b1x", {"all": [EAST, WEST]}, ask()), otherwise("b1y", ask("a2")))]),
    ("a branch whose cases an earlier one takes", "covered", "b1y",
     [fork(when("b1x", value("more_than", "100"), ask()), when("b1y", value("more_than", "200"), ask("a2")), otherwise("b1z", ask("a3")))]),
    ("a default that nothing is left for", "default_unreached", "b1z",
     [fork(when("b1x", value("more_than", "100"), ask()), when("b1y", {"not": value("more_than", "100")}, ask("a2")), otherwise("b1z", ask("a3")))]),
    ("a decision that contradicts its branch", "never_decides", "d1",
     [fork(when("b1x", value("more_than", "100"), decide("d1", value("less_than", "50")), ask()), otherwise("b1y", ask("a2")))]),
    ("a branch without a default", "shape", "b1y", [fork(when("b1x", value("more_than", "1"), ask()), when("b1y", value("less_than", "1"), ask("a2")))]),
    ("a fork with one way", "shape", "b1", [fork(otherwise("b1y", ask()))]),
    ("a condition on a field that does not exist", "condition", "b1x",
     [fork(when("b1x", {"field": "password", "op": "is", "value": "x"}, ask()), otherwise("b1y", ask("a2")))]),
    ("a condition without a value", "condition", "b1x", [fork(when("b1x", value("more_than", ""), ask()), otherwise("b1y", ask("a2")))]),
    ("a condition on a measure that does not exist", "condition", "d1",
     [decide("d1", {"measure": "no.such", "period": {"last": 4, "unit": "quarter"}, "op": "at_least", "value": "1"}), ask()]),
    ("an approver who does not exist", "unknown_person", "a1", [ask(who=people(NOBODY))]),
    ("an approver who left", "inactive_person", "a1", [ask(who=people(CHEN, GONE))]),
    ("a role that nobody has", "empty_role", "a1", [ask(who={"kind": "role", "role": "finance"})]),
    ("a role that does not exist", "shape", "a1", [ask(who={"kind": "role", "role": "director"})]),
    ("a quorum larger than the people", "quorum_too_large", "a1", [ask(mode="quorum", quorum=3)]),
    ("a quorum larger than all who decide", "quorum_too_large", "a1",
     [ask(who={"kind": "partner_manager"}, mode="quorum", quorum=40)]),
    ("a quorum of one person's manager", "quorum_too_large", "a1",
     [ask(who={"kind": "submitter_manager"}, mode="quorum", quorum=2)]),
    ("a quorum of nobody", "shape", "a1", [ask(mode="quorum", quorum=0)]),
    ("the submitter as the only approver", "self_approval", "a1", [ask(who={"kind": "submitter"})]),
    ("a partner's seller who decides", "paid_on_outcome", "a1", [ask(who=people(SELLER))]),
    ("a partner's role that decides", "paid_on_outcome", "a1", [ask(who={"kind": "role", "role": "partner_admin"})]),
    ("an escalation to nobody", "shape", "a1", [ask(deadline=until("escalate"))]),
    ("an escalation to the same people", "escalates_to_same", "a1", [ask(deadline=until("escalate", people(CHEN.upper())))]),
    ("an escalation to the submitter", "self_approval", "a1", [ask(deadline=until("escalate", {"kind": "submitter"}))]),
    ("an escalation to somebody who left", "inactive_person", "a1", [ask(deadline=until("escalate", people(GONE)))]),
    ("approval by time whatever the amount", "self_decision_unbounded", "a1", [ask(deadline=until("approve"))]),
    ("an escalation that names no hours", "shape", "a1", [ask(deadline={"then": "reject"})]),
    ("approval by time above an amount only", "self_decision_unbounded", "a1",
     [fork(when("b1x", value("more_than", "100"), ask(deadline=UNDER)), otherwise("b1y", ask("a2")))]),
    ("a reminder before its step begins", "shape", "a1", [ask(deadline=until("none", remind=20))]),
    ("a deadline without hours", "shape", "a1", [ask(deadline={"then": "none"})]),
    ("people from a field that does not exist", "unknown_people_field", "a1", [ask(who={"kind": "field", "field": "boss"})]),
    ("people from a field that names nobody", "field_names_nobody", "a1", [ask(who={"kind": "field", "field": "region"})]),
    ("a parallel part without a step", "empty_side", "p1", [both("p1", [ask()], [])]),
    ("two parallel parts without a step", "empty_side", "p1", [both("p1", [ask()], [], [])]),
    ("a wait without time", "shape", "w1", [ask(), {"id": "w1", "kind": "wait"}]),
    ("a notice to a role that nobody has", "empty_role", "n1", [ask(), notice(to={"kind": "role", "role": "finance"})]),
    ("a notice with a placeholder that means nothing", "shape", "n1", [ask(), notice(text="See {number}")]),
    ("a notice without a text", "shape", "n1", [ask(), notice(text=" ")]),
    ("a field that flows may not change", "unknown_update_field", "u1", [ask(), {"id": "u1", "kind": "update", "field": "state", "value": "approved"}]),
    ("an address inside the house", "webhook_address", "h1", [ask(), {"id": "h1", "kind": "webhook", "url": "https://10.0.0.1/hook"}]),
    ("a value that its field does not take", "update_value", "u1", [ask(), {"id": "u1", "kind": "update", "field": "type", "value": "gift"}]),
    ("the same id twice", "shape", "a1", [ask(), ask()]),
    ("a step of an unknown kind", "shape", "z1", [ask(), {"id": "z1", "kind": "explode"}]),
    ("too deep", "shape", "w1", [nested(9)]),
    ("too many steps", "shape", "", [ask(f"s{n}") for n in range(201)]),
]  # fmt: skip
