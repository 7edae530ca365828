"""A programme with a cap over all partners that is paid on what other programmes leave."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
import time_machine

from prm.values.periods import Period
from rebates import explanations
from rebates.accruals import accruals
from rebates.backtest import back_test
from rebates.errors import LinkSpansPartners, RatesMissing
from rebates.exchange import as_yaml
from rebates.forecast import forecast
from rebates.models import Result, Version
from rebates.policy import read_yaml
from rebates.programme_form import initial_of, is_editable
from rebates.services import approve_run
from rebates.wording import sentence
from tests.exchange.world import known
from tests.rebates.test_linked import best_of, cap, flat, net_of
from tests.rebates.test_partner_groups import bought, grouped, kits_agree, money
from tests.rebates.test_partner_pools import four, pooled
from tests.rebates.test_programme_editor import FILLED
from tests.rebates.world import BY, adjustments, apply, policy, results, sell, settle

__all__ = ["four"]
pytestmark = pytest.mark.django_db
SEPTEMBER = Period.parse("2026-09")


def by_code(run: Any, kind: str = "earned") -> dict[str, dict[str, Decimal]]:
    found: dict[str, dict[str, Decimal]] = {}
    for row in results(run):
        if row.kind == kind:
            found.setdefault(row.programme.code, {})[row.partner.number] = row.amount
    return found


def stacked(**entries: Any) -> dict[str, Any]:
    return pooled("pool", stacking=net_of("a"), **entries)


@pytest.mark.parametrize("chunk", [1, 2, 5_000])
def test_what_is_left_of_each_base_shares_the_cap(four, tmp_path, chunk):
    apply(flat("a", "20%"), stacked(amount=4_000), flat("other", "1%"))
    bought(four, 60_000, 25_000, 10_000, 5_000)
    run = settle("2026-09", chunk=chunk)
    # 10 % of 48,000 · 20,000 · 8,000 · 4,000 are 8,000, of which a half is paid.
    assert by_code(run) == {
        "a": money("12000.00", "5000.00", "2000.00", "1000.00"),
        "pool": money("2400.00", "1000.00", "400.00", "200.00"),
        "other": money("600.00", "250.00", "100.00", "50.00"),
    }
    assert Result.objects.for_everyone(because="a test").count() == 12
    assert run.line_count == 4
    kits_agree(tmp_path)


def test_the_explanation_shows_both_and_accruals_and_back_tests_agree(four):
    apply(flat("a", "20%"), stacked(amount=4_000))
    bought(four, 60_000, 25_000, 10_000, 5_000)
    live = accruals(by=BY, period=SEPTEMBER, partners=[four[1].row.pk])
    assert {one.programme.code: one.amount for one in live} == {"a": 5_000, "pool": 1_000}
    versions = {one.programme.code: one for one in Version.objects.all()}
    for code, total in (("a", 20_000), ("pool", 4_000)):
        tried = back_test(versions=[versions[code]], first=SEPTEMBER, last=SEPTEMBER, by=BY)
        assert tried.totals == [total]
    run = settle("2026-09")
    result = next(row for row in results(run) if (row.partner.number, row.programme.code) == ("V-2", "pool"))
    steps = {step.title: step for step in explanations.explain(result).steps}
    assert steps["Paid base, net of earlier programmes"].value == 20_000
    assert "they come to ¥8,000.00, so each figure counts × 0.5" in steps["Cap over all partners"].text
    assert "12000" not in json.dumps(result.explanation)


def test_a_late_line_of_one_moves_its_own_figures_and_everybodys_share(four, tmp_path):
    apply(flat("a", "20%"), stacked(amount=4_000))
    bought(four, 60_000, 25_000, 10_000, 5_000, on="2026-08-10")
    settle("2026-08")
    sell(four[3], 25_000, "2026-08-20")
    run = settle("2026-09")
    # 4,800 · 2,000 · 800 · 2,400 are 10,000
    assert by_code(run, "adjusted") == {
        "a": {"V-4": Decimal("5000.00")},
        "pool": money("-480.00", "-200.00", "-80.00", "760.00"),
    }
    kits_agree(tmp_path)
    assert adjustments(settle("2026-10")) == []


def test_a_year_so_far_is_net_of_a_year_so_far(four, tmp_path):
    apply(flat("a", "20%", cumulative=True), stacked(amount=4_000, cumulative=True))
    bought(four, 30_000, 10_000, 5_000, 5_000, on="2026-08-10")
    bought(four, 30_000, 15_000, 5_000, 0, on="2026-09-10")
    assert by_code(settle("2026-08"))["pool"] == money("2400.00", "800.00", "400.00", "400.00")
    assert by_code(settle("2026-09"))["pool"] == money("0.00", "200.00", "0.00", "-200.00")
    kits_agree(tmp_path)


def test_it_is_net_of_a_chain_and_of_sales_in_another_currency(four, tmp_path):
    known("EUR/CNY 2026-09-30 8")
    apply(
        flat("x", "50%", exchange="period_end"), flat("a", "20%", stacking=net_of("x")), stacked(amount=2_250),
    )  # fmt: skip
    bought(four, 60_000, 25_000, 10_000)
    sell(four[3], 5_000)
    sell(four[3], 500, currency="EUR")  # counts for x alone, which pays 4,500.00 then
    run = settle("2026-09")
    found = by_code(run)
    assert found["x"]["V-4"] == Decimal("4500.00") and found["a"]["V-4"] == Decimal("100.00")
    # a pays 6,000 · 2,500 · 1,000 · 100; 5,400 + 2,250 + 900 + 490 = 9,040 share 2,250
    assert found["pool"] == money("1344.03", "560.01", "224.00", "121.96")
    assert sum(found["pool"].values()) == 2_250
    kits_agree(tmp_path)


def a_missing_rate_stops(four, *codes):
    """Nothing is computed of these programmes, each is said once, and the run is not approved."""
    sell(four[0], 100, currency="EUR")
    bought(four, 60_000)
    run = settle("2026-09", close=False)
    assert results(run) == []
    stopped = [one["programme"] for one in run.findings if one["kind"] == "no_rate"]
    assert sorted(stopped) == list(codes)
    with pytest.raises(RatesMissing):
        approve_run(run=run, by=BY)


def test_a_missing_rate_is_said_once_and_stops_what_is_net_of_it(four):
    apply(flat("a", "20%", exchange="period_end"), stacked())
    a_missing_rate_stops(four, "a", "pool")


def test_lines_in_another_currency_are_said_once_of_each_programme(four):
    apply(flat("a", "20%"), stacked())
    sell(four[0], 100, currency="EUR")
    bought(four, 60_000)
    run = settle("2026-09", close=False)
    said = [one["programme"] for one in run.findings if one["kind"] == "other_currency"]
    assert sorted(said) == ["a", "pool"]


def test_settling_anew_changes_nothing(four):
    apply(flat("a", "20%"), stacked(amount=4_000))
    bought(four, 60_000, 25_000, 10_000, 5_000)
    first = by_code(settle("2026-09", close=False))
    assert by_code(settle("2026-09")) == first


# In a best-of, and named by others

LUMP = {"kind": "lump_sum", "bands": [{"from": 0, "amount": 450}]}


def in_a_best_of(**entries: Any) -> list[dict[str, Any]]:
    """Who is paid more by the fixed sum than by its part of the cap gets that; c is net of both."""
    return [
        pooled("pool", amount=2_000, **entries),
        policy("a", mechanism=LUMP, stacking=best_of("pool"), **entries),
        flat("c", "1%", stacking=net_of("pool", "a"), **entries),
    ]


@pytest.mark.parametrize("chunk", [1, 5_000])
def test_the_part_of_the_cap_is_held_against_others_and_the_best_pays(four, tmp_path, chunk):
    apply(*in_a_best_of())
    bought(four, 60_000, 25_000, 10_000, 5_000)
    live = {
        one.programme.code: one.amount for one in accruals(by=BY, period=SEPTEMBER, partners=[four[2].row.pk])
    }
    run = settle("2026-09", chunk=chunk)
    found = by_code(run)
    # The parts are 1,200 · 500 · 200 · 100; what two do not get of theirs falls to nobody.
    assert found == {
        "pool": money("1200.00", "500.00", "0.00", "0.00"),
        "a": money("0.00", "0.00", "450.00", "450.00"),
        "c": money("588.00", "245.00", "95.50", "45.50"),
    }
    assert live == {code: paid["V-3"] for code, paid in found.items()}
    for version in Version.objects.select_related("programme"):
        tried = back_test(versions=[version], first=SEPTEMBER, last=SEPTEMBER, by=BY)
        assert tried.totals == [sum(found[version.programme.code].values())]
    kits_agree(tmp_path)
    result = next(row for row in results(run) if (row.partner.number, row.programme.code) == ("V-3", "pool"))
    told = [(step.title, step.value) for step in explanations.explain(result).steps]
    assert told[-2:] == [("Cap over all partners", Decimal("200.00")), ("Best of the group", Decimal("0.00"))]


def test_what_is_net_of_a_part_of_the_cap_moves_with_everybodys_sales(four, tmp_path):
    apply(pooled("pool", amount=4_000), flat("b", "2%", stacking=net_of("pool")))
    bought(four, 60_000, 25_000, 10_000, 5_000, on="2026-08-10")
    assert by_code(settle("2026-08"))["b"] == money("1152.00", "480.00", "192.00", "96.00")
    sell(four[3], 25_000, "2026-08-20")
    run = settle("2026-09")
    # 6,000 · 2,500 · 1,000 · 3,000 share 4,000 now: 1,920 · 800 · 320 · 960.
    assert by_code(run, "adjusted") == {
        "pool": money("-480.00", "-200.00", "-80.00", "760.00"),
        "b": money("9.60", "4.00", "1.60", "484.80"),
    }
    kits_agree(tmp_path)
    assert adjustments(settle("2026-10")) == []


def test_what_hangs_on_a_part_of_the_cap_says_so_and_is_not_forecast(four):
    apply(*in_a_best_of(), flat("own", "1%"))
    bought(four, 60_000, 25_000, 10_000, 5_000)
    with time_machine.travel("2026-09-20 04:00:00+00:00", tick=False):
        live = {
            one.programme.code: one for one in accruals(by=BY, period=SEPTEMBER, partners=[four[0].row.pk])
        }
        for code, hangs in (("pool", True), ("a", True), ("c", True), ("own", False)):
            assert explanations.explain(live[code]).hangs_on_all is hangs
            assert (forecast(live[code]) is None) is hangs


def test_a_year_so_far_chooses_the_best_of_the_year(four, tmp_path):
    apply(*in_a_best_of(cumulative=True))
    bought(four, 30_000, 10_000, 5_000, 5_000, on="2026-08-10")
    bought(four, 30_000, 15_000, 5_000, 0, on="2026-09-10")
    assert by_code(settle("2026-08"))["pool"] == money("1200.00", "0.00", "0.00", "0.00")
    september = by_code(settle("2026-09"))
    assert september["pool"] == money("0.00", "500.00", "0.00", "0.00")
    assert september["a"] == money("0.00", "-450.00", "0.00", "0.00")
    kits_agree(tmp_path)


def test_what_hangs_on_all_shares_no_cap_and_waits_for_nothing_that_does(four):
    apply(flat("a", "20%"), stacked(), flat("b", "1%", stacking=net_of("pool")))
    for entries in (
        {"caps": cap(5, "pool")},  # of a part of the cap nothing unrounded is known
        {"who": {"as": "group"}, "stacking": net_of("pool")},
        {"who": {"as": "group"}, "stacking": net_of("b")},  # by way of another
    ):
        with pytest.raises(LinkSpansPartners):
            apply(flat("d", "1%", **entries))
    with pytest.raises(LinkSpansPartners):
        apply(pooled("e", stacking=net_of("b")))
    for entries in ({"who": {"as": "group"}}, {"caps": [{"on": "payout", "amount": 5, "over": "partners"}]}):
        with pytest.raises(LinkSpansPartners):  # the pool is net of it
            apply(flat("a", "20%", from_="2026-07-01", **entries))
    apply(grouped("f"))
    for entries in ({"stacking": net_of("f")}, {"stacking": best_of("f")}):
        with pytest.raises(LinkSpansPartners):
            apply(flat("g", "1%", **entries))


def test_finance_chooses_it_in_the_editor(four, finance, browse):
    apply(flat("a", "20%", period="quarter", cumulative=True, currency="CNY"))
    with time_machine.travel("2026-11-20 04:00:00+00:00", tick=False):
        typed = {
            "pooled_cap": "4000", "cumulative": "yes", "period": "quarter", "stacking": "net_of", "stacked_on": "a",
            "measure_cap": "50000", "measure_cap_of": "base",
        }  # fmt: skip
        answer = browse(finance).post("/programmes/new/", FILLED | typed)
        assert answer.status_code == 302, answer.content.decode()
    version = Version.objects.exclude(programme__code="a").get()
    assert version.policy["stacking"] == net_of("a") and version.policy["cumulative"]
    assert is_editable(version.policy) and initial_of(version)["pooled_cap"] == "4000"
    (text,) = read_yaml(as_yaml(version.programme))
    assert text.policy == version.policy
    said = sentence(version)
    for words in (
        "At most ¥50,000 are paid on.",
        "What is paid by A is taken off the base first.",
        "All partners together are paid at most ¥4,000 for the year so far, each in proportion.",
    ):
        assert words in said
