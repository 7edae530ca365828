"""A partner disputes one line of many on a phone: lines are closed until they are ticked, the rest is one tap away."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from rebates.models import Dispute, Statement
from tests.e2e.office import PHONE, Office, press, serious

LINES = 40


@pytest.fixture
def statement(cast: Any) -> Statement:
    from tests.rebates import world as rebates

    rebates.apply(rebates.policy())
    for number in range(1, LINES + 1):
        rebates.sell(cast.acme, "1000", on="2026-09-10", document=f"IN-{number:03}")
    run = rebates.settle("2026-09")
    return Statement.objects.for_everyone(because="a test").get(run=run)


def test_a_line_of_many_is_disputed_on_a_phone(office: Office, statement: Statement) -> None:
    page = office.enter("partner-admin", size=PHONE)
    page.goto(f"{statement.get_absolute_url()}dispute/")
    rows = page.locator(".ui-ticked tbody tr")
    expect(rows).to_have_count(LINES)
    assert max(row.bounding_box()["height"] for row in rows.all()) < 100  # closed: two lines of text each
    expect(page.get_by_label("Right amount").filter(visible=True)).to_have_count(0)
    bar = page.locator("[data-marks]")
    expect(bar).to_have_text("Nothing is marked yet")
    rows.filter(has_text="IN-009").get_by_role("checkbox").check()
    rows.filter(has_text="IN-007").get_by_role("checkbox").check()
    expect(bar).to_have_text("Marked: 2 · net amount ¥2,000.00")
    rows.filter(has_text="IN-009").get_by_role("checkbox").uncheck()
    expect(page.locator("[name^=missing-]")).to_have_count(
        0
    )  # nothing is to be filled in before it is asked for
    press(page, "Add missing lines")
    expect(rows.filter(has_text="IN-007").get_by_role("checkbox")).to_be_checked()
    page.locator("[name=missing-1-document]").fill("IN-099")
    page.locator("[name=missing-1-amount]").fill("1,234.50")
    expect(bar).to_have_text("Marked: 2 · net amount ¥2,234.50")
    for field in page.locator("[name^=missing-1-]").all():
        field.fill("")
    expect(bar).to_have_text("Marked: 1 · net amount ¥1,000.00")
    amount = rows.filter(has_text="IN-007").get_by_label("Right amount")
    amount.fill("900")
    page.get_by_role("link", name="Reason").click()
    reason = page.locator("textarea[name=reason]")
    expect(reason).to_be_in_viewport()
    reason.fill("A hundred too much")
    page.get_by_label("Document number").fill("031")
    press(page, "Find")
    expect(rows).to_have_count(2)
    expect(rows.filter(has_text="IN-007").get_by_role("checkbox")).to_be_checked()
    expect(amount).to_have_value("900")
    expect(reason).to_have_value("A hundred too much")
    page.get_by_role("link", name="Lines that are missing").click()
    expect(page.locator("[name=missing-1-document]")).to_be_in_viewport()
    assert not serious(page)
    send = page.get_by_role("button", name="Send to finance")
    page.evaluate("scrollTo(0, 0)")
    expect(send).to_be_in_viewport()  # wherever one reads in the long list
    send.click()
    expect(page.get_by_text("A hundred too much").first).to_be_visible()
    dispute = Dispute.objects.for_everyone(because="a test").get()
    assert [(one.document, one.their_amount) for one in dispute.lines.all()] == [("IN-007", 900)]
