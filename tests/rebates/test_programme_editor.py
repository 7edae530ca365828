"""The programme's form: a wrong first day is refused when the draft is saved; what is wrong stands at its field."""

from __future__ import annotations

import html
import re
from datetime import date
from typing import Any

import pytest
import time_machine

from rebates import services
from rebates.errors import PeriodClosed, PeriodNotWhole, VersionTooEarly
from rebates.models import Version
from rebates.policy import PolicyProblem, read_document
from rebates.programme_form import ProgrammeForm, initial_of, kept_of
from tests.rebates import world

pytestmark = pytest.mark.django_db
FILLED = {
    "mechanism": "marginal",
    "period": "quarter",
    "from_0": "0",
    "rate_0": "2",
    "rounding": "half_up",
    "name": "Core volume",
    "code": "core",
    "starts": "2027-01-01",
}
ZH = {"headers": {"accept-language": "zh-CN"}}


@pytest.fixture
def november():
    with time_machine.travel("2026-11-20 04:00:00+00:00", tick=False):
        yield


def save(client: Any, how: dict[str, Any] | None = None, **changes: str) -> tuple[int, str]:
    answer = client.post("/programmes/new/", FILLED | changes, **(how or {}))
    return answer.status_code, html.unescape(
        re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", answer.content.decode()))
    )


def text(**entries: Any) -> Any:
    (found,) = read_document({"schema": 1, "programmes": [world.policy(**entries)]})
    return found


def test_a_first_day_inside_a_quarter_is_refused_when_the_draft_is_saved(finance, browse, november):
    status, shown = save(browse(finance), starts="2027-02-01")
    assert status == 422
    assert "In force from: 1 Feb 2027 does not begin or end a period" in shown
    assert "Choose 1 Jan 2027 / 1 Apr 2027." in shown
    assert not Version.objects.exists()


def test_the_same_is_said_in_chinese_with_the_label_of_the_field(finance, browse, november):
    status, shown = save(browse(finance), ZH, starts="2027-02-01")
    assert status == 422
    assert "生效起始" in shown and "2027年2月1日" in shown and "2027年4月1日" in shown
    assert "does not begin" not in shown and "programmes[0]" not in shown


def test_bounds_that_do_not_rise_are_said_at_the_band_that_was_typed(finance, browse, november):
    # the second row stays empty: the fault is in the third
    changes = {"from_0": "5000", "from_2": "1000", "rate_2": "3"}
    status, shown = save(browse(finance), **changes)
    assert status == 422
    assert "Band 3, from: Lower bounds must rise from band to band." in shown
    assert "mechanism.bands" not in shown
    _status, chinese = save(browse(finance), ZH, **changes)
    assert "mechanism.bands" not in chinese and "Lower bounds" not in chinese


def test_what_the_text_cannot_hold_is_said_at_its_field(finance, browse, november):
    status, shown = save(browse(finance), from_0="1234567890123456")
    assert status == 422
    assert "Band 1, from:" in shown and "programmes[0]" not in shown
    status, shown = save(browse(finance), code="Core Volume")
    assert status == 422
    assert "Code: Write small letters, digits and hyphens" in shown


def test_a_file_still_hears_the_place_in_the_file():
    with pytest.raises(PolicyProblem) as refused:
        text(bands=[{"from": 100, "rate": "2%"}, {"from": 50, "rate": "3%"}])
    assert refused.value.problems == [
        "programmes[0].mechanism.bands[1].from: Lower bounds must rise from band to band."
    ]
    with pytest.raises(PolicyProblem) as refused:
        text(mechanism={"kind": "magic"})
    assert refused.value.problems == ["programmes[0].mechanism: magic is not a mechanism"]


