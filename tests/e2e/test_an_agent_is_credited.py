"""Finance finds the line that an agent brokered by the number of the invoice, and credits it."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import expect

from orders.models import CreditedLine
from tests.cast import Company
from tests.e2e.office import Office, press, serious


def test_a_line_is_picked_by_its_invoice(office: Office, cast: Any) -> None:
    from tests.rebates import world as rebates

    agent = Company("Broker Zhang").row
    agent.type = "agent"
    agent.save()
    rebates.sell(
        cast.acme, "700", document="INV-70", line_number="INV-70, 1"
    )  # one number, though it has a comma
    rebates.sell(cast.acme, "900", document="INV-71", line_number="INV-71, 1")
    page = office.enter("finance")
    page.goto("/credits/new/")
    line = page.get_by_role("combobox", name="Number of the sales line")
    line.fill("INV-7")
    offered = page.get_by_role("option")
    expect(offered.filter(has_text="INV-7")).to_have_count(2)
    assert not serious(page)
    offered.filter(has_text="INV-70").click()
    line.fill("inv-71")
    offered.filter(has_text="INV-71").click()  # it takes the place of the one before
    expect(page.locator("[data-code]")).to_have_count(1)
    page.get_by_label("Agent").select_option(label="Broker Zhang")
    page.get_by_label("Share, %").fill("10")
    press(page, "Credit an agent")
    expect(page.get_by_text("¥90.00").first).to_be_visible()
    press(page, "Credit the agent")
    expect(page.get_by_text("Broker Zhang is credited.")).to_be_visible()
    assert CreditedLine.objects.for_everyone(because="a test").get().line.line_number == "INV-71, 1"
