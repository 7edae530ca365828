"""The link in a letter, in a browser that nobody signed in to: the button decides."""

from __future__ import annotations

import time
from typing import Any

from playwright.sync_api import Page, expect

from tests.cast import Company
from tests.e2e.office import PHONE, Office, press, serious
from tests.factories import dealreg as deals


def test_a_manager_decides_from_the_letter_on_the_phone(office: Office, cast: Any) -> None:
    deal = deals.in_review(Company("Northern Goods"))
    page = office.door(size=PHONE)
    open_the_letter(page, "channel-manager@demo.example", deal.customer_name)
    page.locator('a[href*="/decide/"]').first.click()
    expect(page.get_by_text(deal.customer_name).first).to_be_visible()
    page.get_by_label("Approve").check()
    assert serious(page) == []
    press(page, "Send the decision")
    expect(page.get_by_role("heading", name="Your decision is made")).to_be_visible()
    deal.refresh_from_db()
    assert deal.state == "approved"


def open_the_letter(page: Page, to: str, about: str, *, within: float = 30) -> None:
    """The worker writes it as soon as it has heard of the event."""
    until = time.monotonic() + within
    letter = page.get_by_role("link").filter(has_text=about).filter(has_text=to)
    page.goto("/mailbox/")
    while not letter.count():
        assert time.monotonic() < until, "no letter came"
        page.reload()
    letter.first.click()
