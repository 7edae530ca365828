"""The pages of disputes: what a partner does in the browser, what finance sees, and who is told."""

from __future__ import annotations

import io
from decimal import Decimal

import pytest
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile
from python_calamine import CalamineWorkbook

from prm.notices.models import Notice
from prm.notices.work import waiting_for
from prm.outbox.services import deliver_open_events
from rebates.models import Dispute
from rebates.services import (
    answer_dispute,
    ask_back,
    compare_ledger,
    confirm_adjustment,
    propose_adjustment,
    reject_dispute,
    send_dispute,
    withdraw_dispute,
)
from tests.factories.people import UserFactory, actor
from tests.rebates.disputing import days_later, ledger, lines_of, marked, settled, statement_of
from tests.rebates.test_dispute_decisions import programme
from tests.rebates.world import settle

pytestmark = pytest.mark.django_db


@pytest.fixture
def second(db):
    return actor(UserFactory(finance=True, name="Zhao Min"))


def the_dispute() -> Dispute:
    return Dispute.objects.for_everyone(because="a test").select_related("statement").get()


def sheet_of(answer) -> list[list]:
    file = io.BytesIO(b"".join(answer.streaming_content))
    return CalamineWorkbook.from_filelike(file).get_sheet_by_index(0).to_python()


def told(kind: str) -> dict[int, dict]:
    while deliver_open_events():
        pass
    rows = Notice.objects.filter(kind=f"rebates.dispute_{kind}")
    return {notice.user_id: notice.values for notice in rows}


def test_a_partner_ticks_lines_on_the_statements_page(acme, browse):
    statement = settled(acme, 90_000, 60_000)
    client, line = browse(acme.admin), lines_of(acme)["INV-2"]
    assert (
        f"{statement.get_absolute_url()}dispute/" in client.get(statement.get_absolute_url()).content.decode()
    )
    page = client.get(f"{statement.get_absolute_url()}dispute/").content.decode()
    assert "INV-1" in page and "INV-2" in page
    answer = client.post(
        f"{statement.get_absolute_url()}dispute/",
        {"line": [line.pk], f"what-{line.pk}": "amount", f"amount-{line.pk}": "50,000", "reason": "Credited since"},
        follow=True,
    )  # fmt: skip
    page = answer.content.decode()
    assert "¥300.00" in page and "Credited since" in page
    assert (the_dispute().held, the_dispute().lines.get().their_amount) == (Decimal("300.00"), 50_000)
    assert "¥300.00 held back" in client.get(statement.get_absolute_url()).content.decode()


def test_what_was_typed_stays_when_something_is_wrong(acme, browse):
    statement = settled(acme, 50_000)
    line = lines_of(acme)["INV-1"]
    sent = {
        "line": [line.pk], f"what-{line.pk}": "quantity", f"quantity-{line.pk}": "1o", "reason": "Three came",
        "missing-1-document": "INV-9", "missing-1-day": "2026-08-20",
    }  # fmt: skip
    answer = browse(acme.admin).post(f"{statement.get_absolute_url()}dispute/", sent)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "the letter o stands" in page and "INV-9, Net amount: The cell is empty" in page
    assert 'value="1o"' in page and 'value="INV-9"' in page and "Three came" in page
    assert not Dispute.objects.for_everyone(because="a test").exists()


def test_an_amount_of_another_sign_than_its_quantity_is_refused_with_its_row(acme, browse):
    statement = settled(acme, 50_000)
    line = lines_of(acme)["INV-1"]
    sent = {"line": [line.pk], f"what-{line.pk}": "amount", f"amount-{line.pk}": "-5", "reason": "Wrong"}
    answer = browse(acme.admin).post(f"{statement.get_absolute_url()}dispute/", sent)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "INV-1, routing-1: an amount of −¥5.00 for a quantity of 1." in page and 'value="-5"' in page


