"""An administrator takes the configuration away, changes it, sees what differs, and applies it; both languages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.office import PHONE, Office, press, serious

PATH = "/settings/configuration/"
FITS = "() => document.documentElement.scrollWidth <= document.documentElement.clientWidth + 1"
FIELD = (
    "  deal:\n    fields:\n      - code: competitor\n        kind: text\n        label: Competitor\n"
    "        label_zh: 竞争对手\n"
)
ROBOT = "webhooks:\n  - name: Team chat\n    kind: wecom\n    language: en\n    wants: [dealreg.submitted]\n"


def test_downloaded_changed_compared_and_applied(office: Office, cast: Any) -> None:
    boss = office.enter("administrator")
    source = download(boss)
    assert "flows:\n  deal:\n" in source and "# Approval flows" in source
    other = (
        source.replace("hours: 8", "hours: 6", 1)
        .replace("  deal:\n    fields: []\n", FIELD, 1)
        .replace("webhooks: []\n", ROBOT, 1)
    )
    compare(boss, other, "Show the differences")
    table = boss.get_by_role("region", name="Differences", exact=True)
    expect(table).to_contain_text("flows.deal.steps[manager].deadline.hours")
    expect(table).to_contain_text("records.deal.fields[competitor]")
    expect(boss.locator("#page")).to_contain_text("“Team chat” is new and has no address yet")
    assert serious(boss) == [] and boss.evaluate(FITS)
    press(boss, "Apply 3 differences")
    expect(boss.locator("body")).to_contain_text("3 differences applied.")
    expect(boss.locator("body")).to_contain_text("“Team chat” is new and has no address yet")

    boss.goto("/settings/flows/deal/")
    expect(boss.locator("#page")).to_contain_text("6")
    boss.goto("/settings/forms/deal/")
    expect(boss.locator("#page")).to_contain_text("Competitor")
    boss.goto("/settings/webhooks/")
    boss.get_by_role("link", name="Team chat").first.click()
    expect(boss.locator("#page")).to_contain_text("It came with a configuration")

    again = download(boss)
    compare(boss, again, "Show the differences")
    expect(boss.locator("#page")).to_contain_text("No difference")


@pytest.mark.parametrize(
    ("locale", "button", "heading"),
    [
        ("en-GB", "Show the differences", "This text cannot be applied"),
        ("zh-CN", "显示差异", "无法应用此文本"),
    ],
)
def test_an_unsound_flow_is_refused_by_its_name_on_a_phone(
    office: Office, cast: Any, locale: str, button: str, heading: str
) -> None:
    boss = office.enter("administrator", size=PHONE, locale=locale)
    boss.goto(PATH)
    assert serious(boss) == [] and boss.evaluate(FITS)
    unsound = download(boss).replace("kind: partner_manager", "kind: submitter", 1)
    compare(boss, unsound, button)
    problems = boss.get_by_role("alert")
    expect(problems).to_contain_text(heading)
    expect(problems).to_contain_text("flows.deal")
    expect(problems).to_contain_text("Channel manager" if locale == "en-GB" else "渠道经理")
    assert serious(boss) == [] and boss.evaluate(FITS)
    office.complaints[:] = [one for one in office.complaints if "422" not in one]


def download(page: Page) -> str:
    page.goto(PATH)
    with page.expect_download() as taken:
        page.locator(f'form[action="{PATH}export/"] button').click()
    return Path(taken.value.path()).read_text(encoding="utf-8")


def compare(page: Page, source: str, button: str) -> None:
    page.goto(PATH)
    file: Any = {"name": "configuration.yaml", "mimeType": "application/yaml", "buffer": source.encode()}
    page.locator("input[type=file]").set_input_files(file)
    press(page, button)
