"""A cap over all partners in a cumulative programme: it holds for the year so far, each is posted its difference."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.utils import translation

from orders.models import SalesLine
from prm.values.periods import Period
from rebates import explanations, wording
from rebates.accruals import accruals
from rebates.backtest import back_test
from rebates.models import Result, Version
from tests.exchange.world import known
from tests.rebates.test_group_years import (
    becomes,
    before_go_live,
    nobody_is_paid_and_it_is_said,
    statements_of,
)
from tests.rebates.test_partner_groups import bought, kits_agree, money, said_by
from tests.rebates.test_partner_pools import Company, earned, four, pooled
from tests.rebates.test_recompute_kit import verify
from tests.rebates.world import BY, adjustments, apply, results, sell, settle

__all__ = ["four"]
pytestmark = pytest.mark.django_db
# At 10 %: 6,000 together, then 11,000, then 20,000, of which at most 7,500 are paid.
YEAR = {
    "2026-01": (30_000, 10_000, 10_000, 10_000),
    "2026-02": (20_000, 20_000, 5_000, 5_000),
    "2026-03": (30_000, 20_000, 35_000, 5_000),
}
POSTED = {
    "2026-01": money("3000.00", "1000.00", "1000.00", "1000.00"),  # below the cap
    # 5,000 · 3,000 · 1,500 · 1,500 are 11,000, of which 7,500: 3,409.09 · 2,045.45 · 1,022.73 · 1,022.73
    "2026-02": money("409.09", "1045.45", "22.73", "22.73"),
    # 8,000 · 5,000 · 5,000 · 2,000 are 20,000: 3,000.00 · 1,875.00 · 1,875.00 · 750.00
    "2026-03": money("-409.09", "-170.45", "852.27", "-272.73"),
}


@pytest.fixture(autouse=True)
def long_after():
    with time_machine.travel("2028-02-20 04:00:00+00:00", tick=False):
        yield


def yearly(**entries: Any) -> dict[str, Any]:
    return pooled(cumulative=True, **entries)


def buys(companies: list[Company], months: int = 3) -> None:
    for month in list(YEAR)[:months]:
        bought(companies, *YEAR[month], on=f"{month}-15")


def told(run: Any) -> dict[str, bool]:
    return {row.partner.number: "sum" in row.explanation["pooled"] for row in results(run)}


def test_each_is_posted_its_share_of_the_year_less_what_it_had_of_it(four, tmp_path):
    apply(yearly())
    buys(four)
    for month, paid in POSTED.items():
        assert earned(settle(month)) == paid
    assert sum(row.earned for row in Result.objects.for_everyone(because="a test")) == Decimal("7500.00")
    kits_agree(tmp_path)
    folder = tmp_path / statements_of(four[1])[1].number
    text = (folder / "kit.json").read_text()
    (period,) = json.loads(text)["periods"]
    assert (period["pools"]["core"]["paid"], period["before"]["core"]) == ("2045.45", "1000.00")
    (folder / "kit.json").write_text(text.replace('"core": "1000.00"', '"core": "900.00"'))
    assert verify(folder).returncode == 1


def test_fractions_share_the_cap_of_the_year(four, tmp_path):
    apply(yearly(amount=1_000, mechanism={"kind": "formula", "expression": "base / 30"}))
    buys(four, 2)
    # 1,000 · 333.33… · 333.33… · 333.33… are 2,000; then 3,666.66…
    assert earned(settle("2026-01")) == money("500.00", "166.67", "166.67", "166.66")
    assert earned(settle("2026-02")) == money("-45.45", "106.06", "-30.31", "-30.30")
    kits_agree(tmp_path)


def test_only_the_difference_is_converted(four, tmp_path):
    known("EUR/CNY 2026-01-31 8", "EUR/CNY 2026-02-28 10")
    apply(yearly(payout_currency="EUR"))
    buys(four, 2)
    assert earned(settle("2026-01")) == money("375.00", "125.00", "125.00", "125.00")
    assert earned(settle("2026-02")) == money("40.91", "104.55", "2.27", "2.27")
    kits_agree(tmp_path)


def test_the_cap_is_one_of_those_that_take_part_and_who_leaves_keeps_what_it_had(four, tmp_path):
    apply(yearly(who={"types": ["reseller"]}))
    buys(four, 2)
    assert earned(settle("2026-01")) == POSTED["2026-01"]
    becomes(four[3], "agent")  # 5,000 · 3,000 · 1,500 are 9,500: 3,947.37 · 2,368.42 · 1,184.21
    assert earned(settle("2026-02")) == money("947.37", "1368.42", "184.21")
    becomes(four[3], "reseller")
    assert earned(settle("2026-03")) == money("-538.28", "-322.97", "-161.48", "22.73")
    kits_agree(tmp_path)


def test_a_late_line_is_earned_within_the_year_and_adjusts_everybody_after_its_end(four, tmp_path):
    apply(yearly())
    buys(four, 1)
    settle("2026-01")
    bought(four, *YEAR["2026-02"], on="2026-01-20")
    run = settle("2026-12")
    assert (earned(run), adjustments(run)) == (POSTED["2026-02"], [])
    bought(four, *YEAR["2026-03"], on="2026-03-03")
    late = {row.partner.number: row.adjusted for row in adjustments(settle("2027-01"))}
    assert late == POSTED["2026-03"]
    kits_agree(tmp_path)
    assert results(settle("2027-02")) == []


def test_what_was_settled_before_go_live_counts_as_settled(four, tmp_path):
    apply(yearly(mechanism={"kind": "flat", "rate": "2%"}, amount=1_500))
    buys(four, 2)
    seen = SalesLine.objects.for_everyone(because="a test").latest("id").pk
    for company, amount in zip(four, YEAR["2026-01"], strict=True):
        before_go_live(company, Version.objects.get().programme, amount, seen=seen)
    # 2,200 of which 1,500: 681.82 · 409.09 · 204.55 · 204.54, less 600 · 200 · 200 · 200
    assert earned(settle("2026-02")) == money("81.82", "209.09", "4.55", "4.54")
    kits_agree(tmp_path)


@pytest.mark.parametrize("sells", [True, False])
def test_without_the_lines_of_that_time_nobody_is_paid_and_it_is_said(four, finance, browse, sells):
    apply(yearly())
    for company in four[:3]:
        sell(company, 10_000, "2026-02-15")
    if sells:
        sell(four[3], 10_000, "2026-02-15")
    before_go_live(four[3], Version.objects.get().programme, 10_000)
    nobody_is_paid_and_it_is_said(settle("2026-02", close=False), browse(finance))


def test_who_takes_no_part_any_more_and_has_no_line_of_that_time_stops_nobody(four):
    apply(yearly(who={"types": ["reseller"]}))
    for company in four[:3]:
        sell(company, 10_000, "2026-02-15")
    before_go_live(four[3], Version.objects.get().programme, 10_000)
    becomes(four[3], "agent")
    assert earned(settle("2026-02")) == money("1000.00", "1000.00", "1000.00")


def test_open_months_follow_each_other_and_what_is_tried_says_the_same(four):
    apply(yearly())
    buys(four)
    settle("2026-01")
    with time_machine.travel("2026-03-30 04:00:00+00:00", tick=False):
        found = accruals(by=BY, partners=[four[1].row.pk])
        assert [(str(one.period), one.amount) for one in found] == [
            (month, POSTED[month]["V-2"]) for month in list(YEAR)[1:]
        ]
    versions = list(Version.objects.all())
    tried = back_test(versions=versions, first=Period.parse("2026-01"), last=Period.parse("2026-03"), by=BY)
    assert [cost for (cost,) in tried.costs.values()] == [6_000, 1_500, 0]


# What is told


def test_a_partner_reads_the_year_of_all_its_share_and_what_it_had(four):
    apply(yearly())
    buys(four, 2)
    settle("2026-01")
    result = next(row for row in results(settle("2026-02")) if row.partner.number == "V-2")
    steps = {step.title: step for step in explanations.explain(result).steps}
    assert steps["Cap over all partners"].text == (
        "At most ¥7,500.00 for all partners together; they come to ¥11,000.00, so each figure counts × 0.681818:"
        " ¥3,000.00 × 0.681818, to the cent by largest remainder"
    )
    names = ("Cap over all partners", "Settled before in this year", "Difference")
    values = [steps[name].value for name in names]
    assert values == [Decimal("2045.45"), Decimal("1000.00"), Decimal("1045.45")]


def test_the_month_in_which_one_bought_is_not_told_as_the_difference_of_two_sums(four, tmp_path):
    apply(yearly())
    buys(four, 2)
    assert set(told(settle("2026-01")).values()) == {True}
    assert set(told(settle("2026-02")).values()) == {True}
    sell(four[0], 90_000, "2026-03-10")
    run = settle("2026-03")
    assert set(told(run).values()) == {False}
    assert "200" not in json.dumps([row.explanation["pooled"] for row in results(run)][1:])
    said = said_by(results(run)[1])["Cap over all partners"]
    assert "fewer than four moved what all come to since it was told before" in said
    assert [one["kind"] for one in run.findings] == ["few_members"]
    kits_agree(tmp_path)
    sell(four[0], 1_000, "2026-04-10")  # since February only one moved
    assert set(told(settle("2026-04")).values()) == {False}
    bought(four, 0, 1_000, 1_000, 1_000, on="2026-05-10")
    assert set(told(settle("2026-05")).values()) == {True}
    assert set(told(settle("2026-06")).values()) == {False}  # nobody moved any more


def test_whoever_goes_is_not_told_by_its_year(four):
    apply(yearly(amount=1_000, who={"types": ["reseller"]}))
    buys(four, 1)
    assert set(told(settle("2026-01")).values()) == {True}
    becomes(four[3], "agent")
    assert set(told(settle("2026-02")).values()) == {False}


def test_a_month_is_told_once_the_one_before_is_settled(four):
    apply(yearly())
    buys(four, 2)

    def february() -> Any:
        with time_machine.travel("2026-02-28 04:00:00+00:00", tick=False):
            return accruals(by=BY, partners=[four[0].row.pk])[-1]

    assert "until the period before is settled" in said_by(february())["Cap over all partners"]
    settle("2026-01")
    assert "they come to ¥11,000.00" in said_by(february())["Cap over all partners"]


@pytest.mark.parametrize("many", [1, 3, 4])
@pytest.mark.parametrize("cumulative", [False, True])
def test_what_few_bought_late_is_not_told_as_the_difference_to_the_close(four, many, cumulative, tmp_path):
    apply(pooled(cumulative=cumulative))
    bought(four, 60_000, 30_000, 10_000, 25_000, on="2026-12-10")
    run = settle("2026-12")
    assert set(told(run).values()) == {not cumulative}  # a year of which no month before was settled
    for company in four[:many]:
        sell(company, 1_000, "2026-12-20")
    is_told = many == 4
    late = adjustments(settle("2027-01"))
    assert {"sum" in row.explanation["pooled"] for row in late} == {is_told and not cumulative}
    for company in four[:many]:  # and so on, adjustment by adjustment
        sell(company, 1_000, "2026-12-21")
    late = adjustments(settle("2027-02"))
    assert {"sum" in row.explanation["pooled"] for row in late} == {is_told and not cumulative}
    kits_agree(tmp_path)


def test_the_sentence_says_that_it_is_one_of_the_year(four):
    apply(yearly())
    version = Version.objects.get()
    words = "All partners together are paid at most ¥7,500 for the year so far, each in proportion."
    assert words in wording.sentence(version)
    with translation.override("zh-hans"):
        assert "本年度截至目前" in wording.sentence(version)