def test_a_missing_line_is_named_on_the_page(acme, browse):
    statement = settled(acme, 50_000)
    sent = {
        "reason": "Not in yours", "missing-1-document": "INV-9", "missing-1-day": "2026-08-20",
        "missing-1-product": "routing-1", "missing-1-quantity": "2", "missing-1-amount": "20000",
    }  # fmt: skip
    browse(acme.sales).post(f"{statement.get_absolute_url()}dispute/", sent)
    assert (the_dispute().worth, the_dispute().difference) == (Decimal("400.00"), 20_000)


def test_more_lines_that_are_missing_find_room_without_a_script(acme, browse):
    statement = settled(acme, 50_000)
    client, address = browse(acme.admin), f"{statement.get_absolute_url()}dispute/"
    untouched = client.get(address).content.decode()
    assert "missing-1-document" not in untouched and 'name="more"' in untouched
    first = client.post(address, {"reason": "", "more": "1"}).content.decode()
    assert "missing-3-document" in first and "missing-4-document" not in first
    lines = {f"missing-{n}-{name}": value for n in range(1, 4) for name, value in (
        ("document", f"INV-9{n}"), ("day", "2026-08-20"), ("product", "routing-1"), ("quantity", "1"),
        ("amount", "100"),
    )}  # fmt: skip
    more = client.post(address, lines | {"reason": "Not in yours", "more": "1"})
    page = more.content.decode()
    assert more.status_code == 200 and "missing-6-document" in page and "missing-7-document" not in page
    assert 'value="INV-93"' in page and "Not in yours" in page
    assert not Dispute.objects.for_everyone(because="a test").exists()
    fifth = {"missing-5-document": "INV-95", "missing-5-day": "2026-08-21", "missing-5-product": "routing-1",
             "missing-5-quantity": "1", "missing-5-amount": "100"}  # fmt: skip
    client.post(address, lines | fifth | {"missing-6-document": "", "reason": "Not in yours"})
    assert the_dispute().lines.count() == 4
    full = client.post(address, {"missing-60-document": "X", "more": "1", "reason": ""}).content.decode()
    assert "missing-60-document" in full and "missing-61-document" not in full and 'name="more"' not in full


def test_a_ledger_is_compared_before_it_is_sent(acme, finance, browse):
    statement = settled(acme, 40_000, 30_000)
    client = browse(acme.admin)
    answer = client.post(
        f"{statement.get_absolute_url()}dispute/ledger/",
        {"file": ledger("INV-1,2026-08-11,routing-1,1,40000", "INV-5,2026-08-12,routing-1,1,9000")},
        follow=True,
    )
    page = answer.content.decode()
    assert "Nothing is sent yet" in page and "INV-5" in page and "1 line agrees" in page
    draft = the_dispute()
    assert browse(finance).get(draft.get_absolute_url()).status_code == 404
    client.post(f"{draft.get_absolute_url()}send/", {"reason": "INV-5 is missing"})
    assert the_dispute().state == "open"
    page = browse(finance).get(draft.get_absolute_url()).content.decode()
    assert "INV-5 is missing" in page and "Accept with a sum" in page
    rows = sheet_of(client.get(f"{draft.get_absolute_url()}lines.xlsx"))
    assert [row[1] for row in rows[1:]] == ["INV-5", "INV-2"]


def test_a_workbook_is_read_as_well(acme, browse):
    statement = settled(acme, 40_000)
    kept = io.BytesIO()
    with xlsxwriter.Workbook(kept, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["发票号", "日期", "净额"])
        sheet.write_row(1, 0, ["INV-1", "2026-08-11", 41_000])
    file = SimpleUploadedFile("台账.xlsx", kept.getvalue())
    browse(acme.admin).post(f"{statement.get_absolute_url()}dispute/ledger/", {"file": file})
    assert the_dispute().lines.get().difference == 1_000


