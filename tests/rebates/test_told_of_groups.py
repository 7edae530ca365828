"""What may be told where partners are taken together: no sum, no band and no cause that tells another's figure."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import time_machine

from partners.models import Partner
from rebates import changes, channel_changes, explanations, moments
from rebates.accruals import accruals
from rebates.errors import MembersToldApart
from rebates.models import SettlementRun, Statement
from tests.rebates.test_partner_groups import POOL, SEPTEMBER, bought, fifth, grouped, kits_agree, money
from tests.rebates.test_partner_pools import Company, earned, four
from tests.rebates.test_recompute_kit import unpacked, verify
from tests.rebates.world import BY, adjustments, apply, catalogue, policy, results, sell, settle

__all__ = ["four"]
pytestmark = pytest.mark.django_db


# So few that a sum would tell


def test_where_fewer_than_four_bought_anything_each_is_told_its_share_only(four, tmp_path):
    apply(grouped())
    bought(four, 70_000, 30_000)  # V-3 and V-4 could buy too
    run = settle("2026-09")
    assert earned(run) == money("2100.00", "900.00")
    for result in results(run):
        assert result.explanation == {"rule": "withheld", "grouped": {"withheld": True}}
        assert result.band == 0
    kits_agree(tmp_path)
    (period,) = json.loads((next(tmp_path.iterdir()) / "kit.json").read_text())["periods"]
    assert period["groups"]["core"].keys() == {"paid"}


def test_who_bought_and_gave_all_of_it_back_hides_nobody(four):
    apply(grouped())
    bought(four, 70_000, 30_000, 10_000, 500)
    sell(four[3], -500)
    assert all(explanations.explain(row).withheld for row in results(settle("2026-09")))


@pytest.mark.parametrize("new", [{}, {"new_partner": "zero"}, {"new_partner": "stated", "amount": 777}])
def test_a_baseline_of_one_old_partner_is_not_told_to_three_new_ones(four, new):
    growth = {"kind": "growth", "on": "all", "bands": [{"from": "20%", "rate": "3%"}]}
    apply(grouped(mechanism=growth, baseline=new))
    bought(four, 40_000, on="2026-08-10")
    bought(four, 20_000, 30_000, 30_000, 30_000)
    assert not any("40000" in json.dumps(row.explanation) for row in results(settle("2026-09")))


@pytest.mark.parametrize("many", [1, 3, 4])
def test_what_a_few_gave_back_is_not_told_as_the_difference_of_two_sums(four, many):
    apply(grouped(mechanism={"kind": "flat", "rate": "10%"}))
    bought(four, 50_000, 20_000, 20_000, 10_000)
    for number in range(5, 5 + many):
        row = Partner.objects.create(
            number=f"V-{number}", name=f"V {number}", type="reseller", status="active"
        )
        sell(row, -100)
    found = results(settle("2026-09"))
    assert [explanations.explain(row).withheld for row in found] == [many < 4] * len(found)


@pytest.mark.parametrize("many", [1, 4])
def test_what_a_few_bought_that_only_counts_is_not_told_as_the_difference_of_two_sums(four, many):
    catalogue("routing", "wireless")
    apply(grouped(pay={"product_lines": ["routing"]}))
    bought(four, 50_000, 20_000, 20_000, 10_000)
    for company in four[:many]:
        sell(company, 7_000, line="wireless")
    assert [explanations.explain(row).withheld for row in results(settle("2026-09"))] == [many < 4] * 4


@pytest.mark.parametrize("many", [1, 4])
def test_what_a_few_bought_beside_the_focus_of_a_mix_is_not_told_as_the_rest_of_the_total(four, many):
    catalogue("routing", "wireless")
    mix = {"kind": "mix", "focus": ["routing"], "bands": [{"from": "30%", "rate": "2%"}]}
    apply(grouped(mechanism=mix, pay={"product_lines": ["routing"]}))
    bought(four, 50_000, 20_000, 20_000, 10_000)
    for company in four[:many]:
        sell(company, 7_000, line="wireless")
    assert [explanations.explain(row).withheld for row in results(settle("2026-09"))] == [many < 4] * 4


def test_an_adjustment_tells_nothing_that_the_close_withheld(four, tmp_path):
    apply(grouped())
    bought(four, 60_000, 30_000, 5_000, on="2026-08-10")
    assert all(explanations.explain(row).withheld for row in results(settle("2026-08")))
    sell(four[3], 5_000, "2026-08-20")  # now four of them bought something
    late = adjustments(settle("2026-09"))
    assert len(late) == 4
    for result in late:
        assert result.explanation == {"rule": "withheld", "grouped": {"withheld": True}}
        assert result.band == 0
    kits_agree(tmp_path)


@pytest.mark.parametrize("many", [1, 3, 4])
def test_what_few_bought_late_is_not_told_as_the_difference_to_the_close(four, many, tmp_path):
    apply(grouped())
    bought(four, 60_000, 30_000, 10_000, 20_000, on="2026-08-10")
    assert not any(explanations.explain(row).withheld for row in results(settle("2026-08")))
    for company in four[:many]:
        sell(company, 1_000, "2026-08-20")
    assert {explanations.explain(row).withheld for row in adjustments(settle("2026-09"))} == {many < 4}
    for company in four[:many]:  # and so on, adjustment by adjustment
        sell(company, 1_000, "2026-08-21")
    assert {explanations.explain(row).withheld for row in adjustments(settle("2026-10"))} == {many < 4}
    kits_agree(tmp_path)


def test_partners_that_came_after_the_close_hide_nobody(four):
    for name in ("V-3", "V-4"):
        Partner.objects.for_everyone(because="a test").filter(number=name).update(type="agent")
    chosen = {"types": ["reseller"]}
    for number in (5, 6):
        Partner.objects.create(number=f"V-{number}", name=f"V {number}", type="reseller", status="active")
    apply(grouped(who=chosen))
    Partner.objects.for_everyone(because="a test").filter(number__in=("V-5", "V-6")).update(type="agent")
    bought(four, 60_000, 30_000, on="2026-08-10")
    settle("2026-08")
    for number in range(7, 11):
        Partner.objects.create(number=f"V-{number}", name=f"V {number}", type="reseller", status="active")
    sell(four[0], 10_000, "2026-08-20")
    assert [explanations.explain(row).withheld for row in adjustments(settle("2026-09"))] == [True, True]


# What moved a figure


def statements_of(company: Company) -> list[Statement]:
    return list(Statement.objects.for_everyone(because="a test").filter(partner=company.row).order_by("ends"))


def causes_of(company: Company) -> dict[str, tuple[str, Decimal]]:
    (change,) = changes.between(*statements_of(company))
    assert sum(cause.amount for cause in change.causes) == change.difference
    return {cause.name: (cause.text, cause.amount) for cause in change.causes}


@pytest.mark.parametrize(
    "text", [grouped(), policy(mechanism={"kind": "flat", "rate": "10%"}, caps=[POOL | {"amount": 900}])]
)
def test_what_others_gave_back_is_no_cause_of_its_own(four, text):
    apply(text)
    bought(four, 40_000, 30_000, 20_000, 10_000, on="2026-08-10")
    settle("2026-08")
    bought(four, 40_000, 30_000, 20_000, 10_000)
    sell(four[1], -5_000, "2026-09-20")
    settle("2026-09")
    found = causes_of(four[0])
    assert found.keys() == {"Sales and returns"}
    assert found["Sales and returns"][0].startswith("Paid base 40,000.00 → 40,000.00, ")


def test_of_a_small_group_no_cause_tells_a_band(four):
    apply(grouped())
    bought(four, 40_000, 50_000, on="2026-08-10")
    settle("2026-08")
    bought(four, 40_000, 70_000)
    settle("2026-09")
    assert causes_of(four[0]) == {"Sales and returns": ("Paid base 40,000.00 → 40,000.00", Decimal("400.00"))}


def test_who_came_into_the_group_moves_the_others_and_it_is_said_so(four):
    apply(grouped())
    for month in ("2026-08", "2026-09"):
        bought(four, 40_000, 30_000, 10_000, 10_000, on=f"{month}-10")
        if month == "2026-09":
            sell(fifth(), 20_000)
        run = settle(month)
    told = ("Who belongs to the group, as found for each moment", Decimal("400.00"))
    assert causes_of(four[0]) == {"Members of the group": told}
    names = [one.name for total in channel_changes.between_runs(*runs_of(run), by=BY) for one in total.causes]
    assert names == ["New partners", "Members of the group"]


def runs_of(run: SettlementRun) -> tuple[SettlementRun, SettlementRun]:
    earlier = channel_changes.earlier_run(run)
    assert earlier is not None
    return earlier, run


def test_an_open_figure_of_a_group_tells_no_returns_of_others_either(four):
    apply(grouped())
    with time_machine.travel("2026-09-10 04:00:00+00:00", tick=False):
        bought(four, 40_000, 30_000, 20_000, 10_000, on="2026-09-05")
    with time_machine.travel("2026-09-20 04:00:00+00:00", tick=False):
        sell(four[1], -5_000, "2026-09-18")
        (found,) = accruals(by=BY, period=SEPTEMBER, partners=[four[0].row.pk])
        told = moments.since(found, date(2026, 9, 12)).change
        assert [(one.name, one.amount) for one in told.causes] == [("Sales and returns", Decimal("-400.00"))]


# What a kit gives


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("sum", "29999", "core: the partner's own sum is above what all share by"),
        ("sum", "99999", "core: the group is paid on more than what all share by"),
        ("base", "100001", "core: the group is paid on more than what all share by"),
    ],
)
def test_a_kit_whose_sums_contradict_each_other_is_told_apart(four, tmp_path, name, value, said):
    apply(grouped(mechanism={"kind": "lump_sum", "bands": [{"from": 0, "amount": 0}]}))
    bought(four, 30_000, 30_000, 30_000, 10_000)
    settle("2026-09")
    folder = unpacked(statements_of(four[0])[0], tmp_path)
    assert verify(folder).returncode == 0
    kit = json.loads((folder / "kit.json").read_text())
    kit["periods"][0]["groups"]["core"][name] = value
    (folder / "kit.json").write_text(json.dumps(kit))
    told = verify(folder)
    assert (told.returncode, f"DIFFERS  {said}" in told.stdout) == (1, True), told.stdout


def test_sums_before_a_cap_or_increments_contradict_nothing(four, tmp_path):
    apply(
        grouped(caps=[{"on": "measure", "amount": 5_000}]),
        grouped("steps", mechanism={"kind": "per_increment", "increment": "0.1", "amount": 1}),
    )
    bought(four, 3_000, 3_000, 3_000, -1_000)
    bought(four, 0, 0, 0, 3_000)
    settle("2026-09")
    kits_agree(tmp_path)


# Two sums that tell a third


def of(*numbers: int) -> dict[str, Any]:
    return {"partners": [f"V-{number}" for number in numbers]}


def pooled(code: str, **entries: Any) -> dict[str, Any]:
    return policy(code, caps=[POOL], **entries)


@pytest.mark.parametrize("second", [grouped, pooled])
def test_two_sums_that_differ_by_one_partner_would_tell_its_figure(four, second):
    fifth()
    apply(grouped("all", who=of(1, 2, 3, 4, 5)))
    with pytest.raises(MembersToldApart) as refused:
        apply(second("some", who=of(1, 2, 3, 4)))
    assert str(refused.value) == (
        "some and all each tell the sum of the partners that take part, and they differ by 1 of them: who takes part in"
        " both could subtract one sum from the other. Let the same partners take part in both, or let them differ by 4"
        " at least."
    )
    apply(second("same", who=of(5, 4, 3, 2, 1)))
    apply(policy("alone", who=of(1, 2, 3)))  # whose figures hang on nobody


def test_sums_of_other_days_or_of_four_others_tell_nobody(four):
    for number in range(5, 9):
        Partner.objects.create(number=f"V-{number}", name=f"V {number}", type="reseller", status="active")
    apply(grouped("past", who=of(1, 2, 3, 4, 5), until="2026-08-31"))
    apply(grouped("some", who=of(1, 2, 3, 4), from_="2026-09-01"))
    apply(grouped("others", who=of(5, 6, 7, 8), from_="2026-09-01"))
    apply(grouped("all", who=of(*range(1, 9)), from_="2026-09-01"))
    with pytest.raises(MembersToldApart):
        apply(grouped("longer", who=of(1, 2, 3, 4), from_="2026-08-01"))
    with pytest.raises(MembersToldApart):  # of those that take part only in the first
        apply(grouped("shifted", who=of(2, 3, 4, 5, 6, 7, 8), from_="2026-10-01"))


def test_a_longer_life_is_refused_as_a_new_programme_would_be(four):
    fifth()
    apply(grouped("past", who=of(1, 2, 3, 4, 5), until="2026-08-31"))
    apply(grouped("some", who=of(1, 2, 3, 4), from_="2026-09-01"))
    with pytest.raises(MembersToldApart):
        apply(grouped("past", who=of(1, 2, 3, 4, 5), until="2026-09-30"))