def test_a_draft_is_refused_for_every_day_on_which_it_could_not_be_published(acme, november):
    world.apply(world.policy(from_="2026-09-01"), world.policy("next", from_="2026-12-01"))
    world.sell(acme, 50_000, on="2026-09-10")
    world.settle("2026-09")
    with pytest.raises(VersionTooEarly):
        services.save_draft(text=text(code="next", from_="2026-11-01"), by=world.BY)
    with pytest.raises(PeriodClosed):
        services.save_draft(text=text(code="other", from_="2026-09-01"), by=world.BY)
    with pytest.raises(PeriodNotWhole):
        services.save_draft(text=text(from_="2026-12-02"), by=world.BY)
    draft = services.save_draft(text=text(from_="2026-12-01"), by=world.BY)
    assert (draft.state, draft.starts) == ("draft", date(2026, 12, 1))


def test_a_version_that_cuts_the_quarter_of_the_one_before_is_refused_as_a_draft(november):
    world.apply(world.policy(from_="2026-10-01", period="quarter"))
    with pytest.raises(PeriodNotWhole) as refused:
        services.save_draft(text=text(from_="2026-12-01", period="month"), by=world.BY)
    assert "2027-01-01" in refused.value.text


def test_a_product_line_that_is_gone_meanwhile_is_said_on_the_form(finance, browse, november, monkeypatch):
    from rebates.services import programmes

    def gone(texts: Any) -> None:
        raise PolicyProblem(["core: no product line has the code routing."])

    monkeypatch.setattr(programmes, "check_references", gone)
    status, shown = save(browse(finance))
    assert status == 422
    assert "No product line has the code routing" in shown


def test_a_flat_rate_refuses_further_bands_by_their_row(finance, browse, november):
    status, shown = save(browse(finance), mechanism="flat", from_0="10", from_2="500", rate_2="3")
    assert status == 422
    assert "Row 1: a flat rate is paid from the first amount on." in shown
    assert "Row 3: a flat rate has one row." in shown
    assert not Version.objects.exists()


def test_a_draft_is_deleted_only_after_it_is_said_what_goes_with_it(finance, browse, november):
    client = browse(finance)
    save(client)
    (draft,) = Version.objects.all()
    address = f"/programmes/{draft.programme.code}/"
    assert f'href="{address}delete-draft/"' in client.get(address).content.decode()
    assert "it goes with the draft" in client.get(f"{address}delete-draft/").content.decode()
    assert Version.objects.exists()
    client.post(f"{address}delete-draft/")
    assert not Version.objects.exists()


