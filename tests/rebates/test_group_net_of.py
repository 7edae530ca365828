"""Programmes that take partners together and are paid on what earlier programmes leave of each member's own base."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
import time_machine

from prm.values.periods import Period
from rebates import kept
from rebates.accruals import accruals
from rebates.backtest import back_test
from rebates.errors import LinkSpansPartners, TooSmallGroup
from rebates.forecast import forecast_of_all
from rebates.models import Statement, Version
from rebates.policy import read_document
from rebates.services import save_draft
from rebates.whatif import what_if
from tests.exchange.world import known
from tests.rebates.measured import FIGURES, registered
from tests.rebates.test_group_collection import COLLECTION, lump, usual
from tests.rebates.test_group_years import YEAR, before_go_live
from tests.rebates.test_linked import best_of, cap, flat, net_of
from tests.rebates.test_member_factors import FACTOR, score
from tests.rebates.test_partner_families import by_family, family, loner
from tests.rebates.test_partner_groups import bought, grouped, kits_agree, money
from tests.rebates.test_partner_pools import four, pooled
from tests.rebates.test_pools_in_stacks import a_missing_rate_stops, by_code
from tests.rebates.test_recompute_kit import unpacked, verify
from tests.rebates.world import BY, adjustments, apply, catalogue, sell, settle

__all__ = ["family", "four", "loner"]
pytestmark = pytest.mark.django_db
SEPTEMBER = Period.parse("2026-09")
USUAL = (60_000, 25_000, 10_000, 5_000)
FLAT = {"kind": "flat", "rate": "10%"}
ROUTING = {"product_lines": ["routing"]}


def left(code: str = "group", *earlier: str, **entries: Any) -> dict[str, Any]:
    """A group on what the earlier programmes, "a" where none is named, leave."""
    return grouped(code, stacking=net_of(*(earlier or ("a",))), **entries)


def of_group(run: Any, kind: str = "earned") -> dict[str, Decimal]:
    return by_code(run, kind)["group"]


# What is paid: 20 % of 60,000 · 25,000 · 10,000 · 5,000 leave 48,000 · 20,000 · 8,000 · 4,000, and 100,000 count


@pytest.mark.parametrize("chunk", [1, 2, 5_000])
def test_what_is_left_of_each_members_base_shares_the_groups_figure(four, tmp_path, chunk):
    apply(flat("a", "20%"), left(), flat("other", "1%"))
    bought(four, *USUAL)
    run = settle("2026-09", chunk=chunk)
    assert by_code(run) == {
        "a": money("12000.00", "5000.00", "2000.00", "1000.00"),
        "group": money("1440.00", "600.00", "240.00", "120.00"),  # 3 % of 80,000
        "other": money("600.00", "250.00", "100.00", "50.00"),
    }
    assert run.line_count == 4
    kits_agree(tmp_path)


def test_settling_anew_changes_nothing(four):
    apply(flat("a", "20%"), left())
    bought(four, *USUAL)
    assert by_code(settle("2026-09", close=False)) == by_code(settle("2026-09"))


@pytest.mark.parametrize(
    ("entries", "paid"),
    [
        ({"caps": [{"on": "measure", "amount": 40_000, "of": "base"}]}, ("720", "300", "120", "60")),
        ({"caps": [{"on": "measure", "amount": 90_000, "of": "base"}]}, ("1440", "600", "240", "120")),
        ({"caps": [{"on": "measure", "amount": 90_000}]}, ("960", "400", "160", "80")),  # 90,000 count: 2 %
        ({"caps": [{"on": "payout", "amount": 1_000}]}, ("600", "250", "100", "50")),
        ({"mechanism": FLAT}, ("4800", "2000", "800", "400")),
        ({"mechanism": {"kind": "marginal", "bands": [{"from": 0, "rate": "2%"}, {"from": 50_000, "rate": "4%"}]}},
         ("1320", "550", "220", "110")),  # 1,000 + 1,200 on 80,000
        ({"mechanism": {"kind": "marginal", "split": "top_slice",
                        "bands": [{"from": 0, "rate": "2%"}, {"from": 50_000, "rate": "4%"}]}},
         ("1560", "650", "260", "130")),  # the last 80,000 of 100,000: 600 + 2,000
        ({"mechanism": {"kind": "formula", "expression": "base / 40 + if(qualifier >= 100000, 500, 0)"}},
         ("1500", "625", "250", "125")),
    ],
)  # fmt: skip
def test_caps_and_mechanisms_are_those_of_what_is_left(four, tmp_path, entries, paid):
    apply(flat("a", "20%"), left(**entries))
    bought(four, *USUAL)
    assert of_group(settle("2026-09")) == money(*(f"{one}.00" for one in paid))
    kits_agree(tmp_path)


def test_nothing_is_taken_off_beyond_zero_and_whose_base_is_gone_has_no_part(four, tmp_path):
    apply(flat("a", "1%") | {"mechanism": lump("7000")}, left())
    bought(four, *USUAL)
    # 53,000 · 18,000 · 3,000 · 0
    assert of_group(settle("2026-09")) == money("1590.00", "540.00", "90.00", "0.00")
    kits_agree(tmp_path)


def test_who_gave_back_more_than_it_bought_is_moved_towards_zero_too(four, tmp_path):
    apply(flat("a", "20%"), left(mechanism=FLAT))
    bought(four, 1_000, -500, 300, 200)
    # 800 − 400 + 240 + 160: 80.00 among those that bought something
    assert of_group(settle("2026-09")) == money("53.33", "0.00", "16.00", "10.67")
    kits_agree(tmp_path)


def test_a_group_that_gave_back_more_than_it_bought_is_taken_back_on_what_is_left(four, tmp_path):
    apply(flat("a", "20%"), left(mechanism=FLAT))
    bought(four, -300, -1_200, -100, "-33.33")
    # −240 · −960 · −80 · −26.66 are −1,306.66
    assert of_group(settle("2026-09")) == money("-24.00", "-96.00", "-8.00", "-2.67")
    kits_agree(tmp_path)


def test_what_is_taken_off_may_turn_the_groups_base_below_zero(four, tmp_path):
    apply(flat("a") | {"mechanism": lump("150")}, left(mechanism=FLAT))
    bought(four, 200, -190)  # 50 − 190
    assert of_group(settle("2026-09")) == money("0.00", "-14.00")
    kits_agree(tmp_path)


def test_gates_and_factors_ask_each_member_for_what_is_left_of_its_own(four, tmp_path):
    with registered():
        score(FIGURES, four, "100", "80", "60", "0")
        apply(flat("a", "20%"), left(factors=[FACTOR]))
        bought(four, *USUAL)
        # 48,000 + 16,000 + 4,800 of 80,000 count: 2,064.00
        assert of_group(settle("2026-09")) == money("1440.00", "480.00", "144.00", "0.00")
        kits_agree(tmp_path)


def test_invoices_weigh_as_they_were_and_what_is_left_counts_by_them(four, tmp_path):
    apply(flat("a", "20%"), left(factors=[COLLECTION]))
    usual(four)  # 60,000 · 30,000 · 10,000 · 20,000, of which all, 90 %, two thirds and nothing count
    # 48,000 + 21,600 + 5,333.33 of 96,000 count, 3 % of which are 2,880.00
    assert of_group(settle("2026-09")) == money("1440.00", "648.00", "160.00", "0.00")
    kits_agree(tmp_path)


def test_each_family_is_paid_on_what_is_left_of_its_own(family, loner, tmp_path):
    apply(flat("a", "20%"), by_family("group", stacking=net_of("a")))
    bought(family, *USUAL)
    sell(loner, 50_000)
    assert of_group(settle("2026-09")) == money("1440.00", "600.00", "240.00", "120.00", "800.00")
    kits_agree(tmp_path)


def test_it_is_net_of_a_chain_and_of_sales_in_another_currency(four, tmp_path):
    known("EUR/CNY 2026-09-30 8")
    apply(flat("x", "50%", exchange="period_end"), flat("a", "20%", stacking=net_of("x")), left())
    bought(four, 60_000, 25_000, 10_000)
    sell(four[3], 5_000)
    sell(four[3], 500, currency="EUR")  # counts for x alone, which pays 4,500.00 then
    run = settle("2026-09")
    assert by_code(run)["a"]["V-4"] == Decimal("100.00")
    # a pays 6,000 · 2,500 · 1,000 · 100; 3 % of 54,000 · 22,500 · 9,000 · 4,900
    assert of_group(run) == money("1620.00", "675.00", "270.00", "147.00")
    kits_agree(tmp_path)


def test_its_own_sales_of_other_currencies_and_another_payout(four, tmp_path):
    known("EUR/CNY 2026-09-30 8")
    apply(flat("a", "20%"), left(exchange="period_end", payout_currency="EUR"))
    bought(four, 60_000, 25_000, 10_000)
    sell(four[3], 625, currency="EUR")  # 5,000, of which a counts nothing
    # 3 % of 48,000 · 20,000 · 8,000 · 5,000
    assert of_group(settle("2026-09")) == money("180.00", "75.00", "30.00", "18.75")
    kits_agree(tmp_path)


def test_several_may_be_net_of_the_same_one_beside_a_cap_over_all_partners(four, tmp_path):
    apply(
        flat("a", "20%"), flat("b", "10%"), left(), left("both", "a", "b"), pooled("pool", 4_000, stacking=net_of("a")),
    )  # fmt: skip
    bought(four, *USUAL)
    found = by_code(settle("2026-09"))
    assert found["a"] == money("12000.00", "5000.00", "2000.00", "1000.00")
    assert found["group"] == money("1440.00", "600.00", "240.00", "120.00")
    assert found["both"] == money("1260.00", "525.00", "210.00", "105.00")  # 3 % of 70,000
    assert found["pool"] == money("2400.00", "1000.00", "400.00", "200.00")
    kits_agree(tmp_path)


def test_once_the_earlier_one_has_ended_the_group_is_paid_on_all_of_it(four, tmp_path):
    apply(flat("a", "20%", until="2026-08-31"), left())
    bought(four, *USUAL)
    assert by_code(settle("2026-09")) == {"group": money("1800.00", "750.00", "300.00", "150.00")}
    kits_agree(tmp_path)


def test_a_missing_rate_is_said_once_and_stops_the_group_too(four):
    apply(flat("a", "20%", exchange="period_end"), left())
    a_missing_rate_stops(four, "a", "group")


# In time


def test_a_late_line_moves_what_others_pay_its_own_base_and_under_a_cap_everybody(four, tmp_path):
    apply(flat("a", "20%"), left(caps=[{"on": "payout", "amount": 1_000}]))
    bought(four, *USUAL, on="2026-08-10")
    assert of_group(settle("2026-08")) == money("600.00", "250.00", "100.00", "50.00")
    sell(four[3], 25_000, "2026-08-20")
    run = settle("2026-09")
    # 48,000 · 20,000 · 8,000 · 24,000
    assert by_code(run, "adjusted") == {
        "a": {"V-4": Decimal("5000.00")},
        "group": money("-120.00", "-50.00", "-20.00", "190.00"),
    }
    kits_agree(tmp_path)
    assert adjustments(settle("2026-10")) == []


def test_a_late_line_that_counts_only_for_the_earlier_one_moves_the_group(four, tmp_path):
    catalogue("routing", "wireless")
    apply(flat("a", "20%"), left(qualify=ROUTING, caps=[{"on": "payout", "amount": 1_000}]))
    bought(four, *USUAL, on="2026-08-10")
    settle("2026-08")
    sell(four[1], 10_000, "2026-08-20", line="wireless")
    run = settle("2026-09")
    # 48,000 · 18,000 · 8,000 · 4,000 share 1,000.00: 615.38, 230.77, 102.56, 51.28 and the last two cents
    assert by_code(run, "adjusted") == {
        "a": {"V-2": Decimal("2000.00")},
        "group": money("15.39", "-19.23", "2.56", "1.28"),
    }
    kits_agree(tmp_path)


def test_a_year_so_far_is_net_of_a_year_so_far(four, tmp_path):
    apply(flat("a", "20%", cumulative=True), left(cumulative=True))
    bought(four, *YEAR["2026-01"], on="2026-01-15")
    bought(four, *YEAR["2026-02"], on="2026-02-15")
    # 2 % of 24,000 · 8,000 · 8,000 · 8,000, then 3 % of 40,000 · 24,000 · 12,000 · 12,000
    assert of_group(settle("2026-01")) == money("480.00", "160.00", "160.00", "160.00")
    assert of_group(settle("2026-02")) == money("720.00", "560.00", "200.00", "200.00")
    kits_agree(tmp_path)


@pytest.mark.parametrize("later", [left, lambda **more: pooled("group", 9, stacking=net_of("a"), **more)])
def test_without_the_lines_on_which_the_earlier_one_was_settled_nobody_is_paid_and_it_is_said(four, later):
    apply(flat("a", "20%", cumulative=True), later(cumulative=True))
    for company in four[:3]:
        sell(company, 10_000, "2026-02-15")
    before_go_live(four[3], Version.objects.get(programme__code="a").programme, 10_000)
    run = settle("2026-02", close=False)
    assert by_code(run) == {"a": money("2000.00", "2000.00", "2000.00")}
    said = {one["programmes"][0]: one["with_group"] for one in run.findings if "with_group" in one}
    assert said == {"a": False, "group": True}


# Before it is settled


def test_accruals_and_back_tests_say_the_same(four):
    apply(flat("a", "20%"), left())
    bought(four, *USUAL)
    assert kept.Basis.now().kept == []  # what the group is net of is computed with it
    live = accruals(by=BY, period=SEPTEMBER, partners=[four[1].row.pk])
    assert {one.programme.code: one.amount for one in live} == {"a": 5_000, "group": 600}
    versions = {one.programme.code: one for one in Version.objects.all()}
    tried = back_test(versions=[versions["group"], versions["a"]], first=SEPTEMBER, last=SEPTEMBER, by=BY)
    assert tried.totals == [2_400, 20_000]
    assert tried.swings[Decimal("0.9")] == [1_440, 18_000]  # 90,000 count: 2 % of 72,000
    assert tried.swings[Decimal("1.1")] == [2_640, 22_000]
    assert tried.temptations == [] and "other programmes change" in tried.untold[0]
    assert {row.partner_id: row.amounts[0] for row in tried.partners} == {
        company.row.pk: amount for company, amount in zip(four, (1_440, 600, 240, 120), strict=True)
    }


def test_a_year_that_is_tried_is_net_of_what_the_earlier_one_would_have_paid(four):
    apply(flat("a", "20%", cumulative=True), left(cumulative=True))
    bought(four, *YEAR["2026-01"], on="2026-01-15")
    bought(four, *YEAR["2026-02"], on="2026-02-15")
    version = Version.objects.get(programme__code="group")
    first, last = (Period.parse(month) for month in ("2026-01", "2026-02"))
    assert [cost for (cost,) in back_test(versions=[version], first=first, last=last, by=BY).costs.values()] == [
        960, 1_680,
    ]  # fmt: skip


def test_one_more_order_is_tried_on_both_and_a_budget_carries_both_on(four):
    apply(flat("a", "20%"), left())
    with time_machine.travel("2026-09-15 04:00:00+00:00", tick=False):
        bought(four, 20_000, 10_000, 10_000, 10_000, on="2026-09-10")
        line = sell(four[0], 50_000, "2026-09-11").product_line
        tried: dict[str, Any] = {
            "product": "",
            "quantity": Decimal(1),
            "amount": Decimal(10_000),
            "currency": "CNY",
        }
        found = what_if(partner=four[1].row, product_line=line, by=BY, **tried).effects
        # 2 % of 8,000 more, and 3 % on all of 88,000 instead of 80,000
        assert {one.programme.code: (one.before, one.after) for one in found} == {
            "a": (2_000, 4_000), "group": (240, 480),
        }  # fmt: skip
        assert forecast_of_all(Version.objects.get(programme__code="group"), SEPTEMBER) == 4_800


# What the kit gives


def test_a_kit_in_which_the_earlier_one_pays_otherwise_does_not_agree(four, tmp_path):
    apply(flat("a", "20%"), left())
    bought(four, *USUAL)
    settle("2026-09")
    statement = Statement.objects.for_everyone(because="a test").get(partner=four[1].row)
    folder = unpacked(statement, tmp_path)
    said = (folder / "kit.json").read_text()
    assert "12000" not in said and said.count('"0.2"') == 1
    (folder / "kit.json").write_text(said.replace('"0.2"', '"0.1"'))
    told = verify(folder)
    assert told.returncode == 1
    for name in ("a", "group"):
        assert f"DIFFERS  {name} 2026-09-01 to 2026-10-01 (last day excluded), computed" in told.stdout
    assert (
        "DIFFERS  group 2026-09-01 to 2026-10-01 (last day excluded), base: stated 20000.000" in told.stdout
    )


# What is refused


@pytest.mark.parametrize(
    "entries", [{"stacking": net_of("group")}, {"stacking": best_of("group")}, {"caps": cap(5, "group")}]
)
def test_what_would_make_others_hang_on_all_partners_is_refused(four, entries):
    apply(flat("a", "20%"), left())
    with pytest.raises(LinkSpansPartners, match="may be net of others that compute each partner by itself"):
        apply(flat("b", "1%", **entries))


@pytest.mark.parametrize("later", [left, lambda: by_family("group", stacking=net_of("a"))])
@pytest.mark.parametrize("earlier", [grouped, lambda code: pooled(code)])
def test_a_group_is_not_net_of_one_that_hangs_on_all_partners(four, earlier, later):
    apply(earlier("a"))
    with pytest.raises(LinkSpansPartners):
        apply(later())


def test_an_earlier_one_does_not_become_a_group(four):
    apply(flat("a", "20%"), left())
    with pytest.raises(LinkSpansPartners):
        apply(grouped("a", from_="2026-10-01"))


def test_fewer_than_four_members_are_refused_as_ever(four):
    apply(flat("a", "20%"))
    with pytest.raises(TooSmallGroup):
        apply(left(who={"partners": ["V-1", "V-2", "V-3"]}))


def test_what_a_draft_names_and_became_a_group_since_is_not_tried_as_if_it_had_not(four):
    apply(flat("a", "20%"))
    (text,) = read_document({"schema": 1, "programmes": [left()]})
    draft = save_draft(text=text, by=BY)
    apply(grouped("a", from_="2026-09-01"))
    with pytest.raises(LinkSpansPartners):
        back_test(versions=[draft], first=SEPTEMBER, last=SEPTEMBER, by=BY)
