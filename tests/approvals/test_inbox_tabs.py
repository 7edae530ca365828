"""The inbox's tabs: what waits for me, what I asked, what is done; all of it in the address, page by page."""

from __future__ import annotations

import pytest
from django.db import connection

from dealreg.services import approve_registration, request_information
from partners import services as partners
from prm.approvals import services
from prm.tenancy.models import Tenant
from tests.approvals.flows import ADMINS, MANAGER, approver, publish, run_of, task_of
from tests.factories import dealreg as deals
from tests.factories.orders import order_of

pytestmark = pytest.mark.django_db


def text(response) -> str:
    assert response.status_code == 200, response.status_code
    return response.content.decode()


def test_what_waits_is_narrowed_by_the_address(acme, manager, browse):
    deals.in_review(acme, customer_name="Suzhou Ruigu")
    deals.in_review(acme, customer_name="Hangzhou Xunda")
    order = order_of(acme.row, by=acme.sales)
    client = browse(manager)
    everything = text(client.get("/inbox/?part=work"))
    assert "kind=order" in everything and "Suzhou Ruigu" in everything and order.number in everything
    orders = text(client.get("/inbox/?part=work&kind=order"))
    assert order.number in orders and "Suzhou Ruigu" not in orders
    found = text(client.get("/inbox/?part=work&q=xunda"))
    assert "Hangzhou Xunda" in found and "Suzhou Ruigu" not in found
    assert "Clear filters" in text(client.get("/inbox/?part=work&q=nobody&kind=x&page=zz"))


def test_what_waits_goes_on_the_next_page(acme, manager, browse, monkeypatch):
    monkeypatch.setattr("prm.notices.inbox.PAGE", 2)
    for number in range(5):
        deals.in_review(acme, customer_name=f"Customer {number} Works")
    client = browse(manager)
    pages = [text(client.get(f"/inbox/?part=work&page={number}")) for number in range(4)]
    assert [page.count("<li>") for page in pages[:3]] == [pages[0].count("<li>")] * 2 + [
        pages[2].count("<li>")
    ]
    assert "page=1" in pages[0] and 'rel="prev"' not in pages[0]
    assert 'rel="prev"' in pages[2] and 'rel="next"' not in pages[2]
    assert "Customer 4 Works" in pages[2] and "Customer 4 Works" in pages[3], "beyond the last is the last"


def test_a_row_says_whose_case_it_is_how_much_and_what_the_moment_beside_it_is(
    acme, manager, administrator, browse
):
    deals.in_review(acme, customer_name="Suzhou Ruigu")
    order = order_of(acme.row, by=acme.sales)
    partners.update_partner(partner=acme.row, name="ACME Holdings", by=manager)
    page = text(browse(manager).get("/inbox/?part=work"))
    assert "ACME Networks · ¥486,000" in page and f"¥{order.net_total:,.2f}" in page
    assert "promised by " in page and "was promised by" not in page
    assert "ACME Networks → ACME Holdings" in text(browse(administrator).get("/inbox/?part=work"))
    assert "ACME Networks" in text(browse(manager).get("/inbox/?part=work&q=acme+net")), (
        "found by its partner"
    )


def test_the_inbox_itself_leads_to_deciding_many_and_to_being_away(acme, manager, browse):
    page = text(browse(manager).get("/inbox/?part=work"))
    assert 'href="/inbox/decisions/"' in page and 'href="/inbox/away/"' in page
    assert "I am away" in page and "Decide many at once" in page
    partner = text(browse(acme.sales).get("/inbox/?part=work"))
    assert "/inbox/away/" not in partner and "Decide many at once" not in partner


def test_i_asked_shows_for_whom_it_waits_and_leads_to_the_object(acme, rival, manager, administrator, browse):
    publish(approver("first", MANAGER), approver("second", ADMINS))
    mine = deals.in_review(acme, customer_name="Mine to follow")
    back = deals.in_review(acme, customer_name="Back to me")
    request_information(registration=back, text="Which site?", by=manager)
    deals.in_review(rival, customer_name="Not my business")
    client = browse(acme.sales)
    page = text(client.get("/inbox/asked/"))
    assert "Mine to follow" in page and "Lin Yue" in page and "Not my business" not in page
    approve_registration(registration=mine, by=manager)
    assert "Ada Admin" in text(client.get("/inbox/asked/"))
    returned = text(client.get("/inbox/asked/?state=returned"))
    assert "Back to me" in returned and "Mine to follow" not in returned
    assert client.get(f"/inbox/asked/{run_of(mine).pk}/")["Location"] == mine.get_absolute_url()
    assert browse(rival.sales).get(f"/inbox/asked/{run_of(mine).pk}/").status_code == 404
    assert browse(manager).get(f"/inbox/asked/{run_of(mine).pk}/").status_code == 404
    approve_registration(registration=mine, by=administrator)
    assert "Mine to follow" not in text(client.get("/inbox/asked/"))
    assert "Mine to follow" in text(client.get("/inbox/asked/?view=all"))


def test_done_keeps_ones_own_decisions_with_what_became_of_them(acme, manager, administrator, browse):
    publish(approver("first", MANAGER), approver("second", ADMINS))
    yes, no = (deals.in_review(acme, customer_name=name) for name in ("Said yes", "Said no"))
    approve_registration(registration=yes, by=manager)
    services.reject(task=task_of(no, manager), by=manager, text="No budget")
    client = browse(manager)
    page = text(client.get("/inbox/done/"))
    assert "Said yes" in page and "Said no" in page and "First" in page
    rejected = text(client.get("/inbox/done/?kind=rejected"))
    assert "Said no" in rejected and "Said yes" not in rejected
    assert "Said yes" not in text(browse(administrator).get("/inbox/done/"))
    assert browse(acme.sales).get("/inbox/done/").status_code == 403
    assert "/inbox/done/" not in text(browse(acme.sales).get("/inbox/asked/"))


def test_the_lists_cost_the_same_for_one_row_and_for_many(
    acme, manager, browse, django_assert_max_num_queries
):
    for who, address in ((acme.sales, "/inbox/asked/"), (manager, "/inbox/done/")):
        approve_registration(registration=deals.in_review(acme, customer_name=f"One {address}"), by=manager)
        deals.in_review(acme, customer_name=f"Two {address}")
        client = browse(who)
        client.get(address)
        with django_assert_max_num_queries(40) as few:
            client.get(address)
        for number in range(4):
            deal = deals.in_review(acme, customer_name=f"Works {number} {address} GmbH {number * 7}")
            services.reject(task=task_of(deal, manager), by=manager, text="No")
            deals.in_review(acme, customer_name=f"Open {number} {address}")
        with django_assert_max_num_queries(len(few.captured_queries)):
            client.get(address)


def test_nothing_of_a_module_that_is_off(acme, manager, administrator, browse, monkeypatch):
    deal = deals.in_review(acme, customer_name="Resting")
    approve_registration(registration=deal, by=manager)
    off = {"dealreg": "2026-01-01T00:00:00+00:00", "orders": "2026-01-01T00:00:00+00:00"}
    Tenant.objects.filter(pk=connection.tenant.pk).update(modules_off=off)
    monkeypatch.setattr(connection.tenant, "modules_off", off)
    assert "Resting" not in text(browse(manager).get("/inbox/done/"))
    assert "Resting" not in text(browse(acme.sales).get("/inbox/asked/?view=all"))
