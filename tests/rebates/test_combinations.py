"""Exchange, collection factors, shared caps and stacks in one policy: each as the order of operations says."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from prm.values.periods import Period
from rebates import disputed, explanations
from rebates.accruals import accruals
from rebates.backtest import back_test
from rebates.errors import RatesMissing
from rebates.models import DisputedLine, Statement, Version
from rebates.services import approve_run
from rebates.worth import worth_of
from tests.exchange.world import known
from tests.rebates.test_collection import collecting, pays
from tests.rebates.test_linked import best_of, cap, flat, net_of
from tests.rebates.test_recompute_kit import unpacked, verify
from tests.rebates.test_tier_days import TARGET, tiers
from tests.rebates.world import BY, adjustments, apply, catalogue, policy, results, sell, settle

pytestmark = pytest.mark.django_db
SEPTEMBER = Period.parse("2026-09")
LINEAR = {"kind": "linear", "points": [{"at": 0, "rate": "1%"}, {"at": 3_000, "rate": "2%"}]}


@pytest.fixture
def euro():
    known("EUR/CNY 2026-09-30 8", "EUR/CNY 2026-10-31 8")


def figures(run: Any) -> dict[str, Decimal]:
    return {row.programme.code: row.amount for row in results(run)}


def agrees(tmp_path: Any, *runs: Any) -> None:
    """Every statement is recomputed by the kit, every explanation can be read."""
    for statement in Statement.objects.for_everyone(because="a test"):
        said = verify(unpacked(statement, tmp_path / statement.number))
        assert said.returncode == 0, said.stdout
    for run in runs:
        for result in results(run):
            explanations.explain(result)


def settled(tmp_path: Any) -> dict[str, Decimal]:
    """September's figures, which accruals, a back-test and the kit agree with."""
    live = {one.programme.code: one.amount for one in accruals(by=BY, period=SEPTEMBER)}
    run = settle("2026-09")
    found = figures(run)
    assert live == found
    for version in Version.objects.all():
        tried = back_test(versions=[version], first=SEPTEMBER, last=SEPTEMBER, by=BY)
        assert tried.totals == [found[version.programme.code]]
    agrees(tmp_path, run)
    return found


@pytest.mark.parametrize(
    ("link", "paid"),
    [
        # 1,000 count for a, which counts euros too, 200 for b.
        ({"caps": cap(60, "a")}, {"a": Decimal("50.00"), "b": Decimal("10.00")}),
        ({"stacking": net_of("a")}, {"a": Decimal("100.00"), "b": Decimal("10.00")}),
        ({"stacking": best_of("a")}, {"a": Decimal("100.00"), "b": Decimal("0.00")}),
    ],
)
def test_a_programme_that_counts_several_currencies_is_settled_together_with_others(
    acme, euro, link, paid, tmp_path
):
    apply(flat("a", "10%", exchange="period_end"), flat("b", "10%", **link))
    sell(acme, 100, currency="EUR")
    sell(acme, 200)
    assert settled(tmp_path) == paid


def test_what_earlier_programmes_pay_lowers_a_base_of_several_currencies(acme, euro, tmp_path):
    apply(flat("a", "10%"), flat("b", "10%", exchange="period_end", stacking=net_of("a")))
    sell(acme, 100, currency="EUR")
    sell(acme, 200)
    assert settled(tmp_path) == {"a": Decimal("20.00"), "b": Decimal("98.00")}


def test_a_shared_cap_is_divided_on_exact_fractions_of_rates_that_have_no_end(acme, tmp_path):
    """1 EUR = 3 ÷ 7 USD by way of CNY."""
    known("CNY/USD 2026-09-30 3", "CNY/EUR 2026-09-30 7")
    catalogue("care", "routing")
    apply(
        flat("a", "10%", exchange="period_end", currency="USD"),
        flat("b", "10%", exchange="period_end", currency="USD", qualify={"product_lines": ["care"]}, caps=cap(1, "a")),
    )  # fmt: skip
    sell(acme, 10, currency="EUR")
    sell(acme, 10, line="care", currency="EUR")
    found = settled(tmp_path)
    # 30 ÷ 7 dollars a line: a has two thirds of the dollar.
    assert found == {"a": Decimal("0.67"), "b": Decimal("0.33")}


def test_programmes_that_pay_in_different_currencies_are_compared_in_the_one_they_measure(
    acme, euro, tmp_path
):
    apply(flat("a", "10%", payout_currency="EUR"), flat("b", "9%", stacking=best_of("a")), flat("c", caps=cap(9, "d")),
          flat("d", "8%", payout_currency="EUR"))  # fmt: skip
    sell(acme, 1_000)
    run = settle("2026-09")
    assert figures(run) == {"a": Decimal("12.50"), "b": 0, "c": Decimal("1.00"), "d": Decimal("1.00")}
    agrees(tmp_path, run)
    sell(acme, 1_000, "2026-09-20")
    assert {row.programme.code: row.adjusted for row in adjustments(settle("2026-10"))} == {
        "a": Decimal("12.50")
    }
    agrees(tmp_path)


