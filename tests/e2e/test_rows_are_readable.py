"""The rows of a payout by file and of a dispute by file are readable on a small desk and on a phone."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.e2e.office import PHONE, Office, serious

SMALL_DESK = {"width": 1280, "height": 800}
REASON = "The account belongs to another company of the group since May, says the letter of its bank"


@pytest.fixture
def payout(cast: Any) -> Any:
    """One payment was left out by hand, with a long reason; another goes to the bank."""
    from payouts.services import drop_line, prepare_batch, release_batch
    from tests.factories.people import UserFactory, actor
    from tests.payouts.world import account, closed, pays_from

    other, finance = actor(UserFactory(finance=True)), actor(cast.finance)
    pays_from(other)
    for partner in (cast.acme, cast.rival):
        account(partner, other, finance)
    run = closed((cast.acme, 50_000), (cast.rival, 20_000))
    batch = prepare_batch(run=run, by=other)
    line = batch.lines(manager="objects").for_everyone(because="a test").get(statement__partner=cast.acme)
    drop_line(line=line, reason=REASON, by=other)
    return release_batch(batch=batch, by=finance)


@pytest.fixture
def dispute(cast: Any) -> Any:
    from prm.accounts.models import User
    from prm.catalogue.models import Product
    from rebates.services import compare_ledger
    from tests.factories.people import actor
    from tests.rebates.disputing import ledger
    from tests.rebates.world import apply, policy, sell, settle

    apply(policy())
    for number in range(1, 5):
        sell(cast.acme, 123_456 * number, "2026-08-11", document=f"INV-260811-00{number}", line="cookware")
    Product.objects.filter(code="cookware-1").update(name="Stainless steel cookware set of twelve pieces")
    run = settle("2026-08")
    rows = [f"INV-260811-00{number},2026-08-11,cookware-1,3,{123_000 * number}.50" for number in range(1, 4)]
    statement = run.statements(manager="objects").for_everyone(because="a test").get()
    return compare_ledger(
        statement=statement,
        file=ledger(*rows),
        by=actor(User.objects.get(email="partner-admin@demo.example")),
    )


def seen_whole(cell: Locator) -> None:
    """Nothing of it is cut at its card's edge."""
    inside = cell.evaluate(
        "one => one.getBoundingClientRect().right <= one.closest('.ui-card').getBoundingClientRect().right"
    )
    assert inside


def lines_of(cell: Locator) -> int:
    """Over how many lines its text runs."""
    return int(
        cell.evaluate(
            "one => { const range = document.createRange(); range.selectNodeContents(one);"
            " return new Set([...range.getClientRects()].map(box => Math.round(box.bottom / 8))).size }"
        )
    )


def apart(one: Locator, other: Locator) -> bool:
    """Whether neither lies over the other."""
    first, second = one.bounding_box(), other.bounding_box()
    assert first and second
    beside = first["x"] + first["width"] <= second["x"] or second["x"] + second["width"] <= first["x"]
    return (
        beside or first["y"] + first["height"] <= second["y"] or second["y"] + second["height"] <= first["y"]
    )


def test_a_payout_shows_who_was_left_out_why_and_what_can_be_done(office: Office, payout: Any) -> None:
    for size in (SMALL_DESK, PHONE):
        page = office.enter("finance", size=size)
        page.goto(payout.get_absolute_url())
        left, waits = page.get_by_role("row").filter(has_text="ST-").all()
        reason = left.get_by_text(REASON).filter(visible=True)
        assert lines_of(reason) <= 3
        assert apart(reason, left.get_by_role("link", name="ST-"))
        name = left.get_by_role("link", name="Lanqiao Living")
        assert name.evaluate("one => one.scrollWidth <= one.clientWidth || one.clientWidth == 0")
        refused = waits.get_by_role("link", name="Refused by the bank").filter(visible=True)
        seen_whole(refused)
        assert serious(page) == []


def test_a_dispute_by_file_shows_every_column(office: Office, dispute: Any) -> None:
    for size in (SMALL_DESK, PHONE):
        page = office.enter("partner-admin", size=size)
        page.goto(dispute.get_absolute_url())
        rows = page.get_by_role("row").filter(has_text="INV-260811")
        expect(rows).to_have_count(4)
        for row in rows.all():
            seen_whole(row.get_by_role("cell").last)
            assert lines_of(row.get_by_role("cell").first) <= 4
        sheet = page.get_by_role("link", name="Spreadsheet")
        icon, text = sheet.locator("svg"), sheet.evaluate("one => one.lastChild.textContent")
        assert text.strip() == "Spreadsheet"
        gap = sheet.evaluate(
            "one => { const range = document.createRange(); range.selectNodeContents(one.lastChild);"
            " return range.getBoundingClientRect().left - one.querySelector('svg').getBoundingClientRect().right }"
        )
        assert gap >= 4 and icon.is_visible()
