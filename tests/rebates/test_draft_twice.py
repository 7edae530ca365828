"""A draft that is open in two windows: the second save does not overwrite the first without a word."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
import time_machine

from rebates.errors import DraftMovedOn
from rebates.models import Version
from rebates.services import publish_version, save_draft
from rebates.services.drafting import mark_of
from rebates.services.programmes import text_of
from tests.factories.people import UserFactory, actor
from tests.rebates import world
from tests.rebates.test_programme_editor import FILLED

pytestmark = pytest.mark.django_db
AMEND = "/programmes/core/amend/"


@pytest.fixture(autouse=True)
def november():
    with time_machine.travel("2026-11-20 04:00:00+00:00", tick=False):
        yield


@pytest.fixture
def second(db):
    return actor(UserFactory(finance=True, name="Zhao Min"))


@pytest.fixture
def draft(finance, browse) -> Version:
    browse(finance).post("/programmes/new/", FILLED)
    return Version.objects.get()


def opened(client: Any) -> str:
    page = client.get(AMEND).content.decode()
    return re.search(r'name="opened" value="([^"]+)"', page)[1]


def save(client: Any, mark: str, **typed: str) -> tuple[int, str]:
    answer = client.post(AMEND, FILLED | {"opened": mark} | typed)
    return answer.status_code, html.unescape(answer.content.decode())


def cap_of(draft: Version) -> str:
    draft.refresh_from_db()
    return draft.policy["caps"][0]["amount"]


def test_the_second_save_is_refused_and_names_who_saved(draft, finance, second, browse):
    one, other = browse(finance), browse(second)
    marks = opened(one), opened(other)
    assert save(one, marks[0], payout_cap="2000")[0] == 302
    status, shown = save(other, marks[1], payout_cap="9000")
    assert status == 422
    assert "is not the one any more that you had opened. Meanwhile: He Min, 20 Nov 2026 12:00" in shown
    assert re.search(r'name="payout_cap"[^>]* value="9000"', shown)  # what was typed stands there
    assert cap_of(draft) == "2000"
    assert save(other, marks[1], payout_cap="9000")[0] == 422  # and a second press alone changes nothing


def test_it_is_saved_over_on_purpose(draft, finance, second, browse):
    one, other = browse(finance), browse(second)
    marks = opened(one), opened(other)
    save(one, marks[0], payout_cap="2000")
    _status, shown = save(other, marks[1], payout_cap="9000")
    over = re.search(r'name="over" value="([^"]+)"', shown)[1]
    assert save(other, marks[1], payout_cap="9000", over=over)[0] == 302
    assert cap_of(draft) == "9000"
    assert save(one, marks[0], payout_cap="3000", over=over)[0] == 422  # that was about another draft


def test_the_own_window_saves_again_and_again(draft, finance, browse):
    client = browse(finance)
    for amount in ("2000", "3000"):
        assert save(client, opened(client), payout_cap=amount)[0] == 302
    assert "Save over what is there now" not in client.get(AMEND).content.decode()


def test_two_people_who_begin_the_next_version_are_told_too(draft, finance, second, browse):
    world.apply(world.policy("begun"))
    text = text_of(draft)
    publish_version(version=draft, by=world.BY)
    next_one = text.__class__(
        text.code, text.name, text.name_zh, text.starts.replace(year=2028), None, text.policy
    )
    save_draft(text=next_one, opened=mark_of(None), by=finance)
    with pytest.raises(DraftMovedOn, match="He Min"):
        save_draft(text=next_one, opened=mark_of(None), by=second)


def test_what_was_typed_stays_when_the_draft_was_handed_in_or_published(draft, finance, second, browse):
    client = browse(finance)
    mark = opened(client)
    publish_version(version=draft, by=second)
    draft.refresh_from_db()
    assert draft.state == "in_review"
    status, shown = save(client, mark, payout_cap="2000")
    assert (status, "Save over what is there now" in shown) == (422, False)
    assert re.search(r'name="payout_cap"[^>]* value="2000"', shown)
    Version.objects.update(state="published")
    status, shown = save(client, mark, payout_cap="2000", starts="2028-01-01")
    assert (status, "Save over what is there now" in shown) == (422, True)
    assert Version.objects.count() == 1
