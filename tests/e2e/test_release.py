"""All payments of a month at one press: the worker pays, the page follows, what is blocked is named."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.e2e.office import PHONE, Office, paused, press, serious


@pytest.fixture
def run(cast: Any) -> Any:
    from partners.services import change_status
    from tests.rebates import world as rebates

    rebates.apply(rebates.policy())
    rebates.sell(cast.acme, "260000", on="2026-09-10")
    rebates.sell(cast.rival, "50000", on="2026-09-10")
    change_status(partner=cast.rival, status="suspended", reason="Late with its papers", by=rebates.BY)
    return rebates.settle("2026-09")


def test_finance_releases_a_month_and_reads_what_was_left_out(office: Office, run: Any) -> None:
    page = office.enter("finance")
    page.goto(run.get_absolute_url())
    expect(
        page.get_by_text("1 payment is blocked: its partner is on hold, or the payment itself is held.")
    ).to_be_visible()
    press(page, "Release all payments")
    expect(page.get_by_text("¥7,000.00")).to_be_visible()  # of Lanqiao Living's 260,000
    expect(page.get_by_role("listitem").filter(has_text="Hexin Home")).to_contain_text("Suspended")
    assert serious(page) == []
    page.get_by_label("How the account was checked").fill("By phone, number from the agreement")
    with paused(office.stack):
        press(page, "Release payments")
        expect(page.locator("#job progress")).to_be_visible()
        expect(page.get_by_role("link", name="Release all payments")).to_have_count(0)
    expect(page.get_by_text("1 statement was released for payment. 1 was left out.")).to_be_visible()
    expect(page.get_by_role("row").filter(has_text="Hexin Home")).to_contain_text("Blocked")
    expect(page.get_by_role("row").filter(has_text="Lanqiao Living")).to_contain_text("Paid")
    assert serious(page) == []
    press(page, "Blocked statements")
    expect(page.get_by_role("row").filter(has_text="Hexin Home")).to_be_visible()
    expect(page.get_by_role("row").filter(has_text="Lanqiao Living")).to_have_count(0)


def test_the_partner_reads_its_payments_state_on_the_phone(office: Office, run: Any) -> None:
    page = office.enter("finance", size=PHONE, locale="zh-CN")
    page.goto("/statements/")
    expect(page.get_by_text("已冻结").filter(visible=True).first).to_be_visible()
    partner = office.enter("partner-sales", size=PHONE)
    partner.goto("/rebates/")
    expect(partner.locator("li").filter(has_text="September")).to_contain_text("To be paid")
    assert serious(page) + serious(partner) == []