# What is typed for each mechanism, and the policy that it becomes.
MECHANISMS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "marginal": (
        {"from_1": "100000", "rate_1": "3", "split": "top_slice", "pay_lines": ["wireless"]},
        {
            "mechanism": {
                "kind": "marginal", "split": "top_slice",
                "bands": [{"from": "0", "rate": "0.02"}, {"from": "100000", "rate": "0.03"}],
            },
            "pay": {"product_lines": ["wireless"]},
        },
    ),
    "retroactive_from_floor": (
        {"floor": "100000", "first_rate": "2", "measure": "quantity"},
        {
            "mechanism": {
                "kind": "retroactive_from_floor", "floor": "100000", "first_rate": "0.02",
                "bands": [{"from": "0", "rate": "0.02"}],
            },
            "measure": "quantity",
        },
    ),
    "lump_sum": (
        {"from_0": "500", "rate_0": "4000"},
        {"mechanism": {"kind": "lump_sum", "bands": [{"from": "500", "amount": "4000"}]}},
    ),
    "linear": (
        {"from_0": "100", "rate_0": "1", "from_1": "200", "rate_1": "3"},
        {"mechanism": {"kind": "linear", "points": [{"at": "100", "rate": "0.01"}, {"at": "200", "rate": "0.03"}]}},
    ),
    "growth": (
        {"from_0": "20", "rate_0": "3", "on": "above", "baseline": "prior_year", "new_partner": "stated",
         "baseline_amount": "400000"},
        {
            "mechanism": {"kind": "growth", "on": "growth", "bands": [{"from": "0.2", "rate": "0.03"}]},
            "baseline": {"kind": "prior_year", "new_partner": "stated", "amount": "400000"},
        },
    ),
    "target": (
        {"from_0": "100", "target": "1,000,000", "on": "all"},
        {"mechanism": {"kind": "target", "target": "1000000", "on": "all", "bands": [{"from": "1", "rate": "0.02"}]}},
    ),
    "mix": (
        {"from_0": "30", "rate_0": "1.5", "focus": ["wireless"]},
        {"mechanism": {"kind": "mix", "focus": ["wireless"], "bands": [{"from": "0.3", "rate": "0.015"}]}},
    ),
    "per_unit": ({"amount": "1.25"}, {"mechanism": {"kind": "per_unit", "amount": "1.25"}}),
    "per_unit_stepped": (
        {"rate_0": "1.5"},
        {"mechanism": {"kind": "per_unit_stepped", "bands": [{"from": "0", "amount": "1.5"}]}},
    ),
    "spif": (
        {"amount": "30", "products": "wireless-1, routing-1"},
        {
            "mechanism": {"kind": "spif", "amount": "30", "per": "unit"},
            "qualify": {"products": ["wireless-1", "routing-1"]},
        },
    ),
    "per_increment": (
        {"increment": "50000", "amount": "400"},
        {"mechanism": {"kind": "per_increment", "increment": "50000", "amount": "400"}},
    ),
    "bundle": (
        {"amount": "50", "part_0": "routing", "count_0": "3", "part_1": "wireless-1", "count_1": "1"},
        {
            "mechanism": {
                "kind": "bundle", "amount": "50",
                "parts": [{"product_line": "routing", "quantity": "3"}, {"product": "wireless-1", "quantity": "1"}],
            }
        },
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", MECHANISMS)
def test_every_mechanism_is_typed_saved_and_shown_again_as_it_was(kind, finance, browse, november):
    world.catalogue("routing", "wireless")
    typed, expected = MECHANISMS[kind]
    client = browse(finance)
    status, shown = save(client, mechanism=kind, **typed)
    assert status == 302, shown
    (draft,) = Version.objects.all()
    common = {"currency": "CNY", "period": "quarter"}
    assert draft.policy == common | expected
    again = ProgrammeForm(currency="CNY", known_code="core", initial=initial_of(draft), kept=kept_of(draft))
    values = {name: again[name].value() for name in again.fields}
    page = client.get("/programmes/core/amend/").content.decode()
    assert f'value="{kind}"' in page
    client.post(
        "/programmes/core/amend/", {name: value for name, value in values.items() if value not in (None, [])}
    )
    draft.refresh_from_db()
    assert draft.policy == common | expected


def test_choosing_a_mechanism_brings_its_fields_with_what_was_typed(finance, browse):
    answer = browse(finance).post(
        "/programmes/details/", {"mechanism": "growth", "from_0": "25", "measure": "amount"}
    )
    shown = answer.content.decode()
    assert "Growth from, %" in shown and 'value="25"' in shown and 'name="baseline"' in shown
    assert 'name="target"' not in shown


def test_what_was_typed_as_money_is_no_percentage_under_another_mechanism(finance, browse):
    typed = {"from_0": "0", "from_1": "30000", "rate_1": "3", "columns": "amount rate"}
    shown = browse(finance).post("/programmes/details/", typed | {"mechanism": "target"})
    form = shown.context["form"]
    assert [form[name].value() for name in ("from_0", "from_1", "rate_1")] == ["", "", "3"]
    assert 'name="columns" value="share rate"' in shown.content.decode()
    form = browse(finance).post("/programmes/details/", typed | {"mechanism": "lump_sum"}).context["form"]
    assert [form[name].value() for name in ("from_0", "from_1", "rate_1")] == ["0", "30000", ""]
    form = browse(finance).post("/programmes/details/", typed | {"mechanism": "retroactive"}).context["form"]
    assert [form[name].value() for name in ("from_1", "rate_1")] == ["30000", "3"]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"mechanism": "target"}, "Target, CNY: This mechanism needs it."),
        ({"mechanism": "mix"}, "Focus product lines: This mechanism needs it."),
        ({"mechanism": "linear"}, "A rising rate has two rows"),
        (
            {"mechanism": "per_increment", "amount": "5", "increment": "0"},
            "Each full, CNY: This must be above zero.",
        ),
        ({"mechanism": "bundle", "amount": "5"}, "Say what a complete set holds."),
        ({"mechanism": "bundle", "amount": "5", "part_0": "nothing", "count_0": "1"}, "has the code nothing"),
        ({"mechanism": "bundle", "amount": "5", "part_0": "routing"}, "Fill in both, or neither."),
        ({"mechanism": "growth", "baseline": "stated"}, "Stated baseline, CNY: This mechanism needs it."),
        ({"mechanism": "growth", "on": "above", "pay_lines": ["wireless"]}, "are those that count"),
        ({"mechanism": "retroactive", "rate_0": "101"}, "A rate is 100 % at most."),
        ({"mechanism": "spif", "amount": "5", "products": "routing-9"}, "No product has the code routing-9."),
    ],
)
def test_what_a_mechanism_lacks_is_said_at_its_field(changes, says, finance, browse, november):
    world.catalogue("routing", "wireless")
    status, shown = save(browse(finance), **changes)
    assert status == 422
    assert says in shown
    assert not Version.objects.exists()


