"""The programme's form is one page with steps: marked as they stand, open where something is set."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
import time_machine

from tests.rebates.test_programme_editor import FILLED, save
from tests.rebates.world import apply, catalogue, policy

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def november():
    with time_machine.travel("2026-11-20 04:00:00+00:00", tick=False):
        yield


def marks(answer: Any) -> dict[str, str]:
    return dict(re.findall(r'id="mark-(\w+)"[^>]*>\s*<span data-state="(\w+)"', answer.content.decode()))


def folded(answer: Any) -> set[str]:
    """The codes of the sections that are closed."""
    page = re.sub(r"\s+", " ", answer.content.decode())
    return set(
        re.findall(r'<details class="ui-fold ui-part-step"(?: id="counting")?>.*?id="step-(\w+)"', page)
    )


def said(answer: Any, code: str) -> str:
    found = re.search(rf'id="said-{code}"[^>]*>([^<]*)<', answer.content.decode())
    return html.unescape(found[1]) if found else ""


OPTIONAL = {"counts", "who", "limits", "terms", "budget"}


def test_an_empty_form_says_what_is_missing_and_folds_what_nobody_must_fill_in(finance, browse):
    page = browse(finance).get("/programmes/new/")
    assert marks(page) == dict.fromkeys(OPTIONAL, "unset") | {
        "mechanism": "done", "bands": "missing", "text": "missing"
    }  # fmt: skip
    assert folded(page) == OPTIONAL
    assert said(page, "who") == "Every partner takes part, each by itself."


def test_the_marks_follow_what_is_typed(finance, browse):
    client = browse(finance)
    typed = marks(client.post("/programmes/preview/", FILLED))
    assert typed["bands"] == "done" and typed["text"] == "done"
    typed = marks(client.post("/programmes/preview/", FILLED | {"rate_0": "", "name": ""}))
    assert typed["bands"] == "missing" and typed["text"] == "missing"
    typed = marks(client.post("/programmes/preview/", FILLED | {"payout_cap": "much"}))
    assert typed["limits"] == "wrong"
    assert marks(client.post("/programmes/preview/", FILLED | {"payout_cap": "100"}))["limits"] == "done"


def test_a_section_in_which_something_is_set_is_open_and_says_what(finance, browse):
    apply(policy(caps=[{"on": "payout", "amount": 100}], who={"types": ["reseller"]}, returns="by_origin"))
    page = browse(finance).get("/programmes/core/amend/")
    assert folded(page) == {"counts", "budget"}
    assert said(page, "limits") == "Cap on the payout: 100"
    assert said(page, "who") == "Partner types: Reseller"
    assert said(page, "terms") == "Returns count: In the period of the sale that they reverse"
    assert marks(page)["limits"] == "done" and marks(page)["budget"] == "unset"


def test_a_section_in_which_something_is_wrong_is_open(finance, browse):
    answer = browse(finance).post("/programmes/new/", FILLED | {"shared_with": "other"})
    assert answer.status_code == 422
    assert "limits" not in folded(answer) and "who" in folded(answer)
    assert marks(answer)["limits"] == "wrong"


def test_every_mechanism_has_the_same_sections_without_numbers(finance, browse):
    client = browse(finance)
    for kind in ("marginal", "bundle"):
        shown = client.post("/programmes/details/", FILLED | {"mechanism": kind}).content.decode()
        heads = re.findall(r"<h2[^>]*>([^<]*)<", shown)
        assert heads == ["What it pays", "What counts"]


def test_one_row_more_leaves_what_counts_as_it_is(finance, browse):
    shown = browse(finance).post("/programmes/details/", FILLED | {"more": "bands"}).content.decode()
    assert 'id="counting"' not in shown


def test_the_draft_is_kept_on_the_device_under_what_was_opened(finance, browse):
    catalogue("routing")
    client = browse(finance)

    def kept_as(address: str) -> str:
        return re.search(r'data-draft="([^"]*)"', client.get(address).content.decode())[1]

    assert kept_as("/programmes/new/") == "programme-new"
    assert kept_as("/programmes/new/?template=tiered") == "programme-new-tiered"
    apply(policy(from_="2026-08-01"))
    first = kept_as("/programmes/core/amend/")
    changed = FILLED | {"starts": "2026-12-01", "period": "month"}
    client.post("/programmes/core/amend/", changed)
    second = kept_as("/programmes/core/amend/")
    client.post("/programmes/core/amend/", changed | {"rate_0": "4"})
    assert len({first, second, kept_as("/programmes/core/amend/")}) == 3


def test_nothing_is_called_saved_before_it_is(finance, browse):
    client = browse(finance)
    assert "Saved as a draft" not in client.get("/programmes/new/").content.decode()
    assert save(client)[0] == 302