def test_finance_decides_in_the_browser_and_a_second_person_confirms(acme, finance, second, browse):
    settled(acme, 50_000)
    address = marked(acme, "INV-1").get_absolute_url()
    client = browse(finance)
    assert client.post(f"{address}take-up/").status_code == 302
    client.post(f"{address}ask/", {"text": "Which delivery note?"})
    assert "Which delivery note?" in browse(acme.admin).get(address).content.decode()
    browse(acme.admin).post(f"{address}answer/", {"text": "DN-1"})
    sent = {"programme": programme().pk, "amount": "250", "fully": "partly", "reason": "Half of it"}
    client.post(f"{address}propose/", sent)
    assert "He Min proposed this sum" in client.get(address).content.decode()
    client.post(f"{address}confirm/")
    assert the_dispute().state == "proposed"
    assert "¥250" not in browse(acme.admin).get(address).content.decode()
    browse(second).post(f"{address}confirm/")
    assert the_dispute().state == "partly_accepted"
    run = settle("2026-09", close=False)
    page = client.get(run.get_absolute_url()).content.decode()
    assert the_dispute().number in page and "proposed by He Min, confirmed by Zhao Min" in page
    settle("2026-09")
    september = statement_of(acme, "2026-09")
    number = the_dispute().number
    for who in (finance, acme.admin):
        page = browse(who).get(september.get_absolute_url()).content.decode()
        assert f">{number}<" in page and "¥250.00" in page
    client = browse(acme.admin)
    assert september.number in client.get(address).content.decode()
    rows = sheet_of(client.get(f"{september.get_absolute_url()}statement.xlsx"))
    assert number in rows[-1][0] and rows[-1][5] == 250
    (agreed,) = client.get(f"{september.get_absolute_url()}statement.json").json()["manual"]
    assert (agreed["number"], agreed["amount"]) == (number, "250.00")


def test_the_paper_names_the_dispute(acme, finance, second, rf):
    from rebates.paper import statement_text
    from tests.rebates.test_dispute_decisions import agreed

    settled(acme, 50_000)
    dispute = agreed(acme, finance, second)
    settle("2026-09")
    request = rf.get("/")
    request.actor = finance
    request.tenant = type("Tenant", (), {"name": "Alpha"})
    text = statement_text(statement_of(acme, "2026-09"), request)
    assert dispute.number in text and "Delivery note proves it" in text


def test_the_list_says_whose_turn_it_is(acme, rival, finance, browse):
    settled(acme, 50_000)
    dispute = marked(acme, "INV-1")
    for view, shown in (("finance", True), ("partner", False), ("decided", False), ("all", True)):
        page = browse(finance).get(f"/disputes/?view={view}").content.decode()
        assert (dispute.number in page) is shown, view
    ask_back(dispute=dispute, text="Which?", by=finance)
    assert dispute.number in browse(acme.sales).get("/disputes/?view=partner").content.decode()
    assert dispute.number not in browse(rival.admin).get("/disputes/").content.decode()
    export = browse(finance).get("/disputes/?view=all&export=csv")
    assert dispute.number in b"".join(export.streaming_content).decode()
    assert browse(rival.admin).get(dispute.get_absolute_url()).status_code == 404


def test_who_is_told(acme, rival, finance, second, manager):
    settled(acme, 50_000)
    dispute = marked(acme, "INV-1")
    opened = told("opened")
    assert set(opened) == {finance.user_id, second.user_id}
    assert opened[finance.user_id]["reason"] == "Not what we bought"
    dispute = ask_back(dispute=dispute, text="Which note?", by=finance)
    assert told("asked_back") == {acme.admin.user_id: told("asked_back")[acme.admin.user_id]}
    dispute = answer_dispute(dispute=dispute, text="This one", by=acme.admin)
    assert {row["text"] for row in told("answered").values()} == {"This one"}
    assert not told("message")
    dispute = propose_adjustment(
        dispute=dispute, programme=programme(), amount=Decimal(250), reason="Proven", by=finance
    )
    assert set(told("proposed")) == {second.user_id}
    confirm_adjustment(dispute=dispute, by=second)
    assert set(told("accepted")) == {acme.admin.user_id}


