"""Finance builds a policy from a template, tries it, publishes and settles it; a partner disputes by file; the next
statement shows the decision.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from playwright.sync_api import Page, expect

from prm.values import clock
from prm.values.periods import Period
from tests.e2e.office import PHONE, Office, press
from tests.e2e.test_whole_path import PASSWORD, approve_and_close, controller

__all__ = ["controller"]
LEDGER = """document,booking date,product,quantity,net amount
IN-1,{first},MR-2200,1,180000.00
IN-2,{first},MR-2200,1,{amount}
"""


def months() -> tuple[Period, Period]:
    """The two that ended last, the earlier first."""
    last = Period.of("month", clock.today()).previous
    return last.previous, last


def sold(cast: Any) -> None:
    from tests.factories.orders import SalesLineFactory

    for month, documents in zip(
        months(), ((("IN-1", 180_000), ("IN-2", 50_000)), (("IN-3", 40_000),)), strict=True
    ):
        for document, amount in documents:
            SalesLineFactory(
                partner=cast.acme, product=cast.routing, booking_date=month.start, quantity=Decimal(1),
                net_amount=Decimal(amount), document=document,
            )  # fmt: skip


def test_a_policy_is_tried_published_settled_disputed_and_put_right(
    office: Office, cast: Any, controller: str, tmp_path: Any
) -> None:
    sold(cast)
    earlier, later = months()
    finance, partner = office.enter("finance"), office.enter("partner-admin", size=PHONE)
    a_template_becomes_a_combined_policy(finance, earlier)
    it_is_tried_before_it_is_published(office, finance, controller, earlier)
    settle(office, finance, controller, earlier, expected="¥3,600.00")
    dispute = disputed_by_file(partner, tmp_path, earlier)
    decided(office, finance, controller, dispute)
    settle(office, finance, controller, later, expected="¥400.00")
    the_next_statement_shows_it(partner, later, dispute)


def a_template_becomes_a_combined_policy(page: Page, first: Period) -> None:
    """Each level's rate on its part, a cap on the payout, a minimum, and a budget that warns."""
    page.goto("/programmes/new/")
    page.get_by_text("Begin with a common policy").click()
    page.get_by_role("link", name=re.compile("^Tiered rebate")).click()
    expect(page.get_by_label("Band 3, from")).to_have_value(re.compile(r"^300,?000"))
    step(page, "Gates, factors and caps")
    page.get_by_label("Cap on the payout").fill("9000")
    page.get_by_label("Minimum payout").fill("50")
    step(page, "Budget")
    page.locator("[name=budget]").fill("100000")
    page.get_by_label("In force from").fill(first.start.isoformat())
    expect(page.locator("#preview")).to_contain_text("¥9,000.00")
    press(page, "Save draft")


def step(page: Page, name: str) -> None:
    """A step at the left leads to its section and opens it."""
    page.get_by_role("navigation", name="Steps").get_by_role("link", name=re.compile(f"^{name}")).click()


def it_is_tried_before_it_is_published(office: Office, page: Page, second: str, first: Period) -> None:
    programme = page.url
    press(page, "Back-test")
    page.get_by_label("From month").fill(str(first))
    press(page, "Try it")
    expect(page.get_by_text("¥3,600.00").locator("visible=true").first).to_be_visible()
    page.goto(programme)
    press(page, "Ask for publication")
    expect(page.get_by_text("Qin Lan").first).to_be_visible()
    other = office.enter_with_password(second, PASSWORD)
    other.goto(programme)
    press(other, "Approve publication")
    expect(other.get_by_text("The version is published").first).to_be_visible()


def settle(office: Office, page: Page, second: str, month: Period, *, expected: str) -> None:
    page.goto("/settlements/")
    page.get_by_label("Month to settle").select_option(str(month))
    press(page, "Compute settlement")
    page.wait_for_url(re.compile(r"/settlements/S-"))
    expect(page.get_by_role("heading", name="By partner")).to_be_visible()
    expect(page.get_by_text(expected).first).to_be_visible()
    press(page, "Hand over for approval")
    expect(page.get_by_text("Waiting for approval by").first).to_be_visible()
    approve_and_close(office, second, page.url)


def disputed_by_file(page: Page, folder: Any, month: Period) -> str:
    """The partner's ledger says 60,000.00 where ours says 50,000.00: that line is named, and the money. Its address."""
    ledger = folder / "ledger.csv"
    ledger.write_text(LEDGER.format(first=month.start.isoformat(), amount="60000.00"))
    page.goto("/statements/")
    page.get_by_role("link", name=re.compile("ST-")).first.click()
    press(page, "Compare my ledger")
    page.get_by_label("Your ledger").set_input_files(ledger)
    press(page, "Compare")
    page.wait_for_url(re.compile(r"/disputes/DS-"))
    expect(page.get_by_text("IN-2").first).to_be_visible()
    expect(page.get_by_text("IN-1")).to_have_count(0)
    press(page, "Send to finance")
    page.get_by_label("Reason").fill("Our invoice says 60,000.00.")
    page.locator("main form").get_by_role("button", name="Send to finance").click()
    expect(page.get_by_text("Waiting for").first).to_be_visible()
    return page.url


def decided(office: Office, page: Page, second: str, dispute: str) -> None:
    """One person proposes the sum, another confirms it."""
    page.goto(dispute)
    press(page, "Accept with a sum")
    page.get_by_label("Amount").fill("200")
    page.get_by_label("Reason").fill("10,000.00 more at 2 %.")
    page.locator("main form").get_by_role("button", name="Accept with a sum").click()
    expect(page.get_by_text("To be confirmed").first).to_be_visible()
    other = office.enter_with_password(second, PASSWORD)
    other.goto(dispute)
    press(other, "Confirm the sum")
    expect(other.get_by_text("Accepted").first).to_be_visible()


def the_next_statement_shows_it(page: Page, month: Period, dispute: str) -> None:
    number = dispute.rstrip("/").rpartition("/")[2]
    page.goto("/statements/")
    page.get_by_role("link", name=re.compile(f"ST-{month.last_day:%y%m}")).first.click()
    expect(page.get_by_text("¥200.00").filter(visible=True).first).to_be_visible()
    expect(page.get_by_text(number).filter(visible=True).first).to_be_visible()
    press(page, "Why did it change?")
    expect(page.get_by_text(f"Dispute {number}").first).to_be_visible()
