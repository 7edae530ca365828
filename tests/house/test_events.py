"""The page of events says what the code declares, and every event can be read by people and machines."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import get_type_hints

from prm.config import eventpage
from prm.outbox.events import catalogue

EVENTS = [one for one in catalogue() if not one.name.startswith("tests.")]


def test_the_page_of_events_is_what_the_code_declares():
    assert eventpage.PAGE.read_text(encoding="utf-8") == eventpage.page(), "run bin/manage events"


def test_every_event_has_a_label():
    assert [one.code for one in EVENTS if one.label == one.name] == []


def test_payloads_are_plain_values():
    plain = {int, str, bool, int | None, str | None, list, dict}
    wrong = [
        f"{one.code}.{name}"
        for one in EVENTS
        for name, hint in get_type_hints(one.cls).items()
        if hint not in plain
    ]
    assert wrong == []
    json.dumps([name for one in EVENTS for name, _kind in one.fields])


def test_what_an_event_is_about_stands_in_its_payload():
    named = [one for one in EVENTS if one.subject or one.object_id]
    assert named
    assert [one.code for one in named if one.object_id not in {field.name for field in fields(one.cls)}] == []


def test_what_concerns_sign_in_never_leaves():
    assert [one.code for one in EVENTS if one.name.startswith("accounts.") and not one.internal] == []
