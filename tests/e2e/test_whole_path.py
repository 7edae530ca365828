"""The whole business, once through, in real browsers: register, clash, approve, order, invoice, settle, statement."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from prm.values import clock
from prm.values.periods import Period
from tests.e2e.office import PHONE, Office, paused, press

PASSWORD = "a long password of Qin Lan"
CUSTOMER = "杭州讯达物流有限公司"
TYPED_OTHERWISE = "杭州 訊達物流 (股份) 有限公司"


def last_month() -> Period:
    return Period.of("month", clock.today()).previous


@pytest.fixture
def controller(cast: Any) -> str:
    """Who approves and closes is another person of finance than who settles and pays."""
    from tests.factories.people import UserFactory

    person = UserFactory(finance=True, name="Qin Lan", email="controller@example.com")
    person.set_password(PASSWORD)
    person.save()
    return person.email


def test_from_a_registered_deal_to_the_statement(office: Office, cast: Any, controller: str) -> None:
    partner = office.enter_by_the_button("partner-sales", size=PHONE)
    manager = office.enter("channel-manager")
    deal = register(partner, CUSTOMER, "Routing")
    expect(partner.locator("#page-title, h1").first).to_have_text(CUSTOMER)
    a_rival_is_caught(office, manager, deal)
    approve(partner, manager, deal)
    order = order_from_the_won_deal(partner, deal)
    invoice = fulfil(manager, order)
    expect_invoiced(partner, order, invoice)
    finance = office.enter("finance")
    publish_a_programme(office, finance, controller)
    run = settle(office, finance)
    approve_and_close(office, controller, run)
    statement = pay(finance)
    read_the_statement(partner, statement, invoice)


def register(page: Page, customer: str, line: str) -> str:
    """Type a deal as a partner does; its number."""
    page.goto("/")
    press(page, "Register a deal")
    page.get_by_label("Customer", exact=False).first.fill(customer)
    page.locator("label.ui-pick", has_text=line).click()
    page.get_by_label("Estimated value").fill("486,000")
    page.get_by_label("Expected close").fill((clock.today() + timedelta(days=60)).isoformat())
    expect(page.locator("#verdict")).not_to_have_text(re.compile("Looking|Checked as soon"))
    expect(page.locator("#draft-line")).to_contain_text("Saved")
    press(page, "Submit registration")
    page.wait_for_url(re.compile(r"/deals/DR-[0-9A-Z-]+/$"))
    return page.url.rstrip("/").rpartition("/")[2]


def a_rival_is_caught(office: Office, manager: Page, deal: str) -> None:
    """The manager reads both side by side; the rival learns nothing of the other."""
    rival = office.enter("rival-sales")
    number = register(rival, TYPED_OTHERWISE, "Routing")
    for told in (deal, CUSTOMER, "Lanqiao", "Xu Peng", "Possible", "Score"):
        assert told not in rival.content()
    manager.goto("/deals/")
    manager.locator(f'a[href="/deals/{number}/"]').first.click()
    evidence = manager.locator("main")
    expect(evidence).to_contain_text("Lanqiao Living")
    expect(evidence.get_by_text(CUSTOMER).first).to_be_visible()
    expect(evidence).to_contain_text("Same core name")


def approve(partner: Page, manager: Page, deal: str) -> None:
    manager.goto(f"/deals/{deal}/")
    press(manager, "Approve registration")
    expect(manager.get_by_text(re.compile("is approved and protected until")).first).to_be_visible()
    partner.goto(f"/deals/{deal}/")
    expect(partner.get_by_role("heading", name=re.compile("Protected until"))).to_be_visible()


def order_from_the_won_deal(page: Page, deal: str) -> str:
    press(page, "Report as won")
    page.locator("main").get_by_role("button", name="Report as won").click()
    expect(page.get_by_text(f"{deal} is won.")).to_be_visible()
    press(page, "Order from this deal")
    expect(page.get_by_text("Access point")).to_have_count(0)
    page.get_by_label("Metro router 2200").fill("300")
    page.get_by_label("Your order number").fill("PO-77")
    press(page, "Submit order")
    page.wait_for_url(re.compile(r"/orders/SO-[0-9A-Z-]+/$"))
    expect(page.get_by_text("¥300,000.00").filter(visible=True).first).to_be_visible()
    return page.url.rstrip("/").rpartition("/")[2]


def fulfil(page: Page, order: str) -> str:
    """Approve, confirm, ship a part and then the rest, invoice on the last day of last month."""
    page.goto("/orders/")
    page.locator(f'a[href="/orders/{order}/"]').first.click()
    press(page, "Approve order")
    press(page, "Confirm order")
    page.get_by_label("Number in the ERP").fill("4500017")
    page.locator("main form").get_by_role("button", name="Confirm order").click()
    for quantity, state in (("100", "Partly shipped"), (None, "Shipped")):
        press(page, "Ship")
        if quantity:
            page.get_by_label("Metro router 2200").fill(quantity)
        page.locator("main form").get_by_role("button", name="Ship").click()
        page.wait_for_url(f"**/orders/{order}/")
        expect(page.locator(".ui-head .ui-tag").first).to_have_text(state)
    page.get_by_role("main").get_by_text("Invoice", exact=True).click()
    page.get_by_label("Invoice date").fill(last_month().last_day.isoformat())
    page.locator("main form").get_by_role("button", name="Invoice").click()
    page.wait_for_url(f"**/orders/{order}/")
    made = page.get_by_role("link", name=re.compile(r"^IN-")).first
    return made.inner_text().split()[0]


def expect_invoiced(partner: Page, order: str, invoice: str) -> None:
    partner.goto(f"/orders/{order}/")
    expect(partner.get_by_role("link", name=re.compile(invoice)).first).to_be_visible()


def publish_a_programme(office: Office, page: Page, second: str) -> None:
    """2 % to 100,000, 3 % to 250,000, 5 % above; each on its own part. A second person approves it."""
    page.goto("/programmes/new/")
    page.get_by_label(re.compile("^Marginal")).check()
    for row, (low, rate) in enumerate((("0", "2"), ("100000", "3"), ("250000", "5")), start=1):
        page.get_by_label(f"Band {row}, from").fill(low)
        page.get_by_label(f"Band {row}, rate").fill(rate)
    steps = page.get_by_role("navigation", name="Steps")
    steps.get_by_role("link", name=re.compile("^Who")).click()
    page.get_by_label("Gold").check()
    steps.get_by_role("link", name=re.compile("^What counts")).click()
    page.get_by_role("group", name="Product lines").get_by_label("Routing").check()
    page.get_by_label("Name", exact=False).first.fill("Core growth")
    page.get_by_label("Code", exact=False).first.fill("core")
    page.get_by_label("In force from").fill(last_month().start.isoformat())
    expect(page.locator("#preview")).to_contain_text("¥9,625.00")
    press(page, "Save draft")
    press(page, "Ask for publication")
    expect(page.get_by_text("Qin Lan").first).to_be_visible()
    other = office.enter_with_password(second, PASSWORD)
    other.goto(page.url)
    press(other, "Approve publication")
    expect(other.get_by_text("The version is published").first).to_be_visible()


def settle(office: Office, page: Page) -> str:
    """The month is computed in the background; the page follows by itself."""
    page.goto("/settlements/")
    page.get_by_label("Month to settle").select_option(str(last_month()))
    with paused(office.stack):
        press(page, "Compute settlement")
        page.wait_for_url(re.compile(r"/settlements/S-"))
        expect(page.locator("#job progress")).to_be_visible()
    expect(page.get_by_role("heading", name="By partner")).to_be_visible()
    expect(page.get_by_text("¥9,000.00").first).to_be_visible()
    press(page, "Hand over for approval")
    expect(page.get_by_text("Waiting for approval by").first).to_be_visible()
    return page.url


def approve_and_close(office: Office, email: str, run: str) -> None:
    page = office.enter_with_password(email, PASSWORD)
    page.goto(run)
    press(page, "Approve")
    press(page, "Close the month")
    expect(page.get_by_text("Closing cannot be undone.")).to_be_visible()
    press(page, "Close for good")
    expect(page.get_by_text("The close has begun").first).to_be_visible()
    # Who approved may not pay.
    expect(page.get_by_role("button", name="Release all payments").first).to_be_disabled()


def pay(page: Page) -> str:
    page.goto("/statements/")
    page.get_by_role("link", name=re.compile("^ST-")).first.click()
    press(page, "Pay")
    expect(page.get_by_label("Amount")).to_have_value(re.compile(r"^9,?000"))
    page.get_by_label("Reference").fill("BANK-1")
    page.get_by_label("How the account was checked").fill("By phone, number from the agreement")
    press(page, "Release payment")
    expect(page.get_by_text("paid; nothing is open any more")).to_be_visible()
    expect(page.get_by_text("reference BANK-1").first).to_be_visible()
    return page.url.rstrip("/").rpartition("/")[2]


def read_the_statement(page: Page, statement: str, invoice: str) -> None:
    """Each figure opens to the sales line; the same stands on paper."""
    page.goto("/rebates/")
    page.get_by_role("link", name=re.compile(statement)).first.click()
    page.locator("a.ui-open", has_text="¥9,000.00").first.click()
    why = page.locator("#why")
    expect(why.get_by_role("heading", name="The arithmetic")).to_be_visible()
    for told in ("100,000.00 × 2%", "150,000.00 × 3%", "50,000.00 × 5%", invoice):
        expect(why).to_contain_text(told)
    page.keyboard.press("Escape")  # on a phone the explanation is a sheet over the page
    with page.expect_download() as download:
        press(page, "PDF")
    path = download.value.path()
    assert path.read_bytes().startswith(b"%PDF")
