"""What the pages of a settlement and of its statements say is what they mean."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from django.template.loader import render_to_string

from prm.jobs.models import Job
from prm.ui import said
from rebates import pages
from rebates.jobs import Settle
from rebates.models import Statement
from rebates.outliers import Outlier
from rebates.paper import statement_paper
from rebates.services import approve_run, compute_approved_again, submit_for_review
from tests.factories.people import UserFactory, actor
from tests.rebates.reading_pages import words
from tests.rebates.world import apply, catalogue, policy, sell, settle

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("november")]


def flat(code: str, **more: Any) -> dict[str, Any]:
    return policy(code, mechanism={"kind": "flat", "rate": "2%"}, **more)


def test_no_column_adds_up_what_overlapping_programmes_are_paid_on(acme, finance, browse):
    apply(flat("one"), flat("two"))
    sell(acme, 10_000, "2026-10-10")
    run = settle("2026-10", close=False)
    shown = words(browse(finance).get(run.get_absolute_url()))
    assert "20,000.00" not in shown and "Base, all programmes" not in shown
    assert "¥400.00" in shown  # what is earned adds up


def test_the_head_says_what_the_sales_lines_are_when_a_programme_looks_back(acme, finance, browse):
    growth = {"kind": "growth", "on": "all", "bands": [{"from": "20%", "rate": "3%"}]}
    apply(flat("plain"))
    sell(acme, 10_000, "2026-10-10")
    run = settle("2026-10", close=False)
    shown = words(browse(finance).get(run.get_absolute_url()))
    assert "1 sales line read ·" in shown
    apply(policy("more", mechanism=growth, baseline={"kind": "prior_period", "new_partner": "skip"}))
    sell(acme, 5_000, "2026-09-10")
    run = settle("2026-10", close=False)
    shown = words(browse(finance).get(run.get_absolute_url()))
    assert "2 sales lines read, from September 2026 on: some programmes look back" in shown


def test_a_budget_that_is_exceeded_needs_a_look(acme, finance, browse):
    apply(flat("dear", budget={"amount": 100, "per": "period"}))
    sell(acme, 10_000, "2026-10-10")
    run = settle("2026-10", close=False)
    shown = words(browse(finance).get(run.get_absolute_url()))
    look = shown[shown.index("Needs a look") :]
    assert re.search(r"Dear budget ¥100.00, October 2026 200 % of it No line was left out", look)
    assert "Nothing:" not in look
    told = r"budget ¥100.00, October 2026; settled of it, with this settlement: +200%"
    assert re.search(told, shown) and "Of budget" not in shown


def test_while_it_is_computed_again_nothing_says_approved(acme, finance, browse):
    apply(flat("plain"))
    sell(acme, 10_000, "2026-10-10")
    second = actor(UserFactory(finance=True, name="Zhao Min"))
    run = approve_run(run=submit_for_review(run=settle("2026-10", close=False), by=finance), by=second)
    assert pages.approval_of(run, finance) is not None
    sell(acme, 5_000, "2026-10-11")
    compute_approved_again(run=run, by=finance)
    assert Job.objects.open().exists()
    run.refresh_from_db()
    assert pages.approval_of(run, finance) is None


@pytest.mark.parametrize(
    ("middle", "said"),
    [
        ("120", "usual would be ¥120.00: the rate in the middle of the 9 partners of its tier"),
        ("0", "most of the 9 partners of its tier earned nothing"),
    ],
)
def test_an_outlier_of_its_tier_is_told_in_plain_words(middle, said):
    one = Outlier("group", 1, "P-1", "ACME", SimpleNamespace(), "CNY", Decimal(5000), Decimal(middle), 9)  # type: ignore[arg-type]
    run = SimpleNamespace(number="S-2026-10")
    assert said in words(render_to_string("rebates/outlier.html", {"one": one, "run": run}))


def test_late_lines_after_the_grace_days_are_told_from_those_that_earn(acme, finance, browse):
    apply(flat("plain", late={"grace_days": 20}))
    sell(acme, 10_000, "2026-09-10")
    settle("2026-09")
    for document, day in (("IN-TIME", 15), ("TOO-LATE", 25)):
        recorded = datetime(2026, 10, day, tzinfo=UTC)
        sell(acme, 1_000, "2026-09-11", document=document, recorded_at=recorded)
    run = settle("2026-10", close=False)
    page = browse(finance).get(f"{run.get_absolute_url()}look/").content.decode()
    rows = {name: words(row) for row in page.split("<tr") for name in ("IN-TIME", "TOO-LATE") if name in row}
    assert "after the grace days: earns nothing" in rows["TOO-LATE"]
    assert "after the grace days" not in rows["IN-TIME"]


def test_what_is_kept_below_a_minimum_stands_beside_what_is_paid(acme, finance, browse, tenant):
    catalogue("care")
    apply(
        flat("large"),
        flat("small", minimum_payout=500, qualify={"product_lines": ["care"]}, from_="2026-01-01"),
    )
    sell(acme, 10_000, "2026-10-10")
    sell(acme, 1_000, "2026-10-10", line="care")
    settle("2026-10")
    statement = Statement.objects.for_everyone(because="a test").get()
    shown = words(browse(finance).get(statement.get_absolute_url()))
    assert "without ¥20.00 below a minimum payout: carried to the next statement" in shown
    row = "of which carried to the next statement, below a minimum payout"
    assert f"{row} ¥20.00" in shown
    assert f"{row} 20.00" in words(statement_paper(statement, finance, tenant))


def test_the_partner_reads_earned_and_adjusted_apart(acme, browse):
    apply(flat("plain"))
    sell(acme, 10_000, "2026-09-10")
    settle("2026-09")
    sell(acme, 1_000, "2026-09-11")
    sell(acme, 20_000, "2026-10-10")
    settle("2026-10")
    shown = words(browse(acme.admin).get("/rebates/"))
    assert "Earned this year ¥600.00 adjusted ¥20.00 · ¥0.00 paid" in shown


def test_the_running_month_is_offered_to_look_at(acme, finance, browse):
    apply(flat("plain"))
    client = browse(finance)
    assert "November 2026, still running" in words(client.get("/settlements/"))
    client.post("/settlements/start/", {"period": "2026-11"})
    assert Job.objects.open().filter(key="S-2026-11").exists()
    assert "still running" not in words(client.get("/settlements/"))


def test_the_card_of_a_computation_counts_its_steps_from_one_and_says_what_it_does(acme, finance, browse):
    apply(flat("one"))
    sell(acme, 10_000, "2026-10-10")
    run = settle("2026-10", close=False)
    job = Job.objects.get(key=run.number)
    Job.objects.filter(pk=job.pk).update(state="queued", step=0, total=None, step_name="")
    shown = words(browse(finance).get(run.get_absolute_url()))
    assert "it begins when a worker is free" in shown and "step 0" not in shown
    job.parts.all().delete()
    step = said.stored(said.InEach(lambda: Settle().name(job, Settle.FREEZE)))
    Job.objects.filter(pk=job.pk).update(
        state="running", step=0, total=3, step_name="Freezing", step_said=step
    )
    shown = words(browse(finance).get(run.get_absolute_url()))
    assert "step 1 of 3 · Freezing" in shown
    chinese = words(browse(finance).get(run.get_absolute_url(), headers={"accept-language": "zh-CN"}))
    assert "第 1 步，共 3 步 · 冻结" in chinese
