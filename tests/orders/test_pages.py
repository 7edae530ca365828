"""The pages of orders: who sees what, what is offered, and that strangers find nothing."""

from __future__ import annotations

from decimal import Decimal

import pytest

from orders import services
from orders.models import CartLine, Order, PriceList
from prm.accounts.models import User
from tests.factories.catalogue import ProductFactory
from tests.factories.orders import PriceFactory, PriceListFactory, order_of
from tests.orders.conftest import again, queries

pytestmark = pytest.mark.django_db


@pytest.fixture
def browse(client, tenant, settings):
    """`browse(actor)` gives a client signed in as that person; second factors have tests of their own."""
    settings.SECOND_FACTOR_ROLES = []

    def browse(actor):
        client.force_login(User.objects.get(pk=actor.user_id), backend="prm.accounts.backends.EmailBackend")
        client.defaults["HTTP_HOST"] = tenant.host
        return client

    return browse


def text(answer) -> str:
    return answer.content.decode()


def test_a_partner_fills_the_cart_and_submits(browse, acme, router):
    PriceFactory(price_list=PriceListFactory(tier="gold"), product=router, unit_price=Decimal(96))
    page = browse(acme.sales)
    assert "List 120.00 · Gold price list 96.00" in text(page.get("/catalogue/"))
    assert page.post("/cart/put/", {"product": router.pk, "quantity": "2"}).status_code == 302
    row = page.post("/cart/put/", {"product": router.pk, "quantity": "3"}, headers={"HX-Request": "true"})
    assert "5 in the cart" in text(row) and 'hx-swap-oob="true"' in text(row)
    assert "¥542.40" in text(page.get("/cart/"))
    answer = page.post("/cart/", {"ship_to": "Dock 4", "purchase_number": "PO-7"}, follow=True)
    order = Order.objects.visible_to(acme.sales).get()
    assert answer.redirect_chain[-1][0] == f"/orders/{order.number}/"
    assert (order.state, order.net_total, order.ship_to) == ("submitted", Decimal(480), "Dock 4")
    assert "Submitted" in text(answer) and "Waiting for" in text(answer)


@pytest.mark.parametrize("quantity", ["", "0", "-3", "x", "NaN"])
def test_a_quantity_that_is_none_is_told_in_the_row(browse, acme, router, quantity):
    row = browse(acme.sales).post(
        "/cart/put/", {"product": router.pk, "quantity": quantity}, headers={"HX-Request": "true"}
    )
    assert "above zero" in text(row)
    assert not CartLine.objects.visible_to(acme.sales).exists()


def test_catalogue_finds_by_words_and_product_line(browse, acme, router, cable):
    page = browse(acme.sales)
    assert "Cable" not in text(page.get("/catalogue/?q=rout"))
    found = text(page.get(f"/catalogue/?line={cable.product_line.code}"))
    assert "Cable" in found and "RT-100" not in found
    assert "No product matches" in text(page.get("/catalogue/?q=nothing-like-this"))


def test_staff_have_no_shop(browse, manager):
    page = browse(manager)
    assert [page.get(address).status_code for address in ("/catalogue/", "/cart/", "/orders/new/")] == [
        403
    ] * 3


def test_a_draft_is_written_changed_and_submitted(browse, acme, manager, router):
    page = browse(acme.sales)
    assert page.post("/orders/new/", {}).status_code == 422
    page.post("/orders/new/", {f"product_{router.pk}": "2", "draft": "1"})
    order = Order.objects.visible_to(acme.sales).get()
    page.post(f"/orders/{order.number}/edit/", {f"product_{router.pk}": "4", "ship_to": "Here"})
    assert (again(order).net_total, again(order).state) == (Decimal(480), "draft")
    assert browse(manager).get(f"/orders/{order.number}/").status_code == 404
    browse(acme.sales).post(f"/orders/{order.number}/submit/")
    assert again(order).state == "submitted"
    assert browse(manager).get(f"/orders/{order.number}/").status_code == 200


def test_a_search_in_the_order_form_keeps_what_was_typed(browse, acme, router):
    cable = ProductFactory(code="CB-1", name="Cable")
    page = browse(acme.sales)
    found = text(
        page.post("/orders/new/", {f"product_{router.pk}": "2", "q": "cabl", "find": "1", "ship_to": "Here"})
    )
    assert f'name="product_{router.pk}" value="2"' in found and f'name="product_{cable.pk}"' in found
    assert 'value="Here"' in found and not Order.objects.visible_to(acme.sales).exists()
    page.post(
        "/orders/new/",
        {f"product_{router.pk}": "2", f"product_{cable.pk}": "1", "q": "nothing", "draft": "1"},
    )
    assert Order.objects.visible_to(acme.sales).get().lines.count() == 2


