"""What is measured in units is drawn in units, what is money has its currency, and a formula reads what it names."""

from __future__ import annotations

from typing import Any

import pytest
import time_machine

from prm.measures import registry
from rebates.limit_words import gate, with_unit
from rebates.models import Version
from rebates.policy import read_document
from rebates.previews import preview_of
from tests.rebates.test_programme_editor import save
from tests.rebates.test_programme_editor_helps import details, read_back
from tests.rebates.world import policy

pytestmark = pytest.mark.django_db
BANDS = [{"from": 0, "rate": "1%"}, {"from": 50, "rate": "3%"}]


@pytest.fixture(autouse=True)
def november():
    with time_machine.travel("2026-11-20 04:00:00+00:00", tick=False):
        yield


def preview(**entries: Any) -> Any:
    (text,) = read_document({"schema": 1, "programmes": [policy(**entries)]})
    return preview_of(text.policy)


@pytest.mark.parametrize(
    "rules",
    [
        {"kind": "per_unit", "amount": 50},
        {"kind": "spif", "amount": 50, "per": "unit"},
        {"kind": "bundle", "amount": 50, "parts": [{"product_line": "routing", "quantity": 2}]},
    ],
)
def test_what_pays_for_units_is_drawn_for_as_many_as_the_table_beside_it(rules):
    shown = preview(mechanism=rules)
    unit = "complete sets" if rules["kind"] == "bundle" else "units"
    assert (shown.chart.across, shown.chart.up) == (unit, "CNY")
    assert shown.chart.ticks_y[-1]["label"] == "¥8,000"  # 140 of them pay 7,000
    assert [row["volume"] for row in shown.trial] == [
        f"{count} {unit.removeprefix('complete ')}" for count in (50, 100, 125, 200)
    ]


def test_where_units_count_and_money_is_paid_on_the_curve_has_a_price_and_says_so():
    shown = preview(mechanism={"kind": "retroactive", "bands": BANDS}, measure="quantity")
    assert "The curve is drawn for units sold at ¥100 each." in shown.sentences
    assert shown.trial[1] == {"volume": "50 units", "share": "3.00%", "payout": "¥150.00"}
    assert "sold at" not in " ".join(preview(mechanism={"kind": "retroactive", "bands": BANDS}).sentences)


def test_the_chart_names_its_units(finance, browse):
    assert "Across: volume, CNY. Up: payout, CNY." in read_back(browse(finance))
    per_unit = read_back(browse(finance), mechanism="per_unit", amount="50")
    assert "Across: volume, units. Up: payout, CNY." in per_unit


def test_a_gate_on_money_says_its_currency_and_one_on_a_count_none():
    money = {"kind": "measure", "code": "orders.net_sales", "at_least": "1000"}
    assert gate(money) == "Net sales of at least ¥1,000 in the period"
    count = {"kind": "measure", "code": "orders.order_count", "at_least": "10"}
    assert gate(count) == "Orders placed of at least 10 in the period"
    label = str(registry.find("orders.net_sales").label)
    assert with_unit("orders.net_sales", label) == "Net sales, CNY"
    assert with_unit("orders.order_count", "Orders placed") == "Orders placed"


def test_a_formula_reads_a_figure_that_it_names_without_a_tick(finance, browse):
    client = browse(finance)
    shown = details(client, mechanism="formula")
    assert "base is what is paid on, qualifier what counts" in shown
    assert "One that the formula names is read without a tick too." in shown
    expression = "base * if(orders_net_sales >= 1000, 0.02, 0)"
    assert save(client, mechanism="formula", expression=expression)[0] == 302
    assert Version.objects.get().policy["mechanism"]["measures"] == ["orders.net_sales"]


def test_the_further_verbs_of_a_programme_have_words_on_a_phone_too(finance, browse):
    client = browse(finance)
    save(client)
    page = client.get("/programmes/core/").content.decode()
    more = page[page.index('<details class="ui-drop ui-drop-right ui-only-sm">') :]
    more = more[: more.index("</details>")]
    for words in ("Agreement (PDF)", "YAML", "Back-test", "Import"):
        assert f"{words}</a>" in more
