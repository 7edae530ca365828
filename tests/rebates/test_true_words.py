"""What pages call a statement, a sum that waits and whoever acted is true."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine

from prm.notices import home
from prm.notices.work import Work
from prm.values import clock
from prm.values.actor import Actor
from prm.values.periods import Period
from rebates import figures, pages
from rebates.explanations import explain
from rebates.models import SettlementRun, Statement
from rebates.services import close_run, compute_run, pay_statement
from rebates.services.payments import payment_state
from rebates.services.reviewing import approve_run
from tests.rebates import world
from tests.rebates.world import BY, apply, policy, sell, settle

pytestmark = pytest.mark.django_db


def words(answer) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", answer.content.decode()))


def states(company) -> list[tuple[str, str]]:
    """What the page and the list call each of the company's statements, oldest first."""
    rows = Statement.objects.for_everyone(because="a test").filter(partner=company.row).for_list()
    return [(payment_state(row), row.payment_state) for row in rows.order_by("ends")]


def test_paid_is_only_what_money_paid(acme):
    apply(policy())
    sell(acme, -20_000, "2026-08-02")
    settle("2026-08")  # −400: below zero
    sell(acme, 10_000, "2026-09-02")
    settle("2026-09")  # 200, and the balance is still −200
    sell(acme, 60_000, "2026-10-02")
    settle("2026-10")  # 1,200, of which 1,000 are owed
    assert states(acme) == [("carried", "carried"), ("carried", "carried"), ("open", "open")]


def test_a_negative_figure_that_is_taken_off_what_is_owed_is_not_carried(acme):
    apply(policy())
    sell(acme, 50_000, "2026-08-02")
    settle("2026-08")  # 1,000
    sell(acme, -20_000, "2026-09-02")
    settle("2026-09")  # −400: 600 are owed
    assert states(acme)[1] == ("offset", "offset")


def test_what_a_carried_figure_took_up_is_offset_and_nothing_is_nothing(acme):
    apply(policy())
    sell(acme, -20_000, "2026-08-02")
    settle("2026-08")  # −400
    sell(acme, 20_000, "2026-09-02")
    settle("2026-09")  # 400, all of it taken up
    sell(acme, 0, "2026-10-02")
    settle("2026-10")
    assert states(acme) == [("carried", "carried"), ("offset", "offset"), ("nothing", "nothing")]


def test_the_first_page_shows_what_is_still_open(acme, finance, browse):
    apply(policy())
    sell(acme, 50_000, "2026-09-02")
    settle("2026-09")
    statement = Statement.objects.for_everyone(because="a test").get()
    pay_statement(statement=statement, amount=Decimal("300"), by=BY)
    (row,) = figures.runs(finance)["runs"]
    assert (row["open"], row["sums"]) == ([("CNY", Decimal("700.00"))], [("CNY", Decimal("1000.00"))])
    assert "¥700.00 open, of ¥1,000.00" in words(browse(finance).get("/"))


def test_what_is_overdue_says_so_on_the_first_page(finance, monkeypatch):
    now = clock.now()
    late = Work("Late", "/", now, due=now - timedelta(hours=1))
    soon = Work("Soon", "/", now, due=now + timedelta(hours=1))
    monkeypatch.setattr(home.work, "waiting_for", lambda actor: [late, soon, Work("Some time", "/", now)])
    assert [row["late"] for row in home.waiting(finance)["rows"]] == [True, False, False]


def test_a_command_is_not_called_a_person(acme):
    apply(policy())
    sell(acme, 50_000, "2026-09-02")
    settle_command = Actor.command("settle")
    run = compute_run(period=Period.parse("2026-09"), by=settle_command)
    run = close_run(run=approve_run(run=run, by=BY), by=settle_command)
    assert pages.waiting_line(run) == (
        "Closed by the product (settle); waiting for payment by somebody of finance"
    )


def test_a_month_with_a_settlement_is_opened_and_not_begun_again(acme, finance, browse):
    with time_machine.travel("2026-11-20 04:00:00+00:00", tick=False):
        apply(policy(from_="2026-09-01"))
        sell(acme, 50_000, "2026-09-02")
        run = settle("2026-09", close=False)
        assert [str(month) for month in pages.months_to_settle()] == ["2026-10"]
        assert [row["run"] for row in pages.runs_to_go_on_with(finance)] == [run]
        shown = browse(finance).get("/settlements/").content.decode()
    assert '<option value="2026-09">' not in shown
    assert '<option value="2026-10">' in shown
    assert SettlementRun.objects.count() == 1


def test_a_lump_sum_is_not_shown_as_a_rate(acme, finance, browse):
    bands = [{"from": 0, "amount": 0}, {"from": 10_000, "amount": 500}]
    apply(policy(mechanism={"kind": "lump_sum", "bands": bands}))
    sell(acme, 50_000, "2026-09-02")
    result = world.only(settle("2026-09"))
    assert explain(result).rounded == Decimal("500.00")
    shown = words(browse(finance).get(result.get_absolute_url()))
    assert "lump sum" in shown
    assert "× 0" not in shown
