"""Whatever conditions offer to ask has a name of its own, so that nobody takes one for the other."""

from __future__ import annotations

import json
from collections import Counter
from html import unescape

import pytest
from django.utils import translation

from prm.conditions import registry, sentence
from prm.conditions.builder import Builder
from prm.conditions.registry import Lookup
from prm.customfields import targets
from prm.customfields.models import CustomField

pytestmark = pytest.mark.django_db
SUBJECTS = [
    "customer",
    "deal",
    "order",
    "partner",
    "partner_change",
    "product",
    "programme",
    "settlement_run",
    "programme_version",
]
LIKE = ["Region", "Partner’s region", "End customer’s region", "Name", "State", "Net sales"]


def test_every_subject_is_asked_here():
    there = {code for code, one in registry.known().items() if not one.model_name.startswith("tests.")}
    assert there == set(SUBJECTS)


@pytest.fixture
def alike(field):
    """Own fields of everything that are called as others are, and twice alike."""
    for target in targets.all_targets():
        for number, label in enumerate(LIKE):
            field(target, f"like_{number}", label=label)
        again = field(target, "like_again", label="Region once more")
        CustomField.objects.filter(pk=again.pk).update(label="Region")  # as tenants may have it from before


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("code", SUBJECTS)
def test_no_two_are_offered_under_one_name(code, language, alike, administrator):
    with translation.override(language):
        offered = [
            str(option.label)
            for _heading, options in Builder(code, {}, "c", administrator)._fields("")
            for option in options
        ]
        told = Lookup().labels(code)
    assert len(offered) > 3 and _twice(offered) == [] and _twice(told.values()) == []


def _twice(labels):
    return [label for label, count in Counter(label.casefold() for label in labels).items() if count > 1]


def test_a_word_in_brackets_says_whose_it_is(field, manager, browse, administrator):
    field("deal", "state2", label="State")
    labels = Lookup(manager).labels("deal")
    assert labels["end_customer.region"] == "End customer’s region (end customer)"
    assert labels["region"] == "End customer’s region (deal registration)"
    assert labels["state"] == "State (deal registration)"
    assert labels["custom.state2"] == "State (own fields)"
    assert labels["estimated_value"] == "Estimated value"
    asked = {"field": "end_customer.region", "op": "is", "value": "East"}
    assert sentence(asked, "deal", by=manager).startswith("End customer’s region (end customer) is")
    page = browse(manager).post(
        "/conditions/deal/builder/", {"condition": json.dumps({"all": [asked]}), "name": "c"}
    )
    assert "End customer’s region (deal registration)" in unescape(page.content.decode())


def test_who_is_offered_one_only_reads_no_brackets(acme):
    assert Lookup(acme.sales).labels("deal")["region"] == "End customer’s region"


def test_the_builder_of_forms_tells_own_fields_from_the_products(field, browse, administrator):
    field("deal", "area", label="Region")
    field("deal", "remark")
    rule = {"field": "custom_area", "op": "empty"}
    names = ["customer_name", "region", "custom_area"]
    places = [{"field": name} for name in names] + [{"field": "custom_remark", "shown": rule}]
    document = {"schema": 1, "sections": [{"title": "All", "columns": 1, "fields": places}]}
    page = browse(administrator).post(
        "/settings/forms/deal/canvas/", {"document": json.dumps(document), "selected": "custom_remark"}
    )
    said = unescape(page.content.decode())
    assert ">Region (own fields)</option>" in said and "Region (own fields) is empty" in said
    assert ">Region</option>" in said
