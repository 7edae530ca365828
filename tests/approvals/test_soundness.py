# ruff: noqa: E501 (a row of a table stays one line)
"""Soundness: each seeded fault is refused with a message that names its node, in both languages."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.utils import translation

from prm.approvals import faults, soundness
from prm.approvals.soundness import inspect
from prm.approvals.subjects import subject_of
from prm.approvals.world import Person, World
from tests.approvals import unsound
from tests.approvals.unsound import (
    CHEN,
    GONE,
    SELLER,
    UNSOUND,
    ask,
    both,
    decide,
    fork,
    notice,
    otherwise,
    until,
    value,
    when,
)


def world(**changes: Any) -> World:
    people = [
        Person(CHEN, "Chen Rui", "channel_manager"),
        Person(GONE, "Ren Left", "channel_manager", is_active=False),
        Person(SELLER, "Xu Peng", "partner_sales"),
        Person("boss@vendor.example", "Sun Bo", "administrator"),
    ]
    said = {
        "subject": "deal",
        "label": "Deal registration",
        "fields": "deal",
        "people": {one.email: one for one in people},
        "of_role": {
            "channel_manager": (CHEN,),
            "administrator": ("boss@vendor.example",),
            "partner_sales": ("",),
        },
        "people_fields": {"created_by": "Who began the draft"},
        "settable": subject_of("deal").fields,
    }
    return World(**said | changes)


def flow(*steps: Any, **changes: Any) -> dict[str, Any]:
    return {"schema": 1, "subject": "deal", "name": "Standard", "steps": list(steps)} | changes


@pytest.fixture(autouse=True)
def _in_a_tenant(db: None) -> None:
    """Conditions read choices and the currency of the tenant."""


def test_there_are_at_least_twenty_five_seeded_faults_and_every_sentence_has_one():
    assert len(UNSOUND) >= 25
    assert len({what for what, *_rest in UNSOUND}) == len(UNSOUND)
    elsewhere = {
        "other_subject",
        "no_managers",
        "no_line",
        "no_partner",
        "self_decision_refused",
        "may_not_decide",
    }
    assert {code for _w, code, _n, _s in UNSOUND} >= set(faults.SENTENCES) - elsewhere


@pytest.mark.parametrize(("what", "code", "node", "steps"), UNSOUND, ids=[row[0] for row in UNSOUND])
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_each_seeded_fault_is_refused_and_names_its_node(what, code, node, steps, language):
    with translation.override(language):
        found = [
            one for one in inspect(flow(*steps), world()).faults if one.code == code and one.node == node
        ]
        assert found, [(one.code, one.node, one.text) for one in inspect(flow(*steps), world()).faults]
        assert node in found[0].text or found[0].name in found[0].text
        if language == "zh-hans":
            assert any("\u4e00" <= letter <= "\u9fff" for letter in found[0].text)


SOUND = {
    "one approver": [ask()],
    "an amount decides who": [
        fork(when("b1x", value("more_than", "300000"), ask()), when("b1y", value("more_than", "100"), ask("a2")),
             otherwise("b1z", ask("a3")))],
    "an empty value takes the default": [
        fork(when("b1x", value("more_than", "100"), ask()), when("b1y", value("at_most", "100"), ask("a2")),
             otherwise("b1z", ask("a3")))],
    "approval by time below an amount": [
        fork(when("b1x", value("less_than", "100"), ask(deadline=until("approve"))), otherwise("b1y", ask("a2")))],
    "a decision, then people for the rest": [decide("d1", unsound.VERDICT), ask()],
    "a rejection under a condition": [ask(), decide("d1", value("more_than", "9000000"), "reject")],
    "two at once, then a notice": [both("p1", [ask()], [ask("a2")]), notice()],
    "an escalation to somebody else": [ask(deadline=until("escalate", {"kind": "role", "role": "administrator"}))],
    "nested, with what came in": [
        fork(when("b1x", value("more_than", "100"),
                  fork(when("b2x", value("more_than", "1000"), ask()), otherwise("b2y", ask("a2")), own="b2")),
             otherwise("b1y", ask("a3")))],
    "other texts in other branches": [
        fork(when("b1x", unsound.EAST, ask()), when("b1y", unsound.WEST, ask("a2")), otherwise("b1z", ask("a3")))],
    "a change forgets what was known": [
        fork(when("b1x", {"field": "type", "op": "is", "value": "resale"}, {"id": "u1", "kind": "update", "field": "type", "value": "referral"},
                  fork(when("b2x", {"field": "type", "op": "is", "value": "referral"}, ask()), otherwise("b2y", ask("a2")), own="b2")),
             otherwise("b1y", ask("a3")))],
}  # fmt: skip


@pytest.fixture
def types(db: None) -> None:
    from tests.factories.dealreg import registration_type

    for code in ("resale", "referral"):
        registration_type(code=code)


@pytest.mark.parametrize("what", SOUND)
def test_sound_flows_are_not_accused(what, types):
    assert [one.text for one in inspect(flow(*SOUND[what]), world()).faults] == []


def test_the_named_node_is_called_by_the_name_that_people_gave_it():
    step = ask(who={"kind": "submitter"}) | {"name": "Director", "name_zh": "总监"}
    assert inspect(flow(step), world()).faults[0].text.startswith("“Director”")
    with translation.override("zh-hans"):
        assert "总监" in inspect(flow(step), world()).faults[0].text


def test_where_the_subject_refuses_it_nothing_is_approved_without_a_person():
    strict = world(may_decide_itself=False, label="Settlement")
    bounded = fork(
        when("b1x", value("less_than", "9"), ask(deadline=until("approve"))), otherwise("b1y", ask("a2"))
    )
    found = inspect(flow(bounded, decide("d1", unsound.VERDICT), ask("a3")), strict).faults
    assert [(one.code, one.node) for one in found] == [
        ("self_decision_refused", "a1"),
        ("self_decision_refused", "d1"),
    ]
    assert "Settlement" in found[0].text


def test_a_subject_without_a_partner_has_no_channel_manager():
    step = ask(who={"kind": "partner_manager"})
    assert [one.code for one in inspect(flow(step), world(has_partner=False)).faults] == ["no_partner"]
    assert [one.code for one in inspect(flow(step), world(of_role={})).faults] == ["no_managers"]


def test_where_nobody_reports_to_anybody_no_manager_of_the_submitter_is_asked():
    for who in ({"kind": "submitter_manager"}, {"kind": "level_up", "levels": 2}):
        assert [one.code for one in inspect(flow(ask(who=who)), world(anybody_reports=False)).faults] == [
            "no_line"
        ]
        assert inspect(flow(ask(who=who)), world()).faults == []


def test_the_flows_of_the_starter_kit_are_sound(manager, finance, administrator):
    from prm.approvals import drafts
    from prm.approvals.subjects import all_subjects
    from prm.approvals.world import world_for

    standing = [drafts.standing(subject) for subject in all_subjects()]
    assert standing and all(one.published for one in standing)
    assert [
        fault.text
        for one in standing
        for fault in inspect(one.document, world_for(one.subject, one.document)).faults
    ] == []


def test_a_flow_for_something_else_is_refused():
    assert "other_subject" in [one.code for one in inspect(flow(ask(), subject="order"), world()).faults]


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        {},
        {"steps": "x"},
        {"steps": [None, {"branches": [{}]}]},
        {"schema": 1, "steps": [{"id": {}}]},
    ],
)
def test_whatever_is_imported_is_answered_with_faults_and_never_breaks(data):
    assert inspect(data, world()).faults


def test_hostile_nesting_is_refused_quickly():
    step: dict[str, Any] = ask()
    for level in range(300):
        step = {
            "id": f"f{level}",
            "kind": "branch",
            "branches": [{"id": f"x{level}", "when": {}, "steps": [step]}, {"id": f"y{level}"}],
        }
    assert "nested deeper" in " ".join(one.text for one in inspect(flow(step), world()).faults)


def test_what_comes_in_is_told_for_each_node():
    inner = fork(when("b2x", value("more_than", "1000"), ask()), otherwise("b2y", ask("a2")), own="b2")
    found = inspect(
        flow(fork(when("b1x", value("more_than", "100"), inner), otherwise("b1y", ask("a3")))), world()
    )
    assert found.incoming["b2y"] == [value("more_than", "100"), {"not": value("more_than", "1000")}]
    assert found.incoming["a3"] == [{"not": value("more_than", "100")}]
    assert found.unreached == set()


def test_what_is_never_reached_is_marked_with_everything_inside():
    found = inspect(
        flow(decide("d1", {}), fork(when("b1x", unsound.VERDICT, ask()), otherwise("b1y"))), world()
    )
    assert found.unreached == {"b1", "b1x", "a1", "b1y"}


def test_addresses_inside_the_house_are_not_called():
    from prm.approvals.step_faults import webhook_faults

    for url in (
        "http://example.com/x", "https://10.0.0.1/", "https://127.0.0.1/", "https://[::1]/", "https://localhost/",
        "https://erp.internal/", "https://169.254.169.254/latest", "https://2130706433/", "https://a:b@example.com/",
        "https://example.com:8443/", "ftp://example.com/", "https://", "https://intranet/", "",
    ):  # fmt: skip
        assert webhook_faults({"id": "h1", "url": url}, "“Tell”"), url
    assert webhook_faults({"id": "h1", "url": "https://hooks.example.com/x"}, "“Tell”") == []


def test_a_hundred_steps_are_inspected_within_a_tenth_of_a_second_each():
    steps = [
        fork(
            when(f"w{n}", value("more_than", str(Decimal(n))), ask(f"a{n}")),
            otherwise(f"o{n}", ask(f"c{n}")),
            own=f"f{n}",
        )
        for n in range(60)
    ]
    assert soundness.inspect(flow(*steps), world()).faults == []


def test_the_reference_page_says_every_fault_as_the_product_does():
    import re
    from pathlib import Path

    from django.conf import settings

    page = (Path(settings.BASE_DIR) / "docs/reference/flow-soundness.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", page, re.M))
    with translation.override("en"):
        said = {code: re.sub(r"%\((\w+)\)s", r"*\1*", str(words)) for code, words in faults.SENTENCES.items()}
    assert rows.pop("shape")
    assert rows == said


@pytest.mark.parametrize(
    "step",
    [
        ask(who={"kind": "role", "role": "channel_manager"}),
        ask(
            deadline=until("escalate", {"kind": "role", "role": "channel_manager"}),
            who={"kind": "role", "role": "administrator"},
        ),
        ask(who={"kind": "people", "users": [CHEN]}),
    ],
)
def test_who_may_not_decide_about_the_subject_is_not_asked(step):
    """The money's decisions are finance's and the administrators'; a flow that asks others would ask in vain."""
    (found,) = inspect(flow(step), world(deciders=("administrator", "finance"))).faults
    assert (found.code, found.node) == ("may_not_decide", "a1")
    assert "Administrator, Finance" in found.text


def test_faults_stand_in_the_order_of_the_flow():
    steps = [
        both("p1", [ask("a1", who={"kind": "people", "users": ["who@vendor.example"]})], []),
        notice("n1", to={"kind": "role", "role": "finance"}),
        ask("a2", who={"kind": "submitter"}),
    ]
    assert [one.node for one in inspect(flow(*steps), world()).faults] == ["p1", "a1", "n1", "a2"]
