"""A figure's explanation: beside the table on a desk, in a bottom sheet on a phone."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from rebates.models import Statement
from tests.e2e.office import PHONE, Office, serious


@pytest.fixture
def statement(cast: Any) -> Statement:
    from tests.rebates import world as rebates

    rebates.apply(rebates.policy())
    line = rebates.sell(cast.acme, "260000", on="2026-09-10")
    line.product.name = "A router whose name is longer than any column beside it should have to be"
    line.product.save(update_fields=["name"])
    run = rebates.settle("2026-09")
    return Statement.objects.for_everyone(because="a test").get(run=run)


def is_in_view(page: Page, selector: str) -> bool:
    box = page.locator(selector).bounding_box()
    height = page.viewport_size["height"]
    return box is not None and box["y"] >= 0 and box["y"] + min(box["height"], 40) <= height


def stays_within(page: Page, frame: str) -> None:
    """No figure of an explanation is cut off at the right."""
    outer = page.locator(frame).last.bounding_box()
    for cell in page.locator(f"{frame} .ui-arith tr > *").filter(visible=True).all():
        box = cell.bounding_box()
        assert box["x"] + box["width"] <= outer["x"] + outer["width"], cell.inner_text()


def test_on_a_phone_the_explanation_is_a_sheet_that_esc_close_and_back_shut(
    office: Office, statement: Statement
) -> None:
    page = office.enter("partner-sales", size=PHONE)
    page.goto(statement.get_absolute_url())
    sheet, figure = page.get_by_role("dialog", name="Explain this number"), page.locator("a.ui-open").first
    for shut in (
        lambda: page.keyboard.press("Escape"),
        lambda: sheet.get_by_role("button", name="Close").click(),
        lambda: page.go_back(),
    ):
        figure.click()
        expect(sheet).to_be_visible()
        expect(sheet).to_contain_text("Step by step")
        assert is_in_view(page, "#why-sheet h2")
        stays_within(page, "#why-sheet")
        shut()
        expect(sheet).to_be_hidden()
        expect(figure).to_be_focused()
        expect(page).to_have_url(office.stack.url(office.tenant, statement.get_absolute_url()))
    figure.click()
    expect(sheet).to_be_visible()
    assert serious(page) == []


def test_finance_opens_a_partners_figure_of_a_run_in_the_same_sheet(
    office: Office, statement: Statement
) -> None:
    page = office.enter("finance", size=PHONE, locale="zh-CN")
    page.goto(f"{statement.run.get_absolute_url()}partners/{statement.partner_id}/")
    page.locator("a.ui-open").first.click()
    expect(page.locator("#why-sheet")).to_be_visible()
    expect(page.locator("#why-sheet")).to_contain_text("260,000.00")


def test_on_a_desk_the_explanation_opens_beside_the_table(office: Office, statement: Statement) -> None:
    page = office.enter("partner-sales")
    page.goto(statement.get_absolute_url())
    page.locator("a.ui-open").first.click()
    expect(page.locator("#why")).to_contain_text("Step by step")
    expect(page.locator("#why-sheet")).to_be_hidden()
    assert is_in_view(page, "#why h2")
    stays_within(page, "#why")


def test_on_a_desk_esc_close_and_back_shut_the_explanation_and_leave_the_page_open(
    office: Office, statement: Statement
) -> None:
    page = office.enter("partner-sales")
    page.goto(statement.get_absolute_url())
    address = office.stack.url(office.tenant, statement.get_absolute_url())
    panel, figure = page.locator("#why"), page.locator("a.ui-open").first
    for shut in (
        lambda: page.keyboard.press("Escape"),
        lambda: panel.get_by_role("button", name="Close").click(),
        lambda: page.go_back(),
    ):
        figure.click()
        expect(panel).to_contain_text("Step by step")
        expect(page).to_have_url(re.compile("#why=/results/"))
        shut()
        expect(panel).to_contain_text("Select a figure")
        expect(figure).to_be_focused()
        expect(page).to_have_url(address)
    figure.click()
    expect(panel).to_contain_text("Step by step")
    page.reload()  # the address opens it again
    expect(panel).to_contain_text("Step by step")
    page.keyboard.press("Escape")
    expect(panel).to_contain_text("Select a figure")
    expect(page).to_have_url(address)


def test_a_number_stands_under_the_head_of_its_column(office: Office, cast: Any) -> None:
    from tests.factories.orders import order_of

    order = order_of(cast.acme, state="submitted")
    page = office.enter("finance")
    page.goto(order.get_absolute_url())
    right = []
    for cell in (page.locator("th", has_text="Net").last, page.locator("tbody td.ui-at-b").first):
        right.append(
            cell.evaluate(
                "cell => cell.getBoundingClientRect().right - parseFloat(getComputedStyle(cell).paddingRight)"
            )
        )
    assert right[0] == right[1]


def test_a_partner_opens_what_it_has_accrued_on_the_phone(office: Office, cast: Any) -> None:
    from prm.values import clock
    from tests.rebates import world as rebates

    bands = [{"from": 45_000, "rate": "2.125%"}]
    rebates.apply(rebates.policy(kind="retroactive", bands=bands))
    rebates.sell(cast.acme, "1234567.89", on=clock.today().isoformat())
    page = office.enter("partner-sales", size=PHONE)
    page.goto("/rebates/")
    page.locator("a.ui-open").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("why this figure?")
    expect(page.get_by_text("1,234,567.89").filter(visible=True).first).to_be_visible()
    stays_within(page, ".ui-card")
    assert serious(page) == []
