"""Claims on a partner's statements: a part of its own, beside the rebates, that the ledger proves."""

from __future__ import annotations

import io
from decimal import Decimal

import pytest
from django.db import connection
from python_calamine import CalamineWorkbook

from claims import books
from claims.services import approve_claim, pay_claim
from prm.tenancy.module_switch import switch_module
from rebates import further, pages
from rebates.books import reconciled
from rebates.models import Statement
from rebates.paper import statement_text
from tests.claims.world import BY, EVERYONE, agreed, bought, claimed, sold
from tests.rebates.world import apply, policy, sell, settle

pytestmark = pytest.mark.django_db


@pytest.fixture
def approved(acme, finance):
    """A claim of 600 that was approved after the settlement of August."""
    apply(policy())
    for month in ("08", "09", "10"):
        sell(acme, 1000, on=f"2026-{month}-15")
    bought(acme, 100, on="2026-05-20")
    agreement = agreed(acme)
    sold(acme, 30)
    claim = claimed(agreement, by=acme.admin)
    settle("2026-08")
    return approve_claim(claim=claim, by=finance)


def statement_of(month: str) -> Statement:
    return Statement.objects.for_everyone(because=EVERYONE).get(starts=f"2026-{month}-01")


def part_of(month: str, by) -> further.Part | None:
    found = further.parts_of(statement_of(month), by)
    return found[0] if found else None


def test_a_claim_stands_on_the_next_statement_and_its_payment_on_the_one_after(acme, second, approved):
    settle("2026-09")
    pay_claim(claim=approved, by=second, amount=Decimal("200"))
    pay_claim(claim=approved, by=second)
    settle("2026-10")
    assert part_of("08", acme.admin) is None
    part = part_of("09", acme.admin)
    assert (part.opening, part.added, part.paid, part.closing) == (0, 600, 0, 600)
    assert [(one.number, one.href) for one in part.bookings] == [
        (approved.number, approved.get_absolute_url())
    ]
    part = part_of("10", acme.admin)
    assert (part.opening, part.added, part.paid, part.closing) == (600, 0, 600, 0)
    assert [one.number for one in part.bookings] == [f"{approved.number}-P1", f"{approved.number}-P2"]
    assert {one.href for one in part.bookings} == {approved.get_absolute_url()}
    (check,) = books.reconciled(BY)
    assert check.owed == part.closing and check.difference == 0


def test_it_is_no_part_of_what_the_statement_itself_owes(acme, approved):
    settle("2026-09")
    statement = statement_of("09")
    assert statement.closing == sum(row.earned for row in Statement.objects.for_everyone(because=EVERYONE))
    assert all(check.difference == 0 for check in reconciled(BY))
    (money,) = pages.owed_to(acme.admin)
    assert money.unpaid == statement.closing
    assert [(one.amount, one.currency) for one in further.owed_to(acme.admin)] == [(600, "CNY")]


def test_page_and_paper_show_it_to_whom_claims_are_shown(acme, finance, browse, rf, tenant, approved):
    settle("2026-09")
    statement = statement_of("09")
    page = statement.get_absolute_url()
    for person in (acme.admin, finance):
        shown = browse(person).get(page).content.decode()
        assert approved.number in shown and "paid on its own" in shown
    assert approved.number not in browse(acme.sales).get(page).content.decode()
    request = rf.get(page)
    for person, told in ((acme.admin, True), (acme.sales, False)):
        request.actor, request.tenant = person, tenant
        assert (approved.number in statement_text(statement, request)) is told
    shown = browse(acme.admin).get("/rebates/").content.decode()
    assert "Owed to you beside rebates" in shown and "¥600.00" in shown
    assert "Owed to you beside rebates" not in browse(acme.sales).get("/rebates/").content.decode()


def test_the_spreadsheet_has_it_below_the_rebates(acme, second, browse, approved):
    settle("2026-09")
    pay_claim(claim=approved, by=second)
    settle("2026-10")

    def rows(person, month: str) -> list[list]:
        answer = browse(person).get(f"{statement_of(month).get_absolute_url()}statement.xlsx")
        file = io.BytesIO(b"".join(answer.streaming_content))
        sheet = CalamineWorkbook.from_filelike(file).get_sheet_by_index(0).to_python()
        total = next(at for at, row in enumerate(sheet) if row[0] == "Total")
        return [[one for one in row if one != ""] for row in sheet[total + 1 :]]

    assert rows(acme.admin, "09") == [
        ["Price claims", 0, 600, 0, 600, "CNY"], ["Price claim approved", approved.number, 600, "CNY"]
    ]  # fmt: skip
    assert rows(acme.admin, "10") == [
        ["Price claims", 600, 0, 600, 0, "CNY"], ["Price claim paid", f"{approved.number}-P1", 600, "CNY"]
    ]  # fmt: skip
    assert rows(acme.sales, "10") == []


def test_the_data_for_other_programs_has_it_too(acme, browse, approved):
    settle("2026-09")
    address = f"{statement_of('09').get_absolute_url()}statement.json"
    (part,) = browse(acme.admin).get(address).json()["beside"]
    assert (part["title"], part["opening"], part["added"], part["closing"]) == (
        "Price claims", "0.00", "600.00", "600.00",
    )  # fmt: skip
    (one,) = part["bookings"]
    assert (one["number"], one["amount"], one["is_payment"]) == (approved.number, "600.00", False)
    assert browse(acme.sales).get(address).json()["beside"] == []


@pytest.fixture
def claims_off(tenant):
    def switch() -> None:
        switch_module(tenant=tenant, code="claims", on=False, by=BY)

    yield switch
    connection.set_tenant(tenant)


def test_with_claims_off_statements_say_nothing_of_them(acme, claims_off, approved):
    settle("2026-09")
    assert part_of("09", BY) is not None
    claims_off()
    assert part_of("09", BY) is None and further.owed_to(acme.admin) == []