def test_a_rivals_order_and_invoice_are_not_found(browse, acme, rival):
    order = order_of(rival.row, state="invoiced")
    invoice = order.invoices.get()
    page = browse(acme.admin)
    for address in (f"/orders/{order.number}/", f"/invoices/{invoice.number}/", "/orders/SO-2611-0ZZZ9/"):
        assert page.get(address).status_code == 404
    for verb in ("submit", "reorder", "cancel"):
        assert page.post(f"/orders/{order.number}/{verb}/").status_code == 404
    assert order.number not in text(page.get("/orders/")) + text(page.get("/invoices/"))
    assert page.get(f"/orders/new/?deal={order.number}").status_code == 404


def test_staff_move_an_order_from_its_page(browse, acme, manager, finance):
    order = order_of(acme.row)
    page = browse(manager)
    shown = text(page.get(f"/orders/{order.number}/"))
    assert "Approve order" in shown and "Waiting for <b>you</b>" in shown
    page.post(f"/orders/{order.number}/approve/")
    page.post(f"/orders/{order.number}/confirm/", {"erp_number": "E-1"})
    first, second = order.lines.all()
    form = text(page.get(f"/orders/{order.number}/ship/"))
    assert 'value="10"' in form and 'value="2.5"' in form
    refused = page.post(
        f"/orders/{order.number}/ship/", {f"line_{first.pk}": "11", "shipped_on": "2020-01-01"}
    )
    assert (refused.status_code, "only 10 of 10" in text(refused)) == (422, True)
    page.post(
        f"/orders/{order.number}/ship/",
        {
            f"line_{first.pk}": "4",
            "carrier": "SF Express",
            "tracking_number": "SF77",
            "shipped_on": "2020-01-01",
        },
    )
    assert again(order).state == "partly_shipped"
    assert "SF77" in text(browse(acme.sales).get(f"/orders/{order.number}/"))
    page = browse(finance)
    page.post(f"/orders/{order.number}/invoice/", {f"line_{first.pk}": "4", "issued_on": "2020-01-02"})
    invoice = order.invoices.get()
    page.post(f"/invoices/{invoice.number}/credit/", {f"line_{invoice.lines.get().pk}": "1", "reason": "Broken",
                                                      "issued_on": "2020-01-03"})  # fmt: skip
    page.post(f"/invoices/{invoice.number}/paid/", {"paid_on": "2020-01-04"})
    shown = text(page.get(f"/invoices/{invoice.number}/"))
    assert "Broken" in shown and "¥339.00" in shown and "Paid" in shown


def test_bulk_approval_names_what_it_refuses(browse, acme, manager):
    first, second = order_of(acme.row), order_of(acme.row, state="approved")
    answer = browse(manager).post("/orders/", {"bulk": "approve", "row": [first.pk, second.pk]}, follow=True)
    assert again(first).state == "approved"
    assert f"{second.number}: " in text(answer)


def test_lists_cost_the_same_for_one_and_for_many(browse, acme, manager):
    page = browse(manager)

    def cost(address):
        with queries() as asked:
            assert page.get(address).status_code == 200
        return len(asked())

    addresses = ("/orders/", "/invoices/", "/sales/", "/sales/?sums=1")
    order_of(acme.row, state="invoiced")
    for address in addresses:
        page.get(address)  # fills what is looked up once
    before = [cost(address) for address in addresses]
    for _more in range(3):
        order_of(acme.row, state="invoiced")
    assert [cost(address) for address in addresses] == before


def test_prices_are_kept_in_a_grid(browse, administrator, router):
    prices = PriceListFactory(tier="gold")
    page = browse(administrator)
    address = f"/prices/{prices.pk}/?line={router.product_line.code}"
    page.post(address, {f"price_{router.pk}": "96.5"})
    assert prices.prices.get().unit_price == Decimal("96.5")
    assert page.post(address, {f"price_{router.pk}": "-1"}).status_code == 422
    page.post(address, {f"price_{router.pk}": ""})
    assert not prices.prices.exists()
    assert PriceList.objects.filter(pk=prices.pk).exists()
    assert "Gold price list" in text(page.get("/prices/"))


def test_sums_are_of_the_whole_filter(browse, acme, rival, finance):
    order_of(acme.row, state="invoiced")
    order_of(rival.row, state="invoiced")
    page = browse(finance)
    assert "¥2,099.96" in text(page.get("/sales/?sums=1"))
    assert "¥1,049.98" in text(page.get(f"/sales/?sums=1&partner={acme.row.pk}"))


def test_first_pages_show_orders_and_sales(browse, acme, manager):
    order = order_of(acme.row, state="invoiced")
    assert "¥1,050" in text(browse(manager).get("/")) and "could not be loaded" not in text(
        browse(manager).get("/")
    )
    home = text(browse(acme.sales).get("/"))
    assert order.number in home and "¥1,186.48" in home


def test_ordering_again_leads_to_the_cart(browse, acme):
    order = order_of(acme.row)
    answer = browse(acme.sales).post(f"/orders/{order.number}/reorder/", follow=True)
    assert answer.redirect_chain[-1][0] == "/cart/"
    assert CartLine.objects.visible_to(acme.sales).count() == 2
    services.empty_cart(by=acme.sales)
