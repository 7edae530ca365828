"""Every list of a target sorts and narrows by own fields, and the one box finds its records by them."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pytest
from django.db import connection

from partners.services import create_partner
from prm.catalogue.models import Product
from prm.customers.services import create_customer
from prm.customfields import rules, targets
from prm.customfields.columns import columns_for
from prm.customfields.designing import Studio
from prm.customfields.showing import name_in_audit
from prm.search.registry import search
from prm.ui.lists import ListPage
from tests.factories import dealreg as deals
from tests.factories.catalogue import ProductFactory
from tests.factories.orders import order_of

pytestmark = pytest.mark.django_db
LISTS = {
    "partner": "/partners/", "customer": "/customers/", "deal": "/deals/", "order": "/orders/", "product": "/products/"
}  # fmt: skip


def made(target, acme, manager, number):
    if target == "partner":
        return create_partner(name=f"Alike {number}", by=manager)
    if target == "customer":
        return create_customer(name=f"Alike Works {number} {'ABC'[number]}", by=manager)
    if target == "deal":
        return deals.in_review(acme, customer_name=f"Alike {number}")
    return (
        order_of(acme.row, state="submitted") if target == "order" else ProductFactory(code=f"ALIKE-{number}")
    )


@pytest.fixture(params=LISTS)
def three(request, field, acme, manager):
    """Three records of a target: seats 30, 4 and none; a remark on each."""
    target = request.param
    field(target, "seats", "number", in_list=True)
    field(target, "remark", in_list=True)
    rows = [made(target, acme, manager, number) for number in range(3)]
    for row, seats, remark in zip(rows, ("30", "4", None), ("Zebra one", "Zebra two", "Okapi"), strict=True):
        row.custom = {**({"seats": seats} if seats else {}), "remark": remark}
        row.save(update_fields=["custom"])
    return target, [row.pk for row in rows]


def keys(client, address, known):
    """Which of the known records a list shows, in its order."""
    lines = client.get(address).context["list"].lines
    return [int(line.pk) for line in lines if int(line.pk) in known]


def test_every_target_that_there_is_has_a_list_here(db):
    assert set(LISTS) == set(targets.all_targets())


def test_sorting_puts_rows_without_a_value_last_in_both_directions(three, browse, manager):
    target, (thirty, four, none) = three
    client, known = browse(manager), three[1]
    assert keys(client, f"{LISTS[target]}?view=all&sort=own_seats", known) == [four, thirty, none]
    assert keys(client, f"{LISTS[target]}?view=all&sort=-own_seats", known) == [thirty, four, none]


ORDERED = {
    "text": ("text", {}, ["Alder", "Birch"]),
    "number": ("number", {}, ["4", "30"]),
    "money": ("money", {}, ["9.50", "10.00"]),
    "date": ("date", {}, ["2026-02-01", "2026-11-12"]),
    "yes_no": ("yes_no", {}, [False, True]),
    "choice": ("choice", {"choices": ["Small", "Medium", "Large"]}, ["small", "large"]),
    "link": ("link", {}, ["https://alder.example", "https://birch.example"]),
    "reference": ("reference", {"pattern": "PRJ-{n:3}"}, ["PRJ-004", "PRJ-030"]),
    "computed": ("computed", {"expression": "my_number * 2"}, ["8.00", "30.00"]),
}


@pytest.mark.parametrize("name", ORDERED)
def test_every_kind_that_has_an_order_sorts_over_several_pages(name, field, manager, browse, monkeypatch):
    kind, how, (lower, higher) = ORDERED[name]
    field("product", "my_number", "number")
    field("product", f"my_{name}_x", kind, in_list=True, **how)
    rows = [ProductFactory(code=f"ALIKE-{number}") for number in range(3)]
    for row, value in zip(rows, (higher, None, lower), strict=True):
        Product.objects.filter(pk=row.pk).update(custom={f"my_{name}_x": value} if value is not None else {})
    first, second, third = (row.pk for row in rows)
    monkeypatch.setattr(ListPage, "page_size", 1)
    assert _walk(browse(manager), f"own_my_{name}_x", rows) == [third, first, second]
    assert _walk(browse(manager), f"-own_my_{name}_x", rows) == [first, third, second]


def _walk(client, sort, rows):
    """The known rows, from the first page of one row to the last."""
    found, after = [], ""
    for _page in range(Product.objects.count()):
        shown = client.get("/products/", {"view": "all", "sort": sort, "q": "ALIKE", "after": after}).context[
            "list"
        ]
        found += [int(line.pk) for line in shown.lines]
        after = shown.found.older
        if not after:
            break
    return found


def test_people_and_partners_sort_by_the_names_that_the_reader_may_see(
    field, manager, administrator, browse, acme, rival
):
    field("product", "keeper", "person", in_list=True)
    field("product", "maker", "partner", in_list=True)
    rows = [ProductFactory(code=f"ALIKE-{number}") for number in range(3)]
    people = sorted((manager, administrator), key=lambda one: one.label)
    makers = sorted((acme.row, rival.row), key=lambda one: one.name)
    for row, place in ((rows[0], 1), (rows[2], 0)):
        custom = {"keeper": people[place].user_id, "maker": makers[place].pk}
        Product.objects.filter(pk=row.pk).update(custom=custom)
    first, second, third = known = [row.pk for row in rows]
    for name in ("own_keeper", "own_maker"):
        client = browse(administrator)
        assert keys(client, f"/products/?view=all&sort={name}", known) == [third, first, second]
        assert keys(client, f"/products/?view=all&sort=-{name}", known) == [first, third, second]


def test_what_has_no_order_offers_none(field, manager):
    for kind in ("long_text", "file"):
        field("product", f"my_{kind}", kind)
    field("product", "my_many", "many", choices=["HP", "Dell"])
    assert [column.name for column in columns_for(Product, manager) if column.sort] == []


def test_filters_narrow(three, browse, manager):
    target, (thirty, four, _none) = three
    client, known = browse(manager), three[1]
    assert keys(client, f"{LISTS[target]}?view=all&own_seats_from=10", known) == [thirty]
    found = keys(client, f"{LISTS[target]}?view=all&own_remark=zebra", known)
    assert sorted(found) == sorted([thirty, four])


def test_the_search_of_the_list_and_the_one_box_find_texts(three, browse, manager):
    target, (thirty, four, _none) = three
    client, known = browse(manager), three[1]
    assert sorted(keys(client, f"{LISTS[target]}?view=all&q=zebra", known)) == sorted([thirty, four])
    hits = [row.href for group in search(actor=manager, text="Zebra two") for row in group.rows]
    assert len(hits) == 1
    assert (
        hits[0] == targets.find(target).rows().get(pk=four).get_absolute_url()
        if target != "product"
        else True
    )


def test_more_filters_take_a_condition_over_them(three, browse, manager):
    target, (thirty, _four, _none) = three
    client, known = browse(manager), three[1]
    more = {"field": "custom.seats", "op": "more_than", "value": "4"}
    like = {"field": "custom.remark", "op": "starts_with", "value": "Zebra"}
    asked = urlencode({"view": "all", "if": json.dumps({"all": [more, like]})})
    assert keys(client, f"{LISTS[target]}?{asked}", known) == [thirty]
    assert f"/conditions/{target}/refine/" in client.get(LISTS[target]).content.decode()


def test_the_export_holds_what_the_list_takes(three, browse, administrator):
    target, _rows = three
    answer = browse(administrator).get(f"{LISTS[target]}?view=all&own_remark=zebra&export=csv")
    head, *lines = b"".join(answer.streaming_content).decode().splitlines()
    assert "Seats" in head and "Remark" in head
    assert len(lines) == 2 and all("Zebra" in line for line in lines)
    assert {"30", "4"} == {line.split(",")[head.split(",").index("Seats")] for line in lines}


def test_the_trail_calls_them_by_their_names(three):
    target, _rows = three
    name, said = name_in_audit(targets.find(target).model_name.lower(), "custom.seats")
    assert (str(name), said("30")) == ("Seats", "30")


def test_a_text_that_is_not_for_searches_is_found_by_none(field, manager, browse):
    field("product", "remark", in_list=True, searchable=False)
    product = ProductFactory(code="ALIKE-1")
    Product.objects.filter(pk=product.pk).update(custom={"remark": "Zebra"})
    assert search(actor=manager, text="Zebra") == []
    assert keys(browse(manager), "/products/?view=all&q=zebra", [product.pk]) == []
    assert keys(browse(manager), "/products/?view=all&own_remark=zebra", [product.pk]) == [product.pk]


def test_a_number_has_the_decimals_of_its_field_on_the_page_in_the_list_and_in_the_export(
    field, manager, administrator, browse
):
    field("partner", "seats", "number", places=2, in_list=True)
    field("partner", "third", "computed", expression="seats / 4", places=3, in_list=True)
    row = create_partner(name="Exact", custom={"seats": "5"}, by=manager)
    facts = {fact.label: fact.value for fact in browse(manager).get(f"/partners/{row.pk}/").context["own"]}
    assert facts == {"Seats": "5.00", "Third": "1.250"}
    assert ">1.250<" in browse(manager).get("/partners/?q=Exact").content.decode().replace("\n", "")
    file = b"".join(browse(administrator).get("/partners/?export=csv&q=Exact").streaming_content).decode()
    assert ",5.00,1.250" in file, file


def test_a_form_asks_in_the_currency_of_the_tenant(field, administrator, monkeypatch):
    field("deal", "budget", "money")
    monkeypatch.setattr(connection.tenant, "currency", "EUR")
    studio = Studio(targets.find("deal"), variant="", role="", actor=administrator)
    form = studio.preview
    assert {form.fields[name].currency for name in ("estimated_value", "custom_budget")} == {"EUR"}
    over = {"field": "estimated_value", "op": "more_than", "value": "1234.5"}
    assert rules.sentence(over, studio.elements) == "Estimated value is more than €1,234.50"


def test_a_list_shows_a_column_of_every_kind(field, manager, administrator, browse, acme):
    given = {
        "text": ("Red", "Red"), "long_text": ("A long story", "A long story"), "number": ("7", "7"),
        "money": ("12.50", "12.50"), "date": ("2026-11-12", "12 Nov 2026"), "yes_no": (True, "Yes"),
        "choice": ("hp", "HP"), "many": (["hp", "dell"], "HP, Dell"), "person": (manager.user_id, manager.label),
        "partner": (acme.row.pk, acme.row.name), "link": ("https://alike.example", "https://alike.example"),
    }  # fmt: skip
    for kind in given:
        field(
            "partner",
            f"my_{kind}",
            kind,
            in_list=True,
            **({"choices": ["HP", "Dell"]} if kind in ("choice", "many") else {}),
        )
    field("partner", "my_sum", "computed", expression="my_number * 2", in_list=True)
    row = create_partner(
        name="Every Kind", custom={f"my_{kind}": value for kind, (value, _shown) in given.items()}, by=manager
    )
    for address in (
        "/partners/?q=Every",
        f"/partners/?q=Every&columns={'&columns='.join(f'own_my_{kind}' for kind in given)}",
    ):
        answer = browse(manager).get(address)
        (line,) = answer.context["list"].lines
        assert line.pk == row.pk
        for _value, shown in given.values():
            assert f">{shown}<" in line.cells or shown in line.cells, shown
    file = b"".join(browse(administrator).get("/partners/?export=csv&q=Every").streaming_content).decode()
    assert "HP, Dell" in file


def test_who_may_not_export_is_not_offered_it(acme, manager, browse):
    deals.in_review(acme, customer_name="Alike")
    assert [
        "export=csv" in browse(who).get("/deals/?view=all").content.decode() for who in (manager, acme.sales)
    ] == [True, False]
    assert browse(acme.sales).get("/deals/?export=csv").status_code == 403
