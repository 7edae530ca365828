"""What is told of agents’ credits: what came in since, why a figure changed, what a kit holds, how it is disputed."""

from __future__ import annotations

import csv
import re
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import time_machine

from orders.models import CreditedLine
from rebates import changes, gaps, moments
from rebates.accruals import accruals
from rebates.errors import LinesCameIn
from rebates.models import DisputedLine, Statement
from rebates.services import (
    Claim,
    approve_run,
    close_run,
    compare_ledger,
    open_dispute,
    send_dispute,
    start_close,
)
from rebates.since import came_in
from tests.cast import Company
from tests.orders.crediting import correct, credit, credits_of, take_back
from tests.rebates.disputing import ledger
from tests.rebates.test_collection import pays
from tests.rebates.test_commissions import commission
from tests.rebates.test_recompute_kit import unpacked, verify
from tests.rebates.world import BY, adjustments, apply, catalogue, only, policy, results, sell, settle

pytestmark = pytest.mark.django_db


@pytest.fixture
def agent(db):
    return Company("Broker Zhang", tier="gold")


def words(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", answer.content.decode()))


def statements(agent: Company) -> list[Statement]:
    rows = Statement.objects.for_everyone(because="a test").filter(partner=agent.row)
    return list(rows.select_related("run", "partner").order_by("ends"))


# What came in since


def test_credits_between_computation_and_close_are_warned_of_like_lines(acme, agent, finance, browse):
    with time_machine.travel("2026-11-20 04:00:00+00:00", tick=False):
        apply(commission(late={"grace_days": 10}), policy("core"))
        line = sell(acme, 1000, "2026-10-10")
        given = credit(line, agent, 40)
        approved = approve_run(run=settle("2026-10", close=False), by=BY)
        assert came_in(approved).count == 0
        correct(given, 60)
        credit(sell(acme, 500, "2026-11-02"), agent, 10)  # of November
        credit(sell(acme, 100, "2026-10-11", currency="USD"), agent, 10)
        other = sell(acme, 700, "2026-10-12")
        credit(other, agent, 50)
        found = came_in(approved)
        # A sales line that the buyer's rebate counts; of credits a take-back, its correction, and one that is too late.
        assert (found.lines, found.credits, found.count, found.too_late) == (1, 3, 4, 1)
        assert found.credited == [("CNY", Decimal("550.00000000"))]
        page = words(browse(finance).get(approved.get_absolute_url()))
        assert "3 credits of agents were given or taken back since it was computed" in page
        assert "3 credits of agents came in since" in page
        with pytest.raises(LinesCameIn):
            start_close(run=approved, without=1, by=BY)


def test_the_page_of_what_needs_a_look_lists_credits_of_earlier_months(acme, agent, finance, browse):
    apply(commission())
    given = credit(sell(acme, 1000, "2026-08-10", document="INV-8"), agent, 40)
    settle("2026-08")
    take_back(given)
    run = settle("2026-09", close=False)
    found = gaps.late_credits(run)
    assert [(row.document, row.net_amount) for row in found.rows] == [("INV-8", Decimal("-400"))]
    page = words(browse(finance).get(f"{run.get_absolute_url()}look/"))
    assert "Credits of agents for earlier months" in page and "taken back" in page and "40%" in page
    assert (
        "1 credit of an agent" in words(browse(finance).get(run.get_absolute_url())) or run.credit_count == 0
    )


def test_what_an_agent_is_credited_with_is_no_line_that_a_programme_counts(acme, agent):
    catalogue("routing", "switching")
    apply(commission(), policy("core", qualify={"product_lines": ["routing"]}))
    credit(sell(acme, 1000, "2026-09-10", line="switching"), agent, 40)
    (missing,) = gaps.gaps(settle("2026-09", close=False)).uncounted
    assert (missing.lines, missing.amount) == (1, Decimal("1000.00"))


# Why it changed


@time_machine.travel("2026-11-15")
def test_two_statements_tell_apart_sales_returns_and_what_was_taken_back_with_the_share(acme, agent):
    apply(commission(returns="by_booking"))
    credit(sell(acme, 1000, "2026-09-10"), agent, 40)
    settle("2026-09")
    line = sell(acme, 3000, "2026-10-10", document="INV-10")
    credit(line, agent, 50)
    sell(acme, -1000, "2026-10-20", reverses=line)
    take_back(credit(sell(acme, 800, "2026-10-12", document="INV-12"), agent, "12.5"))
    settle("2026-10")
    (change,) = changes.between(*statements(agent))
    assert (change.before, change.after) == (Decimal("40.00"), Decimal("100.00"))
    found = {cause.name: (cause.amount, cause.text) for cause in change.causes}
    assert {name: amount for name, (amount, _text) in found.items()} == {
        "Credited sales": Decimal("120.00"),  # 1,500 + 100 at 10 %, less 40
        "Returns": Decimal("-50.00"),
        "Credits taken back": Decimal("-10.00"),
    }
    assert found["Credits taken back"][1] == "INV-12 (12.5%)"


@time_machine.travel("2026-11-15")
def test_an_adjustment_says_what_was_taken_back(acme, agent):
    apply(commission())
    given = credit(sell(acme, 1000, "2026-09-10", document="INV-9"), agent, 40)
    take_back(credit(sell(acme, 90, "2026-09-10", document="INV-7"), agent, 40))  # the close knew that
    settle("2026-09")
    correct(given, 30)
    credit(sell(acme, 100, "2026-10-10"), agent, 40)
    settle("2026-10")
    (change,) = changes.between(*statements(agent))
    (late,) = [cause for cause in change.causes if cause.name.startswith("Adjustment")]
    assert (
        late.amount == -10 and late.text.endswith("taken back: INV-9 (40%)") and "Late credits" in late.text
    )


def test_an_open_figure_says_what_was_taken_back_since_a_day(acme, agent, browse):
    apply(commission())
    with time_machine.travel("2026-09-10 04:00:00+00:00"):
        given = credit(sell(acme, 1000, "2026-09-09", document="INV-9"), agent, 40)
    with time_machine.travel("2026-09-20 04:00:00+00:00"):
        take_back(given)
        credit(sell(acme, 500, "2026-09-19"), agent, 10)
        (accrual,) = accruals(by=BY, partners=[agent.row.pk])
        found = moments.since(accrual, date(2026, 9, 15))
        causes = {cause.name: (cause.amount, cause.text) for cause in found.change.causes}
        assert causes["Credits taken back"] == (Decimal("-40.00"), "INV-9 (40%)")
        assert causes["Credited sales"][0] == Decimal("5.00") and "Returns" not in causes
        assert sum(cause.amount for cause in found.change.causes) == found.change.difference
        page = words(browse(agent.admin).get(f"{accrual.get_absolute_url()}changes/?since=2026-09-15"))
        assert "taken back" in page and "INV-9" in page and acme.name not in page


# The kit


def credits_in(statement: Statement, folder: Any) -> list[dict[str, str]]:
    with (unpacked(statement, folder) / "credits.csv").open() as file:
        return list(csv.DictReader(file))


def test_a_kit_holds_the_credits_of_its_commissions_and_no_others(acme, rival, agent, tmp_path):
    catalogue("routing", "switching")
    apply(commission(qualify={"product_lines": ["routing"]}), policy("core"))
    sell(acme, 1, line="switching")
    line = sell(acme, "1000.01", document="INV-1", line_number="SECRET-LINE")
    correct(credit(line, agent, 40), 50)
    credit(line, rival, "7.7777")
    credit(sell(acme, 70, line="switching", document="INV-2"), agent)  # another product line
    credit(sell(acme, 80, "2026-07-10", document="INV-3"), agent)  # another month
    sell(acme, "4444.44", document="INV-1")  # a line that is not credited
    settle("2026-09")
    (statement,) = statements(agent)
    rows = credits_in(statement, tmp_path)
    assert [(row["share"], row["document"], row["amount"]) for row in rows] == [
        ("40.0000", "INV-1", "1000.01"), ("40.0000", "INV-1", "1000.01"), ("50.0000", "INV-1", "1000.01"),
    ]  # fmt: skip
    assert [row["takes_back"] for row in rows] == ["", rows[0]["number"], ""]
    assert {row["paid"] for row in rows} == {""}  # the day of the payment is nobody's business here
    for file in tmp_path.iterdir():
        text = file.read_text(encoding="utf-8", errors="replace")
        for secret in (
            acme.name,
            acme.row.number,
            rival.name,
            "7.7777",
            "4444.44",
            "SECRET-LINE",
            "INV-2",
            "INV-3",
        ):
            assert secret not in text, (file.name, secret)
    (buyer,) = list(Statement.objects.for_everyone(because="a test").filter(partner=acme.row))
    folder = tmp_path / "buyer"
    assert credits_in(buyer, folder) == [] and "credited" not in (folder / "kit.json").read_text()


def test_a_kit_tells_when_an_invoice_was_paid_only_where_that_counts(acme, agent, tmp_path):
    catalogue("routing", "switching")
    apply(
        commission(date_basis="payment", qualify={"product_lines": ["routing"]}),
        commission("booked", qualify={"product_lines": ["switching"]}),
    )
    credit(sell(acme, 1000, document="INV-1"), agent, 40)
    credit(sell(acme, 1000, document="INV-2", line="switching"), agent, 40)
    for document in ("INV-1", "INV-2"):
        pays(acme, document, 1130, "2026-09-20")
    settle("2026-09")
    (statement,) = statements(agent)
    assert {row["document"]: row["paid"] for row in credits_in(statement, tmp_path)} == {
        "INV-1": "2026-09-20",
        "INV-2": "",
    }
    assert verify(tmp_path).returncode == 0


def test_a_changed_share_in_a_kit_is_found(acme, agent, tmp_path):
    apply(commission())
    credit(sell(acme, 1000), agent, 40)
    settle("2026-09")
    folder = unpacked(statements(agent)[0], tmp_path)
    (folder / "credits.csv").write_text((folder / "credits.csv").read_text().replace("40.0000", "41.0000"))
    answer = verify(folder)
    assert answer.returncode == 1 and "DIFFERS" in answer.stdout


# Disputes


@pytest.fixture
def stated(acme, agent) -> Statement:
    apply(commission(), policy("core"))
    credit(sell(acme, 1000, "2026-09-11", document="INV-1"), agent, 40)
    credit(sell(acme, "1000.01", "2026-09-12", document="INV-2"), agent, "33.3333")
    take_back(credit(sell(acme, 900, "2026-09-13", document="INV-3"), agent, 10))
    settle("2026-09")
    (statement,) = statements(agent)
    return statement


def test_an_agent_marks_lines_that_it_is_credited_with(stated, agent, browse):
    page = words(browse(agent.admin).get(f"/statements/{stated.number}/dispute/"))
    assert "INV-1" in page and "INV-2" in page and "INV-3" not in page and "40%" in page
    given = {row.document: row for row in credits_of(agent)}
    claims = [Claim(what="amount", sales_line=given["INV-1"].pk, amount=Decimal("300"))]
    dispute = open_dispute(statement=stated, claims=claims, reason="We agreed on 30 %", by=agent.admin)
    assert (dispute.held, dispute.worth, dispute.difference) == (Decimal("10.00"), Decimal("-10.00"), -100)
    (line,) = DisputedLine.objects.for_everyone(because="a test").filter(dispute=dispute)
    assert line.credit == given["INV-1"] and line.sales_line is None and line.our_amount == 400
    assert "INV-1" in words(browse(agent.admin).get(dispute.get_absolute_url()))


def test_an_agent_disputes_nobody_elses_credit_nor_a_line_of_the_buyer(stated, acme, rival, agent):
    from rebates.errors_of_disputes import NotALineOfTheStatement

    bought = acme.row.sales_lines.first()
    other = credit(bought, rival, 1)
    for pk in (bought.pk, other.pk):
        with pytest.raises(NotALineOfTheStatement):
            open_dispute(
                statement=stated, claims=[Claim(what="not_ours", sales_line=pk)], reason="x", by=agent.admin
            )


def test_an_agent_uploads_its_own_list(stated, agent):
    file = ledger(
        "INV-1,2026-09-11,routing-1,0.4,500.00",
        "INV-2,2026-09-12,routing-1,0.333,333.34",
        "INV-9,2026-09-14,routing-1,1,100.00",
    )
    draft = compare_ledger(statement=stated, file=file, by=agent.admin)
    lines = {line.document: line for line in draft.lines.all()}
    assert {name: line.what for name, line in lines.items()} == {"INV-1": "amount", "INV-9": "missing"}
    assert lines["INV-1"].credit is not None and draft.difference == 200
    assert (draft.summary["agree"], draft.worth) == (1, Decimal("20.00"))
    assert send_dispute(dispute=draft, reason="Our books", by=agent.admin).state == "open"


def test_what_is_held_back_of_a_rebate_hangs_on_purchases_alone(stated, acme, agent):
    """The agent bought for itself too: its rebate stays when it disputes a commission, and the other way round."""
    sell(agent, 5000, "2026-10-11", document="OWN-1")
    given = credit(sell(acme, 1000, "2026-10-12", document="INV-4"), agent, 50)
    settle("2026-10")
    statement = statements(agent)[-1]
    dispute = open_dispute(
        statement=statement,
        claims=[Claim(what="not_ours", sales_line=given.pk)],
        reason="Not ours",
        by=agent.admin,
    )
    assert dispute.held == 50  # of 150.00


def test_two_results_side_by_side_open_to_their_own_lines(acme, agent, browse):
    """A rebate opens to purchases, a commission to shares with the line's own amount."""
    apply(commission(), policy("core"))
    credit(sell(acme, "1000.01", document="INV-1"), agent, "33.3333")
    sell(agent, 500, document="OWN-1")
    run = settle("2026-09")
    client = browse(agent.admin)
    pages = {
        row.programme.code: words(client.get(row.get_absolute_url()))
        for row in results(run)
        if row.partner == agent.row
    }
    assert (
        "33.3333% of" in pages["agents"] and "1,000.01" in pages["agents"] and "OWN-1" not in pages["agents"]
    )
    assert "OWN-1" in pages["core"] and "INV-1" not in pages["core"]
    assert acme.name not in pages["agents"]


def test_close_and_only_are_of_one_run(acme, agent):
    """A run of commissions alone closes like any other."""
    apply(commission())
    credit(sell(acme, 1000), agent, 40)
    run = close_run(run=approve_run(run=settle("2026-09", close=False), by=BY), by=BY)
    assert only(run).earned == 40 and run.credit_count == 1
    assert CreditedLine.objects.for_everyone(because="a test").count() == 1


@time_machine.travel("2026-11-15")
def test_what_is_named_as_taken_back_is_what_moved_the_figure_once(acme, agent):
    """Of a year so far, not what the month before knew already."""
    apply(commission(cumulative=True))
    correct(credit(sell(acme, 1000, "2026-08-10", document="I-1"), agent, 40), 30)
    settle("2026-08")
    credit(sell(acme, 100, "2026-09-10", document="I-2"), agent, 50)
    take_back(credit(sell(acme, 100, "2026-09-10", document="I-3"), agent, 50))
    settle("2026-09")
    (change,) = changes.between(*statements(agent))
    (gone,) = [cause for cause in change.causes if cause.name == "Credits taken back"]
    assert gone.text == "I-3 (50%)"


@time_machine.travel("2026-12-15")
def test_an_adjustment_by_a_return_alone_names_nothing_that_was_taken_back(acme, agent):
    apply(commission(returns="by_origin"))
    line = sell(acme, 1000, "2026-09-10")
    credit(line, agent, 40)
    settle("2026-09")
    sell(acme, -100, "2026-10-10", reverses=line)
    settle("2026-10")
    (change,) = changes.between(*statements(agent))
    (late,) = [cause for cause in change.causes if cause.name.startswith("Adjustment")]
    assert late.amount == -4 and late.text.endswith("posted with this statement")


def test_a_closed_month_says_which_credits_came_too_late_for_its_own_close(acme, agent):
    apply(commission(late={"grace_days": 10}))
    with time_machine.travel("2026-09-05 04:00:00+00:00"):
        line = sell(acme, 1000, "2026-08-10")
        credit(sell(acme, 100, "2026-08-10"), agent)
        august = settle("2026-08")
    with time_machine.travel("2026-10-05 04:00:00+00:00"):
        given = credit(line, agent, 40)
        settle("2026-09")
    with time_machine.travel("2026-10-15 04:00:00+00:00"):
        correct(given, 60)
        august.refresh_from_db()
        found = came_in(august)
    assert (found.credits, found.too_late) == (2, 2)
    with time_machine.travel("2026-11-05 04:00:00+00:00"):
        assert not adjustments(settle("2026-10"))
