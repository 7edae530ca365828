"""The list of products takes conditions, saved views and exports over built-in and own fields."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from prm.catalogue.models import Product
from prm.conditions.language import holds, narrow, sentence
from prm.customfields import services
from tests.factories.catalogue import ProductFactory

pytestmark = pytest.mark.django_db
DEAR = {"field": "list_price", "op": "at_least", "value": "500", "currency": "CNY"}


@pytest.fixture
def catalogue(administrator):
    services.create_field(
        target="product", code="seats", kind="number", label="Seats", in_list=True, by=administrator
    )
    return [
        ProductFactory(code="CHEAP", list_price=Decimal(100), currency="CNY", custom={"seats": "9"}),
        ProductFactory(code="DEAR", list_price=Decimal(900), currency="CNY", custom={"seats": "9"}),
        ProductFactory(code="BARE", list_price=Decimal(900), currency="CNY"),
    ]


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        (DEAR, {"DEAR", "BARE"}),
        ({"field": "custom.seats", "op": "more_than", "value": "8"}, {"CHEAP", "DEAR"}),
        ({"all": [DEAR, {"field": "custom.seats", "op": "is", "value": "9"}]}, {"DEAR"}),
        ({"field": "code", "op": "starts_with", "value": "BA"}, {"BARE"}),
        ({"field": "is_active", "op": "is", "value": False}, set()),
    ],
)
def test_products_are_narrowed_by_built_in_and_own_fields(catalogue, condition, found):
    assert {row.code for row in narrow(Product.objects.all(), condition, "product")} == found
    assert {row.code for row in catalogue if holds(condition, "product", row)} == found


def test_the_list_shows_exports_and_saves_what_the_condition_takes(catalogue, browse, administrator):
    client = browse(administrator)
    page = client.get("/products/")
    assert "/conditions/product/refine/" in page.content.decode()
    asked = {"all": [DEAR, {"field": "custom.seats", "op": "is", "value": "9"}]}
    data = {"condition": json.dumps(asked), "do": "save", "name": "Dear seats", "back": "/products/"}
    address = client.post("/conditions/product/refine/", data)["Location"]
    page = client.get(address)
    assert [str(line.pk) for line in page.context["list"].lines] == [str(catalogue[1].pk)]
    assert "Dear seats" in page.content.decode()
    file = b"".join(client.get(f"{address}&export=csv").streaming_content).decode()
    assert "DEAR" in file and "CHEAP" not in file and "Seats" in file


def test_a_partner_builds_no_condition_about_the_catalogue_of_staff(acme, browse):
    answer = browse(acme.sales).get("/conditions/product/refine/", {"back": "/products/"})
    assert answer.status_code == 403


def test_a_price_reads_with_its_currency(db):
    assert sentence(DEAR, "product") == "List price is at least ¥500.00"
