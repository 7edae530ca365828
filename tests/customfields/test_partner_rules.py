"""Rules of forms that ask about the partner: its tier, its own fields, its figures over a period."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal

import pytest

from dealreg.models import DealRegistration
from dealreg.services import register_deal
from partners.models import TierMembership
from prm.customfields import errors, layouts, services, targets
from prm.customfields.designing import Studio
from prm.customfields.plans import elements_of
from prm.customfields.rule_builder import RuleBuilder
from prm.measures.registry import Measure
from tests.customfields.test_rule_subjects import LOCKED, missed, typed
from tests.factories import dealreg as deals
from tests.factories.partners import TierFactory

pytestmark = pytest.mark.django_db
GOLD = {"field": "partner.tier", "op": "is", "value": "gold"}
SOLD = {
    "measure": "orders.net_sales",
    "period": {"last": 4, "unit": "quarter"},
    "op": "at_least",
    "value": "100000",
}


@pytest.fixture
def asked(field, published):
    """`asked(rule)`: the form of deals asks for a remark when the rule holds."""
    field("deal", "remark")

    def publish(rule, what="required"):
        return published(
            "deal", [{"field": name} for name in LOCKED] + [{"field": "custom_remark", what: rule}]
        )

    return publish


def of_tier(who, code):
    TierMembership.objects.for_everyone(because="a test").filter(partner=who.row).delete()
    TierMembership.objects.create(
        partner=who.row, tier=TierFactory(code=code), during=(date(2020, 1, 1), None), set_by="test"
    )


def test_a_partners_people_are_asked_by_their_own_tier(asked, acme, rival, browse):
    asked(GOLD)
    of_tier(acme, "gold")
    of_tier(rival, "silver")
    assert missed(browse(acme.sales)) == ["custom_remark"]
    assert missed(browse(rival.sales)) == []


def test_staff_are_asked_by_the_partner_whom_they_choose(asked, acme, rival, manager, browse):
    asked(GOLD)
    of_tier(acme, "gold")
    of_tier(rival, "silver")
    client = browse(manager)
    assert missed(client, partner=acme.row.pk) == ["custom_remark"]
    assert missed(client, partner=rival.row.pk) == []


def test_the_service_holds_the_rule_on_every_path(asked, acme, manager):
    asked(GOLD)
    of_tier(acme, "gold")
    facts = {**typed(), "product_lines": [deals.line()], "estimated_value": 600000, "partner": acme.row}
    with pytest.raises(errors.ValueMissing):
        register_deal(**facts, custom={}, by=manager)
    assert not DealRegistration.objects.visible_to(manager).exists()


def test_a_figure_over_a_period_decides_too(asked, acme, browse, monkeypatch):
    asked({"all": [{"field": "region", "op": "empty"}, SOLD]}, "shown")
    client = browse(acme.sales)
    never = client.get("/deals/new/").content.decode()
    assert "{&quot;any&quot;: []}" in never and "net_sales" not in never
    monkeypatch.setattr(Measure, "of", lambda self, pk, period, today=None: Decimal(100000))
    always = client.get("/deals/new/").content.decode()
    assert "{&quot;all&quot;: []}" in always


def test_when_staff_choose_another_partner_the_browser_asks_anew(asked, acme, rival, manager, browse):
    asked(GOLD)
    of_tier(acme, "gold")
    of_tier(rival, "silver")
    client = browse(manager)
    assert 'data-form-asks="/own/deal/rules/?' in client.get("/deals/new/").content.decode()
    told = {who: client.get("/own/deal/rules/", {"partner": who.row.pk}).json() for who in (acme, rival)}
    assert told[acme] == {"custom_remark": {"required": {"all": []}}}
    assert told[rival] == {"custom_remark": {"required": {"any": []}}}
    assert "data-form-asks" not in browse(acme.sales).get("/deals/new/").content.decode()
    assert browse(acme.sales).get("/own/deal/rules/", {"partner": rival.row.pk}).status_code == 404
    assert client.get("/own/deal/rules/", {"partner": "x"}).status_code == 404


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (GOLD, ""),
        (SOLD, ""),
        ({"field": "end_customer.name", "op": "not_empty"}, "which is not on this form"),
        ({"field": "partner.secret", "op": "not_empty"}, "There is no field"),
        ({**GOLD, "op": "more_than"}, "cannot be compared"),
        ({**GOLD, "value": "platinum-x"}, "tier"),
        ({**SOLD, "measure": "orders.gossip"}, "There is no measure"),
        ({**SOLD, "period": {"last": 0}}, "Net sales"),
    ],
)
def test_what_cannot_be_asked_is_refused_by_name(field, rule, said):
    field("deal", "remark")
    target = targets.find("deal")
    places = [{"field": name} for name in LOCKED] + [{"field": "custom_remark", "shown": rule}]
    document = {"schema": 1, "sections": [{"title": "All", "columns": 1, "fields": places}]}
    found = [
        one.text for one in layouts.problems_of(document, target, elements_of(target, "")) if not one.warning
    ]
    assert (said in " ".join(found)) if said else found == []


def test_the_builder_offers_the_partner_and_says_what_cannot_be_asked(field, administrator):
    field("deal", "remark")
    field("partner", "segment", label="Segment")
    studio = Studio(targets.find("deal"), variant="", role="", actor=administrator)
    builder = RuleBuilder(studio, "custom_remark", "shown", {"all": [GOLD, SOLD]}, administrator)
    offered = {
        option.value for row in builder.root.items for _head, options in row.fields for option in options
    }
    assert {"f:partner.tier", "f:partner.custom.segment", "m:orders.net_sales", "f:region"} <= offered
    assert not any(one.startswith("f:end_customer") for one in offered)
    assert builder.problems == [] and json.loads(builder.json) == {"all": [GOLD, SOLD]}
    assert "Gold" in builder.sentence and "net sales" in builder.sentence.lower()
    assert "end customer" in builder.limits


def test_a_partners_field_that_a_deals_form_asks_for_is_not_deleted(asked, field, administrator):
    segment = field("partner", "segment")
    asked({"field": "partner.custom.segment", "op": "not_empty"})
    with pytest.raises(errors.FieldInUse) as refused:
        services.delete_field(field=segment, by=administrator)
    assert "Remark" in refused.value.text and "Deal registration" in refused.value.text


def test_the_builder_is_drawn_with_what_a_partners_field_takes(field, browse, administrator):
    field("deal", "remark")
    TierFactory(code="gold")
    client = browse(administrator)
    address = "/settings/forms/deal/rule/?variant=&role=&field=note&what=shown"
    for asked, widget in (
        ("partner.tier", "data-value"),
        ("partner.created_at", "data-op"),
        ("partner.name", "data-value"),
    ):
        sent = {"condition": json.dumps({"all": [{"field": asked}]}), "name": "rule-shown"}
        answer = client.post(address, sent)
        assert answer.status_code == 200 and f'value="f:{asked}" selected' in answer.content.decode()
        assert widget in answer.content.decode()
