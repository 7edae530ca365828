"""While a programme is typed it is read back: also of a programme that is there, whose code is not asked for again."""

from __future__ import annotations

import re
from typing import Any

import pytest
import time_machine

from rebates.models import Version
from rebates.previews import preview_of
from tests.rebates.test_partner_pools import pooled
from tests.rebates.test_programme_editor import FILLED, save
from tests.rebates.test_programme_editor_helps import read_back, words
from tests.rebates.world import apply, catalogue, policy

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def november():
    with time_machine.travel("2026-11-20 04:00:00+00:00", tick=False):
        yield


def sent_by_the_browser(page: str) -> dict[str, Any]:
    """What a browser sends of the form as the page shows it: not what is disabled."""
    form = page[page.index('id="programme-form"') :]
    found: dict[str, Any] = {}
    for tag in re.findall(r"<input[^>]*>", form[: form.index("</form>")]):
        known = dict(re.findall(r'([a-z-]+)="([^"]*)"', tag))
        ticked = known.get("type") not in ("radio", "checkbox") or " checked" in tag
        if "name" in known and ticked and " disabled" not in tag:
            found.setdefault(known["name"], known.get("value", ""))
    return found


def test_an_amendment_is_read_back_while_it_is_typed(finance, browse):
    apply(policy("home-volume"))
    client = browse(finance)
    sent = sent_by_the_browser(client.get("/programmes/home-volume/amend/").content.decode())
    assert "code" not in sent
    shown = words(client.post("/programmes/preview/", FILLED | sent | {"rate_0": "7"}))
    assert "Still missing" not in shown and "7%" in shown and "Payout against volume" in shown


def test_a_draft_is_read_back_while_it_is_edited(finance, browse):
    client = browse(finance)
    save(client, code="fresh")
    sent = sent_by_the_browser(client.get("/programmes/fresh/amend/").content.decode())
    shown = words(client.post("/programmes/preview/", FILLED | sent | {"code": "", "rate_0": "7"}))
    assert "Still missing" not in shown and "7% from ¥0" in shown


def test_a_new_programme_still_says_that_its_code_is_missing(finance, browse):
    assert "Still missing: Code" in read_back(browse(finance), code="")


def test_nobody_elses_programme_is_read_back(finance, browse):
    assert browse(finance).post("/programmes/preview/", FILLED | {"amends": "nowhere"}).status_code == 404


def test_a_template_that_asks_for_products_is_not_saved_without_them(finance, browse):
    catalogue("routing")
    client = browse(finance)
    page = client.get("/programmes/new/?template=new-product").content.decode()
    sent = sent_by_the_browser(page) | {"period": "month", "rounding": "half_up", "currency": "CNY"}
    assert re.search(r'id="mark-counts">\s*<span data-state="missing"', page) and 'id="counting" open' in page
    asked = "Name the new products, or tick their lines: without them every sale would be paid for."
    assert asked in words(client.post("/programmes/preview/", sent))
    assert asked in words(client.post("/programmes/new/", sent))
    assert not Version.objects.exists()
    assert client.post("/programmes/new/", sent | {"products": "routing-1"}).status_code == 302


def test_the_curve_says_that_it_leaves_out_a_cap_over_all_partners_and_is_that_of_a_whole_group():
    flat = {"kind": "flat", "rate": "0.02"}
    capped = preview_of(pooled(mechanism=flat, period="month")).sentences
    assert (
        "The curve is drawn without the cap over all partners, which hangs on what all of them buy." in capped
    )
    together = preview_of(policy(mechanism=flat, period="month", who={"as": "group"})).sentences
    assert any(said.startswith("The curve is drawn for what all members buy together") for said in together)
    assert len(preview_of(policy(mechanism=flat, period="month")).sentences) == 1


def test_the_curve_says_that_it_is_drawn_before_gates_and_factors():
    gate = {"kind": "measure", "code": "orders.net_sales", "at_least": "10"}
    collection = {"kind": "collection", "steps": [{"days": 30, "factor": "1"}]}
    for asked in ({"gates": [gate]}, {"factors": [collection]}):
        text = policy(mechanism={"kind": "flat", "rate": "0.02"}, period="month", **asked)
        assert preview_of(text).sentences[1:] == ["The curve is drawn before gates and factors."]


def test_what_is_wrong_is_not_called_missing(finance, browse):
    filled = FILLED | {"from_1": "100000", "rate_1": "3", "from_2": "100000", "rate_2": "4"}
    shown = words(browse(finance).post("/programmes/preview/", filled))
    assert "once this is put right" in shown and "Fill in mechanism" not in shown
    shown = words(browse(finance).post("/programmes/preview/", FILLED | {"name": ""}))
    assert "Fill in mechanism, bands and name" in shown and "Still missing: Name" in shown
