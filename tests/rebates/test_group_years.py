"""Cumulative programmes that take partners together: the group's year so far, each member's difference."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.utils import translation

from orders.models import SalesLine
from partners.models import Partner
from prm.values.periods import Period
from rebates import explanations, wording
from rebates.accruals import accruals
from rebates.backtest import back_test
from rebates.changes import between
from rebates.exchange import as_yaml
from rebates.forecast import forecast, forecast_of_all
from rebates.models import Result, SettledOutside, Statement, Version
from rebates.policy import read_yaml
from rebates.programme_form import initial_of, is_editable
from tests.cast import Company as Cast
from tests.exchange.world import known
from tests.rebates.disputing import marked, statement_of
from tests.rebates.test_partner_families import by_family, family, loner, moves
from tests.rebates.test_partner_groups import bought, fifth, grouped, kits_agree, money, said_by
from tests.rebates.test_partner_pools import Company, earned, four
from tests.rebates.test_programme_editor import FILLED
from tests.rebates.test_recompute_kit import verify
from tests.rebates.world import BY, adjustments, apply, catalogue, results, sell, settle

__all__ = ["family", "four", "loner"]
pytestmark = pytest.mark.django_db
# 60,000 · 110,000 · 200,000 · 280,000 together: 2 % · 3 % · 3 % · 5 % on all of it.
YEAR = {
    "2026-01": (30_000, 10_000, 10_000, 10_000),
    "2026-02": (20_000, 20_000, 5_000, 5_000),
    "2026-03": (90_000, 0, 0, 0),
    "2026-04": (20_000, 20_000, 20_000, 20_000),
}
POSTED = {
    "2026-01": money("600.00", "200.00", "200.00", "200.00"),  # of 1,200.00
    "2026-02": money("900.00", "700.00", "250.00", "250.00"),  # of 3,300.00: 1,500 · 900 · 450 · 450
    "2026-03": money("2700.00", "0.00", "0.00", "0.00"),  # of 6,000.00: 4,200 · 900 · 450 · 450
    "2026-04": money(
        "3800.00", "1600.00", "1300.00", "1300.00"
    ),  # of 14,000.00: 8,000 · 2,500 · 1,750 · 1,750
}


@pytest.fixture(autouse=True)
def long_after():
    with time_machine.travel("2028-02-20 04:00:00+00:00", tick=False):
        yield


def yearly(code: str = "core", **entries: Any) -> dict[str, Any]:
    return grouped(code, cumulative=True, **entries)


def buys(companies: list[Company], months: int = 4) -> None:
    for month in list(YEAR)[:months]:
        bought(companies, *(amount for amount in YEAR[month]), on=f"{month}-15")


def becomes(company: Company, kind: str) -> None:
    Partner.objects.for_everyone(because="a test").filter(pk=company.row.pk).update(type=kind)


def statements_of(company: Company) -> list[Statement]:
    rows = Statement.objects.for_everyone(because="a test").select_related("run", "partner")
    return list(rows.filter(partner=company.row).order_by("ends"))


def told(run: Any) -> dict[str, bool]:
    return {row.partner.number: not explanations.explain(row).withheld for row in results(run)}


def before_go_live(company: Company, programme: Any, amount: int, *, seen: int = 0) -> None:
    SettledOutside.objects.create(
        partner=company.row, programme=programme, starts="2026-01-01", ends="2026-02-01", currency="CNY",
        base=amount, earned=Decimal(amount) / 50, paid=0, watermark=seen,
    )  # fmt: skip


# What is posted


def test_each_member_is_posted_its_share_of_the_year_less_what_it_had_of_it(four, tmp_path):
    apply(yearly())
    buys(four)
    runs = {month: settle(month) for month in YEAR}
    assert {month: earned(run) for month, run in runs.items()} == POSTED
    last = results(runs["2026-04"])[0]
    assert (last.base, last.computed, last.settled) == (160_000, Decimal("8000.00"), Decimal("4200.00"))
    kits_agree(tmp_path)
    folder = tmp_path / statements_of(four[1])[1].number
    text = (folder / "kit.json").read_text()
    assert json.loads(text)["periods"][0]["groups"]["core"]["paid"] == "900.00"
    (folder / "kit.json").write_text(text.replace('"core": "200.00"', '"core": "300.00"'))
    assert verify(folder).returncode == 1


def test_a_family_counts_its_own_year(family, loner, tmp_path):
    apply(by_family(cumulative=True))
    buys(family, 2)
    sell(loner, 99_999, "2026-01-10")
    sell(loner, 1, "2026-02-10")
    assert earned(settle("2026-01")) == POSTED["2026-01"] | {"V-5": Decimal("1999.98")}
    assert earned(settle("2026-02")) == POSTED["2026-02"] | {"V-5": Decimal("1000.02")}
    kits_agree(tmp_path)


def test_who_takes_no_part_any_more_keeps_what_it_had_and_is_caught_up_when_it_comes_back(four, tmp_path):
    apply(yearly(who={"types": ["reseller"]}))
    buys(four, 2)
    assert earned(settle("2026-01")) == POSTED["2026-01"]
    becomes(four[3], "agent")  # 95,000 are left: 1,900.00, of which 1,000 · 600 · 300
    assert earned(settle("2026-02")) == money("400.00", "400.00", "100.00")
    becomes(four[3], "reseller")
    assert earned(settle("2026-03")) == money("500.00", "300.00", "150.00", "250.00")
    kits_agree(tmp_path)


def test_a_branch_that_goes_elsewhere_takes_its_year_along(family, loner):
    apply(by_family(cumulative=True))
    buys(family, 2)
    assert earned(settle("2026-01")) == POSTED["2026-01"]
    moves(family[3], loner)
    sell(loner, 85_000, "2026-02-10")  # with the branch's 15,000 100,000: 2,550 and 450
    assert earned(settle("2026-02")) == money("400.00", "400.00", "100.00", "250.00", "2550.00")


def test_a_late_line_is_earned_within_the_year_and_adjusts_everybody_after_its_end(four, tmp_path):
    apply(yearly())
    buys(four, 1)
    assert earned(settle("2026-01")) == POSTED["2026-01"]
    bought(four, *YEAR["2026-02"], on="2026-01-20")
    run = settle("2026-12")
    assert (earned(run), adjustments(run)) == (POSTED["2026-02"], [])
    sell(four[2], 90_000, "2026-02-03")  # 200,000: 1,500 · 900 · 3,150 · 450
    sell(four[3], 80_000, "2026-12-31")  # 280,000: 2,500 · 1,500 · 5,250 · 4,750
    late = {row.partner.number: row.adjusted for row in adjustments(settle("2027-01"))}
    assert late == money("1000.00", "600.00", "4800.00", "4300.00")
    kits_agree(tmp_path)
    assert results(settle("2027-02")) == []


def test_only_the_difference_is_converted(four, tmp_path):
    known("EUR/CNY 2026-01-31 8", "EUR/CNY 2026-02-28 10", "EUR/CNY 2026-03-31 10")
    apply(yearly(exchange="period_end", payout_currency="EUR"))
    buys(four, 3)
    assert earned(settle("2026-01")) == money("75.00", "25.00", "25.00", "25.00")
    assert earned(settle("2026-02")) == money("90.00", "70.00", "25.00", "25.00")
    run = settle("2026-03")  # of which nothing is told: the kit has the share of the year as it was stated
    assert earned(run) == money("270.00", "0.00", "0.00", "0.00") and set(told(run).values()) == {False}
    kits_agree(tmp_path)


def test_growth_is_that_of_the_group_against_the_same_days_a_year_before(four, tmp_path):
    growth = {"kind": "growth", "on": "all", "bands": [{"from": "20%", "rate": "3%"}]}
    apply(yearly(mechanism=growth, baseline={"kind": "prior_year"}))
    bought(four, 20_000, 10_000, 10_000, 10_000, on="2025-01-10")
    bought(four, 0, 20_000, 20_000, 9_000, on="2025-02-10")
    buys(four, 2)  # 60,000 after 50,000, then 110,000 after 99,000: less than a fifth more
    assert earned(settle("2026-01")) == money("900.00", "300.00", "300.00", "300.00")
    assert earned(settle("2026-02")) == money("-900.00", "-300.00", "-300.00", "-300.00")
    kits_agree(tmp_path)


# What was settled before go-live


def test_what_was_settled_before_go_live_counts_as_settled(four, tmp_path):
    apply(yearly())
    buys(four, 2)
    seen = SalesLine.objects.for_everyone(because="a test").latest("id").pk
    for company, amount in zip(four, YEAR["2026-01"], strict=True):
        before_go_live(company, Version.objects.get().programme, amount, seen=seen)
    assert earned(settle("2026-02")) == POSTED["2026-02"]
    kits_agree(tmp_path)


def nobody_is_paid_and_it_is_said(run, client):
    assert results(run) == []
    (finding,) = run.findings
    assert (finding["kind"], finding["partners"]) == ("year_without_lines", 1)
    page = client.get(run.get_absolute_url()).content.decode()
    assert "Whoever is computed together with them is left out too." in page


def test_without_the_lines_of_that_time_the_whole_group_is_left_out_and_said(four, finance, browse):
    apply(yearly())
    for company in four[:3]:
        sell(company, 10_000, "2026-02-15")
    before_go_live(four[3], Version.objects.get().programme, 10_000)
    nobody_is_paid_and_it_is_said(settle("2026-02", close=False), browse(finance))


def test_of_families_only_that_one_is_left_out(family, loner):
    apply(by_family(cumulative=True))
    for company in [*family, loner]:
        sell(company, 10_000, "2026-02-15")
    before_go_live(family[3], Version.objects.get().programme, 10_000)
    assert earned(settle("2026-02")) == {"V-5": Decimal("200.00")}


# Before it is settled


def test_open_months_follow_each_other_and_all_that_is_tried_says_the_same(four):
    apply(yearly())
    buys(four)
    version = Version.objects.get()
    settle("2026-01")
    with time_machine.travel("2026-04-30 04:00:00+00:00", tick=False):
        found = accruals(by=BY, partners=[four[1].row.pk])
        assert [(str(one.period), one.amount) for one in found] == [
            (month, POSTED[month]["V-2"]) for month in list(YEAR)[1:]
        ]
        assert forecast(found[-1]) is None
        assert forecast_of_all(version, Period.parse("2026-04")) == 12_800  # less January's 1,200.00
    tried = back_test(versions=[version], first=Period.parse("2026-01"), last=Period.parse("2026-04"), by=BY)
    assert [cost for (cost,) in tried.costs.values()] == [1_200, 2_100, 2_700, 8_000]
    part = back_test(versions=[version], first=Period.parse("2026-03"), last=Period.parse("2026-04"), by=BY)
    assert {row.partner_id: row.amounts[0] for row in part.partners} == {
        company.row.pk: POSTED["2026-03"][company.row.number] + POSTED["2026-04"][company.row.number]
        for company in four
    }


# What is told


def test_a_partner_reads_the_groups_year_its_share_of_it_and_what_it_had(four):
    apply(yearly())
    buys(four, 2)
    settle("2026-01")
    result = next(row for row in results(settle("2026-02")) if row.partner.number == "V-2")
    steps = {step.title: step.value for step in explanations.explain(result).steps if step.value is not None}
    assert steps == {
        "Own qualifier": 30_000, "Own paid base": 30_000, "Qualifier of the group": 110_000,
        "Paid base of the group": 110_000, "Rebate": 3_300, "Rounding": 3_300,
        "Share of the group's figure": 900, "Settled before in this year": 200, "Difference": 700,
    }  # fmt: skip
    assert "to a member before" in said_by(result)["Year"]


def test_the_month_in_which_one_bought_is_not_told_as_the_difference_of_two_sums(four, tmp_path):
    apply(yearly())
    buys(four, 3)
    runs = [settle(month) for month in list(YEAR)[:3]]
    assert [set(told(run).values()) for run in runs] == [{True}, {True}, {False}]
    for result in results(runs[2]):
        assert "200000" not in json.dumps(result.explanation) and result.band == 0
        assert said_by(result)["Difference"]
        assert "or behind what it moved since" in said_by(result)["Share of the group's figure"]
    assert [one["kind"] for one in runs[2].findings] == ["few_members"]
    kits_agree(tmp_path)
    kit = json.loads((tmp_path / statements_of(four[1])[2].number / "kit.json").read_text())
    assert kit["periods"][0]["groups"]["core"] == {"paid": "900.00"}


def test_it_is_told_again_when_four_moved_since_it_was_told(four):
    apply(yearly())
    buys(four, 1)
    assert set(told(settle("2026-01")).values()) == {True}
    sell(four[0], 5_000, "2026-02-10")
    assert set(told(settle("2026-02")).values()) == {False}
    bought(four, 0, 1_000, 1_000, 1_000, on="2026-03-10")
    assert set(told(settle("2026-03")).values()) == {True}
    assert set(told(settle("2026-04")).values()) == {False}  # nobody moved any more


@pytest.mark.parametrize(("many", "is_told"), [(4, True), (1, False)])
def test_four_have_to_move_each_of_the_sums(four, many, is_told):
    catalogue("routing", "wireless")
    apply(yearly(pay={"product_lines": ["routing"]}))
    buys(four, 1)
    for company in four:
        sell(company, 100, "2026-01-20", line="wireless")
    assert set(told(settle("2026-01")).values()) == {True}
    bought(four, *[1_000] * many, on="2026-02-10")
    for company in four:
        sell(company, 100, "2026-02-20", line="wireless")
    assert set(told(settle("2026-02")).values()) == {is_told}


@pytest.mark.parametrize(("many", "is_told"), [(4, True), (1, False)])
def test_what_one_bought_a_year_before_is_not_told_as_the_difference_of_two_baselines(four, many, is_told):
    growth = {"kind": "growth", "on": "all", "bands": [{"from": "20%", "rate": "3%"}]}
    apply(yearly(mechanism=growth, baseline={"kind": "prior_year"}))
    bought(four, *[5_000] * 4, on="2025-01-10")
    bought(four, *[7_000] * many, on="2025-02-10")
    buys(four, 2)
    assert set(told(settle("2026-01")).values()) == {True}
    assert set(told(settle("2026-02")).values()) == {is_told}


def test_whoever_comes_or_goes_is_not_told_by_its_year(four):
    apply(yearly(who={"types": ["reseller"]}))
    five = [*four, fifth()]
    bought(five, *YEAR["2026-01"], 7_777, on="2026-01-10")
    settle("2026-01")
    becomes(five[4], "agent")
    assert set(told(settle("2026-02")).values()) == {False}


def test_a_month_is_told_once_the_one_before_is_settled(four):
    apply(yearly())
    buys(four, 2)
    with time_machine.travel("2026-02-28 04:00:00+00:00", tick=False):
        january, february = accruals(by=BY, partners=[four[0].row.pk])
        assert not explanations.explain(january).withheld and explanations.explain(february).withheld
        assert said_by(february)["Share of the group's figure"].startswith(
            "Only this partner's own sum and share are told: nothing of the group's year"
        )
    settle("2026-01")
    with time_machine.travel("2026-02-28 04:00:00+00:00", tick=False):
        (february,) = accruals(by=BY, partners=[four[0].row.pk])
        assert not explanations.explain(february).withheld


def test_what_a_late_line_of_one_changed_of_a_closed_year_is_not_told(four):
    apply(yearly())
    buys(four, 1)
    early = settle(
        "2026-11"
    )  # behind months that nobody settled: so it is told, and nobody has to look at it
    assert set(told(early).values()) == {False} and early.findings == []
    assert set(told(settle("2026-12")).values()) == {True}
    sell(four[2], 40_000, "2026-02-03")
    late = adjustments(settle("2027-01"))
    assert {row.partner.number: row.adjusted for row in late} == money(
        "300.00", "100.00", "1300.00", "100.00"
    )
    assert all(row.explanation["grouped"] == {"withheld": True} for row in late)


def test_the_causes_of_a_change_add_up_and_tell_no_band_of_what_is_withheld(four):
    apply(yearly())
    buys(four, 3)
    for month in list(YEAR)[:3]:
        settle(month)
    _january, february, march = statements_of(four[1])
    (change,) = between(february, march)
    assert (change.difference, [one.amount for one in change.causes]) == (-700, [-700])
    assert "band" not in change.causes[0].text


def test_what_is_disputed_of_a_year_holds_back_its_share_of_what_the_year_pays(acme, rival):
    casts = [acme, rival, Cast("Third Ltd"), Cast("Fourth Ltd")]
    apply(yearly())
    with time_machine.travel("2026-09-05 04:00:00+00:00", tick=False):
        for company, amount in zip(casts, YEAR["2026-01"], strict=True):
            sell(company, amount, "2026-07-10")
        settle("2026-07")
        sell(acme, 90_000, "2026-08-10", document="INV-9")
        settle("2026-08")  # 150,000: 4,500.00, of which 3,600.00 for 120,000, less 600.00
        assert statement_of(acme).earned == Decimal("3000.00")
        assert marked(acme, "INV-9", what="not_ours").held == Decimal("2700.00")


# Said and chosen


def test_the_sentence_says_it_and_finance_chooses_it(finance, browse, four):
    with time_machine.travel("2026-11-20 04:00:00+00:00", tick=False):
        answer = browse(finance).post("/programmes/new/", FILLED | {"cumulative": "yes", "taken_as": "group"})
        assert answer.status_code == 302, answer.content.decode()
    version = Version.objects.get()
    assert (version.policy["cumulative"], version.policy["who"]["as"]) == (True, "group")
    said = "what was settled to a member before is taken off its share"
    assert said in wording.sentence(version)
    with translation.override("zh-hans"):
        assert "每个成员的份额再减去此前已结算给该成员的部分" in wording.sentence(version)
    assert is_editable(version.policy)
    assert (initial_of(version)["cumulative"], initial_of(version)["taken_as"]) == ("yes", "group")
    (text,) = read_yaml(as_yaml(version.programme))
    assert text.policy == version.policy


def test_settling_anew_changes_nothing(four):
    apply(yearly())
    buys(four, 2)
    settle("2026-01")
    for chunk in (1, 5_000):
        assert earned(settle("2026-02", close=False, chunk=chunk)) == POSTED["2026-02"]
    assert Result.objects.for_everyone(because="a test").count() == 8
