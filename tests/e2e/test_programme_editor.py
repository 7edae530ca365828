"""The programme's editor in the browser: what is typed is there again, and what a step leads to is open."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Page, expect

from tests.e2e.office import PHONE, Office


def test_what_was_typed_is_there_again_with_the_fields_of_its_mechanism(office: Office, cast: Any) -> None:
    page = office.enter("finance")
    page.goto("/programmes/new/")
    page.get_by_label(re.compile("^Growth")).check()
    page.get_by_label("Measured against").select_option("prior_year")
    page.get_by_label("Band 1, rate").fill("3")
    page.get_by_role("button", name="Add row").click()
    page.get_by_label("Band 7, from").fill("77")
    page.locator("[name=name]").fill("Home growth")
    expect(page.locator("[data-draft-line]")).to_contain_text("Draft kept on this device")
    page.goto("/programmes/")
    page.goto("/programmes/new/")
    it_is_as_it_was_left(page)
    note = page.locator("[data-draft-note]")
    expect(note).to_contain_text("restored")
    note.get_by_role("button", name="Discard draft").click()
    expect(note).to_be_hidden()
    page.goto("/programmes/new/")
    expect(page.locator("[name=name]")).to_have_value("")


def it_is_as_it_was_left(page: Page) -> None:
    expect(page.locator("[data-draft-line]")).to_contain_text("restored")
    expect(page.locator("[name=name]")).to_have_value("Home growth")
    expect(page.get_by_label("Measured against")).to_have_value("prior_year")
    expect(page.get_by_label("Band 1, rate")).to_have_value("3")
    expect(page.get_by_label("Band 7, from")).to_have_value("77")


def test_a_step_opens_its_part_and_its_mark_follows_on_a_phone_too(office: Office, cast: Any) -> None:
    page = office.enter("finance", size=PHONE)
    page.goto("/programmes/new/")
    step = page.get_by_role("navigation", name="Steps").get_by_role("link", name=re.compile("^Budget"))
    expect(step).to_have_accessible_name("Budget (nothing set)")
    expect(page.locator("[name=budget]")).to_be_hidden()
    step.click()
    page.locator("[name=budget]").fill("much")
    expect(step).to_have_accessible_name("Budget (something is to correct)")
    page.locator("[name=budget]").fill("1000")
    expect(step).to_have_accessible_name("Budget (done)")


def test_a_press_during_which_the_policy_is_read_back_still_opens_its_step(office: Office, cast: Any) -> None:
    page = office.enter("finance")
    page.goto("/programmes/new/")
    steps = page.get_by_role("navigation", name="Steps").get_by_role("link")
    page.get_by_label("Band 1, rate").fill("3")
    steps.filter(has_text="Budget").hover()
    page.mouse.down()
    expect(steps.filter(has_text="What it pays")).to_have_accessible_name("What it pays (done)")
    page.mouse.up()
    expect(page.locator("[name=budget]")).to_be_visible()


def test_partners_are_picked_by_search_with_the_keyboard_alone(office: Office, cast: Any) -> None:
    page = office.enter("finance")
    page.goto("/programmes/new/")
    page.get_by_role("navigation", name="Steps").get_by_role("link", name=re.compile("^Who")).click()
    search = page.get_by_role("combobox", name="Only these partners")
    search.press_sequentially("lan")
    offer = page.get_by_role("listbox", name="Only these partners").get_by_role("option")
    expect(offer.first).to_be_visible()
    named = offer.first.locator("span").first.inner_text()
    search.press("Enter")
    expect(page.get_by_role("button", name=f"Take {named} away")).to_be_visible()
    expect(page.locator("[name=partners]")).not_to_have_value("")
    search.press_sequentially("NOWHERE,")
    expect(page.get_by_role("button", name="Take NOWHERE away, unknown")).to_be_visible()
    expect(page.locator("[name=partners]")).to_have_value(re.compile(", NOWHERE$"))
    search.press("Backspace")
    expect(page.locator("[name=partners]")).not_to_have_value(re.compile("NOWHERE"))
    search.press("ArrowLeft")
    page.keyboard.press("Delete")
    expect(page.locator("[name=partners]")).to_have_value("")
    search.press("ArrowDown")
    expect(offer.first).to_be_visible()
    search.press("Escape")
    expect(offer.first).to_be_hidden()
    expect(page).to_have_url(re.compile("/programmes/new/"))


def test_what_was_picked_is_kept_with_the_draft(office: Office, cast: Any) -> None:
    page = office.enter("finance", size=PHONE)
    page.goto("/programmes/new/")
    page.get_by_role("navigation", name="Steps").get_by_role("link", name=re.compile("^Who")).click()
    page.get_by_role("combobox", name="Only these partners").click()
    page.get_by_role("listbox", name="Only these partners").get_by_role("option").first.click()
    picked = page.locator("[name=partners]").input_value()
    expect(page.locator("[data-draft-line]")).to_contain_text("Draft kept on this device")
    page.goto("/programmes/")
    page.goto("/programmes/new/")
    expect(page.locator("[data-code]")).to_have_attribute("data-code", picked)
