"""A partner reports what it sold at special prices, claims the difference; finance decides, and another person pays."""

from __future__ import annotations

import csv
import re
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from prm.values import clock
from tests.e2e.office import Office, press, serious
from tests.e2e.test_whole_path import PASSWORD, controller

__all__ = ["controller"]
HEADING = ["line_number", "partner_number", "day", "product_code", "quantity", "agreement_number"]


@pytest.fixture
def agreement(cast: Any) -> Any:
    """The router at 800 instead of 1,000, in force for the last month; ten of them were bought."""
    from claims.services import add_item, approve_agreement, create_agreement, submit_agreement
    from prm.values.actor import Actor
    from tests.factories.orders import SalesLineFactory

    by, today = Actor.job("tests"), clock.today()
    SalesLineFactory(
        partner=cast.acme, product=cast.routing, booking_date=today - timedelta(days=20), quantity=Decimal(10),
        net_amount=Decimal(10_000),
    )  # fmt: skip
    made = create_agreement(
        partner=cast.acme, number="SPA-7", currency="CNY", starts=today - timedelta(days=30),
        last_day=today + timedelta(days=30), amount_limit=Decimal(8000), by=by,
    )  # fmt: skip
    add_item(agreement=made, product=cast.routing, agreed_price=Decimal(800), by=by)
    return approve_agreement(agreement=submit_agreement(agreement=made, by=by), by=by)


def test_from_a_report_to_a_paid_claim(
    office: Office, cast: Any, agreement: Any, controller: str, tmp_path: Path
) -> None:
    partner, finance = office.enter("partner-admin"), office.enter("finance")
    reported(partner, tmp_path / "report.csv")
    claim = claimed(partner)
    decided(finance, claim)
    paid(office, controller, claim)
    partner.goto(claim)
    expect(partner.get_by_text("BT-77").first).to_be_visible()
    expect(partner.get_by_text("Opening stock of the project").first).to_be_visible()
    partner.goto("/agreements/")
    expect(partner.get_by_text("3,200.00").filter(visible=True).first).to_be_visible()


def reported(page: Page, path: Path) -> None:
    """Another partner's number is as unknown as any; the rows without a number are the own company's."""
    day = (clock.today() - timedelta(days=5)).isoformat()
    rows = [
        ["S/1", "", day, "MR-2200", "8", "SPA-7"],
        ["S/2", "P-1001", day, "MR-2200", "8", "SPA-7"],
        ["S/3", "", day, "WX-10", "1", "SPA-7"],
        ["S/4", "P-1002", day, "MR-2200", "1", ""],
    ]
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([HEADING, *rows])
    page.goto("/sell-through/")
    press(page, "Import a report")
    assert page.get_by_label("What is in it").locator("option").all_inner_texts() == [
        "Sell-through (point of sale)", "Stock reports",
    ]  # fmt: skip
    page.get_by_label("File", exact=False).set_input_files(path)
    press(page, "Upload")
    press(page, "Check 4 rows")
    expect(page.get_by_role("heading", name="1 of 4 rows cannot be imported")).to_be_visible()
    expect(page.get_by_text("No partner has this number.").first).to_be_visible()
    press(page, "Import 3 good rows")
    expect(page.get_by_role("heading", name="3 rows imported")).to_be_visible()


def claimed(page: Page) -> str:
    """Of three lines one is accepted, one is left to a person, one is rejected, each with its reason. Its address."""
    page.goto("/agreements/")
    page.get_by_role("link", name="SPA-7").filter(visible=True).first.click()
    press(page, "Draft a claim")
    page.get_by_label("Sold from").fill((clock.today() - timedelta(days=9)).isoformat())
    page.locator("main form").get_by_role("button", name="Draft claim").click()
    page.wait_for_url(re.compile(r"/claims/PC-"))
    press(page, "Submit claim")
    expect(page.get_by_text("In review").first).to_be_visible()
    lines = page.get_by_role("region", name="Lines").get_by_role("row")
    for sale, verdict, why in (
        ("S/1", "Accepted", ""),
        ("S/2", "A person decides", "Sold 16 until that day, bought 10."),
        ("S/3", "Rejected", "The product is not in the agreement."),
    ):
        line = lines.filter(has_text=sale)
        expect(line).to_contain_text(verdict)
        expect(line).to_contain_text(why)
    assert serious(page) == []
    return page.url


def decided(page: Page, claim: str) -> None:
    page.goto("/claims/?view=decide")
    page.get_by_role("link", name=re.compile("^PC-")).filter(visible=True).first.click()
    page.wait_for_url(claim)
    expect(page.get_by_role("button", name="Approve claim")).to_be_disabled()
    page.get_by_role("link", name="Accept", exact=True).click()
    page.get_by_label("Reason").fill("Opening stock of the project")
    page.locator("main form").get_by_role("button", name="Accept line").click()
    page.wait_for_url(claim)
    press(page, "Approve claim")
    expect(page.get_by_text("Approved, and booked as owed.")).to_be_visible()
    expect(page.get_by_text("You approved it; somebody else pays it.").first).to_be_visible()


def paid(office: Office, second: str, claim: str) -> None:
    page = office.enter_with_password(second, PASSWORD)
    page.goto(claim)
    press(page, "Pay claim")
    expect(page.get_by_label("Amount")).to_have_value(re.compile(r"3,?200"))
    page.get_by_label("Reference").fill("BT-77")
    page.get_by_label("How the account was checked").fill("As in the agreement")
    page.locator("main form").get_by_role("button", name="Pay claim").click()
    page.wait_for_url(claim)
    expect(page.get_by_text("Paid, and booked.")).to_be_visible()
    page.goto("/ledger/")
    expect(page.get_by_text("Ledger = price claims, difference 0.00")).to_be_visible()
