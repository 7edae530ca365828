"""A rule is built by clicking, read back, shown, kept as a view: with keys on a desk, with a thumb on a phone."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from playwright.sync_api import Page, expect

from tests.e2e.office import PHONE, Office
from tests.factories.orders import order_of


def orders(cast: Any) -> None:
    for partner, pieces in ((cast.acme, 300), (cast.acme, 2), (cast.rival, 400)):
        order_of(partner, items=[(cast.routing, Decimal(pieces))])


def open_builder(page: Page, words: str) -> None:
    page.goto("/orders/")
    page.locator("summary", has_text=words).click()
    expect(page.locator("[data-field]")).to_have_count(1)


def choose(page: Page, row: int, field: str, op: str, value: str) -> None:
    page.locator("[data-field]").nth(row).select_option(field)
    operator = page.locator("[data-row]").nth(row).locator("[data-op]")
    operator.select_option(op)
    page.locator("[data-row]").nth(row).locator("[data-value]").fill(value)


def test_a_manager_builds_a_filter_and_keeps_it_as_a_view(office: Office, cast: Any) -> None:
    orders(cast)
    page = office.enter("channel-manager")
    open_builder(page, "More filters")
    choose(page, 0, "f:net_total", "at_least", "300,000.00")
    foot = page.locator("[data-foot]")
    expect(foot).to_contain_text("Net total is at least ¥300,000.00. Takes 2 of 3 today.")
    page.locator("[data-do=group]").first.press("Enter")
    expect(page.locator("#condition-1-0-field")).to_be_focused()
    choose(page, 1, "f:partner.name", "contains", "LANQIAO")
    expect(foot).to_contain_text("Takes 1 of 3 today.")
    page.locator("[data-row]").nth(1).locator("[data-value]").press("Enter")  # ends the value, sends nothing
    page.locator("summary", has_text="Save as view").click()
    page.get_by_label("Name of the view").fill("Large at Lanqiao")
    page.get_by_label("Name of the view").press("Enter")  # saves it, and does not only show the rows
    tab = page.locator(".ui-tab", has_text="Large at Lanqiao")
    expect(tab).to_have_attribute("aria-current", "page")
    expect(page.locator("#results tbody tr")).to_have_count(1)
    expect(page.locator(".ui-chip").first).to_contain_text("Net total is at least ¥300,000.00")
    page.reload()
    expect(page.locator("#results tbody tr")).to_have_count(1)
    page.locator(".ui-chip").first.click()
    expect(page.locator("#results tbody tr")).to_have_count(3)


def test_a_partner_builds_one_on_a_phone_in_chinese(office: Office, cast: Any) -> None:
    orders(cast)
    page = office.enter("partner-sales", size=PHONE, locale="zh-CN")
    open_builder(page, "更多筛选")
    choose(page, 0, "f:net_total", "less_than", "300000")
    expect(page.locator("[data-foot]")).to_contain_text("今天 2 条记录中有 1 条符合。")
    expect(page.locator("[data-field] option[value='f:erp_number']")).to_have_count(0)
    page.locator("[data-do=row]").first.click()
    expect(page.locator("[data-row]")).to_have_count(2)
    page.locator("[data-row]").nth(1).locator("[data-do=remove]").click()
    expect(page.locator("[data-row]")).to_have_count(1)
    page.get_by_role("button", name="显示").filter(visible=True).last.click()
    expect(page.locator("#results tbody tr")).to_have_count(1)


def test_an_answer_that_comes_late_leaves_the_focus_where_it_went(office: Office, cast: Any) -> None:
    orders(cast)
    page = office.enter("channel-manager")
    open_builder(page, "More filters")
    held: list[Any] = []
    page.route(
        f"**{page.locator('[data-builder]').get_attribute('data-builder')}", lambda route: held.append(route)
    )
    with page.expect_request(lambda request: request.method == "POST"):
        page.locator("[data-field]").select_option("f:net_total")
    show = page.get_by_role("button", name="Show", exact=True).filter(visible=True).last
    show.focus()
    held[0].continue_()
    expect(page.locator("[data-op]")).to_be_visible()
    expect(page.locator("[data-foot]")).to_contain_text("Not complete yet.")
    expect(show).to_be_focused()
