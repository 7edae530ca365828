"""The sentence that partners sign says each part of a policy that moves money, in both languages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.utils import translation

from partners.models import Tier
from prm.catalogue.models import Product, ProductLine
from rebates import amendments, wording
from rebates.amendments import PARTS, amendment
from rebates.models import Version
from rebates.policy import PLAIN_KEYS, SCHEMA, read_document, uncomputed
from tests.rebates import measured
from tests.rebates.world import apply, catalogue, policy

pytestmark = pytest.mark.django_db
BANDS = [{"from": 0, "rate": "1%"}, {"from": 100_000, "rate": "3%"}]
SHARES = [{"from": "20%", "rate": "3%"}]
SUMS = [{"from": 10_000, "amount": 500}]
ROUTING, SECURITY = {"product_lines": ["routing"]}, {"product_lines": ["security"]}
LESS = {"qualify": {"product_lines": ["routing", "security"]}, "pay": ROUTING}
FLAT = {"kind": "flat", "rate": "2%"}
STEADY = {"kind": "retroactive", "bands": BANDS}
GROWTH = {"kind": "growth", "on": "all", "bands": SHARES}
TARGET = {"kind": "target", "target": 50_000, "on": "all", "bands": SHARES}
SPIF = {"kind": "spif", "amount": 5, "per": "unit"}
BUNDLE = {"kind": "bundle", "amount": 100, "parts": [{"product_line": "routing", "quantity": 2}]}
SCORE = {"kind": "score", "code": "tests.score", "at_least": 80}
BY_SCORE = {"kind": "measure", "code": "tests.score", "bands": [{"from": 80, "factor": "90%"}]}
COLLECTION = {"kind": "collection", "steps": [{"days": 30, "factor": "90%"}]}
STATED = {"kind": "stated", "amount": 1000}
CAP = {"on": "payout", "amount": 100}


def mechanism(rules: dict[str, Any], **changed: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    return {"mechanism": rules}, {"mechanism": rules | changed}


# By place in the schema: a policy before, and after only that part of it changed.
CHANGES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "currency": ({"mechanism": FLAT}, {"mechanism": FLAT, "currency": "USD"}),
    "payout_currency": ({}, {"payout_currency": "EUR"}),
    "exchange": ({}, {"exchange": "booking_date"}),
    "counts": ({}, {"counts": "credited"}),
    "date_basis": ({}, {"date_basis": "order"}),
    "period": ({}, {"period": "quarter"}),
    "cumulative": ({}, {"cumulative": True}),
    "amount_basis": ({}, {"amount_basis": "gross"}),
    "tax_rate": ({"amount_basis": "gross"}, {"amount_basis": "gross", "tax_rate": "13%"}),
    "who.tiers": ({"who": {"tiers": ["gold"]}}, {"who": {"tiers": ["gold", "silver"]}}),
    "who.types": ({}, {"who": {"types": ["reseller"]}}),
    "who.regions": ({}, {"who": {"regions": ["East"]}}),
    "who.certificates": ({}, {"who": {"certificates": ["tests.routing"]}}),
    "who.partners": ({}, {"who": {"partners": ["P-1"]}}),
    "who.as": ({}, {"who": {"as": "group"}}),
    "tier_on": ({"who": {"tiers": ["gold"]}}, {"who": {"tiers": ["gold"]}, "tier_on": "line_date"}),
    "joining": ({"mechanism": TARGET}, {"mechanism": TARGET, "joining": "by_days"}),
    "measure": ({"mechanism": STEADY}, {"mechanism": STEADY, "measure": "quantity"}),
    "qualify.product_lines": ({}, {"qualify": ROUTING}),
    "qualify.products": ({}, {"qualify": {"products": ["routing-1"]}}),
    "pay.product_lines": ({}, {"pay": ROUTING}),
    "pay.products": ({}, {"pay": {"products": ["routing-1"]}}),
    "baseline.kind": ({"mechanism": GROWTH}, {"mechanism": GROWTH, "baseline": {"kind": "prior_year"}}),
    "baseline.amount": (
        {"mechanism": GROWTH, "baseline": STATED},
        {"mechanism": GROWTH, "baseline": STATED | {"amount": 9}},
    ),
    "baseline.new_partner": (
        {"mechanism": GROWTH},
        {"mechanism": GROWTH, "baseline": {"new_partner": "zero"}},
    ),
    "gates.kind": ({"gates": [SCORE]}, {"gates": [SCORE | {"kind": "certificate"}]}),
    "gates.code": ({"gates": [SCORE]}, {"gates": [SCORE | {"code": "tests.other"}]}),
    "gates.at_least": ({"gates": [SCORE]}, {"gates": [SCORE | {"at_least": 81}]}),
    "factors.kind": ({"factors": [BY_SCORE]}, {"factors": [COLLECTION]}),
    "factors.steps": (
        {"factors": [COLLECTION]},
        {"factors": [COLLECTION | {"steps": [{"days": 60, "factor": "90%"}]}]},
    ),
    "factors.code": ({"factors": [BY_SCORE]}, {"factors": [BY_SCORE | {"code": "tests.other"}]}),
    "factors.bands": (
        {"factors": [BY_SCORE]},
        {"factors": [BY_SCORE | {"bands": [{"from": 80, "factor": "95%"}]}]},
    ),
    "caps.on": ({"caps": [CAP]}, {"caps": [CAP | {"on": "measure"}]}),
    "caps.amount": ({"caps": [CAP]}, {"caps": [CAP | {"amount": 101}]}),
    "caps.over": ({"caps": [CAP]}, {"caps": [CAP | {"over": "partners"}]}),
    "caps.programmes": ({"caps": [CAP]}, {"caps": [CAP | {"programmes": ["other"]}]}),
    "caps.of": ({"caps": [CAP | {"on": "measure"}]}, {"caps": [CAP | {"on": "measure", "of": "base"}]}),
    "minimum_payout": ({}, {"minimum_payout": 50}),
    "stacking.kind": ({}, {"stacking": {"kind": "net_of", "programmes": ["other"]}}),
    "stacking.programmes": (
        {"stacking": {"kind": "net_of", "programmes": ["other"]}},
        {"stacking": {"kind": "net_of", "programmes": ["third"]}},
    ),
    "rounding.on": ({"mechanism": FLAT}, {"mechanism": FLAT, "rounding": {"on": "line"}}),
    "rounding.mode": ({}, {"rounding": {"mode": "half_even"}}),
    "returns": ({}, {"returns": "by_origin"}),
    "late.grace_days": ({}, {"late": {"grace_days": 10}}),
    "dispute_days": ({}, {"dispute_days": 10}),
    "payout_as": ({}, {"payout_as": "goods"}),
    "sign_off": ({}, {"sign_off": "before_accrual"}),
    "mechanism.kind": ({"mechanism": STEADY}, {"mechanism": STEADY | {"kind": "marginal"}}),
    "mechanism.flat.rate": mechanism(FLAT, rate="2.125%"),
    "mechanism.per_unit.amount": mechanism({"kind": "per_unit", "amount": "0.125"}, amount="0.13"),
    "mechanism.per_unit_stepped.bands": mechanism(
        {"kind": "per_unit_stepped", "bands": SUMS}, bands=[{"from": 9, "amount": 500}]
    ),
    "mechanism.marginal.bands": mechanism({"kind": "marginal", "bands": BANDS}, bands=BANDS[:1]),
    "mechanism.marginal.split": (
        LESS | {"mechanism": {"kind": "marginal", "bands": BANDS}},
        LESS | {"mechanism": {"kind": "marginal", "bands": BANDS, "split": "average"}},
    ),
    "mechanism.retroactive.bands": mechanism(STEADY, bands=BANDS[1:]),
    "mechanism.retroactive_from_floor.floor": mechanism(
        {"kind": "retroactive_from_floor", "floor": 10, "first_rate": "1%", "bands": BANDS}, floor=11
    ),
    "mechanism.retroactive_from_floor.first_rate": mechanism(
        {"kind": "retroactive_from_floor", "floor": 10, "first_rate": "1%", "bands": BANDS}, first_rate="2%"
    ),
    "mechanism.retroactive_from_floor.bands": mechanism(
        {"kind": "retroactive_from_floor", "floor": 10, "first_rate": "1%", "bands": BANDS}, bands=BANDS[1:]
    ),
    "mechanism.lump_sum.bands": mechanism(
        {"kind": "lump_sum", "bands": SUMS}, bands=[{"from": 10_000, "amount": 501}]
    ),
    "mechanism.growth.on": mechanism(GROWTH, on="growth"),
    "mechanism.growth.bands": mechanism(GROWTH, bands=[{"from": "21%", "rate": "3%"}]),
    "mechanism.target.target": mechanism(TARGET, target=50_001),
    "mechanism.target.targets": mechanism(TARGET, targets={"P-1": 70_000}),
    "mechanism.target.on": mechanism(TARGET, on="excess"),
    "mechanism.target.bands": mechanism(TARGET, bands=[{"from": "20%", "rate": "4%"}]),
    "mechanism.linear.points": mechanism(
        {"kind": "linear", "points": [{"at": 1, "rate": "1%"}, {"at": 9, "rate": "2%"}]},
        points=[{"at": 1, "rate": "1%"}, {"at": 10, "rate": "2%"}],
    ),
    "mechanism.per_increment.increment": mechanism(
        {"kind": "per_increment", "increment": 10, "amount": 5}, increment=11
    ),
    "mechanism.per_increment.amount": mechanism(
        {"kind": "per_increment", "increment": 10, "amount": 5}, amount=6
    ),
    "mechanism.mix.focus": mechanism(
        {"kind": "mix", "focus": ["routing"], "bands": SHARES}, focus=["security"]
    ),
    "mechanism.mix.bands": mechanism(
        {"kind": "mix", "focus": ["routing"], "bands": SHARES}, bands=[{"from": "20%", "rate": "4%"}]
    ),
    "mechanism.bundle.parts": mechanism(BUNDLE, parts=[{"product_line": "routing", "quantity": 3}]),
    "mechanism.bundle.amount": mechanism(BUNDLE, amount=101),
    "mechanism.spif.amount": mechanism(SPIF, amount=6),
    "mechanism.spif.per": mechanism(SPIF, per="serial"),
    "mechanism.formula.expression": mechanism(
        {"kind": "formula", "expression": "base * 0.02"}, expression="base * 0.03"
    ),
    "mechanism.formula.measures": mechanism(
        {"kind": "formula", "expression": "base * 0.02"}, measures=["tests.score"]
    ),
}
# What moves no money by itself: words, and a budget that only warns.
SILENT = {"clause", "text", "text_zh", "budget.amount", "budget.per", "budget.warn_at", "stacking.order"}
# Mechanisms whose bands, rates or shares are read from what counts and not from what is paid on.
READ_FROM_WHAT_COUNTS = {
    "retroactive": STEADY,
    "average": {"kind": "marginal", "bands": BANDS, "split": "average"},
    "top_slice": {"kind": "marginal", "bands": BANDS, "split": "top_slice"},
    "floor": {"kind": "retroactive_from_floor", "floor": 10, "first_rate": "1%", "bands": BANDS},
    "linear": {"kind": "linear", "points": [{"at": 1, "rate": "1%"}, {"at": 9, "rate": "2%"}]},
    "growth": GROWTH,
    "target": TARGET,
    "lump_sum": {"kind": "lump_sum", "bands": SUMS},
    "mix": {"kind": "mix", "focus": ["routing"], "bands": SHARES},
    "formula": {"kind": "formula", "expression": "base * if(qualifier > 9, 0.02, 0.01)"},
}
BY_UNITS = {
    name: rules
    for name, rules in READ_FROM_WHAT_COUNTS.items()
    if rules["kind"] not in ("marginal", "mix", "growth", "formula")
} | {"steps": {"kind": "per_increment", "increment": 10, "amount": 5}}


@pytest.fixture(autouse=True)
def _world():
    catalogue("routing", "security")
    ProductLine.objects.filter(code="routing").update(name="Routers", name_zh="路由器")
    ProductLine.objects.filter(code="security").update(name="Firewalls", name_zh="防火墙")
    with measured.registered():
        yield


def said(entries: dict[str, Any], language: str = "en") -> str:
    (text,) = read_document({"schema": 1, "programmes": [policy(**entries)]})
    assert not uncomputed(text.policy)
    with translation.override(language):
        return wording.sentence(Version(policy=text.policy))


def places() -> Iterator[str]:
    """Each part of a programme in the schema, such as "rounding.mode" and "mechanism.flat.rate"."""
    defs = json.loads(Path(SCHEMA).read_text(encoding="utf-8"))["$defs"]
    for name, rules in defs["programme"]["properties"].items():
        if name in PLAIN_KEYS:
            continue
        inner = rules.get("items", rules)
        if name == "mechanism":
            yield "mechanism.kind"
            for one in rules["oneOf"]:
                kind = one["properties"]["kind"]["const"]
                yield from (f"mechanism.{kind}.{key}" for key in one["properties"] if key != "kind")
        elif "properties" in inner:
            yield from (f"{name}.{key}" for key in inner["properties"])
        else:
            yield name


def test_each_part_that_moves_money_is_in_the_sentence_in_both_languages():
    assert set(places()) == CHANGES.keys() | SILENT
    silent = [
        (place, language)
        for place, (before, after) in CHANGES.items()
        for language in ("en", "zh-hans")
        if said(before, language) == said(after, language)
    ]
    assert silent == []


def test_the_list_of_differences_has_a_name_for_every_part():
    assert {place.partition(".")[0] for place in places()} == set(amendments.PARTS)


def test_what_the_sentence_cannot_tell_is_named_as_a_difference(acme, rival, finance, browse):
    """One partner for another: others read the sentence too, so that it names none."""
    apply(policy(mechanism=FLAT, who={"partners": [acme.row.number]}))
    apply(policy(mechanism=FLAT, who={"partners": [rival.row.number]}) | {"from": "2026-09-01"})
    found = amendment(Version.objects.get(number=2))
    assert found.reads_alike and found.parts == [PARTS["who"]]
    assert "What differs: Who takes part" in browse(finance).get("/programmes/core/").content.decode()


@pytest.mark.parametrize("name", READ_FROM_WHAT_COUNTS)
def test_where_other_sales_reach_the_band_than_are_paid_on_both_are_said(name):
    entries = {"mechanism": READ_FROM_WHAT_COUNTS[name], "qualify": SECURITY, "pay": ROUTING}
    words = said(entries)
    assert "net sales of Firewalls" in words and "net sales of Routers" in words
    assert said(entries | {"qualify": ROUTING | {"products": ["routing-1"]}}) != words
    chinese = said(entries, "zh-hans")
    assert "防火墙的净销售额" in chinese and "路由器的净销售额" in chinese


def test_bands_of_what_is_paid_on_say_so_where_other_sales_count():
    entries = {"mechanism": {"kind": "marginal", "bands": BANDS}, "qualify": SECURITY, "pay": ROUTING}
    assert "The bands are read from what is paid on." in said(entries)
    assert "read from" not in said(entries | {"qualify": ROUTING})


@pytest.mark.parametrize("name", BY_UNITS)
def test_bounds_that_are_units_say_so(name):
    words = said({"mechanism": BY_UNITS[name], "measure": "quantity"})
    assert "units" in words
    assert "件" in said({"mechanism": BY_UNITS[name], "measure": "quantity"}, "zh-hans")


def test_a_rate_by_units_is_read_from_units_and_paid_on_money():
    words = said({"mechanism": STEADY, "measure": "quantity", "qualify": ROUTING})
    assert "1% below 100,000 units, 3% from 100,000 units" in words
    assert "on all net sales of Routers." in words and "The band is read from units sold of Routers." in words
    capped = {"mechanism": STEADY, "measure": "quantity"}
    assert "At most 500 units count towards the band; what is paid on is not capped." in said(
        capped | {"caps": [{"on": "measure", "of": "qualifier", "amount": 500}]}
    )


def test_what_pays_for_units_and_sets_reads_as_one_says_it():
    unit = {"mechanism": {"kind": "per_unit", "amount": "0.5"}, "qualify": ROUTING}
    assert "each month ¥0.50 for each unit of Routers. Rounded" in said(unit)
    assert "路由器每件 ¥0.50。" in said(unit, "zh-hans")
    product = Product.objects.get(code="routing-1")
    assert f"¥5 for each unit sold of Routers (only {product})" in said(
        {"mechanism": SPIF, "qualify": ROUTING | {"products": ["routing-1"]}}
    )
    assert "¥100 for each complete set of 2 × Routers. Rounded" in said({"mechanism": BUNDLE})


def test_what_is_taken_off_reads_right_of_one_programme_and_of_several():
    apply(policy("volume", name="Home volume bonus", name_zh="家居销量返利"))
    entries = {"mechanism": FLAT, "stacking": {"kind": "net_of", "programmes": ["volume"]}}
    assert "What is paid by Home volume bonus is taken off the base first." in said(entries)
    assert "先从基数中扣除家居销量返利支付的金额。" in said(entries, "zh-hans")


@pytest.mark.parametrize(
    ("asked", "english", "chinese"),
    [
        (
            {"gates": [SCORE]},
            "Each member must meet this by itself; the share of one that does not falls to nobody.",
            "每个成员须各自满足；未满足者的份额不归其他成员。",
        ),
        (
            {"sign_off": "before_accrual"},
            "Each member must meet this by itself; the share of one that does not falls to nobody.",
            "每个成员须各自满足；未满足者的份额不归其他成员。",
        ),
        (
            {"factors": [COLLECTION]},
            "Each member's share counts by its own factors; what it loses falls to nobody.",
            "每个成员的份额按其自身的系数计入，未计入的部分不归其他成员。",
        ),
        (
            {"gates": [SCORE], "factors": [BY_SCORE]},
            "Each member's share counts by its own gates and factors; what it loses falls to nobody.",
            "每个成员的份额按其自身的门槛与系数计入，未计入的部分不归其他成员。",
        ),
    ],
)
def test_of_a_group_it_says_what_each_member_is_asked_by_itself_and_nothing_else(asked, english, chinese):
    group = {"who": {"as": "group"}, **asked}
    assert english in said(group) and chinese in said(group, "zh-hans")
    assert english not in said(asked)


def test_what_a_new_partner_gets_is_a_sentence_of_its_own():
    grows = {"mechanism": GROWTH, "baseline": {"kind": "prior_year", "new_partner": "skip"}}
    assert "on all net sales of all product lines: 3% from 20%." in said(grows)
    assert "A partner without sales in the baseline period earns nothing." in said(grows)
    assert "基期没有销售的伙伴不返。" in said(grows, "zh-hans")
    stated = {"mechanism": GROWTH, "baseline": STATED}
    assert "without sales" not in said(stated)
    assert "较约定的基期值 ¥1,000 增长" in said(stated, "zh-hans")


def test_all_gates_are_to_be_met_in_both_languages():
    gates = {"gates": [SCORE, SCORE | {"code": "tests.other"}]}
    assert "score of at least 80 in the period and tests.other of at least 80" in said(gates)
    assert "期内 Score 至少 80，且期内 tests.other 至少 80。" in said(gates, "zh-hans")


def test_chinese_names_stand_in_chinese_without_blanks_and_latin_ones_with(acme):
    Tier.objects.filter(code="gold").update(name_zh="金牌")
    tier = Tier.objects.get(code="gold")
    words = said({"mechanism": FLAT, "who": {"tiers": ["gold"]}, "qualify": ROUTING}, "zh-hans")
    with translation.override("zh-hans"):
        assert f"等级为{tier}的合作伙伴" in words
    assert "路由器的净销售额" in words
    ProductLine.objects.filter(code="routing").update(name_zh="Router")
    assert "获得返利：Router 的净销售额的 2%" in said({"mechanism": FLAT, "qualify": ROUTING}, "zh-hans")


@pytest.mark.parametrize(
    ("count", "begins"), [(1, "1 chosen partner earns each"), (2, "2 chosen partners earn each")]
)
def test_one_chosen_partner_earns_and_several_earn(count, begins):
    chosen = [f"P-{number}" for number in range(count)]
    assert said({"mechanism": FLAT, "who": {"partners": chosen}}).startswith(begins)


def test_where_all_of_it_is_paid_on_its_sales_are_named_once():
    assert "the rate reached on all net sales of Routers." in said({"mechanism": STEADY, "qualify": ROUTING})
    mix = {"kind": "mix", "focus": ["security"], "bands": SHARES}
    assert said({"mechanism": mix}).count("net sales of all product lines") == 1
    assert "on all net sales of Routers: 3% from 20%" in said({"mechanism": mix, **LESS})
