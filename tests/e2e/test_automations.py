"""An administrator builds an automation with the keyboard, puts its actions in order by drag and by keys, and reads in
its log what it did about a deal that a partner handed in."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page, expect

from tests.cast import Company
from tests.e2e.office import Office
from tests.factories.dealreg import in_review


def add_notice(page: Page, text: str) -> None:
    """One more notice to finance, without the mouse."""
    page.get_by_role("link", name="Notify people").press("Enter")
    page.locator("input[name=who][value='role:finance']").press("Space")
    page.locator("input[name=text]").fill(text)
    page.locator("input[name=text]").press("Enter")
    expect(page.locator("#actions > li", has_text=text)).to_be_visible()


def expect_order(page: Page, *texts: str) -> None:
    rows = page.locator("#actions > li")
    expect(rows).to_have_count(len(texts))
    for place, text in enumerate(texts):
        expect(rows.nth(place)).to_contain_text(f"“{text}”")


def handed_in(cast: Any, value: int) -> str:
    company = Company.__new__(Company)
    company.row, company.sales_user = cast.acme, cast.sales
    deal = in_review(company, product_lines=[cast.routing.product_line], estimated_value=value)
    return str(deal)


def test_an_automation_is_built_ordered_and_does_its_work(office: Office, cast: Any) -> None:
    page = office.enter("administrator")
    page.goto("/settings/automations/")
    page.get_by_role("link", name="Add an automation").first.press("Enter")
    page.get_by_label("Name").fill("Large deals")
    page.get_by_label("When this happens").select_option(label="Deal registration submitted")
    page.get_by_label("Name").press("Enter")
    expect(page.get_by_role("heading", name="Large deals", level=1)).to_be_visible()
    expect(page.get_by_text("Add at least one action; then it can be switched on.")).to_be_visible()

    page.get_by_role("link", name="Change the condition").press("Enter")
    page.locator("[data-do=row]").first.press("Enter")
    page.locator("[data-field]").first.select_option("f:estimated_value")
    page.locator("[data-op]").first.select_option("at_least")
    page.locator("[data-value]").first.fill("100,000.00")
    page.get_by_role("button", name="Save").press("Enter")
    expect(page.get_by_text("Estimated value is at least ¥100,000.00", exact=True)).to_be_visible()

    for text in ("First", "Second", "Third"):
        add_notice(page, text)
    expect_order(page, "First", "Second", "Third")
    page.locator("#actions > li").nth(2).locator("[data-grip]").drag_to(
        page.locator("#actions > li").first, target_position={"x": 200, "y": 4}
    )
    expect_order(page, "Third", "First", "Second")
    moved = page.locator("#actions > li", has_text="“Third”")
    expect(moved).to_be_focused()  # so that the keys go on where the mouse let go
    page.keyboard.press("Alt+ArrowDown")
    expect_order(page, "First", "Third", "Second")
    expect(page.locator("#actions > li", has_text="“Third”")).to_be_focused()
    page.get_by_role("button", name="Move up: “Second”").press("Enter")
    expect_order(page, "First", "Second", "Third")

    page.get_by_role("button", name="Switch on").press("Enter")
    expect(page.get_by_text("It runs from the next event on.")).to_be_visible()
    small, large = handed_in(cast, 5_000), handed_in(cast, 250_000)
    page.get_by_role("link", name="All runs").press("Enter")
    for deal, outcome in ((small, "Condition not met"), (large, "Done")):
        row = page.locator("tbody tr", has_text=deal)
        for _second in range(40):
            if row.count():
                break
            page.wait_for_timeout(250)
            page.reload()
        expect(row).to_contain_text(outcome)
    row.get_by_role("link").first.press("Enter")
    lines = page.get_by_role("listitem").filter(has_text="Notice “")
    expect(lines).to_have_count(3)
    for place, text in enumerate(("First", "Second", "Third")):
        expect(lines.nth(place)).to_contain_text(f"“{text}” to {cast.finance}")