def test_a_cap_is_shared_with_rising_and_average_rates_and_with_collection_factors(acme, tmp_path):
    apply(
        policy("a", mechanism=LINEAR), collecting("b", mechanism={"kind": "flat", "rate": "1%"}),
        flat("c", "1%", caps=cap(20, "a", "b")),
    )  # fmt: skip
    sell(acme, 1_000, "2026-09-01", document="INV-1")
    pays(acme, "INV-1", 565, "2026-09-11")
    # 1,000 at 1⅓ %, 10.00 of which a half counts, and 10.00: 28.33 under 20.
    assert settled(tmp_path) == {"a": Decimal("9.41"), "b": Decimal("3.53"), "c": Decimal("7.06")}


def test_an_invoice_in_another_currency_counts_by_what_came_in_for_it_in_that_currency(acme, euro, tmp_path):
    apply(collecting(exchange="period_end"))
    sell(acme, 100, "2026-09-01", document="INV-1", currency="EUR")
    sell(acme, 200, "2026-09-01", document="INV-2")
    pays(acme, "INV-1", 113, "2026-10-15", total=113, currency="EUR")  # within sixty days: 80 %
    pays(acme, "INV-1", 113, "2026-09-02", total=113)  # of another invoice of that number
    pays(acme, "INV-2", 100, "2026-09-02", total=200)
    # 100.00 × (800 × 80 % + 200 × 50 %) ÷ 1,000
    assert settled(tmp_path) == {"core": Decimal("74.00")}
    statement = Statement.objects.for_everyone(because="a test").get()
    folder = tmp_path / statement.number
    text = (folder / "payments.csv").read_text()
    (folder / "payments.csv").write_text(text.replace("EUR", "USD"))
    assert verify(folder).returncode == 1


def test_a_target_by_days_is_held_against_sales_of_several_currencies(acme, euro, tmp_path):
    tiers(acme, ("2026-01-01", "2026-09-11", "gold"))  # ten of September's thirty days: 100,000
    apply(policy(mechanism=TARGET, joining="by_days", exchange="period_end"))
    sell(acme, 12_500, "2026-09-05", currency="EUR")
    assert settled(tmp_path) == {"core": Decimal("2000.00")}


def test_complete_sets_count_by_the_days_until_the_invoices_of_their_parts_are_paid(acme, tmp_path):
    catalogue("routing", "licence", "care")
    parts = [{"product_line": "routing", "quantity": 3}, {"product": "licence-1", "quantity": 1}]
    apply(collecting(mechanism={"kind": "bundle", "parts": parts, "amount": 50}))
    sell(acme, 17_000, "2026-09-01", quantity=17, document="INV-1")
    sell(acme, 3_000, "2026-09-01", line="licence", quantity=4, document="INV-2")
    sell(acme, 80_000, "2026-09-01", line="care", document="INV-3")  # no part of a set
    pays(acme, "INV-1", 1130, "2026-10-15")  # 80 %
    pays(acme, "INV-3", 1130, "2026-09-02")
    # 200.00 × 17,000 × 80 % ÷ 20,000
    assert settled(tmp_path) == {"core": Decimal("136.00")}


def test_a_missing_rate_stops_what_is_settled_together_with_it(acme):
    apply(
        flat("a", "10%", exchange="period_end"), flat("b", "10%", stacking=net_of("a")), flat("c", "10%"),
    )  # fmt: skip
    sell(acme, 100, currency="EUR")
    sell(acme, 200)
    run = settle("2026-09", close=False)
    assert set(figures(run)) == {"c"}
    stopped = {finding["programme"] for finding in run.findings if finding["kind"] == "no_rate"}
    assert stopped == {"a", "b"}
    with pytest.raises(RatesMissing):
        approve_run(run=run, by=BY)


def test_late_lines_and_payments_move_all_that_share(acme, euro, tmp_path):
    apply(collecting("a", exchange="period_end"), flat("b", "10%", caps=cap(60, "a")))
    sell(acme, 100, "2026-09-01", document="INV-1", currency="EUR")
    sell(acme, 200, "2026-09-01", document="INV-2")
    run = settle("2026-09")
    assert figures(run) == {"a": 0, "b": Decimal("20.00")}
    pays(acme, "INV-1", 113, "2026-09-15", total=113, currency="EUR")
    october = settle("2026-10")
    # 80.00 and 20.00 under 60
    assert figures(october) == {"a": Decimal("48.00"), "b": Decimal("-8.00")}
    agrees(tmp_path, october)


def test_a_dispute_holds_back_the_share_of_a_figure_that_hangs_on_more_than_its_sums(acme):
    apply(collecting())
    line = sell(acme, 1_000, "2026-09-01", document="INV-1")
    pays(acme, "INV-1", 565, "2026-09-11")
    settle("2026-09")
    statement = Statement.objects.for_everyone(because="a test").get()
    disputed_line = DisputedLine(what="amount", sales_line=line, our_amount=1_000, their_amount=Decimal(500))
    results = disputed.results_of(statement)
    assert disputed.held_of([disputed_line], results) == Decimal("25.00")
    assert worth_of(statement, [disputed_line], results).amount == Decimal("-25.00")
