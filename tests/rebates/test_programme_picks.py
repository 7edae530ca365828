"""What the editor of programmes offers where products, partners and programmes are picked by search."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from rebates.picked import OFFERED
from tests.factories.catalogue import ProductFactory
from tests.rebates.world import apply, policy

pytestmark = pytest.mark.django_db


def offered(client: Any, what: str, query: str) -> list[str]:
    answer = client.get(f"/programmes/pick/{what}/?{query}")
    assert answer.status_code == 200
    return [row["code"] for row in answer.json()["rows"]]


@pytest.fixture
def goods(db):
    ProductFactory(code="RT-100", name="Router", name_zh="路由器")
    ProductFactory(code="SW-8", name="Switch", is_active=False)


def test_products_are_found_by_code_and_by_both_names_while_they_are_sold(goods, finance, browse):
    client = browse(finance)
    assert [offered(client, "products", f"q={text}") for text in ("rt-1", "rout", "路由")] == [["RT-100"]] * 3
    assert offered(client, "products", "q=switch") == []


def test_names_of_codes_that_stand_there_are_told_and_unknown_ones_left_out(goods, finance, browse):
    client = browse(finance)
    assert offered(client, "products", "codes=SW-8,NOWHERE,RT-100") == ["RT-100", "SW-8"]
    assert offered(client, "partners", "codes=NOWHERE") == []


def test_partners_are_those_that_the_reader_sees(acme, rival, finance):
    mine = replace(finance, partner_ids=frozenset({acme.row.pk}))
    for text, codes in ((acme.name[:3], []), ("", []), ("", [acme.row.number, rival.row.number])):
        assert [row["code"] for row in OFFERED["partners"](mine, text, codes, {})] == [acme.row.number]
    assert OFFERED["partners"](mine, rival.name, [], {}) == []


def test_programmes_are_those_that_can_be_settled_together(finance, browse):
    apply(policy("monthly"), policy("euros", currency="EUR"), policy("quarterly", period="quarter"))
    client = browse(finance)
    assert offered(client, "programmes", "period=month&currency=CNY") == ["monthly"]
    assert offered(client, "programmes", "period=quarter&currency=CNY&q=QUART") == ["quarterly"]
    assert offered(client, "programmes", "period=month&currency=CNY&code=monthly") == []
    assert offered(client, "programmes", "codes=euros") == ["euros"]


def test_only_who_edits_programmes_is_answered(acme, manager, browse):
    for reader in (acme.admin, manager):
        assert browse(reader).get("/programmes/pick/partners/?q=a").status_code == 403


def test_there_is_nothing_else_to_pick(finance, browse):
    assert browse(finance).get("/programmes/pick/users/?q=a").status_code == 404


def test_without_scripts_each_is_a_plain_field_of_codes(finance, browse):
    page = browse(finance).get("/programmes/new/").content.decode()
    for name, what in (
        ("products", "products"), ("partners", "partners"), ("shared_with", "programmes"), ("stacked_on", "programmes")
    ):  # fmt: skip
        field = page.split(f'name="{name}"')[1].split(">")[0]
        assert f'data-picker="/programmes/pick/{what}/"' in field
    assert page.count("data-ordered") == 1  # of a stack the order counts
