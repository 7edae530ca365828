"""Rules of forms are built as every other condition is; what was kept before reads and means the same."""

from __future__ import annotations

import json

import pytest

from prm.customfields import layouts, rules, targets
from prm.customfields.designing import Studio
from prm.customfields.plans import elements_of
from prm.customfields.rule_builder import as_built
from tests.customfields.test_rules import EXAMPLES, KINDS
from tests.factories import dealreg as deals

pytestmark = pytest.mark.django_db
OVER = {"field": "estimated_value", "op": "more_than", "value": "500,000"}


def drawn(client, document, *, selected="custom_rush", target="deal"):
    return client.post(
        f"/settings/forms/{target}/canvas/", {"document": json.dumps(document), "selected": selected}
    ).content.decode()


def form(shown):
    places = ["partner", "customer_name", "product_lines", "estimated_value", "expected_close", "type"]
    fields = [{"field": name} for name in places] + [{"field": "custom_rush", "shown": shown}]
    return {"schema": 1, "sections": [{"title": "All", "columns": 1, "fields": fields}]}


@pytest.fixture
def designer(field, browse, administrator):
    field("deal", "rush", label="Rush reason")
    field("deal", "urgent", "yes_no", label="Urgent")
    return browse(administrator)


def test_a_rule_opens_in_the_builder_and_reads_as_a_sentence(designer):
    page = drawn(designer, form({"any": [OVER, {"field": "region", "op": "empty"}]}))
    assert 'data-builder="/settings/forms/deal/rule/?' in page and "data-part-of" not in page
    assert 'value="500,000"' in page
    assert "Estimated value is more than ¥500,000 or Region is empty" in page
    assert "data-currency" not in page  # an amount on a form is in the form's own currency


def test_the_builder_is_drawn_anew_with_what_may_be_asked_only(designer):
    drawn(designer, form(OVER))
    address = "/settings/forms/deal/rule/?variant=&role=&field=custom_rush&what=shown"
    sent = {
        "condition": json.dumps({"all": [{"field": "estimated_value", "op": "between"}]}),
        "name": "rule-shown",
    }
    page = designer.post(address, sent).content.decode()
    assert "data-from" in page and "Not complete yet." in page
    assert 'value="f:region"' in page or 'value="f:customer_name"' in page
    assert "f:product_lines" in page
    assert "f:custom_rush" not in page and "f:end_customer." not in page
    assert "f:partner.tier" in page and "m:orders.net_sales" in page
    foot = designer.post(address, {**sent, "part": "foot"}).content.decode()
    assert "Not complete yet." in foot and "data-from" not in foot


@pytest.mark.parametrize(
    "query",
    ["field=nonsense&what=shown", "field=custom_rush&what=eval", "role=nobody&field=custom_rush&what=shown"],
)
def test_a_rule_of_nothing_is_not_found(designer, query):
    assert designer.post(f"/settings/forms/deal/rule/?{query}", {"condition": "{}"}).status_code == 404


@pytest.mark.parametrize(
    "condition", ["", "[", "{}", "[[[", '{"all": 3}', '{"not": {"not": {"field": 1}}}', "null"]
)
def test_nonsense_is_an_empty_builder(designer, condition):
    answer = designer.post(
        "/settings/forms/deal/rule/?field=custom_rush&what=required",
        {"condition": condition, "name": "rule-required"},
    )
    assert answer.status_code == 200


@pytest.mark.parametrize(("rule", "typed", "found"), [one for one in EXAMPLES if isinstance(one[0], dict)])
def test_what_the_builder_makes_of_a_kept_rule_means_the_same(rule, typed, found):
    assert rules.holds(as_built(rule, KINDS), typed, KINDS) is found


def test_every_operator_of_the_builder_is_sound_in_a_form(designer, administrator, acme):
    deals.line()
    studio = Studio(targets.find("deal"), variant="", role="", actor=administrator)
    studio.document, studio.selected = form(OVER), "custom_rush"
    studio.document["sections"][0]["fields"].append({"field": "custom_urgent"})
    elements = elements_of(targets.find("deal"), "")
    builder = next(box.builder for box in studio.boxes if box.what == "shown")
    values = {"reference": acme.row.number, "number": "3", "date": "2026-12-01", "text": "x", "yes_no": True}
    for name, one in builder.lookup.fields("form").items():
        for operator in builder.lookup.table(one).values():
            value = one.pairs[0][0] if one.pairs else values[one.type]
            rule = {"field": name, "op": operator.code}
            if operator.takes == "two":
                rule["value"] = {"from": value, "to": value}
            elif operator.takes != "nothing":
                rule["value"] = [value] if operator.takes == "list" else value
            studio.document["sections"][0]["fields"][-2]["shown"] = rule
            faults = layouts.problems_of(studio.document, targets.find("deal"), elements)
            assert [one for one in faults if one.field == "custom_rush"] == []
