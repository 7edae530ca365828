"""Claims on a partner's statements: a part of its own, beside the rebates, that the ledger proves."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from python_calamine import CalamineWorkbook

from claims import books
from claims.services import approve_claim, pay_claim
from prm.tenancy.module_switch import switch_module
from prm.values import clock
from rebates import further, pages
from rebates.books import reconciled
from rebates.models import Statement
from rebates.paper import statement_text
from tests.claims.world import BY, EVERYONE, agreed, bought, claimed, sold
from tests.rebates.world import apply, policy, sell, settle

pytestmark = pytest.mark.django_db


@pytest.fixture
def approved(acme, finance):
    """A claim of 600 that was approved on 20 September, after the settlement of August."""
    apply(policy())
    for month in ("08", "09", "10"):
        sell(acme, 1000, on=f"2026-{month}-15")
    bought(acme, 100, on="2026-05-20")
    with on("2026-09-10"):
        agreement = agreed(acme)
        sold(acme, 30)
        claim = claimed(agreement, by=acme.admin)
        closed("08")
    with on("2026-09-20"):
        return approve_claim(claim=claim, by=finance)


def on(day: str):
    return clock.at(clock.start_of_day(date.fromisoformat(day)))


def closed(month: str) -> None:
    """The month is settled and its statements are issued, on the 10th of the next."""
    with on(f"2026-{int(month) + 1:02}-10"):
        settle(f"2026-{month}")


def statement_of(month: str) -> Statement:
    return Statement.objects.for_everyone(because=EVERYONE).get(starts=f"2026-{month}-01")


def part_of(month: str, by) -> further.Part | None:
    found = further.parts_of(statement_of(month), by)
    return found[0] if found else None


def test_a_claim_stands_on_the_next_statement_and_its_payment_on_the_one_after(acme, second, approved):
    closed("09")
    with on("2026-10-20"):
        pay_claim(claim=approved, by=second, amount=Decimal("200"))
        pay_claim(claim=approved, by=second)
    closed("10")
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


def test_what_happens_between_the_end_of_a_month_and_its_statement_stands_on_the_next(
    acme, second, finance, browse, approved
):
    with on("2026-10-06"):
        pay_claim(claim=approved, by=second, amount=Decimal("200"))
    closed("09")
    part = part_of("09", acme.admin)
    assert (part.opening, part.added, part.paid, part.closing) == (0, 600, 0, 600)
    assert part.until == date(2026, 9, 30)
    page = browse(acme.admin).get(statement_of("09").get_absolute_url()).content.decode()
    assert f"{approved.number}-P1" not in page and "Closing on 30 Sep 2026" in page
    closed("10")
    part = part_of("10", acme.admin)
    assert (part.opening, part.paid, part.closing) == (600, 200, 400)
    assert [(one.number, str(one.label)) for one in part.bookings] == [
        (f"{approved.number}-P1", "Price claim paid")
    ]


def test_what_is_booked_late_stands_on_the_next_as_of_before_its_period(acme, second, browse, approved):
    closed("09")
    with on("2026-10-20"):
        pay_claim(claim=approved, by=second, paid_on=date(2026, 9, 25))
    closed("10")
    assert part_of("09", acme.admin).closing == 600
    part = part_of("10", acme.admin)
    assert (part.opening, part.closing) == (600, 0)
    assert [str(one.label) for one in part.bookings] == ["Price claim paid, of before this period"]
    page = statement_of("10").get_absolute_url()
    assert "of before this period" in browse(acme.admin).get(page).content.decode()
    chinese = browse(acme.admin).get(page, headers={"accept-language": "zh-CN"}).content.decode()
    assert "（本期之前）" in chinese and "期末（截至 2026年10月31日）" in chinese


def test_it_is_no_part_of_what_the_statement_itself_owes(acme, approved):
    closed("09")
    statement = statement_of("09")
    assert statement.closing == sum(row.earned for row in Statement.objects.for_everyone(because=EVERYONE))
    assert all(check.difference == 0 for check in reconciled(BY))
    (money,) = pages.owed_to(acme.admin)
    assert money.unpaid == statement.closing
    assert [(one.amount, one.currency) for one in further.owed_to(acme.admin)] == [(600, "CNY")]


def test_page_and_paper_show_it_to_whom_claims_are_shown(acme, finance, browse, rf, tenant, approved):
    closed("09")
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
    closed("09")
    with on("2026-10-20"):
        pay_claim(claim=approved, by=second)
    closed("10")

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
    closed("09")
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
    closed("09")
    assert part_of("09", BY) is not None
    claims_off()
    assert part_of("09", BY) is None and further.owed_to(acme.admin) == []
