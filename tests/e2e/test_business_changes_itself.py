"""An administrator changes a form and a flow in the browser; a partner and two approvers live through it on phones.

No restart in between: web, worker and scheduler run from before the first click to the last.
"""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from prm.approvals.models import ApprovalRun, HeldDecision, Task
from prm.approvals.services import carry_out_due, wake_due_runs
from prm.values import clock
from tests.e2e.office import PHONE, Office, press
from tests.e2e.test_flow_designer import add, build_condition, node, soundness
from tests.e2e.test_own_fields import FIELD, add_the_field, ask_only_above
from tests.e2e.test_own_fields import publish as publish_form

PASSWORD = "a long password of Chen Rui"
SMALL, LARGE, LATE = "Hangzhou Xunda Logistics", "Shanghai Beifang Machinery", "Suzhou Ruigu Precision"


@pytest.fixture
def director(cast: Any) -> str:
    """Chen Rui, who will be asked; and two cases of before, over which the dry run goes."""
    from tests.cast import Company
    from tests.factories.dealreg import in_review
    from tests.factories.people import UserFactory

    person = UserFactory(
        role="channel_manager", name="Chen Rui", email="director@vendor.example", all_partners=True
    )
    company = Company.__new__(Company)
    company.row, company.sales_user = cast.acme, cast.sales
    for number, amount in enumerate((100_000, 900_000)):
        in_review(company, customer_name=f"Customer {number} GmbH", estimated_value=Decimal(amount))
    person.set_password(PASSWORD)
    person.save()
    return person.email


def test_the_business_changes_itself(office: Office, cast: Any, director: str) -> None:
    boss = office.enter("administrator")
    add_the_field(boss)
    ask_only_above(boss, "500,000")
    publish_form(boss)
    a_director_above(boss, "800000")

    partner = office.enter("partner-sales", size=PHONE)
    manager = office.enter("channel-manager", size=PHONE)
    chen = office.enter_with_password(director, PASSWORD, size=PHONE)

    register(partner, SMALL, "499,999.99", asked=False)
    decide(manager, SMALL, takes_effect=False)
    think_again(manager, SMALL)
    expect_protected(partner, SMALL)

    register(partner, LARGE, "900,000", asked=True)
    decide(manager, LARGE)
    expect_waiting(partner, LARGE, "Chen Rui")
    decide(chen, LARGE, shows="900,000")
    expect_protected(partner, LARGE)

    register(partner, LATE, "850,000", asked=True)
    decide(manager, LATE)
    two_working_days_pass(LATE)
    expect_waiting(partner, LATE, "Ada Admin")
    decide(office.enter("administrator", size=PHONE), LATE)
    expect_protected(partner, LATE)


def a_director_above(page: Page, amount: str) -> None:
    """A condition, below it the director with two working days, then an escalation; dry run; publish."""
    page.goto("/settings/flows/deal/")
    expect(soundness(page)).to_contain_text("Sound")
    page.locator(".ui-plus").nth(1).click()
    page.locator("[data-adds=branch]").click()
    build_condition(page, amount)
    expect(node(page, "Condition 1")).to_contain_text("800,000")
    node(page, "Condition 1").focus()
    add(page, "approver")
    page.get_by_label("Who decides").select_option("people")
    page.get_by_role("checkbox", name="Chen Rui").check()
    page.locator("#f-then").select_option("escalate")
    page.locator("#f-deadline-to-kind").select_option("role")
    page.locator("#f-deadline-to-role").select_option("administrator")
    expect(node(page, "Chen Rui")).to_contain_text("16 working hours, then escalation to Administrator")
    expect(soundness(page)).to_contain_text("Sound")
    page.get_by_role("button", name="Dry run").first.click()
    expect(page.locator("#flow-dock")).to_contain_text("Of the last 2 cases, 1 would have gone differently")
    page.get_by_role("button", name="Publish").first.click()
    dialog = page.get_by_role("dialog", name=re.compile("Publish version 2"))
    dialog.get_by_label("What is new").fill("Director above 800,000")
    dialog.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("Version 2 is in force.")).to_be_visible()


def register(page: Page, customer: str, value: str, *, asked: bool) -> None:
    """Type a deal on the phone; the competitor is asked for above the value only."""
    page.goto("/deals/new/")
    page.get_by_label("Customer", exact=False).first.fill(customer)
    page.locator("label.ui-pick", has_text="Routing").click()
    page.get_by_label("Estimated value").fill(value)
    page.get_by_label("Expected close").fill((clock.today() + timedelta(days=60)).isoformat())
    expect(page.locator("#draft-line")).to_contain_text("Saved")
    if asked:
        page.locator(FIELD).get_by_role("combobox").select_option(label="Huaxin")
    else:
        expect(page.locator(FIELD)).to_be_hidden()
    press(page, "Submit registration")
    page.wait_for_url(re.compile(r"/deals/DR-[0-9A-Z-]+/$"))


def decide(page: Page, customer: str, *, shows: str = "", takes_effect: bool = True) -> None:
    """Approve it from the inbox, as it is opened on a phone."""
    page.goto("/inbox/")
    page.locator(".ui-mail a", has_text=customer).first.click()
    expect(page.locator("h1")).to_have_text(customer)
    expect(page.locator("#page")).to_contain_text(shows)
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth + 1")
    press(page, "Approve")
    expect(page.locator("#held")).to_contain_text(f"Approved · {customer}")
    if takes_effect:
        HeldDecision.objects.update(takes_effect_at=clock.now())
        carry_out_due()


def think_again(page: Page, customer: str) -> None:
    """Undo within the ten seconds; then once more, and the worker lets it take effect by itself."""
    press(page, "Undo")
    expect(page.locator("#messages")).to_contain_text("waits for you again")
    press(page, "Approve")
    expect(page.locator("#held")).to_contain_text(f"Approved · {customer}")
    expect(page.locator("#held form")).to_have_count(0, timeout=25_000)


def two_working_days_pass(customer: str) -> None:
    """The promise of the open step is over, and the clock's job looks at it."""
    run = ApprovalRun.objects.for_everyone(because="a test moves the clock").get(title=customer)
    moment = clock.now() - timedelta(minutes=1)
    Task.objects.open().filter(run=run).update(due=moment, since=moment - timedelta(days=4))
    ApprovalRun.objects.for_everyone(because="a test moves the clock").filter(pk=run.pk).update(
        wake_at=moment
    )
    wake_due_runs()


def open_deal(page: Page, customer: str) -> None:
    page.goto("/deals/")
    page.locator("a", has_text=customer).first.click()
    expect(page.locator("h1")).to_have_text(customer)


def expect_protected(page: Page, customer: str) -> None:
    open_deal(page, customer)
    expect(page.get_by_role("heading", name=re.compile("Protected until"))).to_be_visible()


def expect_waiting(page: Page, customer: str, who: str) -> None:
    open_deal(page, customer)
    expect(page.locator(".ui-clock").first).to_contain_text(f"Waiting for {who}")
