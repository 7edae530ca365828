"""What conditions say: limits, refusals that name the part, sentences in both languages, dates, amounts, drafts."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
import time_machine
from django.utils import translation

from dealreg.models import DealRegistration
from orders.models import Order
from partners.models import Partner
from prm.conditions import BadCondition, holds, narrow, sentence, validate
from prm.conditions.forms import ConditionField, loaded
from rebates.models import SettlementRun, Version
from tests.factories.dealreg import facts, in_review, line
from tests.factories.orders import SalesLineFactory
from tests.factories.partners import PartnerFactory

BIG = {"field": "estimated_value", "op": "at_least", "value": "100000.00"}
EAST = {"field": "partner.region", "op": "is", "value": "East"}


def codes(condition, subject="deal", **options):
    return [(problem.path, problem.code) for problem in validate(condition, subject, **options)]


# ---- hostile and mistaken input ----


@pytest.mark.parametrize("name", [
    "password", "partner.password", "partner__password", "partner.members.user.password", "created_by.password",
    "pk", "id", "check_result", "submitted_by.password", "partner.parent.parent.parent.parent.name", "__class__",
    "partner.", ".region", "partner.partner", "x" * 5000, 7, None, ["region"], {"a": 1},
])  # fmt: skip
def test_a_field_that_is_not_declared_does_not_exist(db, name):
    assert codes({"field": name, "op": "is", "value": "x"}) == [("field", "unknown_field")]
    with pytest.raises(BadCondition):
        narrow(DealRegistration.objects.all(), {"field": name, "op": "is", "value": "x"}, "deal")


@pytest.mark.parametrize(("op", "value", "path", "code"), [
    ("at_least", 0.1, "value", "no_number"), ("at_least", "NaN", "value", "no_number"),
    ("at_least", "1e9", "value", "no_number"), ("at_least", "1" * 400, "value", "no_number"),
    ("at_least", 10**30, "value", "no_number"), ("at_least", True, "value", "no_number"),
    ("at_least", None, "value", "missing_value"), ("at_least", "١٢", "value", "no_number"),
    ("between", {"from": "2", "to": "1"}, "value", "upside_down"), ("between", "1", "value", "missing_value"),
    ("between", {"from": "1", "to": "x"}, "value.to", "no_number"),
    ("contains", "1", "op", "unknown_operator"), ("gte", "1", "op", "unknown_operator"),
    (None, "1", "op", "unknown_operator"), (["is"], "1", "op", "unknown_operator"),
    ("empty", "1", "value", "wrong_value"),
])  # fmt: skip
def test_a_value_of_another_kind_is_refused_where_it_stands(db, op, value, path, code):
    assert codes({"field": "estimated_value", "op": op, "value": value}) == [(path, code)]


@pytest.mark.parametrize(("condition", "code"), [
    ({"field": "customer_name", "op": "is", "value": "x" * 201}, "too_long"),
    ({"field": "customer_name", "op": "is", "value": "a\x00b"}, "wrong_value"),
    ({"field": "customer_name", "op": "is", "value": "\ud800"}, "wrong_value"),
    ({"field": "customer_name", "op": "is", "value": {"$ne": 1}}, "wrong_value"),
    ({"field": "customer_name", "op": "one_of", "value": ["x"] * 101}, "too_many"),
    ({"field": "customer_name", "op": "one_of", "value": []}, "missing_value"),
    ({"field": "state", "op": "is", "value": "sold"}, "unknown_choice"),
    ({"field": "partner", "op": "is", "value": "P-0000-none"}, "no_such_record"),
    ({"field": "expected_close", "op": "is", "value": "2026-02-30"}, "no_day"),
    ({"field": "expected_close", "op": "is", "value": "9999-12-31"}, "no_day"),
    ({"field": "expected_close", "op": "in_next", "value": {"count": 10**9, "unit": "day"}}, "no_span"),
    ({"field": "expected_close", "op": "in_next", "value": {"count": True, "unit": "day"}}, "no_span"),
    ({"field": "expected_close", "op": "in_next", "value": {"count": 1, "unit": ["day"]}}, "no_span"),
    ({"field": "expected_close", "op": "within", "value": "this_millennium"}, "no_window"),
    ({"field": "estimated_value", "op": "is", "value": "1", "currency": "XXX0"}, "no_currency"),
    ({"field": "region", "op": "is", "value": "x", "currency": "EUR"}, "no_money"),
    ({"measure": "orders.net_sales", "period": {"last": 0, "unit": "day"}, "op": "is", "value": "1"}, "bad_period"),
    ({"measure": "orders.net_sales", "period": {"this": "day"}, "op": "is", "value": "1"}, "bad_period"),
    ({"measure": "orders.net_sales", "period": {"this": ["x"]}, "op": "is", "value": "1"}, "bad_period"),
    ({"measure": "orders.secrets", "period": {"this": "year"}, "op": "is", "value": "1"}, "unknown_measure"),
    ({"any": []}, "empty_group"), ({"all": {}}, "no_list"), ({"all": [1]}, "no_condition"), ([], "no_condition"),
    (None, "no_condition"), ("all", "no_condition"), ({"or": []}, "no_condition"),
    ({"all": [], "any": []}, "no_condition"),
    ({"field": "region", "op": "is", "value": "x", "sql": "1=1"}, "no_condition"),
])  # fmt: skip
def test_what_is_not_sound_is_refused_by_name(db, condition, code):
    assert [problem.code for problem in validate(condition, "deal")] == [code]


def test_a_problem_names_its_part_and_every_problem_is_told(db):
    condition = {
        "all": [BIG, {"any": [{"field": "nothing", "op": "is", "value": "x"}, EAST]}, {"not": {"any": []}}]
    }
    assert codes(condition) == [("all[1].any[0].field", "unknown_field"), ("all[2].not.any", "empty_group")]
    assert "“nothing”" in validate(condition, "deal")[0].message


def test_depth_and_number_of_parts_are_bounded(db):
    deep = EAST
    for _level in range(7):
        deep = {"not": deep}
    assert codes(deep) == []
    assert codes({"not": deep})[0][1] == "too_deep"
    assert codes({"all": [EAST] * 199}) == []
    assert [code for _path, code in codes({"all": [EAST] * 200})] == ["too_many"]
    endless = json.loads("[" * 500 + "]" * 500)
    assert codes({"all": endless})[0][1] == "no_condition"


@pytest.mark.parametrize("text", ["[" * 100_000, "{", "NaN", '{"a":' * 30_000, "x" * 60_000, "{'a': 1}"])
def test_text_that_is_no_json_is_refused(text):
    with pytest.raises(ValueError):
        loaded(text)


def test_the_form_field_takes_json_and_tells_what_is_wrong(db):
    field = ConditionField(subject="deal", required=True)
    assert field.clean(json.dumps(BIG)) == BIG
    assert ConditionField(subject="deal").clean("") == {}
    for text, words in (("[", "no condition"), ('{"any": []}', "empty"), ("{}", "required")):
        with pytest.raises(Exception, match=words):
            field.clean(text)


def test_a_partner_cannot_ask_for_what_it_is_not_told(acme, manager):
    for condition in (
        {"field": "verdict", "op": "is", "value": "clear"},
        {"field": "state", "op": "is", "value": "disputed"},
        {"field": "end_customer.named_account", "op": "is", "value": True},
        {"field": "partner.manager", "op": "any_of", "value": ["lin@example.com"]},
        {"field": "partner_state", "op": "is", "value": "disputed"},
    ):
        assert codes(condition, by=acme.sales)[0][1] in ("unknown_field", "unknown_choice"), condition
    assert codes({"field": "verdict", "op": "is", "value": "clear"}, by=manager) == []


def test_a_partner_cannot_learn_whether_another_partner_exists(acme, rival):
    def mine(number):
        return validate({"field": "partner", "op": "is", "value": number}, "deal", by=acme.sales)

    assert mine(acme.row.number) == []
    theirs, nobodys = mine(rival.row.number)[0].message, mine("P-0000")[0].message
    assert theirs.replace(rival.row.number, "*") == nobodys.replace("P-0000", "*")
    told = sentence({"field": "partner", "op": "is", "value": rival.row.number}, "deal", by=acme.sales)
    assert rival.name not in told


# ---- in words ----

WORDS = [
    ({}, "Always", "始终成立"),
    (BIG, "Estimated value is at least ¥100,000.00", "预计金额不低于¥100,000.00"),
    ({**BIG, "currency": "EUR"}, "Estimated value is at least EUR 100,000.00", "预计金额不低于EUR 100,000.00"),
    ({"all": [BIG, {"any": [EAST, {"field": "state", "op": "one_of", "value": ["won", "lost"]}]}]},
     "Estimated value is at least ¥100,000.00 and "
     "(partner’s region is exactly “East” or state is one of “Won” or “Lost”)",
     "预计金额不低于¥100,000.00，且（合作伙伴的地区完全等于“East”，或状态是“赢单”或“丢单”之一）"),
    ({"not": {"field": "expected_close", "op": "in_next", "value": {"count": 30, "unit": "day"}}},
     "Not (expected close is in the next 30 days)", "并非（预计成交在今后 30 天内）"),
    ({"measure": "orders.net_sales", "period": {"last": 4, "unit": "quarter"}, "op": "at_least", "value": "100000.00"},
     "Net sales in the last 4 quarters is at least ¥100,000.00", "最近 4 个季度的净销售额不低于¥100,000.00"),
    ({"field": "partner.tier", "op": "empty"}, "Partner’s tier is empty", "合作伙伴的等级为空"),
]  # fmt: skip


@pytest.mark.parametrize(("condition", "english", "chinese"), WORDS)
def test_a_condition_reads_as_a_sentence(db, condition, english, chinese):
    assert sentence(condition, "deal") == english
    with translation.override("zh-hans"):
        assert sentence(condition, "deal") == chinese


def test_records_are_called_by_their_names(acme):
    code = line("routing").code
    assert sentence({"field": "product_lines", "op": "any_of", "value": [code]}, "deal") == (
        "Product lines: any of “Routing”"
    )
    assert acme.name in sentence({"field": "partner", "op": "is", "value": acme.row.number}, "deal")


# ---- what they mean ----


def test_a_draft_is_asked_like_a_row(acme):
    draft = DealRegistration(partner=acme.row, estimated_value=Decimal("100000.00"), currency="CNY")
    assert holds(BIG, "deal", draft)
    assert not holds({**BIG, "currency": "EUR"}, "deal", draft)
    assert holds({"field": "product_lines", "op": "empty"}, "deal", draft)
    typed = {**facts(), "partner": acme.row, "estimated_value": "99999.99", "currency": "CNY"}
    assert not holds(BIG, "deal", typed)
    assert holds({"field": "product_lines", "op": "any_of", "value": ["routing"]}, "deal", typed)
    assert holds({"field": "partner.tier", "op": "is", "value": "gold"}, "deal", typed)
    assert holds(EAST, "deal", {"partner.region": "East"})
    assert not holds(EAST, "deal", {})


@time_machine.travel(datetime(2026, 11, 30, 17, 0, tzinfo=UTC))
def test_today_is_the_tenants(tenant):
    assert tenant.time_zone == "Asia/Shanghai"  # where it is 1 December, one o'clock in the morning
    said = {"field": "expected_close", "op": "in_next", "value": {"count": 0, "unit": "day"}}
    assert holds(said, "deal", {"expected_close": date(2026, 12, 1)})
    this_month = {"field": "submitted_at", "op": "within", "value": "this_month"}
    assert holds(this_month, "deal", {"submitted_at": datetime(2026, 11, 30, 16, 0, tzinfo=UTC)})
    assert not holds(this_month, "deal", {"submitted_at": datetime(2026, 11, 30, 15, 59, 59, tzinfo=UTC)})
    older = {"field": "expected_close", "op": "older_than", "value": {"count": 90, "unit": "day"}}
    assert holds(older, "deal", {"expected_close": date(2026, 9, 1)})
    assert not holds(older, "deal", {"expected_close": date(2026, 9, 2)})


@time_machine.travel(datetime(2026, 11, 25, 4, 0, tzinfo=UTC))
def test_a_measure_counts_whole_periods_and_decimals_stay_exact(tenant):
    company = PartnerFactory()
    for day, amount in ((date(2025, 9, 30), "9999"), (date(2025, 10, 1), "60000.01"), (date(2026, 9, 30), "39999.99"),
                        (date(2026, 10, 1), "5000"), (date(2026, 3, 1), "-0.01")):  # fmt: skip
        SalesLineFactory(partner=company, booking_date=day, net_amount=Decimal(amount))
    SalesLineFactory(partner=company, booking_date=date(2026, 9, 1), net_amount=Decimal(7), currency="EUR")
    quiet = PartnerFactory()

    def fits(op, value, period=None):
        condition = {
            "measure": "orders.net_sales",
            "period": period or {"last": 4, "unit": "quarter"},
            "op": op,
            "value": value,
        }
        found = set(narrow(Partner.objects.for_everyone(because="a test"), condition, "partner"))
        assert found >= {row for row in (company, quiet) if holds(condition, "partner", row)}
        return company in found, quiet in found

    assert fits("is", "99999.99") == (True, False)
    assert fits("at_least", "100000.00") == (False, False)
    assert fits("at_most", "0") == (False, True)
    assert fits("is", "5000", {"this": "quarter"}) == (True, False)


def test_an_amount_in_another_currency_fits_no_amount(db):
    order = Order(partner=PartnerFactory(), currency="EUR", net_total=Decimal("500"), number="O-1")
    order.save()
    every = Order.objects.for_everyone(because="a test")
    said = {"field": "net_total", "op": "at_least", "value": "1"}
    assert list(narrow(every, said, "order")) == [] and not holds(said, "order", order)
    assert list(narrow(every, {**said, "currency": "EUR"}, "order")) == [order]
    assert list(narrow(every, {"field": "net_total", "op": "is_not", "value": "500"}, "order")) == [order]


def test_what_a_partner_reads_as_the_state_can_be_asked(acme, manager):
    deal = in_review(acme)
    said = {"field": "partner_state", "op": "is", "value": "in_review"}
    DealRegistration.objects.for_everyone(because="a test").update(state="disputed")
    deal.refresh_from_db()
    assert list(narrow(DealRegistration.objects.visible_to(acme.sales), said, "deal")) == [deal]
    assert holds(said, "deal", deal)


def test_settlement_runs_are_asked_by_their_totals_in_one_currency(db):
    totals = [{"currency": "CNY", "sales": "900", "earned": "60000.00", "adjusted": "-1.50"},
              {"currency": "EUR", "sales": "9", "earned": "7.00", "adjusted": "0.00"}]  # fmt: skip
    run = SettlementRun.objects.create(
        number="S-1", starts=date(2026, 9, 1), ends=date(2026, 10, 1), totals=totals, findings=[{"kind": "x"}]
    )
    bare = SettlementRun.objects.create(number="S-2", starts=date(2026, 8, 1), ends=date(2026, 9, 1))

    def found(field, op, value, **more):
        condition = {"field": field, "op": op, "value": value, **more}
        rows = set(narrow(SettlementRun.objects.all(), condition, "settlement_run"))
        assert rows == {row for row in (run, bare) if holds(condition, "settlement_run", row)}
        return rows

    assert found("earned", "at_least", "60000.00") == {run}
    assert found("earned", "at_least", "7.01", currency="EUR") == set()
    assert found("adjusted", "less_than", "0") == {run}
    assert found("earned", "is", "0") == {bare}
    assert found("finding_count", "at_least", "1") == {run}


def test_programme_versions_are_asked_by_what_their_policy_says(db):
    version = Version(number=2, starts=date(2026, 1, 1), policy={
        "period": "quarter", "currency": "CNY", "mechanism": {"kind": "marginal"}})  # fmt: skip
    for condition in (
        {"field": "mechanism", "op": "is", "value": "marginal"},
        {"field": "period", "op": "one_of", "value": ["quarter", "year"]},
        {"all": [{"field": "currency", "op": "is", "value": "CNY"}, {"field": "author", "op": "empty"}]},
    ):
        assert holds(condition, "programme_version", version)
        assert list(narrow(Version.objects.all(), condition, "programme_version")) == []
