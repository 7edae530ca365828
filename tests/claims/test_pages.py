"""The pages as people use them, and reports as they come in."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

import pytest

from claims.models import Agreement, AgreementItem, Claim, PriceDrop, SellThroughLine, StockLine
from claims.services import approve_agreement, confirm_drop, draft_price_claim, enter_drop
from prm.starter.demo import bring_in
from prm.values import clock
from tests.claims.world import (
    BY,
    agreed,
    agreement_of,
    bought,
    claimed,
    customer,
    in_stock,
    lines,
    product,
    sold,
)

pytestmark = pytest.mark.django_db
EVERYONE = "a test"


def sale(number: str, company, quantity, **more):
    row = {
        "line_number": number, "partner_number": company.row.number, "day": "2026-09-10",
        "product_code": product().code, "quantity": quantity, "customer_name": "", "document": "",
        "agreement_number": "SP-1", "reverses": "",
    }  # fmt: skip
    return row | more


def test_sales_and_returns_come_in_by_a_file_once(acme):
    agreed(acme)
    rows = [sale("A", acme, 10), sale("B", acme, -4, reverses="A", agreement_number="")]
    for _time in range(2):
        bring_in("sell-through", rows, by=BY)
    found = SellThroughLine.objects.for_everyone(because=EVERYONE).order_by("pk")
    assert [(one.line_number, one.quantity, one.agreement_number) for one in found] == [
        ("A", 10, "SP-1"), ("B", -4, "SP-1"),
    ]  # fmt: skip
    assert found[1].reverses == found[0]


@pytest.mark.parametrize(
    "wrong",
    [
        {"quantity": 11},
        {"line_number": "C", "agreement_number": "SP-9"},
        {"line_number": "C", "quantity": -1},
        {"line_number": "C", "quantity": -11, "reverses": "A"},
        {"line_number": "C", "quantity": -1, "reverses": "Z"},
        {"line_number": "C", "day": "2027-01-01"},
    ],
)
def test_a_report_that_does_not_fit_is_refused(acme, wrong):
    agreed(acme)
    bring_in("sell-through", [sale("A", acme, 10)], by=BY)
    with pytest.raises(RuntimeError, match="row 2"):
        bring_in("sell-through", [sale("A", acme, 10) | wrong], by=BY)
    assert SellThroughLine.objects.for_everyone(because=EVERYONE).count() == 1


def test_a_partner_reports_only_for_itself_and_names_only_its_own_agreements(acme, rival):
    agreed(acme)
    agreed(rival, number="SP-2")
    with pytest.raises(RuntimeError):
        bring_in("sell-through", [sale("A", rival, 10, agreement_number="SP-2")], by=acme.admin)
    with pytest.raises(RuntimeError):
        bring_in("sell-through", [sale("A", acme, 10, agreement_number="SP-2")], by=acme.admin)
    bring_in("sell-through", [sale("A", acme, 10)], by=acme.admin)
    assert SellThroughLine.objects.for_everyone(because=EVERYONE).get().partner == acme.row


def test_stock_and_agreements_come_in_by_files(acme):
    stock = {
        "report": 1,
        "partner_number": acme.row.number,
        "day": "2026-09-15",
        "product_code": product().code,
    }
    bring_in("stock", [stock | {"quantity": 5}], by=BY)
    with pytest.raises(RuntimeError):
        bring_in("stock", [stock | {"quantity": 6}], by=BY)
    assert StockLine.objects.for_everyone(because=EVERYONE).get().quantity == 5
    row = {
        "number": "SP-7",
        "partner_number": acme.row.number,
        "starts": "2026-09-01",
        "last_day": "2026-09-30",
    }
    bring_in(
        "agreements",
        [
            row | {"line": 1, "product_code": product().code, "agreed_price": "80", "quantity_limit": "9"},
            row
            | {"line": 2, "product_code": product("SW-1").code, "agreed_price": "70", "quantity_limit": ""},
        ],
        by=BY,
    )
    agreement = Agreement.objects.for_everyone(because=EVERYONE).get()
    assert (agreement.state, agreement.items.count()) == ("waiting", 2)
    assert approve_agreement(agreement=agreement, by=BY).state == "in_force"


def test_staff_enter_and_another_approves_by_the_pages(acme, finance, second, browse):
    client, other = browse(finance), browse(second)
    said = {
        "partner": acme.row.pk, "number": "SP-5", "currency": "cny", "starts": "2026-09-01", "last_day": "2026-09-30",
        "end_customer": customer().number,
    }  # fmt: skip
    assert client.post("/agreements/new/", {**said, "end_customer": "EC-NONE"}).status_code == 422
    assert client.post("/agreements/new/", said).status_code == 302
    page = "/agreements/SP-5/1/"
    item = {"product": product().code, "basis": "list", "agreed_price": "100"}
    assert client.post(f"{page}products/", item).status_code == 422
    unknown = client.post(f"{page}products/", {**item, "product": "NOWHERE"})
    assert unknown.status_code == 422 and "No product has the code NOWHERE." in unknown.content.decode()
    assert client.post(f"{page}products/", {**item, "agreed_price": "80"}).status_code == 302
    pk = AgreementItem.objects.for_everyone(because=EVERYONE).get().pk
    assert client.post(f"{page}products/{pk}/remove/").status_code == 302
    client.post(f"{page}products/", {**item, "agreed_price": "80"})
    assert "Waits for approval" in client.post(f"{page}submit/", follow=True).content.decode()
    assert "somebody else approves it" in client.get(page).content.decode()
    assert "Approved" in other.post(f"{page}approve/", follow=True).content.decode()
    own = browse(acme.admin)
    assert "Meridian Mills" in own.get(page).content.decode()
    assert browse(acme.sales).get(page).status_code == 200
    for verb in ("end", "version"):
        assert other.get(f"{page}{verb}/").status_code == 200


def test_a_claim_goes_through_its_pages(acme, rival, finance, second, browse):
    agreement = agreed(acme)
    sold(acme, 30)
    own, client, other = browse(acme.admin), browse(finance), browse(second)
    said = {"agreement": agreement.pk, "starts": "2026-09-01", "last_day": "2026-09-30"}
    assert browse(rival.admin).post("/claims/new/", said).status_code == 422
    assert own.post("/claims/new/", said).status_code == 302
    claim = Claim.objects.for_everyone(because=EVERYONE).get()
    page = claim.get_absolute_url()
    assert "A person decides" in own.post(f"{page}submit/", follow=True).content.decode()
    assert "Sold 30 until that day, bought 0." in own.get(page).content.decode()
    (line,) = lines(claim)
    assert own.post(f"{page}lines/{line.pk}/accept/", {"reason": "x"}).status_code == 403
    assert client.post(f"{page}lines/{line.pk}/accept/", {"reason": "Opening stock"}).status_code == 302
    assert "Opening stock" in own.get(page).content.decode()
    assert "booked as owed" in client.post(f"{page}approve/", follow=True).content.decode()
    assert "somebody else pays it" in client.get(page).content.decode()
    paid = {
        "amount": "600",
        "method": "credit_note",
        "paid_on": clock.today(),
        "reference": "CN-7",
    }
    assert other.post(f"{page}pay/", {**paid, "amount": "601"}).status_code == 422
    assert other.post(f"{page}pay/", paid).status_code == 302
    assert "CN-7" in own.get(page).content.decode()
    assert browse(rival.admin).get(page).status_code == 404
    assert "Ledger = price claims" in client.get("/ledger/").content.decode()


def test_lists_show_own_rows_and_filters_stand_in_the_address(acme, rival, finance, browse):
    for company, number in ((acme, "SP-1"), (rival, "SP-2")):
        agreed(company, number=number)
        bought(company, 100)
        sold(company, 10, agreement_number=number, line_number=f"LINE-{number}")
        claimed(Agreement.objects.for_everyone(because=EVERYONE).get(number=number))
    client, own = browse(finance), browse(acme.admin)
    for path in ("/agreements/", "/claims/", "/sell-through/"):
        page = client.get(path).content.decode()
        assert "SP-1" in page and "SP-2" in page
        page = own.get(path).content.decode()
        assert "SP-1" in page and "SP-2" not in page
        assert own.get(f"{path}?export=csv").status_code == 200
        assert "SP-2" not in client.get(f"{path}?q=SP-1").content.decode().split("<tbody")[-1]
    claim = Claim.objects.for_everyone(because=EVERYONE).first()
    assert agreement_of(claim).number in client.get("/claims/?view=decide").content.decode()
    assert client.get("/stock/").status_code == own.get("/stock/").status_code == 200


def test_a_price_drop_goes_through_its_pages(acme, finance, second, browse):
    client, own = browse(finance), browse(acme.admin)
    said = {
        "product": product().code, "currency": "CNY", "day": "2026-09-15", "old_price": "100", "new_price": "100",
        "days_back": "30",
    }  # fmt: skip
    assert client.post("/price-drops/new/", said).status_code == 422
    assert client.post("/price-drops/new/", {**said, "new_price": "90"}).status_code == 302
    page = PriceDrop.objects.get().get_absolute_url()
    assert own.get(page).status_code == 404
    assert "Confirmed" in browse(second).post(f"{page}confirm/", follow=True).content.decode()
    assert own.get(page).status_code == 200
    assert own.post(f"{page}claim/", {"partner": acme.row.pk}).status_code == 422


def heads_of(client, claim) -> list[str]:
    page = client.get(claim.get_absolute_url()).content.decode()
    return re.findall(r"<th role=\"columnheader\"[^>]*>([^<]*)</th>", page)[1:3]


def test_a_claims_page_names_what_its_kind_is_about(acme, finance, second, browse):
    drop = enter_drop(
        product=product(), currency="CNY", day=date(2026, 9, 15), old_price=Decimal(100), new_price=Decimal(90),
        days_back=30, by=finance,
    )  # fmt: skip
    in_stock(acme, 120, "2026-09-15")
    bought(acme, 50, on="2026-08-16")
    protection = draft_price_claim(drop=confirm_drop(drop=drop, by=second), partner=acme.row, by=acme.admin)
    for who in (finance, acme.admin):
        assert heads_of(browse(who), protection) == ["Stock on", "Old price − new price"]
    special = agreed(acme)
    sold(acme, 10)
    assert heads_of(browse(finance), claimed(special)) == ["Sale", "Basis − agreed"]


def test_a_product_is_searched_for_by_code_or_name_where_a_price_is_agreed_or_drops(finance, acme, browse):
    client, wanted = browse(finance), product()
    for path in (f"{agreed(acme).get_absolute_url()}products/", "/price-drops/new/"):
        assert 'data-picker="/products/pick/"' in client.get(path).content.decode()
    for text in (wanted.code[:3], wanted.name[1:5]):
        rows = client.get("/products/pick/", {"q": text}).json()["rows"]
        assert (wanted.code, wanted.name) in [(row["code"], row["name"]) for row in rows]
    assert (
        client.get("/products/pick/", {"codes": f"{wanted.code},NOWHERE"}).json()["rows"][0]["code"]
        == wanted.code
    )
    assert browse(acme.admin).get("/products/pick/", {"q": wanted.code}).status_code == 403
