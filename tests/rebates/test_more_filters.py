"""The list of settlements is narrowed by conditions, as other lists are."""

from __future__ import annotations

import json

import pytest

from prm.conditions.language import holds
from rebates.models import Programme
from tests.rebates import world

pytestmark = pytest.mark.django_db


def test_settlements_are_narrowed_by_what_they_are(acme, finance, browse):
    world.apply(world.policy())
    world.sell(acme, 120_000)
    run = world.settle("2026-09")
    client = browse(finance)
    page = client.get("/settlements/").content.decode()
    assert "/conditions/settlement_run/refine/" in page and "More filters" in page
    for value, found in (("closed", True), ("computed", False)):
        asked = json.dumps({"all": [{"field": "state", "op": "is", "value": value}]})
        lines = client.get("/settlements/", {"if": asked}).context["list"].lines
        assert [line.name for line in lines] == ([run.number] if found else [])
    assert client.get("/conditions/settlement_run/refine/", {"back": "/settlements/"}).status_code == 200


def test_programmes_are_narrowed_by_what_their_newest_version_says(finance, browse):
    world.apply(world.policy())
    programme, client = Programme.objects.get(), browse(finance)
    assert "/conditions/programme/refine/" in client.get("/programmes/").content.decode()
    newest = programme.versions.order_by("-number").first()
    facts = {"state": newest.state, "mechanism": newest.mechanism, "period": newest.policy["period"],
             "currency": newest.policy["currency"], "code": programme.code}  # fmt: skip
    for field, value in facts.items():
        for op, found in (("is", [programme.code]), ("is_not", [])):
            condition = {"field": field, "op": op, "value": value}
            lines = client.get("/programmes/", {"if": json.dumps(condition)}).context["list"].lines
            assert [line.pk for line in lines] == ([programme.pk] if found else []), condition
            assert holds(condition, "programme", programme) is bool(found), condition
