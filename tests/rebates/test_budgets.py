"""What programmes cost against what they may: committed, left and forecast; people are told of each level once."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
import time_machine

from prm.jobs.daily import daily_work
from prm.notices.models import Letter, Notice
from prm.outbox.services import deliver_open_events
from prm.values.periods import Period
from rebates.budgets import overview, uses
from rebates.models import Version
from rebates.policy import PolicyProblem, read_document
from rebates.programme_form import initial_of
from tests.cast import browse
from tests.rebates.test_programme_editor import FILLED
from tests.rebates.world import BY, apply, policy, sell, settle

pytestmark = pytest.mark.django_db
FLAT = {"kind": "flat", "rate": "10%"}
__all__ = ["browse"]


def deliver() -> None:
    while deliver_open_events():
        pass


@pytest.fixture
def mid_november():
    with time_machine.travel(datetime(2026, 11, 15, 12, tzinfo=ZoneInfo("Asia/Shanghai")), tick=False):
        yield


def test_a_years_budget_counts_what_is_settled_what_accrues_and_what_is_to_come(acme, rival, mid_november):
    apply(policy(mechanism=FLAT, budget={"amount": 1000, "per": "year"}))
    sell(acme, 2000, "2026-09-10")
    settle("2026-09")
    sell(acme, -500, "2026-09-20")  # late: 50 come off in October
    sell(rival, 3000, "2026-10-10")
    settle("2026-10")
    sell(acme, 1000, "2026-11-10")
    (use,) = uses(BY)
    assert (use.time, use.budget) == (Period.parse("2026"), Decimal(1000))
    assert (use.earned, use.accrued, use.left) == (Decimal("450.00"), Decimal("100.00"), Decimal("450.00"))
    # November so far is all of its sales at the pace of the past (both earlier months had theirs by the 10th), and
    # December is the mean of the three months.
    assert use.forecast == Decimal("733.33")
    assert (use.reached, use.expected, use.tone) == ([], [], "")


def test_a_budget_of_each_period_begins_anew_with_it(acme, mid_november):
    apply(policy(mechanism=FLAT, budget={"amount": 100, "warn_at": [50, 90]}))
    sell(acme, 900, "2026-10-10")
    settle("2026-10")
    sell(acme, 600, "2026-11-10")
    (use,) = uses(BY)
    assert (use.time, use.earned, use.accrued) == (Period.parse("2026-11"), Decimal(0), Decimal("60.00"))
    # One earlier month is too few: half of November has passed, so 60.00 become 120.00.
    assert (use.forecast, use.reached, use.expected, use.tone) == (Decimal("120.00"), [50], [90], "warn")


def test_each_level_is_told_once_to_those_who_write_programmes(acme, finance, manager, mid_november):
    apply(policy(mechanism=FLAT, budget={"amount": 100}))
    sell(acme, 850, "2026-11-10")
    tell = daily_work()["rebates.budgets"]
    tell()
    tell()
    told = Notice.objects.filter(kind__startswith="rebates.budget").order_by("kind")
    assert [(one.user_id, one.kind) for one in told] == [
        (finance.user_id, "rebates.budget_expected"), (finance.user_id, "rebates.budget_reached"),
    ]  # fmt: skip
    assert told[1].values["level"] == 80 and told[0].values["level"] == 100
    sell(acme, 200, "2026-11-11")
    tell()
    assert Notice.objects.filter(kind="rebates.budget_reached").count() == 2


def test_only_whoever_sees_every_partner_reads_a_budget(acme, finance, browse, mid_november):
    apply(policy(mechanism=FLAT, budget={"amount": 100}))
    sell(acme, 850, "2026-11-10")
    page = browse(finance).get("/programmes/budgets/")
    assert page.status_code == 200 and "85%" in page.content.decode()
    assert browse(finance).get("/programmes/budgets/?export=xlsx").status_code == 200
    assert "Budget, November 2026" in browse(finance).get("/programmes/core/").content.decode()
    assert browse(acme.admin).get("/programmes/budgets/").status_code in (403, 404)
    assert uses(acme.admin) == []


def test_finance_fills_it_in_and_reads_it_back(finance, browse, mid_november):
    values = FILLED | {"budget": "50000", "budget_per": "year", "budget_levels": "100，70%"}
    assert browse(finance).post("/programmes/new/", values).status_code == 302
    version = Version.objects.get(programme__code="core")
    assert version.policy["budget"] == {"amount": "50000", "per": "year", "warn_at": [70, 100]}
    shown = initial_of(version)
    assert (shown["budget"], shown["budget_per"], shown["budget_levels"]) == ("50000", "year", "70, 100")
    wrong = browse(finance).post("/programmes/new/", values | {"code": "other", "budget_levels": "soon"})
    assert wrong.status_code == 422 and "Write up to five whole numbers" in wrong.content.decode()


def test_a_budget_of_nothing_is_refused():
    with pytest.raises(PolicyProblem) as refused:
        read_document({"schema": 1, "programmes": [policy(budget={"amount": 0})]})
    assert "budget.amount" in refused.value.problems[0]


# With the close, and afterwards


def test_a_close_tells_what_it_used_of_a_period_that_is_over(acme, finance, mid_november):
    apply(policy(mechanism=FLAT, budget={"amount": 100, "warn_at": [50, 80, 100]}))
    sell(acme, 1480, "2026-10-10")
    settle("2026-10")
    deliver()
    (told,) = Notice.objects.filter(kind__startswith="rebates.budget")
    assert (told.user_id, told.kind, told.values["level"]) == (
        finance.user_id, "rebates.budget_reached", 100,
    )  # fmt: skip
    assert told.fact.endswith(":2026-10:100") and "100" in Letter.objects.get(text__contains="budget").subject
    deliver()
    daily_work()["rebates.budgets"]()
    assert Notice.objects.filter(kind__startswith="rebates.budget").count() == 1


def test_a_late_line_that_fills_a_closed_periods_budget_is_told_with_the_next_close(
    acme, finance, mid_november
):
    apply(policy(mechanism=FLAT, budget={"amount": 100}))
    sell(acme, 700, "2026-09-10")
    settle("2026-09")
    deliver()
    assert not Notice.objects.filter(kind__startswith="rebates.budget").exists()
    sell(acme, 200, "2026-09-20")
    sell(acme, 100, "2026-10-10")
    settle("2026-10")
    deliver()
    (told,) = Notice.objects.filter(kind__startswith="rebates.budget")
    assert told.fact.endswith(":2026-09:80")


def test_the_page_shows_the_periods_of_this_year_that_are_over(acme, finance, browse, mid_november):
    apply(policy(mechanism=FLAT, budget={"amount": 100}))
    sell(acme, 2690, "2026-09-10")
    settle("2026-09")
    sell(acme, 500, "2026-10-10")  # accrues: October is over and not settled
    found = overview(BY)
    assert [(str(one.time), one.earned, one.accrued, one.share) for one in found.over] == [
        ("2026-10", Decimal(0), Decimal("50.00"), 50), ("2026-09", Decimal("269.00"), Decimal(0), 269),
    ]  # fmt: skip
    page = browse(finance).get("/programmes/budgets/").content.decode()
    ended = page.split("Periods of this year that are over")[-1]
    assert "September 2026" in ended and "269%" in ended and "November 2026" not in ended


def test_the_page_lists_the_levels_at_which_each_budget_warns(acme, finance, browse, mid_november):
    apply(policy(mechanism=FLAT, budget={"amount": 100}))
    apply(policy("early", mechanism=FLAT, budget={"amount": 100, "warn_at": [90, 50]}))
    page = browse(finance).get("/programmes/budgets/").content.decode()
    rows = [row for row in page.split("<tr>") if "/programmes/" in row and "<td>" in row]
    assert [re.findall(r">([^<]*%)</td>", row)[-1] for row in rows] == ["80%, 100%", "50%, 90%"]


def test_an_amended_budget_holds_from_its_own_first_day(acme, mid_november):
    apply(policy(mechanism=FLAT, budget={"amount": 100}))
    apply(policy(mechanism=FLAT, budget={"amount": 900}, from_="2026-11-01"))
    sell(acme, 500, "2026-10-10")
    settle("2026-10")
    found = overview(BY)
    assert [(str(one.time), one.budget) for one in (*found.now, *found.over)] == [
        ("2026-11", Decimal(900)), ("2026-10", Decimal(100)),
    ]  # fmt: skip
