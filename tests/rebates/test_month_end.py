"""Accruals in the ledger: booked at the month's end, once; taken back by the close."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
import time_machine
from django.db.models import Sum

from payouts import overview
from prm.jobs.models import Job
from prm.jobs.services import run_job
from prm.ledger.models import Entry, Transaction
from prm.values.periods import Period
from rebates.books import reconciled
from rebates.daily import book_accruals
from rebates.services import accruing
from tests.rebates.world import BY, apply, policy, sell, settle

pytestmark = pytest.mark.django_db
FLAT = {"kind": "flat", "rate": "1%"}


def balances() -> dict[str, Decimal]:
    rows = Entry.objects.for_everyone(because="a test").order_by()
    found = rows.values_list("account__kind").annotate(sum=Sum("amount"))
    return {kind: amount for kind, amount in found if amount}


def accrue(month: str) -> int:
    return accruing.post_accruals(Period.parse(month), by=BY)


def on(day: str):
    return time_machine.travel(f"{day}T12:00:00+08:00", tick=False)


def test_a_month_is_booked_on_its_last_day_and_once(acme, rival):
    with on("2026-10-01"):
        apply(policy(mechanism=FLAT))
        sell(acme, 100_000, "2026-09-10")
        sell(rival, 50_000, "2026-09-10")
        assert accrue("2026-09") == 2
        assert balances() == {"expense": Decimal("1500.00"), "accrued": Decimal("-1500.00")}
        assert accrue("2026-09") == 0
        rows = Transaction.objects.for_everyone(because="a test").filter(event="rebates.accrue")
        assert {(row.booked_on, row.memo) for row in rows} == {(date(2026, 9, 30), "2026-09")}


def test_the_close_takes_the_accrual_back_and_books_what_was_earned(acme, finance):
    apply(policy(mechanism=FLAT))
    sell(acme, 100_000, "2026-09-10")
    accrue("2026-09")
    sell(acme, 20_000, "2026-09-20")  # came in after the month's end
    settle("2026-09")
    assert balances() == {"expense": Decimal("1200.00"), "payable": Decimal("-1200.00")}
    rows = Transaction.objects.for_everyone(because="a test").filter(event="rebates.accrual_released")
    assert [row.memo for row in rows] == ["2026-09"]
    (check,) = reconciled(finance)
    assert (check.owed, check.difference) == (Decimal("1200.00"), 0)
    assert accrue("2026-09") == 0


def test_each_month_of_a_quarter_books_its_difference(acme):
    apply(policy("core", "retroactive", period="quarter"))
    with on("2026-08-01"):
        sell(acme, 90_000, "2026-07-10")  # 2 %
        accrue("2026-07")
        assert balances()["accrued"] == Decimal("-1800.00")
    with on("2026-09-01"):
        sell(acme, 30_000, "2026-08-10")  # 120,000 at 3 %
        accrue("2026-08")
        assert balances()["accrued"] == Decimal("-3600.00")
    with on("2026-10-01"):
        sell(acme, -40_000, "2026-09-10")  # 80,000 at 2 %
        accrue("2026-09")
        assert balances()["accrued"] == Decimal("-1600.00")
    settle("2026-Q3")
    assert balances() == {"expense": Decimal("1600.00"), "payable": Decimal("-1600.00")}


def test_a_month_that_is_closed_late_leaves_the_next_ones_accrual(acme):
    apply(policy(mechanism=FLAT))
    sell(acme, 100_000, "2026-08-10")
    sell(acme, 30_000, "2026-09-10")
    with on("2026-09-01"):
        accrue("2026-08")
    with on("2026-10-01"):
        accrue("2026-09")
    assert balances()["accrued"] == Decimal("-1300.00")
    settle("2026-08")
    assert balances() == {
        "expense": Decimal("1300.00"),
        "accrued": Decimal("-300.00"),
        "payable": Decimal("-1000.00"),
    }


def test_the_daily_work_books_the_month_that_is_over_once(acme):
    with on("2026-10-01"):
        apply(policy(mechanism=FLAT))
        sell(acme, 100_000, "2026-09-10")
        for _day in range(2):
            book_accruals()
        job = Job.objects.get(kind=accruing.JOB)
        assert job.key == "2026-09" and run_job(job.pk) == "done"
        book_accruals()
        assert Job.objects.filter(kind=accruing.JOB).count() == 1
        assert balances()["accrued"] == Decimal("-1000.00")


def test_finance_reads_the_liability_of_a_day(acme, finance, browse):
    with on("2026-10-02"):
        apply(policy(mechanism=FLAT))
        sell(acme, 100_000, "2026-08-10")
        settle("2026-08")
        sell(acme, 50_000, "2026-09-10")
        accrue("2026-09")
        asked = overview.Asked(date(2026, 8, 1), date(2026, 9, 30))
        (row,) = overview.by_programme(asked, by=finance)
        assert (row.owed, row.booked, row.liability) == (
            Decimal("1000.00"),
            Decimal("500.00"),
            Decimal("1500.00"),
        )
        (before,) = overview.by_programme(overview.Asked(date(2026, 8, 1), date(2026, 9, 29)), by=finance)
        assert before.liability == Decimal("1000.00")
        page = browse(finance).get("/rebate-money/?first=2026-08-01&last=2026-09-30").content.decode()
        assert "Liability" in page and "¥1,500.00" in page


def test_a_month_that_is_booked_late_says_what_it_would_have_paid_by_then(acme):
    apply(policy("core", "retroactive", period="quarter"))
    with on("2026-11-20"):
        sell(acme, 90_000, "2026-10-10")  # 2 %
        sell(acme, 30_000, "2026-11-10")
        accrue("2026-10")
        assert balances()["accrued"] == Decimal("-1800.00")


def test_each_month_end_is_taken_back_on_its_own_day(acme):
    apply(policy(mechanism=FLAT))
    with on("2026-09-01"):
        sell(acme, 100_000, "2026-08-10")
        accrue("2026-08")
    with on("2026-10-01"):
        sell(acme, 30_000, "2026-08-20")  # came in late
        accrue("2026-09")
        settle("2026-08")
        rows = Entry.objects.for_everyone(because="a test").filter(account__kind="accrued")
        by_day = rows.order_by().values_list("transaction__booked_on").annotate(sum=Sum("amount"))
        assert dict(by_day) == {date(2026, 8, 31): 0, date(2026, 9, 30): 0}
