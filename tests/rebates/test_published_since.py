"""A version that is published into a month which is computed already: both its page and the settlement's say so."""

from __future__ import annotations

from typing import Any

import pytest

from rebates.models import Version
from rebates.policy import read_document
from rebates.services import approve_run, publish_version, save_draft
from tests.rebates.reading_pages import words
from tests.rebates.world import BY, apply, policy, sell, settle

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("november")]
MORE = [{"from": 0, "rate": "4%"}]
SINCE = "Published since it was computed, and in none of these figures:"


def amended(by: Any, day: str, **more: Any) -> Version:
    (text,) = read_document({"schema": 1, "programmes": [policy(from_=day, bands=MORE, **more)]})
    return save_draft(text=text, by=by)


@pytest.fixture
def computed(acme) -> Any:
    apply(policy())
    sell(acme, 60_000, "2026-10-10")
    return settle("2026-10", close=False)


def test_a_draft_names_the_computed_month_that_it_would_change(computed, finance, browse):
    draft = amended(finance, "2026-10-01")
    page = words(browse(finance).get("/programmes/core/"))
    assert "Computed already, without this version: October 2026 S-2026-10" in page
    assert "Once this version is published, compute the settlement again" in page
    assert SINCE not in words(browse(finance).get(computed.get_absolute_url()))
    publish_version(version=draft, by=BY)
    assert "Compute it again, or it is closed without this version." in words(
        browse(finance).get("/programmes/core/")
    )


def test_a_settlement_says_what_was_published_since_until_it_is_computed_again(computed, finance, browse):
    publish_version(version=amended(finance, "2026-10-01"), by=BY)
    client = browse(finance)
    assert f"{SINCE} Core, version 2, from 1 Oct 2026" in words(client.get(computed.get_absolute_url()))
    chinese = words(client.get(computed.get_absolute_url(), headers={"accept-language": "zh-CN"}))
    assert "计算之后发布" in chinese
    again = settle("2026-10", close=False)
    assert SINCE not in words(client.get(again.get_absolute_url()))
    assert "Computed already" not in words(client.get("/programmes/core/"))


def test_the_close_of_an_approved_one_offers_to_compute_again_first(computed, finance, browse):
    run = approve_run(run=computed, by=BY)
    publish_version(version=amended(finance, "2026-10-01"), by=BY)
    client = browse(finance)
    assert "Compute again" in words(client.get(run.get_absolute_url()))
    asked = words(client.get(f"{run.get_absolute_url()}confirm-close/"))
    assert SINCE in asked and "Compute again" in asked and "Close for good" in asked


def test_a_version_from_the_next_month_on_changes_nothing(computed, finance, browse):
    publish_version(version=amended(finance, "2026-11-01"), by=BY)
    client = browse(finance)
    assert SINCE not in words(client.get(computed.get_absolute_url()))
    assert "Computed already" not in words(client.get("/programmes/core/"))
