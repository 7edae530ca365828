"""The lists of payments received and serial numbers: who sees which, how they are found, and where they are linked."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import translation

from orders.models import PaymentReceived, SerialMoved
from tests.factories.orders import order_of
from tests.orders.conftest import queries
from tests.rebates.world import apply, policy, results, sell, settle

pytestmark = pytest.mark.django_db
PAYMENTS, SERIALS = "/payments-received/", "/serial-numbers/"


def words(answer: Any) -> str:
    if answer.streaming:
        return b"".join(answer.streaming_content).decode("utf-8-sig")
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", answer.content.decode()))


def paid(
    partner: Any, number: str, document: str, amount: Any = 100, on: str = "2026-10-20"
) -> PaymentReceived:
    return PaymentReceived.objects.create(
        payment_number=number, partner=partner.row, document=document, invoice_total=Decimal(1_000),
        amount=Decimal(str(amount)), currency="CNY", received_on=date.fromisoformat(on), source="import",
    )  # fmt: skip


def moved(line: Any, serial: str, *, returned: bool = False) -> SerialMoved:
    return SerialMoved.objects.create(serial=serial, product=line.product, line=line, returned=returned)


@pytest.fixture
def facts(acme, rival):
    """A payment and a serial number of each of two partners."""
    for whose, name in ((acme, "AC"), (rival, "RV")):
        moved(sell(whose, 1_000, document=f"{name}-INV-1", line_number=f"{name}-INV-1/1"), f"SN-{name}-1")
        paid(whose, f"RC-{name}-1", f"{name}-INV-1")


@pytest.mark.parametrize("address", [PAYMENTS, SERIALS])
def test_staff_see_those_of_all_partners_and_a_partner_its_own(address, facts, acme, rival, finance, browse):
    for client, seen, hidden in (
        (browse(finance), ["AC-INV-1", "RV-INV-1", acme.name, rival.name], []),
        (browse(acme.admin), ["AC-INV-1"], ["RV-", rival.name]),
    ):
        for more in ("", "?export=csv", "?q=AC", f"?partner={acme.row.pk}"):
            text = words(client.get(address + more))
            assert "AC-INV-1" in text
            assert all(one not in text for one in hidden), more
        assert all(one in words(client.get(address)) for one in seen)
    assert "RV-INV-1" not in words(browse(acme.admin).get(f"{address}?q=RV"))


@pytest.mark.parametrize(
    ("address", "found"),
    [
        (f"{PAYMENTS}?q=rc-ac", ["AC-INV-1"]), (f"{PAYMENTS}?q=RV-INV", ["RV-INV-1"]), (f"{PAYMENTS}?q=nowhere", []),
        (f"{PAYMENTS}?received_on_from=2026-10-21", []), (f"{PAYMENTS}?currency=CNY", ["AC-INV-1", "RV-INV-1"]),
        (f"{PAYMENTS}?source=portal", []), (f"{PAYMENTS}?view=taken_back", []),
        (f"{SERIALS}?q=sn-ac", ["AC-INV-1"]), (f"{SERIALS}?q=RV-INV-1", ["RV-INV-1"]),
        (f"{SERIALS}?q=AC-INV-1/1", ["AC-INV-1"]), (f"{SERIALS}?booking_date_to=2026-09-14", []),
        (f"{SERIALS}?view=came_back", []), (f"{SERIALS}?view=sold", ["AC-INV-1", "RV-INV-1"]),
    ],
)  # fmt: skip
def test_they_are_searched_and_filtered_by_the_address(address, found, facts, finance, browse):
    lines = words(browse(finance).get(f"{address}&export=csv")).splitlines()[1:]
    assert sorted({one for line in lines for one in re.findall(r"\w\w-INV-1(?!/)", line)}) == found


def test_what_was_taken_back_and_what_came_back_stand_under_a_tab_of_their_own(facts, acme, finance, browse):
    line = sell(acme, -1_000, document="AC-CN-1")
    moved(line, "SN-BACK", returned=True)
    paid(acme, "RC-BACK", "AC-INV-1", -100)
    client = browse(finance)
    assert "RC-BACK" in words(client.get(f"{PAYMENTS}?view=taken_back"))
    shown = words(client.get(f"{SERIALS}?view=came_back"))
    assert "SN-BACK" in shown and "Came back" in shown and "SN-AC-1" not in shown
    assert "SN-BACK" not in words(client.get(f"{SERIALS}?view=sold"))


@pytest.mark.parametrize(
    ("address", "staff", "partner"),
    [
        (PAYMENTS, "No payment is on file yet", "No payment of yours is on file yet"),
        (SERIALS, "No serial number is on file yet", "No serial number of yours is on file yet"),
    ],
)
def test_an_empty_list_says_what_it_is_for_and_how_to_fill_it(address, staff, partner, acme, finance, browse):
    page = browse(finance).get(address)
    assert staff in words(page) and "/imports/new/?kind=" in page.content.decode()
    page = browse(acme.admin).get(address)
    assert partner in words(page) and "/imports/new/" not in page.content.decode()


@pytest.mark.parametrize("address", [PAYMENTS, SERIALS])
def test_pages_follow_by_key_at_the_same_number_of_queries(address, acme, finance, browse):
    client, line, counts = browse(finance), sell(acme, 1_000, quantity=200), []
    client.get(address)
    for number in range(60):
        paid(acme, f"RC-{number:03}", "INV-1", on=str(date(2026, 1, 1) + timedelta(days=number)))
        moved(line, f"SN-{number:03}")
        if number in (0, 59):
            with queries() as seen:
                page = client.get(address)
            counts.append(len(seen()))
    assert counts[1] <= counts[0] + 1  # the sum of the page's rows is there with one row too
    name = "RC" if address == PAYMENTS else "SN"
    older = re.search(r'href="([^"]+)" rel="next"', page.content.decode())
    assert f"{name}-059" in words(page) and f"{name}-009" not in words(page) and older
    assert f"{name}-009" in words(client.get(older.group(1).replace("&amp;", "&")))


def test_a_sales_line_leads_to_its_payments_and_serial_numbers(facts, acme, finance, browse):
    page = browse(finance).get("/sales/?q=AC-INV-1").content.decode()
    assert f'href="{PAYMENTS}?q=AC-INV-1"' in page and "20 Oct 2026" in page
    assert f'href="{SERIALS}?q=AC-INV-1%2F1"' in page
    assert f'href="{PAYMENTS}?q=RV-INV-1"' not in page


def test_an_invoice_leads_to_what_was_received_and_which_pieces_it_names(acme, rival, finance, browse):
    made = order_of(acme.row, state="invoiced").invoices.get()
    moved(made.order.sales_lines.first(), "SN-1")
    paid(acme, "RC-1", made.number, 400)
    paid(rival, "RC-2", made.number, 77)  # another partner's invoice may have the same number
    for reader in (finance, acme.admin):
        page = browse(reader).get(made.get_absolute_url())
        assert f'href="{PAYMENTS}?q={made.number}"' in page.content.decode() and "¥400.00" in words(page)
        assert f'href="{SERIALS}?q={made.number}"' in page.content.decode()
    assert made.number in browse(acme.admin).get(PAYMENTS).content.decode()
    assert f'href="{made.get_absolute_url()}"' in browse(acme.admin).get(PAYMENTS).content.decode()


def test_an_explanation_leads_to_the_payments_that_a_figure_hangs_on(acme, finance, browse):
    collected = {"kind": "collection", "steps": [{"days": 60, "factor": "100%"}]}
    apply(policy(mechanism={"kind": "flat", "rate": "10%"}, factors=[collected]))
    sell(acme, 1_000, document="INV-1")
    paid(acme, "RC-1", "INV-1", 1_000)
    (found,) = results(settle("2026-09"))
    for reader in (finance, acme.admin):
        page = browse(reader).get(found.get_absolute_url()).content.decode()
        assert f'href="{PAYMENTS}?q=INV-1"' in page
    apply(policy("plain", from_="2026-10-01", mechanism={"kind": "flat", "rate": "1%"}))
    sell(acme, 1_000, "2026-10-15", document="INV-2")
    plain = next(one for one in results(settle("2026-10")) if one.programme.code == "plain")
    assert f"{PAYMENTS}?q=" not in browse(finance).get(plain.get_absolute_url()).content.decode()


def test_an_explanation_leads_to_the_serial_numbers_that_it_counts(acme, browse):
    apply(policy(mechanism={"kind": "spif", "amount": 5, "per": "serial"}))
    moved(sell(acme, 1_000, quantity=1), "SN 7/1")
    (found,) = results(settle("2026-09"))
    page = browse(acme.admin).get(found.get_absolute_url()).content.decode()
    assert f'href="{SERIALS}?q=SN%207/1"' in page


def test_a_partner_has_them_in_its_menu_once_there_are_some(acme, rival, finance, browse):
    entries = [f'href="{PAYMENTS}"', f'href="{SERIALS}"']
    assert all(one in browse(finance).get("/sales/").content.decode() for one in entries)
    assert not any(one in browse(acme.admin).get("/").content.decode() for one in entries)
    moved(sell(acme, 1_000), "SN-1")
    paid(acme, "RC-1", "INV-1")
    assert all(one in browse(acme.admin).get("/").content.decode() for one in entries)
    assert not any(one in browse(rival.admin).get("/").content.decode() for one in entries)


def test_a_payment_says_when_its_invoice_was_due_to_it_and_what_is_still_open(acme, rival, finance, browse):
    sell(acme, 600, "2026-09-18", document="INV-1")
    sell(acme, 400, "2026-09-15", document="INV-1")
    sell(rival, 400, "2026-01-01", document="INV-1")  # another partner's invoice may have the same number
    paid(acme, "RC-1", "INV-1", 300, on="2026-10-20")
    paid(acme, "RC-2", "INV-1", "99.50", on="2026-10-21")
    paid(acme, "RC-3", "OLD-1", 1_000, on="2026-10-19")  # of an invoice that is not on file
    shown = words(browse(finance).get(f"{PAYMENTS}?q=RC-1"))
    assert "15 Sep 2026" in shown and "paid after 35 days" in shown and "open: ¥600.50" in shown
    head, second, first, old = words(browse(acme.admin).get(f"{PAYMENTS}?export=csv")).splitlines()
    assert all(one in head for one in ("Invoice date", "Days to pay", "Open of the invoice"))
    assert ",2026-09-15,35,1000.00,300.00,600.50," in first and ",36," in second
    assert ",,,1000.00,1000.00,0.00," in old


def test_a_serial_number_names_its_product(acme, finance, browse):
    line = sell(acme, 1_000)
    line.product.name, line.product.name_zh = "Router nine", "九号路由器"
    line.product.save()
    moved(line, "SN-1")
    assert "Router nine" in words(browse(finance).get(SERIALS))
    with translation.override("en"):  # the answer's language would stay behind for the next test
        chinese = browse(finance).get(SERIALS, headers={"accept-language": "zh-CN"})
    assert "九号路由器" in words(chinese)