def test_its_last_day_and_its_own_words_are_typed_shown_and_kept_by_the_next_version(
    finance, browse, november
):
    words = {"text": "As agreed in May.", "text_zh": "五月商定。"}
    status, shown = save(browse(finance), until="2027-06-30", **words)
    assert status == 302, shown
    (draft,) = Version.objects.all()
    assert (draft.last_day, draft.policy["text"]) == (date(2027, 6, 30), "As agreed in May.")
    page = browse(finance).get("/programmes/core/").content.decode()
    assert "from 1 Jan 2027 to 30 Jun 2027" in page and "As agreed in May." in page and "五月商定。" in page
    again = browse(finance).get("/programmes/core/amend/").content.decode()
    assert 'value="2027-06-30"' in again and "As agreed in May.</textarea>" in again
    services.publish_version(version=draft, by=world.BY)
    following = browse(finance).get("/programmes/core/amend/").context["form"]
    assert (following["starts"].value(), following["until"].value()) == (date(2027, 4, 1), date(2027, 6, 30))


def test_a_last_day_inside_a_period_is_said_at_its_field(finance, browse, november):
    status, shown = save(browse(finance), until="2027-06-15")
    assert status == 422
    assert "In force until: 15 Jun 2027 does not begin or end a period" in shown
    status, shown = save(browse(finance), until="2026-12-31")
    assert status == 422 and "In force until: The last day lies before the first." in shown


def test_a_next_version_begins_without_the_last_day_that_lies_before_it(finance, browse, november):
    world.apply(world.policy(from_="2026-12-01", until="2026-12-31"))
    following = browse(finance).get("/programmes/core/amend/").context["form"]
    assert following["until"].value() is None


def test_it_is_paid_on_single_products_where_others_count(finance, browse, november):
    world.catalogue("routing", "wireless")
    typed = {"product_lines": ["routing", "wireless"], "pay_products": "wireless-1"}
    status, shown = save(browse(finance), **typed)
    assert status == 302, shown
    (draft,) = Version.objects.all()
    assert draft.policy["pay"] == {"products": ["wireless-1"]}
    again = browse(finance).get("/programmes/core/amend/").context["form"]
    assert again["pay_products"].value() == "wireless-1"
    status, shown = save(browse(finance), code="other", pay_products="nothing-1")
    assert "No product has the code nothing-1." in shown


def test_only_a_later_version_ends_the_one_before(finance, browse, november):
    first = services.save_draft(text=text(code="first", from_="2026-12-01"), by=world.BY)
    page = browse(finance).get(first.programme.get_absolute_url()).content.decode()
    assert "In force from 1 Dec 2026." in page and "The version before ends" not in page
    world.apply(world.policy("second"))
    services.save_draft(text=text(code="second", from_="2026-12-01"), by=world.BY)
    page = browse(finance).get("/programmes/second/?version=2").content.decode()
    assert "In force from 1 Dec 2026. The version before ends the day before." in page
