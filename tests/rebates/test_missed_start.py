"""A draft that waited until its first month was closed: what is said of it, and how it moves on."""

from __future__ import annotations

import html
import re
from datetime import date
from typing import Any

import pytest
import time_machine

from rebates.errors import PeriodClosed, VersionInReview
from rebates.missed_start import missed_start
from rebates.models import Version
from rebates.policy import read_document
from rebates.services import approve_publication, move_start, publish_version, save_draft
from tests.factories.people import UserFactory, actor
from tests.rebates import world

pytestmark = pytest.mark.django_db
ZH = {"headers": {"accept-language": "zh-CN"}}


@pytest.fixture
def november():
    with time_machine.travel("2026-11-20 04:00:00+00:00", tick=False):
        yield


def draft_of(by: Any, **entries: Any) -> Version:
    (text,) = read_document({"schema": 1, "programmes": [world.policy(**entries)]})
    return save_draft(text=text, by=by)


@pytest.fixture
def overtaken(acme, finance, november) -> Version:
    """An amendment from October, drafted before October was settled."""
    world.apply(world.policy(from_="2026-09-01"))
    draft = draft_of(finance, from_="2026-10-01", bands=[{"from": 0, "rate": "4%"}])
    world.sell(acme, 60_000, on="2026-10-10")
    world.settle("2026-10")
    return draft


def said(answer: Any) -> str:
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", answer.content.decode())))


def test_publication_names_the_closed_month_and_the_day_to_move_to(overtaken, finance):
    with pytest.raises(PeriodClosed) as refused:
        publish_version(version=overtaken, by=finance)
    assert "2026-10 is closed" in refused.value.text and "begin on 2026-11-01" in refused.value.text


def test_its_page_says_so_before_anybody_presses_and_one_press_moves_it(overtaken, finance, browse):
    client = browse(finance)
    page = said(client.get("/programmes/core/"))
    assert "It cannot be published with this start" in page
    assert "October 2026 is closed" in page and "Begin on 1 Nov 2026" in page
    assert "In force from 1 Oct 2026" not in page
    chinese = said(client.get("/programmes/core/", **ZH))
    assert "无法以此起始日发布" in chinese and "改为从 2026年11月1日开始" in chinese
    after = said(client.post("/programmes/core/move-start/", follow=True))
    assert "The draft begins on 1 Nov 2026 now." in after
    assert "It cannot be published with this start" not in after
    overtaken.refresh_from_db()
    assert (overtaken.starts, overtaken.author_id) == (date(2026, 11, 1), finance.user_id)
    assert missed_start(overtaken) is None
    assert publish_version(version=overtaken, by=finance).state == "in_review"


def test_the_editor_offers_it_and_saves_what_was_typed_with_it(overtaken, finance, browse):
    client = browse(finance)
    page = client.get("/programmes/core/amend/").content.decode()
    assert 'name="begin_on" value="2026-11-01"' in page
    form = client.get("/programmes/core/amend/").context["form"]
    typed = {name: form[name].value() for name in form.fields if form[name].value() not in (None, "", False)}
    opened = client.get("/programmes/core/amend/").context["opened"]
    answer = client.post(
        "/programmes/core/amend/",
        typed | {"rate_0": "4.5", "begin_on": "2026-11-01", "opened": opened, "amends": "core"},
    )
    assert answer.status_code == 302
    overtaken.refresh_from_db()
    assert overtaken.starts == date(2026, 11, 1)
    assert overtaken.policy["mechanism"]["bands"][0]["rate"] == "0.045"


def test_a_draft_that_can_begin_says_nothing(acme, finance, browse, november):
    world.apply(world.policy(from_="2026-09-01"))
    draft = draft_of(finance, from_="2026-12-01")
    assert missed_start(draft) is None
    page = browse(finance).get("/programmes/core/").content.decode()
    assert "It cannot be published" not in page and "move-start" not in page
    assert move_start(version=draft, by=finance).starts == date(2026, 12, 1)


def test_one_that_waits_for_approval_is_withdrawn_first(acme, finance, browse, november):
    second = actor(UserFactory(finance=True, name="Zhao Min"))
    world.apply(world.policy(from_="2026-09-01"))
    asked = publish_version(version=draft_of(finance, from_="2026-10-01"), by=finance)
    world.sell(acme, 60_000, on="2026-10-10")
    world.settle("2026-10")
    page = said(browse(finance).get("/programmes/core/"))
    assert "withdraw it, then move its start" in page and "Begin on 1 Nov 2026" not in page
    with pytest.raises(VersionInReview):
        move_start(version=asked, by=finance)
    with pytest.raises(PeriodClosed):
        approve_publication(version=asked, by=second)


def test_the_next_start_does_not_cut_the_quarter_of_the_version_before(acme, finance, november):
    world.apply(world.policy(from_="2026-07-01", period="quarter"))
    draft = draft_of(finance, from_="2026-10-01", period="month")
    world.apply(world.policy("other", from_="2026-09-01"))
    world.sell(acme, 60_000, on="2026-10-10")
    world.settle("2026-10")
    found = missed_start(draft)
    assert found is not None and found.next == date(2027, 1, 1)


def test_a_draft_that_ends_before_the_next_start_can_only_be_written_anew(acme, finance, browse, november):
    world.apply(world.policy("other", from_="2026-09-01"))
    draft = draft_of(finance, from_="2026-10-01", until="2026-10-31")
    world.sell(acme, 60_000, on="2026-10-10")
    world.settle("2026-10")
    found = missed_start(draft)
    assert found is not None and found.next is None
    assert "import a text with other days" in said(browse(finance).get("/programmes/core/"))
    with pytest.raises(PeriodClosed):
        move_start(version=draft, by=finance)


def test_whoever_may_not_edit_programmes_does_not_move_it(overtaken, manager, browse):
    assert browse(manager).post("/programmes/core/move-start/").status_code == 403
    overtaken.refresh_from_db()
    assert overtaken.starts == date(2026, 10, 1)
