"""Agents' commissions: what counts is the sales that a partner is credited with, on order, invoice or cash received."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
import time_machine

from prm.values.periods import Period
from rebates import wording
from rebates.accruals import accruals
from rebates.backtest import back_test
from rebates.exchange import as_yaml
from rebates.explained_lines import lines_page
from rebates.explanations import explain
from rebates.models import Statement
from rebates.policy import PolicyProblem, read_document
from rebates.programme_form import initial_of, is_editable
from tests.cast import Company
from tests.orders.crediting import correct, credit, take_back
from tests.rebates.test_collection import pays
from tests.rebates.test_recompute_kit import unpacked, verify
from tests.rebates.world import BY, T, adjustments, apply, only, policy, results, sell, settle

pytestmark = pytest.mark.django_db
FLAT = {"kind": "flat", "rate": "10%"}


def commission(code: str = "agents", **entries: Any) -> dict[str, Any]:
    return policy(code, mechanism=entries.pop("mechanism", FLAT), counts="credited", **entries)


@pytest.fixture
def agent(db):
    return Company("Broker Zhang", tier="gold")


def day(text: str):
    return datetime.fromisoformat(text).date()


def figures(run: Any) -> dict[tuple[str, str], Decimal]:
    return {(row.programme.code, row.partner.name): row.amount for row in results(run)}


def agrees(agent: Company, tmp_path) -> None:
    """The stand-alone verifier comes to every figure of every statement of the agent."""
    rows = Statement.objects.for_everyone(because="a test").filter(partner=agent.row)
    for statement in rows:
        answer = verify(unpacked(statement, tmp_path / statement.number))
        assert answer.returncode == 0, answer.stdout + answer.stderr


# What counts


def test_agents_earn_on_their_shares_of_lines_and_the_buyer_on_its_purchases(acme, rival, agent, tmp_path):
    apply(commission(), policy("core"))
    line = sell(acme, "1000.01")
    credit(line, agent, "33.3333")
    credit(line, rival, "66.6667")
    sell(agent, 500)
    run = settle("2026-09")
    assert figures(run) == {
        ("agents", "Broker Zhang"): Decimal("33.33"),
        ("agents", "Rival Systems"): Decimal("66.67"),
        ("core", "ACME Networks"): Decimal("20.00"),
        ("core", "Broker Zhang"): Decimal("10.00"),
    }
    agrees(agent, tmp_path)
    agrees(rival, tmp_path)


def test_nothing_is_rounded_before_the_policy_rounds(acme, agent, tmp_path):
    """Three thirds of a cent: rounded line by line before they would be nothing."""
    apply(commission(mechanism={"kind": "flat", "rate": "100%"}))
    for _number in range(3):
        credit(sell(acme, "0.01"), agent, "33.3333")
    credit(sell(acme, "0.01"), agent, "50.0001")
    result = only(settle("2026-09"))
    assert (result.earned, result.base) == (Decimal("0.02"), Decimal("0.015"))
    found = explain(result)
    assert (found.raw, found.base, found.rounded) == (Decimal("0.015"), Decimal("0.015"), Decimal("0.02"))
    assert [line.net_amount for line in lines_page(result).lines][-1] == Decimal("0.00500001")
    agrees(agent, tmp_path)


@pytest.mark.parametrize(
    ("basis", "month"),
    [("order", "2026-07"), ("booking", "2026-08"), ("shipment", "2026-09"), ("payment", "2026-10")],
)
def test_commission_counts_on_order_invoice_or_cash_received(acme, agent, basis, month, tmp_path):
    apply(commission(date_basis=basis))
    line = sell(
        acme, 1000, "2026-08-10", document="INV-1", order_date=day("2026-07-28"), ship_date=day("2026-09-02")
    )
    credit(line, agent, 40)
    pays(acme, "INV-1", 1130, "2026-10-05")
    runs = [settle(name) for name in ("2026-07", "2026-08", "2026-09", "2026-10")]
    assert [(str(row.period), row.earned) for run in runs for row in results(run)] == [(month, 40)]
    agrees(agent, tmp_path)


def test_quantities_are_credited_by_share_too(acme, agent, tmp_path):
    apply(
        commission(mechanism={"kind": "per_unit", "amount": "1.5"}),
        commission(
            "bands",
            measure="quantity",
            mechanism={"kind": "retroactive", "bands": [{"from": 3, "rate": "1%"}]},
        ),
    )
    credit(sell(acme, 1000, quantity=7), agent, 50)
    assert figures(settle("2026-09")) == {
        ("agents", agent.name): Decimal("5.25"), ("bands", agent.name): Decimal("5.00"),
    }  # fmt: skip
    agrees(agent, tmp_path)


@pytest.mark.parametrize("rule", ["by_booking", "by_origin"])
def test_a_return_of_the_buyer_takes_the_commission_back(acme, agent, rule, tmp_path):
    apply(commission(returns=rule))
    line = sell(acme, 1000, "2026-08-10")
    credit(line, agent, 40)
    assert only(settle("2026-08")).earned == 40
    sell(acme, -1000, "2026-09-10", reverses=line)
    (back,) = results(settle("2026-09"))
    assert back.amount == -40
    assert back.kind == ("earned" if rule == "by_booking" else "adjusted")
    agrees(agent, tmp_path)


def test_gross_amounts_and_other_currencies_are_credited_by_share(acme, agent, tmp_path):
    from tests.exchange.world import known

    known("EUR/CNY 2026-09-30 8.0")
    apply(commission(exchange="period_end"), commission("gross", amount_basis="gross"))
    credit(sell(acme, 100, currency="EUR"), agent, 25)
    credit(sell(acme, 1000, gross_amount=Decimal("1130"), tax_rate=Decimal("0.13")), agent, "33.3333")
    found = figures(settle("2026-09"))
    assert found == {("agents", agent.name): Decimal("53.33"), ("gross", agent.name): Decimal("33.33")}
    agrees(agent, tmp_path)


def test_growth_is_measured_on_credits_and_one_that_was_taken_back_is_as_if_never_given(
    acme, agent, tmp_path
):
    growth = {"kind": "growth", "on": "all", "bands": [{"from": "10%", "rate": "3%"}]}
    apply(commission(mechanism=growth), policy("own", mechanism=growth))
    sell(agent, 100, "2026-08-10")  # its own purchases are another matter
    take_back(credit(sell(acme, 500, "2026-08-10"), agent))
    credit(sell(acme, 1000, "2026-09-10"), agent)
    assert figures(settle("2026-09"))["agents", agent.name] == 0  # new: there is no baseline
    sell(agent, 50, "2026-10-10")
    credit(sell(acme, 2000, "2026-10-10"), agent)
    assert figures(settle("2026-10"))["agents", agent.name] == Decimal("60.00")
    agrees(agent, tmp_path)


def test_the_year_so_far_is_counted_on_credits(acme, agent, tmp_path):
    apply(commission(mechanism={"kind": "retroactive", "bands": T}, cumulative=True))
    given = credit(sell(acme, 60_000, "2026-01-10"), agent)
    assert only(settle("2026-01")).earned == 1200
    credit(sell(acme, 50_000, "2026-02-10"), agent)
    assert only(settle("2026-02")).earned == 2100
    take_back(given)
    credit(sell(acme, 10, "2026-03-10"), agent)
    assert only(settle("2026-03")).earned == Decimal("1000.20") - 3300
    agrees(agent, tmp_path)


# The late rule


def test_what_was_counted_in_time_is_taken_back_after_the_grace_days(acme, agent, tmp_path):
    apply(commission(late={"grace_days": 10}))
    with time_machine.travel("2026-09-05 04:00:00+00:00"):
        given = credit(sell(acme, 1000, "2026-08-10"), agent, 40)
        assert only(settle("2026-08")).earned == 40
    with time_machine.travel("2026-10-05 04:00:00+00:00"):
        take_back(given)
        (gone,) = adjustments(settle("2026-09"))
    assert gone.adjusted == -40
    agrees(agent, tmp_path)


def test_what_came_too_late_to_earn_takes_no_money_when_it_goes(acme, agent, tmp_path):
    apply(commission(late={"grace_days": 10}))
    with time_machine.travel("2026-09-05 04:00:00+00:00"):
        line = sell(acme, 1000, "2026-08-10")
        credit(sell(acme, 100, "2026-08-10"), agent)
        assert only(settle("2026-08")).earned == 10
    with time_machine.travel("2026-10-05 04:00:00+00:00"):
        given = credit(line, agent, 40)
        assert adjustments(settle("2026-09")) == []  # ten days after August are over
    with time_machine.travel("2026-11-05 04:00:00+00:00"):
        take_back(given)
        assert adjustments(settle("2026-10")) == []
    agrees(agent, tmp_path)


@pytest.mark.parametrize(("before", "after"), [(40, 60), (60, 40), (40, 1)])
def test_a_share_that_is_corrected_after_the_grace_days_pays_what_the_right_one_would_have(
    acme, agent, before, after, tmp_path
):
    apply(commission(late={"grace_days": 10}))
    with time_machine.travel("2026-09-05 04:00:00+00:00"):
        given = credit(sell(acme, 1000, "2026-08-10"), agent, before)
        settle("2026-08")
    with time_machine.travel("2026-10-05 04:00:00+00:00"):
        again = correct(given, after)
        settle("2026-09")
    with time_machine.travel("2026-11-05 04:00:00+00:00"):
        correct(correct(again, 99), after)
        last = settle("2026-10")
    posted = Statement.objects.for_everyone(because="a test").filter(partner=agent.row).order_by("ends")
    assert sum(row.earned + row.adjusted for row in posted) == Decimal(after)
    assert adjustments(last) == []
    agrees(agent, tmp_path)


def test_a_correction_of_what_came_too_late_earns_nothing_and_costs_nothing(acme, agent, tmp_path):
    apply(commission(late={"grace_days": 10}))
    with time_machine.travel("2026-09-05 04:00:00+00:00"):
        line = sell(acme, 1000, "2026-08-10")
        credit(sell(acme, 100, "2026-08-10"), agent)
        settle("2026-08")
    with time_machine.travel("2026-10-05 04:00:00+00:00"):
        correct(credit(line, agent, 40), 60)
        assert adjustments(settle("2026-09")) == []
    agrees(agent, tmp_path)


def test_a_credit_within_the_grace_days_counts_and_is_taken_back_later(acme, agent, tmp_path):
    apply(commission(late={"grace_days": 10}))
    with time_machine.travel("2026-09-05 04:00:00+00:00"):
        line = sell(acme, 1000, "2026-08-10")
        credit(sell(acme, 100, "2026-08-10"), agent)
        settle("2026-08")
    with time_machine.travel("2026-09-08 04:00:00+00:00"):
        given = credit(line, agent, 40)
    with time_machine.travel("2026-10-05 04:00:00+00:00"):
        assert [row.adjusted for row in adjustments(settle("2026-09"))] == [40]
    with time_machine.travel("2026-11-05 04:00:00+00:00"):
        take_back(given)
        assert [row.adjusted for row in adjustments(settle("2026-10"))] == [-40]
    agrees(agent, tmp_path)


@pytest.mark.parametrize("rule", ["by_booking", "by_origin"])
def test_a_return_takes_nothing_of_a_sale_whose_credit_came_too_late(acme, agent, rule, tmp_path):
    """Sale and return of August, credited together after the grace days: neither counts."""
    apply(commission(late={"grace_days": 10}, returns=rule))
    with time_machine.travel("2026-09-05 04:00:00+00:00"):
        line = sell(acme, 1000, "2026-08-10")
        sell(acme, -600, "2026-08-15", reverses=line)
        credit(sell(acme, 100, "2026-08-10"), agent)
        settle("2026-08")
    with time_machine.travel("2026-10-05 04:00:00+00:00"):
        credit(line, agent, 40)
        assert adjustments(settle("2026-09")) == []
    agrees(agent, tmp_path)


def test_a_late_return_of_a_sale_that_was_counted_is_always_taken_off(acme, agent, tmp_path):
    apply(commission(late={"grace_days": 10}))
    with time_machine.travel("2026-09-05 04:00:00+00:00"):
        line = sell(acme, 1000, "2026-08-10")
        credit(line, agent, 40)
        settle("2026-08")
    with time_machine.travel("2026-10-05 04:00:00+00:00"):
        sell(acme, -500, "2026-08-15", reverses=line, recorded_at=datetime(2026, 9, 30, tzinfo=UTC))
        assert [row.adjusted for row in adjustments(settle("2026-09"))] == [-20]
    agrees(agent, tmp_path)


def test_a_payment_that_comes_in_late_moves_the_commission_of_its_day(acme, agent, tmp_path):
    apply(commission(date_basis="payment"))
    credit(sell(acme, 1000, "2026-08-10", document="INV-1"), agent, 40)
    credit(sell(acme, 100, "2026-08-10", document="INV-2"), agent)
    pays(acme, "INV-2", 100, "2026-08-20", total=100)
    assert only(settle("2026-08")).earned == 10
    pays(acme, "INV-1", 1130, "2026-08-30")
    assert [row.adjusted for row in adjustments(settle("2026-09"))] == [40]
    pays(acme, "INV-1", -1130, "2026-08-30")
    pays(acme, "INV-2", -100, "2026-08-20", total=100)
    assert [row.adjusted for row in adjustments(settle("2026-10"))] == [
        -50
    ]  # of whom nothing counts any more
    agrees(agent, tmp_path)


# Open periods


def test_accruals_of_the_agent_follow_credits_lines_and_payments(acme, agent):
    with time_machine.travel("2026-09-20 04:00:00+00:00"):
        apply(commission(), commission("paid", date_basis="payment"))

        def now() -> dict[str, Decimal]:
            return {row.programme.code: row.amount for row in accruals(by=BY, partners=[agent.row.pk])}

        assert now() == {}
        line = sell(acme, 1000, "2026-09-10", document="INV-1")
        given = credit(line, agent, 40)
        assert now() == {"agents": Decimal("40.00")}
        pays(acme, "INV-1", 1000, "2026-09-15", total=1000)
        assert now() == {"agents": Decimal("40.00"), "paid": Decimal("40.00")}
        sell(acme, -500, "2026-09-11", document="INV-1", reverses=line)
        assert now() == {"agents": Decimal("20.00"), "paid": Decimal("20.00")}
        correct(given, 60)
        assert now() == {"agents": Decimal("30.00"), "paid": Decimal("30.00")}


def test_a_back_test_runs_on_credits(acme, agent):
    (version,) = apply(commission())
    credit(sell(acme, 1000), agent, 40)
    month = Period.parse("2026-09")
    assert back_test(versions=[version], first=month, last=month, by=BY).totals == [Decimal("40.00")]


def test_what_a_settlement_read_of_sales_and_of_credits_is_not_mixed(acme, agent):
    """Linked programmes are read together; the credits of a large line are no sales of the month."""
    apply(
        policy("core"),
        commission(stacking={"kind": "best_of", "programmes": ["core"]}),
    )
    sell(agent, 100)
    credit(sell(acme, 5000, currency="CNY"), agent, 90)
    run = settle("2026-09")
    assert run.totals[0] | {"earned": "", "accrued": "", "adjusted": ""} == {
        "currency": "CNY", "sales": "5100.00", "credited": "4500.00000000",
        "earned": "", "accrued": "", "adjusted": "",
    }  # fmt: skip
    assert run.line_count == 2
    assert figures(run)["agents", agent.name] == 450 and figures(run)["core", agent.name] == 0


# The policy's text


def test_the_text_says_it_in_both_languages_and_comes_back_the_same(agent):
    from django.utils import translation

    (version,) = apply(commission())
    assert "the agent is credited with" in wording.sentence(version)
    with translation.override("zh-hans"):
        assert "业绩" in wording.sentence(version)
    assert "counts: credited" in as_yaml(version.programme)
    assert is_editable(version.policy) and initial_of(version)["counts"] == "credited"


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ({"mechanism": {"kind": "spif", "amount": 5}}, "serial number"),
        ({"returns": "at_original_rate"}, "original rate"),
    ],
)
def test_what_is_not_known_of_a_share_is_refused_by_name(entries, words):
    with pytest.raises(PolicyProblem, match=words):
        read_document({"schema": 1, "programmes": [commission(**entries)]})


# The kit of what hangs on another programme, whose figure stays


@pytest.mark.parametrize("credited_first", [True, False])
def test_the_kit_has_what_a_linked_programme_reads_although_its_figure_stays(
    acme, agent, tmp_path, credited_first
):
    flat, net = {"kind": "flat", "rate": "10%"}, {"kind": "net_of"}
    if credited_first:
        policies = [commission("a"), policy("core", mechanism=flat, stacking=net | {"programmes": ["a"]})]
    else:
        policies = [policy("core", mechanism=flat), commission("a", stacking=net | {"programmes": ["core"]})]
    apply(*policies)
    credit(sell(acme, 1000, "2026-08-10"), agent)
    sell(agent, 3000, "2026-08-12")
    settle("2026-08")
    if credited_first:
        sell(agent, 500, "2026-08-12")
    else:
        credit(sell(acme, 500, "2026-08-11"), agent)
    late = [row for row in adjustments(settle("2026-09")) if row.partner == agent.row]
    assert len(late) == 1
    agrees(agent, tmp_path)


def test_the_kit_tells_days_of_order_and_shipment_only_where_a_commission_counts_by_them(
    acme, agent, tmp_path
):
    apply(commission("by-booking"), commission("by-order", date_basis="order"))
    days = {"order_date": day("2026-08-17"), "ship_date": day("2026-09-03")}
    credit(sell(acme, 1000, "2026-08-20", **days), agent)
    settle("2026-08")
    (statement,) = Statement.objects.for_everyone(because="a test").filter(partner=agent.row)
    told = (unpacked(statement, tmp_path) / "credits.csv").read_text()
    assert "2026-08-17" in told and "2026-09-03" not in told
