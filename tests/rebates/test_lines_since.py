"""Sales lines that come in after a settlement was computed are told before the close, and what becomes of them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal

import pytest
import time_machine

from prm.jobs.models import Job
from prm.jobs.services import run_job
from rebates.errors import LinesCameIn, NothingCameIn
from rebates.models import SettlementRun
from rebates.services import approve_run, close_run, compute_approved_again, start_close
from rebates.since import came_in
from tests.factories.catalogue import ProductFactory
from tests.rebates import world

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def november():
    with time_machine.travel("2026-11-20 04:00:00+00:00", tick=False):
        yield


@pytest.fixture
def approved(acme):
    """October, approved with one line of 50,000."""
    ProductFactory(code="routing-1", product_line__code="routing")
    world.apply(world.policy(qualify={"product_lines": ["routing"]}, late={"grace_days": 10}))
    world.sell(acme, 50_000, on="2026-10-10")
    return approve_run(run=world.settle("2026-10", close=False), by=world.BY)


def words(answer) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", answer.content.decode()))


def test_only_lines_that_the_settlement_would_read_are_counted(approved, acme):
    assert came_in(approved).count == 0
    world.sell(acme, 1_000, on="2026-11-02")
    world.sell(acme, 2_000, on="2026-10-11", line="switching")
    world.sell(acme, 3_000, on="2026-10-11", currency="USD")
    assert came_in(approved).count == 0
    world.sell(acme, 4_000, on="2026-10-12")
    world.sell(acme, -500, on="2026-10-12")
    found = came_in(approved)
    assert (found.count, found.sums) == (2, [("CNY", Decimal("3500.00"))])


def test_of_lines_after_the_grace_days_only_returns_still_count_in_a_closed_month(approved, acme):
    for amount, day in ((100, 5), (200, 15), (-50, 15)):
        world.sell(acme, amount, on="2026-10-12", recorded_at=datetime(2026, 11, day, tzinfo=UTC))
    found = came_in(approved)
    assert (found.count, found.too_late) == (3, 1)


def test_run_and_list_say_so_and_offer_to_compute_again(approved, acme, finance, browse):
    world.sell(acme, 4_000, on="2026-10-12")
    client = browse(finance)
    shown = client.get(approved.get_absolute_url())
    assert "1 sales line of this settlement came in since it was computed" in words(shown)
    assert f"{approved.get_absolute_url()}recompute/" in shown.content.decode()
    assert "1 line" in words(client.get("/settlements/"))
    asked = words(client.get(f"{approved.get_absolute_url()}confirm-close/"))
    assert "a later settlement posts what they change as an adjustment" in asked
    assert "Close for good without this 1 line" in asked


def test_computed_again_the_approval_lapses_and_the_figures_are_new(approved, acme, finance, browse):
    world.sell(acme, 50_000, on="2026-10-12")
    answer = browse(finance).post(f"{approved.get_absolute_url()}recompute/")
    assert answer.status_code == 302
    run_job(Job.objects.latest("pk").pk)
    run = SettlementRun.objects.get(pk=approved.pk)
    assert (run.state, run.approved_by_label, run.line_count) == ("computed", "", 2)
    assert world.only(run).base == 100_000


def test_an_approval_that_nothing_has_overtaken_stands(approved, finance):
    with pytest.raises(NothingCameIn):
        compute_approved_again(run=approved, by=finance)


def test_who_closes_was_told_of_every_line_left_out(approved, acme, finance, browse):
    world.sell(acme, 4_000, on="2026-10-12")
    with pytest.raises(LinesCameIn):
        start_close(run=approved, by=finance, without=0)
    client, address = browse(finance), approved.get_absolute_url()
    client.post(f"{address}close/")
    approved.refresh_from_db()
    assert approved.state == "approved"
    client.post(f"{address}close/", {"without": "1"})
    approved.refresh_from_db()
    assert approved.state == "closing"


def test_the_command_says_what_it_closes_without(approved, acme, capsys):
    from django.core.management import call_command

    world.sell(acme, 4_000, on="2026-10-12")
    call_command("settle", "alpha", "2026-10", "--close")
    assert "1 sales lines came in since it was computed" in capsys.readouterr().err


def test_a_closed_month_says_what_came_in_until_the_next_close_has_posted_it(approved, acme, finance, browse):
    run = close_run(run=approved, by=world.BY)
    assert came_in(run).count == 0
    world.sell(acme, 4_000, on="2026-10-12")
    assert came_in(run).count == 1
    shown = words(browse(finance).get(run.get_absolute_url()))
    assert "The next settlement that is computed posts what they change as an adjustment." in shown
    assert "1 line" in words(browse(finance).get("/settlements/"))
    with time_machine.travel("2026-12-02 04:00:00+00:00", tick=False):
        world.settle("2026-11")
        assert came_in(run).count == 0
