"""An administrator asks partners for the competitor above a value; a partner on a phone and staff live with it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from playwright.sync_api import Locator, Page, expect

from prm.values import clock
from tests.customfields.test_rules import EXAMPLES, KINDS
from tests.e2e.office import PHONE, Office, press, serious

FIELD = '[data-field="custom_competitor"]'


def test_competitor_is_asked_above_a_value(office: Office, cast: Any) -> None:
    boss = office.enter("administrator")
    add_the_field(boss)
    ask_only_above(boss, "500,000")
    publish(boss)

    partner = office.enter("partner-sales", size=PHONE)
    below = register(partner, "Hangzhou Xunda Logistics", "499,999.99")
    press(partner, "Submit registration")
    partner.wait_for_url(re.compile(r"/deals/DR-[0-9A-Z-]+/$"))
    assert below is False

    above = register(partner, "Shanghai Beifang Machinery", "600,000")
    assert above is True
    refuse_without(partner, office)
    partner.locator(FIELD).get_by_role("combobox").select_option(label="Huaxin")
    press(partner, "Submit registration")
    partner.wait_for_url(re.compile(r"/deals/DR-[0-9A-Z-]+/$"))
    expect(partner.locator("#page")).to_contain_text("Huaxin")

    read_it(office.enter("channel-manager"), partner.url.rstrip("/").rpartition("/")[2])


def add_the_field(page: Page) -> None:
    page.goto("/settings/forms/deal/")
    assert serious(page) == []
    page.locator(".ui-palette", has_text="Choice").first.click()
    page.get_by_label("Label, English").fill("Competitor")
    page.get_by_label("Label, Chinese").fill("竞争对手")
    page.locator("textarea[name=choices]").fill("Huaxin | 华信\nNobody | 无")
    page.get_by_label("Column in lists").check()
    press(page, "Add field")
    expect(page.locator('[data-place="custom_competitor"][data-selected]')).to_be_visible()


def rule(page: Page, what: str) -> Locator:
    return page.locator(f'[data-rule="{what}"]')


def ask_only_above(page: Page, value: str) -> None:
    rule(page, "shown").locator("[data-rule-mode]").select_option("when")
    expect(rule(page, "shown").locator("[data-foot]")).to_contain_text("Estimated value is filled in")
    rule(page, "shown").locator("[data-op]").select_option("more_than")
    typed = rule(page, "shown").locator("input[data-value]")
    typed.fill(value)
    expect(rule(page, "shown").locator("[data-foot]")).to_contain_text(
        "Estimated value is more than ¥500,000"
    )
    typed.press("Tab")
    rule(page, "required").locator("[data-rule-mode]").select_option("always")
    tag = page.locator('[data-place="custom_competitor"] .ui-tag')
    expect(tag).to_have_text("Estimated value is more than ¥500,000")
    expect(rule(page, "required").locator("[data-rule-mode]")).to_have_value("always")
    page.wait_for_function("() => getComputedStyle(document.getElementById('design')).opacity === '1'")
    assert serious(page) == []


def publish(page: Page) -> None:
    """Not before it was looked at, moved with the keys and back."""
    names = [cell.get_attribute("data-place") for cell in page.locator("[data-place]").all()]
    page.locator('[data-place="custom_competitor"]').press("Alt+ArrowUp")
    at = names.index("custom_competitor")
    expect(page.locator("[data-place]").nth(at - 1)).to_have_attribute("data-place", "custom_competitor")
    press(page, "Undo")
    expect(page.locator("[data-place]").nth(at)).to_have_attribute("data-place", "custom_competitor")
    page.locator('button[data-mode="phone"]').click()
    sheet = page.locator(".ui-sheet-phone")
    expect(sheet.locator(FIELD)).to_be_hidden()
    sheet.get_by_label("Estimated value").fill("600000")
    expect(sheet.locator(FIELD)).to_be_visible()
    press(page, "Publish")
    expect(page.locator("#page")).to_contain_text("Version 1 is published")


def register(page: Page, customer: str, value: str) -> bool:
    """Type a deal as a partner does; whether the competitor is asked for."""
    page.goto("/deals/new/")
    page.get_by_label("Customer", exact=False).first.fill(customer)
    page.locator("label.ui-pick", has_text="Routing").click()
    page.get_by_label("Estimated value").fill(value)
    page.get_by_label("Expected close").fill((clock.today() + timedelta(days=60)).isoformat())
    expect(page.locator("#draft-line")).to_contain_text("Saved")
    return page.locator(FIELD).is_visible()


def refuse_without(page: Page, office: Office) -> None:
    press(page, "Submit registration")
    expect(page.locator(".ui-summary")).to_contain_text("Competitor")
    expect(page.locator(FIELD)).to_be_visible()
    office.complaints[:] = [one for one in office.complaints if "422" not in one]  # refused on purpose


def read_it(page: Page, number: str) -> None:
    page.goto("/deals/")
    row = page.locator("tbody tr", has_text="Shanghai Beifang")
    expect(page.locator("thead")).to_contain_text("Competitor")
    expect(row).to_contain_text("Huaxin")
    page.goto(f"/deals/{number}/?tab=registration")
    expect(page.locator("#page")).to_contain_text("Huaxin")
    text = page.evaluate("() => fetch('/deals/?export=csv').then((answer) => answer.text())")
    line = next(line for line in text.splitlines() if "Shanghai Beifang" in line)
    assert "Competitor" in text.splitlines()[0] and "Huaxin" in line
    assert "Huaxin" not in next(line for line in text.splitlines() if "Xunda" in line)


def test_the_browser_answers_every_rule_as_the_server_does(office: Office, cast: Any) -> None:
    page = office.enter("administrator")
    page.goto("/")
    page.wait_for_function("() => window.prmRules")
    script = "([rule, typed, kinds]) => prmRules.holds(rule, typed, kinds)"
    wrong = [
        (rule, typed)
        for rule, typed, found in EXAMPLES
        if page.evaluate(script, [rule, typed, KINDS]) is not found
    ]
    assert wrong == []


def test_a_field_comes_and_goes_with_the_partner_whom_staff_choose(office: Office, cast: Any) -> None:
    boss = office.enter("administrator")
    boss.goto("/settings/forms/deal/")
    boss.locator('[data-place="note"]').click()
    rule(boss, "shown").locator("[data-rule-mode]").select_option("when")
    expect(rule(boss, "shown").locator("[data-foot]")).to_contain_text("Estimated value is filled in")
    rule(boss, "shown").locator("[data-field]").select_option("f:partner.tier")
    expect(rule(boss, "shown").locator("[data-foot]")).to_contain_text("tier is filled in")
    rule(boss, "shown").locator("[data-op]").select_option("is")
    rule(boss, "shown").locator("select[data-value]").select_option("gold")
    expect(boss.locator('[data-place="note"] .ui-tag')).to_contain_text("Gold")
    press(boss, "Publish")
    expect(boss.locator("#page")).to_contain_text("Version 1 is published")

    staff = office.enter("channel-manager")
    staff.goto("/deals/new/")
    note = staff.locator('[data-field="note"]')
    expect(note).to_be_hidden()
    staff.get_by_label("Partner").first.select_option(label="Lanqiao Living")
    expect(note).to_be_visible()  # the fold in which it stands opens by itself
    staff.get_by_label("Partner").first.select_option(label="Hexin Home")
    expect(note).to_be_hidden()


def test_the_delete_key_takes_the_chosen_field_off_and_the_tools_stay_in_sight(
    office: Office, cast: Any
) -> None:
    page = office.enter("administrator")
    page.goto("/settings/forms/deal/")
    cell = page.locator('[data-place="note"]')
    cell.click()
    expect(page.locator('[data-place="note"][data-selected]')).to_be_in_viewport()
    expect(page.locator('#design [data-do="undo"]')).to_be_in_viewport()
    assert page.evaluate("document.scrollingElement.scrollHeight <= innerHeight + 1")
    page.keyboard.press("Delete")
    expect(cell).to_have_count(0)
    press(page, "Undo")
    expect(cell).to_be_visible()
    page.locator('[data-place="customer_name"]').click()
    page.keyboard.press("Delete")
    expect(page.locator('[data-place="customer_name"]')).to_be_visible()
