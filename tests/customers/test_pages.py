"""The customer master's pages: staff read and keep them, partners never do."""

from __future__ import annotations

import pytest
from django.test import Client

from prm.accounts.models import User
from prm.customers.models import EndCustomer
from prm.customers.services import resolve_customer
from tests.factories import dealreg as deals

FULL = "浙江迅达供应链管理有限公司"


@pytest.fixture
def browse(db):
    def sign_in(who):
        client = Client(HTTP_HOST="alpha.localhost")
        client.force_login(User.objects.get(pk=who.user_id))
        return client

    return sign_in


def test_the_list_finds_a_customer_in_any_spelling(manager, browse, on_file):
    on_file(FULL)
    on_file("Apex Systems Ltd")
    client = browse(manager)
    assert FULL in client.get("/customers/").content.decode()
    page = client.get("/customers/", {"q": "浙江省迅達供應鏈管理"}).content.decode()
    assert FULL in page
    assert "Apex Systems" not in page


def test_the_page_says_who_ever_registered_it(acme, manager, browse):
    registration = deals.in_review(acme, customer_name=FULL)
    page = browse(manager).get(registration.end_customer.get_absolute_url()).content.decode()
    assert acme.name in page
    assert registration.number in page
    assert "Typed by a partner" in page


@pytest.mark.parametrize(
    "address", ["/customers/", "/customers/new/", "/customers/{0}/", "/customers/{0}/edit/"]
)
def test_partners_never_browse_customers(acme, browse, on_file, address):
    customer = on_file(FULL)
    for number in (customer.number, "EC-9999"):
        response = browse(acme.admin).get(address.format(number))
        assert response.status_code in (403, 404)
        assert FULL not in response.content.decode()


def test_finance_reads_but_does_not_change(finance, browse, on_file):
    customer = on_file(FULL)
    client = browse(finance)
    assert client.get(customer.get_absolute_url()).status_code == 200
    assert client.get(f"/customers/{customer.number}/edit/").status_code == 403
    assert client.post(f"/customers/{customer.number}/confirm/").status_code == 403


def test_staff_add_and_edit_a_customer(manager, browse):
    client = browse(manager)
    response = client.post("/customers/new/", {"name": FULL, "tax_number": "91440300708461136A"})
    assert response.status_code == 422
    assert "check digit" in response.content.decode()
    response = client.post("/customers/new/", {"name": FULL, "domain": "www.xunda56.com", "country": "CN"})
    customer = EndCustomer.objects.get()
    assert response["Location"] == customer.get_absolute_url()
    client.post(f"/customers/{customer.number}/edit/", {"name": FULL, "direct_only": "on"})
    customer.refresh_from_db()
    assert (customer.direct_only, customer.domain) == (True, "")


def test_a_look_alike_is_shown_and_merged_or_confirmed(acme, manager, browse, on_file):
    full = on_file(FULL)
    short, _ = resolve_customer(name="迅达供应链", by=acme.sales)
    client = browse(manager)
    page = client.get(short.get_absolute_url()).content.decode()
    assert f"/customers/{short.number}/merge/?into={full.number}" in page
    wrong = client.post(f"/customers/{short.number}/merge/", {"into": "EC-0", "reason": "x"})
    assert "There is no customer with the number EC-0" in wrong.content.decode()
    done = client.post(f"/customers/{short.number}/merge/", {"into": full.number, "reason": "same licence"})
    assert done["Location"] == full.get_absolute_url()
    assert client.get(short.get_absolute_url())["Location"] == full.get_absolute_url()
    other, _ = resolve_customer(name="迅达物流", by=acme.sales)
    client.post(f"/customers/{other.number}/confirm/")
    other.refresh_from_db()
    assert not other.provisional


def test_the_one_box_finds_customers_for_staff_only(acme, manager, on_file):
    from prm.search.registry import search

    on_file(FULL)
    groups = search(actor=manager, text="迅達供應鏈")
    assert [row.title for group in groups for row in group.rows if row.href.startswith("/customers/")] == [
        FULL
    ]
    found = search(actor=acme.sales, text="迅達供應鏈")
    assert [row for group in found for row in group.rows if row.href.startswith("/customers/")] == []
