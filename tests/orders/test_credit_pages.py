"""The pages of agents' credits: finance gives, corrects and takes back; an agent sees its own and nothing else."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

import pytest

from orders.models import CreditedLine
from prm.ui import formats
from tests.cast import Company
from tests.orders.crediting import amounts_of, credit, credits_of, take_back
from tests.rebates.world import sell

pytestmark = pytest.mark.django_db


@pytest.fixture
def agent(db):
    made = Company("Broker Zhang")
    made.row.type = "agent"
    made.row.save()
    return made


def words(answer) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", answer.content.decode()))


def test_finance_sees_what_a_credit_comes_to_before_it_is_written(acme, agent, finance, browse):
    line = sell(acme, "1000.01", document="INV-7")
    client, typed = (
        browse(finance),
        {"line": line.line_number, "agent": agent.row.pk, "share": "33.3333", "reason": ""},
    )
    asked = client.post("/credits/new/", typed)
    assert "¥333.34" in words(asked) and "INV-7" in words(asked) and acme.name in words(asked)
    assert credits_of(agent) == []
    done = client.post("/credits/new/", typed | {"confirmed": "1"}, follow=True)
    assert "Broker Zhang is credited." in words(done)
    assert amounts_of(agent) == [Decimal("333.33633333")]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"line": "nowhere"}, "No sales line and no document has this number."),
        ({"share": "0"}, "A share is above 0 and at most 100 percent"),
        ({"share": "41"}, "40% are left"),
        ({"share": "12.34567"}, "4 decimal places"),
    ],
)
def test_what_is_wrong_stands_at_its_field_and_nothing_is_written(
    acme, rival, agent, finance, browse, typed, said
):
    line = sell(acme, 100)
    credit(line, rival, 60)
    form = {"line": line.line_number, "agent": agent.row.pk, "share": "10", "reason": ""} | typed
    for more in ({}, {"confirmed": "1"}):
        answer = browse(finance).post("/credits/new/", form | more)
        assert answer.status_code == 422 and said in words(answer)
    assert credits_of(agent) == []


def test_a_line_is_found_by_the_beginning_of_its_document(acme, rival, finance, manager, browse):
    """Each with what tells it from the others; a return is not offered: it follows its sale."""
    line, other = sell(acme, 1_000, "2026-09-15", document="INV-71"), sell(rival, 70, document="INV-72")
    sell(acme, -10, document="INV-73", reverses=line)
    client = browse(finance)
    rows = client.get("/credits/lines/", {"q": "inv-7"}).json()["rows"]
    assert [row["code"] for row in rows] == [line.line_number, other.line_number]
    assert rows[0]["name"] == f"INV-71 · {line.product} × 1"
    assert rows[0]["note"] == f"{acme.name} · ¥1,000.00 · {formats.day(date(2026, 9, 15))}"
    assert client.get("/credits/lines/", {"q": "in"}).json()["rows"] == []
    assert client.get("/credits/lines/", {"codes": other.line_number}).json()["rows"] == [rows[1]]
    assert browse(acme.admin).get("/credits/lines/", {"q": "INV-7"}).status_code == 403
    assert 'data-picker="/credits/lines/"' in client.get("/credits/new/").content.decode()


def test_a_document_stands_for_its_only_line_and_names_several(acme, agent, finance, browse):
    sell(acme, 1_000, document="INV-8")
    first, second = sell(acme, 300, document="INV-9"), sell(acme, 400, document="INV-9")
    client, typed = browse(finance), {"agent": agent.row.pk, "share": "10", "reason": ""}
    answer = client.post("/credits/new/", typed | {"line": "INV-9"})
    assert answer.status_code == 422
    told = words(answer)
    assert (
        "This document has several lines" in told and first.line_number in told and second.line_number in told
    )
    client.post("/credits/new/", typed | {"line": "INV-8", "confirmed": "1"})
    assert amounts_of(agent) == [Decimal(100)]


def test_finance_corrects_and_takes_back_with_a_reason(acme, agent, finance, browse):
    given, client = credit(sell(acme, 100), agent, 40), browse(finance)
    assert client.post(f"/credits/{given.pk}/correct/", {"share": "60", "reason": ""}).status_code == 422
    page = client.post(
        f"/credits/{given.pk}/correct/", {"share": "60", "reason": "Agreed on 60"}, follow=True
    )
    assert "Agreed on 60" in words(page) and sum(amounts_of(agent)) == 60
    anew = credits_of(agent)[-1]
    page = client.post(f"/credits/{anew.pk}/take-back/", {"reason": "Wrong agent"}, follow=True)
    assert "Taken back" in words(page) and sum(amounts_of(agent)) == 0
    for over in (given, anew, credits_of(agent)[1]):
        page = words(client.get(f"/credits/{over.pk}/"))
        assert "Take back…" not in page and "Correct the share…" not in page


def test_an_agent_sees_its_own_credits_and_nobody_elses_nor_the_buyer(acme, rival, agent, browse):
    line = sell(acme, 1000, document="INV-7", line_number="ACME-SECRET-1")
    credit(line, agent, 40)
    credit(line, rival, "50.5")
    take_back(credit(sell(acme, 10, document="INV-8"), agent, 30))
    sell(acme, 5555, document="INV-7")
    for address in ("/credits/", "/credits/?export=csv"):
        page = browse(agent.admin).get(address)
        text = b"".join(page.streaming_content).decode() if page.streaming else words(page)
        assert "INV-7" in text and "40%" in text and "400" in text
        assert "Takes back" in text
        for secret in (acme.name, rival.name, acme.row.number, "50.5", "ACME-SECRET", "5,555", "5555"):
            assert secret not in text, (address, secret)
    assert "INV-7" not in words(browse(acme.admin).get("/credits/"))  # the buyer learns nothing
    given = credits_of(agent)[0]
    for path in ("", "correct/", "take-back/"):
        assert browse(agent.admin).get(f"/credits/{given.pk}/{path}").status_code == 403


def test_the_list_is_searched_filtered_and_counts_by_state(acme, rival, agent, manager, browse):
    credit(sell(acme, 100, document="INV-7"), agent, 40)
    take_back(credit(sell(acme, 100, document="INV-8"), rival, 30))
    client = browse(manager)
    assert "INV-8" not in words(client.get("/credits/?q=inv-7"))
    assert "INV-7" not in words(client.get(f"/credits/?partner={rival.row.pk}"))
    assert "INV-8" not in words(client.get("/credits/?view=in_force"))
    back = words(client.get("/credits/?view=taken_back"))
    # Two rows: the credit and what takes it back. Each names its document in the table and, on a phone, below.
    assert "INV-7" not in back and back.count("INV-8") == 4 and "Takes back CR-" in back
    assert "Credit an agent" not in words(client.get("/credits/"))
    assert client.get("/credits/new/").status_code == 403


def test_the_list_costs_the_same_for_one_row_and_for_many(acme, agent, finance, browse):
    from tests.orders.conftest import queries

    client, counts = browse(finance), []
    client.get("/credits/")
    for number in range(8):
        credit(sell(acme, 100), agent, 40)
        if number in (0, 7):
            with queries() as seen:
                client.get("/credits/")
            counts.append(len(seen()))
    assert counts[0] == counts[1]
    assert CreditedLine.objects.for_everyone(because="a test").count() == 8


def test_only_who_is_credited_has_the_page_in_its_menu(acme, agent, browse):
    line = sell(acme, 100)
    entry = 'href="/credits/"'
    assert entry not in browse(agent.admin).get("/").content.decode()
    credit(line, agent, 40)
    assert entry in browse(agent.admin).get("/").content.decode()
    assert entry not in browse(acme.admin).get("/").content.decode()


def test_only_partners_who_broker_are_offered_as_agents(acme, agent, finance, browse):
    line = sell(acme, 100)
    page = browse(finance).get("/credits/new/").content.decode()
    assert "Broker Zhang" in page and acme.name not in page
    typed = {"line": line.line_number, "agent": acme.row.pk, "share": "10", "reason": ""}
    answer = browse(finance).post("/credits/new/", typed)
    assert answer.status_code == 422 and "This is not offered here. Choose from the list." in words(answer)
