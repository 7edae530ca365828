"""What comes in for closed months after a settlement was computed is told before the close, like lines of its own."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
import time_machine

from prm.jobs.models import Job
from prm.jobs.services import run_job
from rebates.errors import LinesCameIn
from rebates.models import SettlementRun
from rebates.services import approve_run, close_run, start_close
from rebates.since import came_in
from tests.rebates import world
from tests.rebates.test_collection import pays

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def november():
    with time_machine.travel("2026-11-04 04:00:00+00:00", tick=False):
        yield


@pytest.fixture
def approved(acme):
    """September closed with 90,000; October approved with 50,000."""
    world.apply(world.policy(late={"grace_days": 40}))
    world.sell(acme, 90_000, on="2026-09-10")
    world.settle("2026-09")
    world.sell(acme, 50_000, on="2026-10-10")
    return approve_run(run=world.settle("2026-10", close=False), by=world.BY)


def words(answer) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", answer.content.decode()))


def test_lines_of_a_closed_month_are_told_on_the_page_and_at_the_close(approved, acme, finance, browse):
    world.sell(acme, 8_000, on="2026-09-11")
    world.sell(acme, 4_000, on="2026-09-12")
    client, address = browse(finance), approved.get_absolute_url()
    for page in (address, f"{address}confirm-close/"):
        shown = words(client.get(page))
        assert "2 sales lines of closed months (from September 2026) came in since it was computed." in shown
        assert "¥12,000.00" in shown
        assert "Computed again, this settlement adjusts what they change in closed months" in shown
        assert "sales lines of this settlement came in" not in shown
    assert "Close for good without these 2 lines" in shown
    assert "2 lines" in words(client.get("/settlements/"))
    client.post(f"{address}close/")
    approved.refresh_from_db()
    assert approved.state == "approved"


def test_computed_again_it_adjusts_them_and_tells_of_nothing_more(approved, acme, finance, browse):
    world.sell(acme, 12_000, on="2026-09-11")
    browse(finance).post(f"{approved.get_absolute_url()}recompute/")
    run_job(Job.objects.latest("pk").pk)
    run = SettlementRun.objects.get(pk=approved.pk)
    (late,) = world.adjustments(run)
    assert (late.adjusted, late.starts) == (Decimal("260.00"), date(2026, 9, 1))
    assert came_in(run).count == 0


def test_whoever_closes_without_them_was_told_and_the_next_settlement_has_them(approved, acme):
    world.sell(acme, 12_000, on="2026-09-11")
    with pytest.raises(LinesCameIn, match="1"):
        start_close(run=approved, by=world.BY, without=0)
    start_close(run=approved, by=world.BY, without=1)
    run_job(Job.objects.latest("pk").pk)
    with time_machine.travel("2026-12-02 04:00:00+00:00", tick=False):
        world.sell(acme, 1_000, on="2026-11-11")
        (late,) = world.adjustments(world.settle("2026-11", close=False))
    assert late.adjusted == Decimal("260.00")


def test_what_changes_no_closed_month_is_not_told(approved, acme):
    world.sell(acme, 700, on="2026-11-02")  # of the month that runs
    world.sell(acme, 800, on="2026-08-20")  # of a month that nobody settled
    world.sell(
        acme, 900, on="2026-09-20", recorded_at=datetime(2026, 11, 20, tzinfo=UTC)
    )  # after the grace days
    assert came_in(approved).count == 0
    world.sell(acme, -100, on="2026-09-20", recorded_at=datetime(2026, 11, 20, tzinfo=UTC))
    found = came_in(approved)
    assert (found.own, found.older.lines, found.older.sums) == (0, 1, [("CNY", Decimal("-100.00"))])


def test_what_a_later_close_has_read_is_not_told_again(approved, acme):
    world.sell(acme, 12_000, on="2026-09-11")
    with time_machine.travel("2026-12-02 04:00:00+00:00", tick=False):
        world.sell(acme, 1_000, on="2026-11-11")
        november = world.settle("2026-11", close=False)
        assert came_in(approved).older.lines == 1
        close_run(run=approve_run(run=november, by=world.BY), by=world.BY)
        assert came_in(approved).count == 0


def test_a_line_that_the_settlement_counts_itself_is_its_own(acme):
    world.apply(world.policy("monthly"), world.policy("quarterly", period="quarter"))
    world.sell(acme, 1_000, on="2026-07-10")
    world.settle("2026-07")
    run = world.settle("2026-09", close=False)
    world.sell(acme, 2_000, on="2026-07-11")
    found = came_in(run)
    assert (found.lines, found.older.lines) == (1, 0)


def test_payments_of_a_closed_month_are_told_where_a_policy_counts_by_them(acme, finance, browse):
    world.apply(world.policy(date_basis="payment"))
    sold = world.sell(acme, 90_000, on="2026-09-10")
    pays(acme, sold.document, 1130, "2026-09-15")
    waits, later = (world.sell(acme, amount, on="2026-09-11") for amount in (7_000, 3_000))
    world.settle("2026-09")
    run = world.settle("2026-10", close=False)
    pays(acme, later.document, 1130, "2026-11-03")  # counts in the month that runs
    assert came_in(run).count == 0
    pays(acme, waits.document, 1130, "2026-09-28")
    found = came_in(run)
    assert (found.older.payments, found.older.lines) == (1, 0)
    shown = words(browse(finance).get(run.get_absolute_url()))
    assert "1 payment received for closed months (from September 2026) came in since" in shown
    assert [one.adjusted for one in world.adjustments(world.settle("2026-10", close=False))] == [
        Decimal("140.00")
    ]


def test_the_page_asks_for_them_in_a_fixed_number_of_queries(approved, acme, django_assert_max_num_queries):
    for month in ("2026-09", "2026-10"):
        world.sell(acme, 100, on=f"{month}-12")
    with django_assert_max_num_queries(16):
        assert came_in(approved).count == 2
