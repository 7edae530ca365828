"""Gates and factors in programmes that take partners together: each member's part counts by its own."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.utils import translation

from partners.models import Partner
from prm.values.periods import Period
from rebates import explanations, wording
from rebates.accruals import accruals
from rebates.backtest import back_test
from rebates.changes import between
from rebates.exchange import as_yaml
from rebates.models import Statement, Version
from rebates.paper import statement_paper
from rebates.policy import read_yaml
from rebates.programme_form import initial_of, is_editable
from tests.cast import Company as Cast
from tests.exchange.world import known
from tests.rebates.measured import FIGURES, registered
from tests.rebates.test_measure_factors import BANDS
from tests.rebates.test_partner_families import by_family, family, loner
from tests.rebates.test_partner_groups import bought, grouped, kits_agree, money, said_by
from tests.rebates.test_partner_pools import Company, earned, four
from tests.rebates.test_programme_editor import FILLED
from tests.rebates.test_recompute_kit import unpacked, verify
from tests.rebates.test_signatures import sign
from tests.rebates.world import BY, adjustments, apply, results, sell, settle

__all__ = ["family", "four", "loner"]
pytestmark = pytest.mark.django_db
SEPTEMBER = Period.parse("2026-09")
FLAT = {"kind": "flat", "rate": "10%"}
GATE = {"kind": "certificate", "code": "tests.routing"}
FACTOR = {
    "kind": "measure",
    "code": "tests.score",
    "bands": BANDS,
}  # 60 % from 60, 80 % from 80, 100 % from 100


@pytest.fixture(autouse=True)
def figures():
    with registered():
        yield FIGURES


@pytest.fixture
def eight(four) -> list[Company]:
    more = [
        Partner.objects.create(number=f"V-{number}", name=f"V {number}", type="reseller", status="active")
        for number in range(5, 9)
    ]
    return [*four, *(Company(row) for row in more)]


def gated(code: str = "core", **entries: Any) -> dict[str, Any]:
    return grouped(code, gates=[GATE], **entries)


def scored(code: str = "core", **entries: Any) -> dict[str, Any]:
    return grouped(code, factors=[FACTOR], **entries)


def hold(figures: Any, companies: list[Company]) -> None:
    figures["tests.routing"] = {company.row.pk: "1" for company in companies}


def score(figures: Any, companies: list[Company], *scores: str) -> None:
    figures["tests.score"] = {
        company.row.pk: one for company, one in zip(companies, scores, strict=False) if one
    }


def told(run: Any) -> set[bool]:
    return {not explanations.explain(row).withheld for row in results(run)}


def result_of(run: Any, number: str) -> Any:
    return next(row for row in results(run) if row.partner.number == number)


# What is paid: 60,000 · 30,000 · 10,000 · 20,000 are 120,000 together, 3 % of which are 3,600.00


def test_who_does_not_pass_the_gate_gets_nothing_and_its_part_falls_to_nobody(four, figures, tmp_path):
    hold(figures, [four[0], four[1], four[3]])
    apply(gated())
    bought(four, 60_000, 30_000, 10_000, 20_000)
    assert earned(settle("2026-09")) == money("1800.00", "900.00", "0.00", "600.00")
    kits_agree(tmp_path)


def test_each_part_counts_by_the_members_own_factor(four, figures, tmp_path):
    score(figures, four, "100", "80", "60", "59.9")
    apply(scored())
    bought(four, 60_000, 30_000, 10_000, 20_000)  # 60,000 + 24,000 + 6,000 of 120,000 count: 2,700.00
    assert earned(settle("2026-09")) == money("1800.00", "720.00", "180.00", "0.00")
    kits_agree(tmp_path)


def test_gates_and_factors_multiply_also_above_one(four, figures):
    hold(figures, four[:3])
    score(figures, four, "2", "1", "2", "2")
    bands = [{"from": 1, "factor": "50%"}, {"from": 2, "factor": "125%"}]
    apply(gated(factors=[FACTOR | {"bands": bands}]))
    bought(four, 60_000, 30_000, 10_000, 20_000)  # 75,000 + 15,000 + 12,500 of 120,000: 3,075.00
    assert earned(settle("2026-09")) == money("2250.00", "450.00", "375.00", "0.00")


def test_it_is_rounded_once_and_the_last_cents_go_by_what_counts(four, figures):
    score(figures, four, "80", "80", "80", "80")
    apply(scored(mechanism=FLAT))
    bought(four, "33.33", "33.33", "33.33", "33.33")  # 13.332 × 0.8 = 10.6656, not 13.33 × 0.8 = 10.664
    assert earned(settle("2026-09")) == money("2.67", "2.67", "2.67", "2.66")


def test_a_cap_on_the_payout_comes_after_it(four, figures):
    score(figures, four, "100", "80", "60")
    apply(
        scored("a", caps=[{"on": "payout", "amount": 2_000}]),
        scored("b", caps=[{"on": "payout", "amount": 2_700}]),
    )
    bought(four, 60_000, 30_000, 10_000, 20_000)
    run = settle("2026-09")
    found = {(row.programme.code, row.partner.number): row.earned for row in results(run)}
    assert {number: found["a", number] for number in ("V-1", "V-2", "V-3")} == money(
        "1333.34", "533.33", "133.33"
    )
    assert {number: found["b", number] for number in ("V-1", "V-2", "V-3")} == money(
        "1800.00", "720.00", "180.00"
    )


def test_a_figure_that_is_not_above_zero_stays(four, figures, tmp_path):
    apply(gated(mechanism=FLAT))
    bought(four, -300, -1_200, -100, "-33.33")
    assert earned(settle("2026-09")) == money("-30.00", "-120.00", "-10.00", "-3.33")
    kits_agree(tmp_path)


def test_who_gave_back_more_than_it_bought_has_no_part_whatever_it_passes(four, figures):
    hold(figures, [four[0], four[2]])
    apply(gated(mechanism=FLAT))
    bought(four, 1_500, 500, -1_000)  # 100.00, of which three quarters count
    assert earned(settle("2026-09")) == money("75.00", "0.00", "0.00")


def test_where_nobody_passes_nothing_is_paid(four, figures):
    apply(gated())
    bought(four, 60_000, 30_000, 10_000, 20_000)
    run = settle("2026-09")
    assert earned(run) == money("0.00", "0.00", "0.00", "0.00")
    assert told(run) == {False}  # that nothing counts would tell of each other


def test_each_family_counts_by_its_own_members(family, loner, figures, tmp_path):
    hold(figures, family[:3])
    apply(by_family(gates=[GATE]))
    for company, amount in zip([*family, loner], (60_000, 20_000, 10_000, 10_000, 50_000), strict=True):
        sell(company, amount)
    assert earned(settle("2026-09")) == money("1800.00", "600.00", "300.00", "0.00", "0.00")
    kits_agree(tmp_path)


def test_lines_of_other_currencies_and_another_payout_change_nothing_of_it(eight, figures, tmp_path):
    known("EUR/CNY 2026-08-31 7.9", "EUR/CNY 2026-09-30 8")
    score(figures, eight, *["80"] * 4, *["100"] * 4)
    apply(scored(exchange="period_end", payout_currency="EUR"))
    sell(eight[0], "1250", currency="EUR")  # 10,000
    bought(eight, 0, *[10_000] * 7)  # 80,000 at 2 %: 1,600, of which 72,000 ÷ 80,000 count
    run = settle("2026-09")
    assert earned(run) == money(*["20.00"] * 4, *["25.00"] * 4)
    steps = {step.title: step.value for step in explanations.explain(results(run)[0]).steps}
    assert (steps["Rebate"], steps["Gates and factors of the members"]) == (1_600, 1_440)
    kits_agree(tmp_path)


def test_in_a_year_so_far_what_each_passes_now_counts_for_all_of_it(four, figures, tmp_path):
    apply(gated(cumulative=True))
    bought(four, 30_000, 10_000, 10_000, 10_000, on="2026-08-10")
    hold(figures, four[1:])
    assert earned(settle("2026-08")) == money("0.00", "200.00", "200.00", "200.00")  # 30,000 of 60,000 count
    bought(four, 20_000, 20_000, 5_000, 5_000)
    hold(figures, four[:3])  # 3,300.00, of which 1,500 · 900 · 450 · none
    assert earned(settle("2026-09")) == money("1500.00", "700.00", "250.00", "-200.00")
    kits_agree(tmp_path)


def test_a_late_line_reads_what_the_close_found(four, figures, tmp_path):
    hold(figures, [four[0], four[1], four[3]])
    apply(gated())
    bought(four, 60_000, 30_000, 10_000, 20_000, on="2026-08-10")
    settle("2026-08")
    hold(figures, four)
    sell(four[1], 30_000, "2026-08-20")  # 150,000 at 3 %
    late = {row.partner.number: row.adjusted for row in adjustments(settle("2026-09"))}
    assert late == {"V-2": Decimal("900.00")}
    kits_agree(tmp_path)


def test_accruals_and_back_tests_say_the_same(four, figures):
    score(figures, four, "100", "80", "60")
    apply(scored())
    bought(four, 60_000, 30_000, 10_000, 20_000)
    (found,) = accruals(by=BY, period=SEPTEMBER, partners=[four[1].row.pk])
    assert found.amount == Decimal("720.00")
    tried = back_test(versions=[Version.objects.get()], first=SEPTEMBER, last=SEPTEMBER, by=BY)
    assert tried.totals == [Decimal("2700.00")]
    assert {row.partner_id: row.amounts[0] for row in tried.partners} == {
        company.row.pk: Decimal(amount) for company, amount in zip(four, (1800, 720, 180, 0), strict=True)
    }


def test_a_signature_that_is_waited_for_is_a_gate_of_each_member(acme, rival, tmp_path):
    casts = [acme, rival, Cast("Third Ltd"), Cast("Fourth Ltd")]
    (version,) = apply(grouped(mechanism=FLAT, sign_off="before_accrual"))
    for company in casts:
        sell(company, 1_000)
    for company in casts[:3]:
        sign(version, company)
    found = {row.partner_id: row.earned for row in results(settle("2026-09"))}
    assert [found[company.row.pk] for company in casts] == [100, 100, 100, 0]
    kits_agree(tmp_path)


# What is told


def test_a_member_reads_its_own_factor_and_what_counts_of_all_and_no_other(eight, figures, tmp_path):
    score(figures, eight, *["80"] * 4, *["100"] * 4)
    apply(scored())
    bought(eight, 15_000, 10_000, *[12_500] * 6)  # 100,000: 3,000.00, of which 90,000 count
    result = result_of(settle("2026-09"), "V-2")
    assert result.earned == Decimal("240.00")
    steps = [(step.title, step.value) for step in explanations.explain(result).steps if step.number > 2]
    assert steps == [
        ("Own qualifier", 10_000),
        ("Own paid base", 10_000),
        ("Qualifier of the group", 100_000),
        ("Paid base of the group", 100_000),
        ("Factor", None),
        ("Band", None),
        ("Rebate", 3_000),
        ("Gates and factors of the members", 2_700),
        ("Rounding", 2_700),
        ("Share of the group's figure", Decimal("240.00")),
    ]
    said = said_by(result)
    assert said["Factor"] == "Score: 80, so 80% counts"
    assert said["Gates and factors of the members"] == (
        "Of the 100,000 that members are paid on, 90,000 count behind each one's own gates and factors"
    )
    assert said["Share of the group's figure"] == (
        "The group's ¥2,700.00 is shared by what of each counts behind its own gates and factors: of 90,000 in all"
        " this partner's are 10,000 × 0.8. ¥2,700.00 × 10,000 × 0.8 ÷ 90,000, to the cent by largest remainder"
    )
    text = json.dumps(result.explanation)
    assert "V-1" not in text and "15000" not in text and "360" not in text
    kits_agree(tmp_path)
    statement = Statement.objects.for_everyone(because="a test").get(partner=eight[1].row)
    paper = statement_paper(statement, BY, None)
    assert "Gates and factors of the members" in paper and "so 80% counts" in paper
    assert "15,000" not in paper and "360.00" not in paper
    folder = tmp_path / statement.number
    kit = (folder / "kit.json").read_text()
    period = json.loads(kit)["periods"][0]
    assert (period["groups"]["core"]["counting"], period["found"]["core"]) == (
        "90000",
        {"tests.score": "80"},
    )
    (folder / "kit.json").write_text(kit.replace('"tests.score": "80"', '"tests.score": "60"'))
    assert verify(folder).returncode == 1
    (folder / "kit.json").write_text(kit.replace('"counting": "90000"', '"counting": "7999"'))
    assert "what counts of the partner's own sum is above what counts of all" in verify(folder).stdout


@pytest.mark.parametrize(
    ("many", "is_told"), [(8, True), (7, False), (5, False), (4, True), (3, False), (0, False)]
)
def test_what_counts_is_told_where_four_stand_behind_it_and_behind_what_does_not(
    eight, figures, many, is_told
):
    hold(figures, eight[:many])
    apply(gated())
    bought(eight, *range(10_000, 18_000, 1_000))
    assert told(settle("2026-09")) == {is_told}


def test_one_whose_factor_is_not_that_of_the_others_is_not_told_by_it(eight, figures):
    score(figures, eight, *["80"] * 7, "100")
    apply(scored())
    bought(eight, *range(10_000, 18_000, 1_000))
    assert told(settle("2026-09")) == {False}


def test_where_the_sums_are_withheld_its_own_gate_is_told_all_the_same(
    four, figures, finance, browse, tmp_path
):
    hold(figures, four[:3])
    apply(gated(returns="by_origin"))
    bought(four, 60_000, 30_000, 10_000, 20_000, on="2026-08-10")
    run = settle("2026-08")
    result = result_of(run, "V-4")
    assert result.explanation.keys() == {"rule", "grouped", "gates"} and result.band == 0
    assert said_by(result)["Gate"].endswith(": 0, not met")
    assert "3600" not in json.dumps(result.explanation) and "100000" not in json.dumps(result.explanation)
    page = browse(finance).get(result.get_absolute_url()).content.decode()
    assert "not met" in page and "3,600" not in page
    sell(four[0], 30_000, "2026-08-20")
    (late,) = adjustments(settle("2026-09"))
    assert (late.adjusted, said_by(late)["Gate"].endswith(": 1, met")) == (Decimal("900.00"), True)
    kits_agree(tmp_path)


@pytest.mark.parametrize(("many", "is_told"), [(4, True), (1, False)])
def test_in_a_year_four_have_to_move_what_counts_too(eight, figures, many, is_told):
    hold(figures, eight[:4])
    apply(gated(cumulative=True))
    bought(eight, *range(10_000, 18_000, 1_000), on="2026-01-10")
    assert told(settle("2026-01")) == {True}
    bought(eight, *[1_000] * many, *[0] * (4 - many), *[1_000] * 4, on="2026-02-10")
    assert told(settle("2026-02")) == {is_told}


def test_the_causes_of_a_change_name_what_was_found(four, figures):
    apply(gated())
    for month, holders in (("2026-08", four[:3]), ("2026-09", four)):
        hold(figures, holders)
        bought(four, 60_000, 30_000, 10_000, 20_000, on=f"{month}-10")
        settle(month)
    rows = Statement.objects.for_everyone(because="a test").order_by("ends")
    (change,) = between(*rows.filter(partner=four[3].row))
    assert {one.name: one.amount for one in change.causes} == {"Certificates and scores": Decimal("600.00")}
    (change,) = between(*rows.filter(partner=four[0].row))
    assert (change.difference, change.causes) == (0, [])  # what others pass moves nobody


# Said and chosen


def test_the_sentence_says_it_and_finance_fills_it_in(finance, browse, four):
    typed = {
        "taken_as": "group", "gate_0": "certificate:tests.routing", "gate_least_0": "1",
        "factor_measure": "tests.score", "factor_from_0": "60", "factor_share_0": "60",
    }  # fmt: skip
    with time_machine.travel("2026-11-20 04:00:00+00:00", tick=False):
        answer = browse(finance).post("/programmes/new/", FILLED | typed)
        assert answer.status_code == 302, answer.content.decode()
    version = Version.objects.get()
    said = "Each member's share counts by its own gates and factors; what it loses falls to nobody."
    assert said in wording.sentence(version)
    with translation.override("zh-hans"):
        assert "每个成员的份额按其自身的门槛与系数计入" in wording.sentence(version)
    assert is_editable(version.policy) and initial_of(version)["gate_0"] == "certificate:tests.routing"
    (text,) = read_yaml(as_yaml(version.programme))
    assert text.policy == version.policy


def test_without_gates_and_factors_nothing_is_said_of_them(four, tmp_path):
    apply(grouped())
    bought(four, 60_000, 30_000, 10_000, 20_000)
    result = results(settle("2026-09"))[0]
    assert {"counting", "own"} & result.explanation["grouped"].keys() == set()
    assert "Gates and factors" not in wording.sentence(Version.objects.get())
    statement = Statement.objects.for_everyone(because="a test").get(partner=four[0].row)
    assert verify(unpacked(statement, tmp_path)).returncode == 0