def test_a_refusal_and_a_withdrawal_are_told(acme, finance):
    settled(acme, 50_000, 10_000)
    reject_dispute(dispute=marked(acme, "INV-1"), reason="Your order says so", by=finance)
    assert told("rejected")[acme.admin.user_id]["reason"] == "Your order says so"
    withdraw_dispute(dispute=marked(acme, "INV-2"), by=acme.admin)
    assert set(told("withdrawn")) == {finance.user_id}


def test_what_waits_stands_in_the_inbox_of_whose_turn_it_is(acme, finance, second):
    settled(acme, 50_000)
    dispute = marked(acme, "INV-1")

    def waits(who) -> bool:
        return any(dispute.get_absolute_url() == one.link for one in waiting_for(who))

    assert waits(finance) and not waits(acme.admin)
    dispute = ask_back(dispute=dispute, text="Which?", by=finance)
    assert waits(acme.admin) and not waits(finance)
    dispute = answer_dispute(dispute=dispute, text="This", by=acme.admin)
    propose_adjustment(dispute=dispute, programme=programme(), amount=Decimal(9), reason="Proven", by=finance)
    assert waits(second) and not waits(finance)


def test_after_the_window_the_page_offers_no_dispute(acme, browse):
    statement = settled(acme, 50_000)
    address = f"{statement.get_absolute_url()}dispute/"
    assert address in browse(acme.admin).get(statement.get_absolute_url()).content.decode()
    with days_later(statement, 31):
        assert address not in browse(acme.admin).get(statement.get_absolute_url()).content.decode()
        page = browse(acme.admin).post(address, {"reason": "late", "missing-1-document": "X",
                                                 "missing-1-day": "2026-08-11", "missing-1-amount": "1"})  # fmt: skip
        assert "could be disputed until" in page.content.decode()
        for form in (address, f"{address}ledger/"):  # an old link leads back, before anybody types
            page = browse(acme.admin).get(form, follow=True)
            assert page.redirect_chain[-1][0] == statement.get_absolute_url()
            assert "could be disputed until" in page.content.decode()


def test_who_compares_a_ledger_while_finance_decides_is_led_to_the_dispute(acme, finance, browse):
    statement = settled(acme, 50_000)
    dispute = marked(acme, "INV-1")
    propose_adjustment(dispute=dispute, programme=programme(), amount=Decimal(9), reason="Proven", by=finance)
    page = browse(acme.admin).get(f"{statement.get_absolute_url()}dispute/ledger/", follow=True)
    assert page.redirect_chain[-1][0] == dispute.get_absolute_url()
    assert "Finance is deciding about" in page.content.decode()


def test_a_partners_page_speaks_of_you_and_finances_of_the_partner(acme, finance, browse):
    statement = settled(acme, 40_000, 30_000)
    draft = compare_ledger(statement=statement, file=ledger("INV-1,2026-08-11,,,40000"), by=acme.admin)
    dispute = send_dispute(dispute=draft, reason="INV-2 never came", by=acme.admin)
    client, form = browse(acme.admin), f"{statement.get_absolute_url()}dispute/"
    pages = [dispute.get_absolute_url(), form, f"{form}ledger/"]
    page = "".join(client.get(one).content.decode() for one in pages)
    assert "What you say" in page and "Not in your books" in page and "Your quantity" in page
    assert "artner’s" not in page and not [
        word for word in ("Our lines", "Our quantity", "Our amount") if word in page
    ]
    heads = sheet_of(client.get(f"{dispute.get_absolute_url()}lines.xlsx"))[0]
    assert "Your amount" in heads and not [one for one in heads if "artner" in one or "Our" in one]
    page = browse(finance).get(dispute.get_absolute_url()).content.decode()
    assert "What the partner says" in page and "Not in the partner’s books" in page and "Our quantity" in page
