"""The frame in a real browser: list, palette and keys at a desk and on a phone; axe finds nothing serious."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, expect

from prm.customfields.services import create_field
from prm.values.actor import Actor
from tests.cast import Company
from tests.e2e.office import DESK, PHONE, serious
from tests.factories import dealreg as deals
from tests.support.stack import Stack

SIZES = pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])


@pytest.fixture
def enter(live_stack: Stack, browser: Browser, settings) -> Iterator:
    """`enter(size)` gives a page of a channel manager of tenant alpha, who has 60 partners."""
    from tests.factories.partners import PartnerFactory
    from tests.factories.people import UserFactory

    for at in range(60):
        PartnerFactory(name=f"Lanqiao {at:02d}", region="East" if at % 2 else "West")
    person = UserFactory(manager=True)
    settings.SECRET_KEY = (
        settings.DEMO_SECRET
    )  # the stack runs in demo mode and reads sessions signed with it
    client = Client()
    client.force_login(person, backend="prm.accounts.backends.EmailBackend")
    opened: list[BrowserContext] = []

    def make(size: dict, **more) -> Page:
        context = browser.new_context(
            viewport=size,
            locale="en-GB",
            base_url=live_stack.url("alpha", ""),
            reduced_motion="reduce",
            **more,
        )
        opened.append(context)
        cookie = client.cookies["sessionid"].value
        context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_stack.url("alpha", "/")}])
        page = context.new_page()
        page.set_default_timeout(8000)
        page.on("console", lambda message: _refuse(message.text) if message.type == "error" else None)
        return page

    yield make
    for context in opened:
        context.close()


def _refuse(text: str) -> None:
    """A blocked script or style is a fault of the page; a 404 that a test asked for is not."""
    assert "Content Security Policy" not in text, text


@SIZES
def test_a_list_is_searched_filtered_and_paged_without_leaving_it(enter, size):
    page = enter(size)
    page.goto("/partners/")
    expect(page.locator("h1")).to_have_count(1)
    page.get_by_role("link", name="Older").click()
    expect(page.locator("#results")).to_contain_text("51–60 of 60")
    page.go_back()
    page.locator("[data-list-search]").press_sequentially("Lanqiao 07")
    expect(page.locator("tbody tr")).to_have_count(1)
    assert "q=Lanqiao" in page.url
    expect(page.locator("[data-list-search]")).to_be_focused()
    assert serious(page) == []


def test_keys_walk_the_list_and_open_a_row(enter):
    page = enter(DESK)
    page.goto("/partners/")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    expect(page.locator("tr.is-here")).to_have_count(1)
    wanted = page.locator("tr.is-here").get_attribute("data-href")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{wanted}")
    page.keyboard.press("g")
    page.keyboard.press("i")
    page.wait_for_url("**/inbox/")


@SIZES
def test_the_palette_finds_a_page_and_gives_the_focus_back(enter, size):
    page = enter(size)
    page.goto("/partners/")
    page.keyboard.press("Control+k")
    palette = page.locator("#palette")
    expect(palette.get_by_role("option").first).to_be_visible()
    page.locator("#palette-input").fill("Partners")
    expect(palette.get_by_role("option").filter(has_text="Partners").first).to_be_visible()
    assert serious(page) == []
    page.keyboard.press("Escape")
    expect(palette).to_be_hidden()


def test_the_help_names_the_keys_and_can_switch_them_off(enter):
    page = enter(DESK)
    page.goto("/partners/")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    page.locator("#help-dialog [data-keys-switch]").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    expect(page.locator("tr.is-here")).to_have_count(0)


def test_the_phone_has_a_bar_with_five_places_and_a_sheet(enter):
    page = enter(PHONE)
    page.goto("/partners/")
    bar = page.get_by_role("navigation", name="Sections")
    expect(bar.get_by_role("link")).to_have_count(5)
    bar.get_by_role("link", name="More").click()
    expect(page.locator("#more-sheet")).to_be_visible()
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 390


def test_the_language_is_kept(enter):
    page = enter(DESK)
    page.goto("/partners/")
    page.get_by_role("button", name="中文").first.click()
    expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")
    page.goto("/partners/")
    expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")


@SIZES
def test_nothing_here_and_not_yours_are_the_same_page(enter, size):
    page = enter(size)
    page.goto("/partners/999999999/")
    expect(page.locator("h1")).to_have_text("There is nothing at this address for you")
    assert serious(page) == []


def test_lists_work_without_scripts(enter):
    page = enter(DESK, java_script_enabled=False)
    page.goto("/partners/?q=Lanqiao")
    page.get_by_role("link", name="Older").click()
    expect(page.locator("#results")).to_contain_text("51–60 of 60")


def test_without_a_connection_the_page_says_so(enter):
    page = enter(DESK)
    page.goto("/partners/")
    page.context.set_offline(True)
    expect(page.locator("#offline")).to_be_visible()
    page.context.set_offline(False)
    expect(page.locator("#offline")).to_be_hidden()


def test_with_two_columns_of_its_own_a_list_still_fits_the_desk(enter):
    for label in ("Competitor at the site", "Margin expected"):
        create_field(
            target="deal",
            code=label.split()[0].lower(),
            kind="text",
            label=label,
            in_list=True,
            by=Actor.job("test"),
        )
    company = Company("ACME Networks")
    deals.in_review(company, customer_name="Nouveau Monde Graphite Manufacturing Incorporated")
    page = enter(DESK)
    page.goto("/deals/")
    expect(page.locator("thead")).to_contain_text("Margin expected")
    width, room = page.locator(".ui-scroll").evaluate("node => [node.scrollWidth, node.clientWidth]")
    assert width <= room
    page.set_viewport_size(
        {"width": 1000, "height": 900}
    )  # where it cannot fit, it moves within its own frame
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 1000
    page.locator(".ui-scroll").evaluate("node => { node.scrollLeft = 300; }")
    expect(page.get_by_role("link", name="Nouveau Monde")).to_be_in_viewport()


def test_all_that_can_be_approved_are_ticked_with_one_key(enter):
    company = Company("ACME Networks")
    for name in ("Suzhou Ruigu", "Wuhan Donghu", "Hangzhou Xunda"):
        deals.in_review(company, customer_name=name)
    page = enter(DESK)
    page.goto("/inbox/?part=work")
    page.get_by_role("link", name="Decide many at once").click()
    expect(page.get_by_text("0 of 3 ticked")).to_be_visible()
    page.keyboard.press("t")
    expect(page.get_by_text("3 of 3 ticked")).to_be_visible()
    page.get_by_role("checkbox", name="Suzhou Ruigu").press("Space")
    expect(page.get_by_text("2 of 3 ticked")).to_be_visible()
    expect(page.get_by_role("checkbox", name="Tick all 3")).not_to_be_checked()
    assert serious(page) == []
