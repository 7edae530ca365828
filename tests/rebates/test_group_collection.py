"""Programmes that take partners together: of each member counts by how its own invoices were paid."""

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
from rebates.exchange import as_yaml
from rebates.models import Statement, Version
from rebates.paper import statement_paper
from rebates.policy import read_yaml
from rebates.programme_form import initial_of, is_editable
from tests.exchange.world import known
from tests.rebates.measured import FIGURES, registered
from tests.rebates.test_collection import STEPS, pays
from tests.rebates.test_member_factors import FACTOR, eight, result_of, score, told
from tests.rebates.test_partner_families import by_family, family, loner
from tests.rebates.test_partner_groups import grouped, kits_agree, money, said_by
from tests.rebates.test_partner_pools import Company, earned, four
from tests.rebates.test_programme_editor import FILLED
from tests.rebates.test_recompute_kit import verify
from tests.rebates.world import BY, adjustments, apply, results, sell, settle

__all__ = ["eight", "family", "four", "loner"]
pytestmark = pytest.mark.django_db
SEPTEMBER = Period.parse("2026-09")
COLLECTION = {"kind": "collection", "steps": STEPS}  # 100 % within 30 days, 80 % within 60, 50 % within 90
IN_TIME = [("1", 0)]


def collecting(code: str = "core", **entries: Any) -> dict[str, Any]:
    return grouped(code, **{"factors": [COLLECTION], **entries})


def lump(amount: str) -> dict[str, Any]:
    return {"kind": "lump_sum", "bands": [{"from": 0, "amount": amount}]}


def invoiced(company: Any, amount: Any, *paid: tuple[str, int], on: str = "2026-09-01", **more: Any) -> str:
    """An invoice, and what came in for it: each time which part of it, and in which month after that of the invoice."""
    line = sell(company, amount, on, **more)
    line.refresh_from_db()
    currency = more.get("currency", "CNY")
    for part, months in paid:
        came = Period.parse(on[:7]).end if months else None
        day = f"{came.year}-{came.month + months - 1:02d}-20" if came else f"{on[:7]}-20"
        pays(company, line.document, Decimal(amount) * Decimal(part), day, total=amount, currency=currency)
    return line.document


def two_thirds(company: Any, amount: Any, *, on: str = "2026-09-01") -> None:
    """It bought for half as much again; a third of that it did not pay, and as much came back on a credit note."""
    half = Decimal(amount) / 2
    invoiced(company, amount, *IN_TIME, on=on)
    invoiced(company, half, on=on)
    sell(company, -half, on)


def usual(four: list[Company], *, on: str = "2026-09-01") -> None:
    """120,000 together, 3 % of which are 3,600.00; 100 %, 90 %, two thirds and nothing of them count."""
    invoiced(four[0], 60_000, *IN_TIME, on=on)
    invoiced(four[1], 30_000, ("0.5", 0), ("0.5", 1), on=on)
    two_thirds(four[2], 10_000, on=on)
    invoiced(four[3], 20_000, on=on)


# What is paid


def test_each_part_counts_by_how_the_members_own_invoices_were_paid(four, tmp_path):
    apply(collecting())
    usual(four)  # 60,000 + 27,000 + 6,666.67 of 120,000 count: 2,810.00
    assert earned(settle("2026-09")) == money("1800.00", "810.00", "200.00", "0.00")
    kits_agree(tmp_path)


def test_it_multiplies_with_the_members_other_factors_and_a_cap_comes_after(four, tmp_path):
    with registered():
        score(FIGURES, four, "100", "80", "100", "100")
        apply(
            collecting("a", factors=[FACTOR, COLLECTION]),
            collecting("b", caps=[{"on": "payout", "amount": 2_000}]),
        )
        usual(four)
        found = {(row.programme.code, row.partner.number): row.earned for row in results(settle("2026-09"))}
        both, capped = ([found[code, f"V-{n}"] for n in range(1, 5)] for code in "ab")
        assert both == [1800, 648, 200, 0]
        # 2,000 × 60,000 ÷ 93,666.67 are 1,281.1388, 576.5125 and 142.3488: two cents to the largest remainders
        assert capped == [Decimal("1281.14"), Decimal("576.51"), Decimal("142.35"), 0]
        kits_agree(tmp_path)


@pytest.mark.parametrize(("amount", "mode", "paid"), [
    ("0.09", "half_up", "0.02"), ("0.09", "half_even", "0.02"), ("0.15", "half_up", "0.03"),
    ("0.15", "half_even", "0.02"),
])  # fmt: skip
def test_what_ties_exactly_ties_although_a_third_has_no_end(four, amount, mode, paid):
    apply(collecting(mechanism=lump(amount), rounding={"on": "total", "mode": mode}))
    two_thirds(four[0], 25)
    for company in four[1:]:
        invoiced(company, 25)
    # 16.666… of 100 count: of 0.09 these are 0.015, of 0.15 0.025
    assert earned(settle("2026-09")) == money(paid, "0.00", "0.00", "0.00")


def test_the_last_cents_of_fractions_go_by_remainder_and_then_to_the_lower_numbers(four):
    apply(collecting(mechanism=lump("0.10")))
    for company in four[:3]:
        two_thirds(company, 25)
    invoiced(four[3], 25)
    # half of 0.10; 1.67 cents fall to each of three
    assert earned(settle("2026-09")) == money("0.02", "0.02", "0.01", "0.00")


def test_shares_that_come_out_whole_lose_no_cent_to_a_third_that_has_no_end(four):
    apply(collecting(mechanism=lump("0.28")))
    for company, amount in zip(four, (10, 20, 40, 70), strict=True):
        two_thirds(company, amount)
    # two thirds of 0.28 are 0.19; of 19 cents 1.36, 2.71, 5.43 and 9.5
    assert earned(settle("2026-09")) == money("0.01", "0.03", "0.05", "0.10")


def test_a_figure_that_is_not_above_zero_stays(four, tmp_path):
    apply(collecting(mechanism={"kind": "flat", "rate": "10%"}))
    for company, amount in zip(four, (-300, -1_200, -100, "-33.33"), strict=True):
        sell(company, amount)
    assert earned(settle("2026-09")) == money("-30.00", "-120.00", "-10.00", "-3.33")
    kits_agree(tmp_path)


def test_who_has_credit_notes_only_is_asked_for_nothing(four):
    apply(collecting(mechanism={"kind": "flat", "rate": "10%"}))
    invoiced(four[0], 1_000, *IN_TIME)
    invoiced(four[1], 500)
    sell(four[2], -300)  # 120.00 for 1,200, of which two thirds of what shares it count
    assert earned(settle("2026-09")) == money("80.00", "0.00", "0.00")


def test_units_weigh_where_units_are_paid_for(four):
    apply(collecting(mechanism={"kind": "spif", "per": "unit", "amount": 10}))
    for company in four[1:]:
        invoiced(company, 100, *IN_TIME, quantity=5)
    invoiced(four[0], 100, *IN_TIME, quantity=3)
    invoiced(four[0], 9_000, quantity=2)
    assert earned(settle("2026-09")) == money("30.00", "50.00", "50.00", "50.00")


def test_each_family_counts_by_its_own_members(family, loner, tmp_path):
    apply(by_family(factors=[COLLECTION]))
    usual([family[0], family[1], family[2], family[3]])
    invoiced(loner, 50_000, ("1", 1))
    assert earned(settle("2026-09")) == money("1800.00", "810.00", "200.00", "0.00", "800.00")
    kits_agree(tmp_path)


def test_lines_of_other_currencies_and_another_payout_change_nothing_of_it(eight, tmp_path):
    known("EUR/CNY 2026-08-31 7.9", "EUR/CNY 2026-09-30 8")
    apply(collecting(exchange="period_end", payout_currency="EUR"))
    invoiced(eight[0], "1250", ("1", 1), currency="EUR")  # 10,000
    for company in eight[1:4]:
        invoiced(company, 10_000, ("1", 1))
    for company in eight[4:]:
        invoiced(company, 10_000, *IN_TIME)
    assert earned(settle("2026-09")) == money(*["20.00"] * 4, *["25.00"] * 4)
    kits_agree(tmp_path)


# In time


def test_in_a_year_so_far_what_is_paid_until_now_counts_for_all_of_it(four, tmp_path):
    apply(collecting(cumulative=True))
    papers = [
        invoiced(company, amount, on="2026-08-10")
        for company, amount in zip(four, (30_000, 10_000, 10_000, 10_000), strict=True)
    ]
    pays(four[0], papers[0], 30_000, "2026-08-20", total=30_000)
    assert earned(settle("2026-08")) == money("600.00", "0.00", "0.00", "0.00")
    for company, paper in zip(four[1:], papers[1:], strict=True):
        pays(company, paper, 10_000, "2026-08-20", total=10_000)
    invoiced(four[0], 20_000)
    invoiced(four[1], 20_000)
    invoiced(four[2], 5_000, *IN_TIME)
    invoiced(four[3], 5_000, *IN_TIME)
    # 110,000 at 3 %, of which 30,000 · 10,000 · 15,000 · 15,000 count: 900 · 300 · 450 · 450
    assert earned(settle("2026-09")) == money("300.00", "300.00", "450.00", "450.00")
    kits_agree(tmp_path)


def test_a_payment_after_the_close_adjusts_the_closed_period_and_once(four, tmp_path):
    apply(collecting())
    usual(four, on="2026-08-01")
    settle("2026-08")
    before = statements()
    pays(four[3], document_of(four[3]), 20_000, "2026-08-20", total=20_000)
    late = adjustments(settle("2026-09"))
    assert {row.partner.number: row.adjusted for row in late} == {"V-4": Decimal("600.00")}
    assert statements() == before
    kits_agree(tmp_path)
    assert adjustments(settle("2026-10")) == []


def test_under_a_cap_a_late_payment_of_one_adjusts_every_member(four, tmp_path):
    apply(collecting(caps=[{"on": "payout", "amount": 2_000}]))
    usual(four, on="2026-08-01")
    assert earned(settle("2026-08")) == money("1281.14", "576.51", "142.35", "0.00")
    pays(four[3], document_of(four[3]), 20_000, "2026-08-20", total=20_000)
    late = {row.partner.number: row.adjusted for row in adjustments(settle("2026-09"))}
    # 1,055.72 · 475.07 · 117.30 · 351.91 of 2,000.00
    assert late == money("-225.42", "-101.44", "-25.05", "351.91")
    kits_agree(tmp_path)


def document_of(company: Company) -> str:
    return SalesLine.objects.for_everyone(because="a test").get(partner=company.row).document


def statements() -> dict[int, str]:
    rows = Statement.objects.for_everyone(because="a test").filter(ends="2026-09-01")
    return {row.pk: row.digest for row in rows}


def test_accruals_and_back_tests_say_the_same(four):
    apply(collecting())
    usual(four)
    (found,) = accruals(by=BY, period=SEPTEMBER, partners=[four[2].row.pk])
    assert found.amount == Decimal("200.00")
    tried = back_test(versions=[Version.objects.get()], first=SEPTEMBER, last=SEPTEMBER, by=BY)
    assert tried.totals == [Decimal("2810.00")]
    assert {row.partner_id: row.amounts[0] for row in tried.partners} == {
        company.row.pk: Decimal(amount) for company, amount in zip(four, (1800, 810, 200, 0), strict=True)
    }


# What is told


def test_a_member_reads_how_its_own_invoices_were_paid_and_what_counts_of_all(eight, tmp_path):
    apply(collecting())
    for company in eight[:4]:
        two_thirds(company, 12_500)
    for company in eight[4:]:
        invoiced(company, 12_500, *IN_TIME)
    # 100,000 at 3 %: 3,000.00, of which 4 × 12,500 and 4 × 8,333.33 count
    result = result_of(settle("2026-09"), "V-2")
    assert result.earned == Decimal("250.00")
    steps = [(step.title, step.value) for step in explanations.explain(result).steps if step.number > 2]
    assert steps == [
        ("Own qualifier", 12_500),
        ("Own paid base", 12_500),
        ("Qualifier of the group", 100_000),
        ("Paid base of the group", 100_000),
        ("Collection factor", None),
        ("Band", None),
        ("Rebate", 3_000),
        ("Gates and factors of the members", Decimal("2500")),
        ("Rounding", 2_500),
        ("Share of the group's figure", Decimal("250.00")),
    ]
    said = said_by(result)
    assert said["Collection factor"].startswith(
        "¥12,500.00 of the ¥18,750.00 invoiced count: 100% within 30 days"
    )
    assert said["Share of the group's figure"].endswith(
        "¥2,500.00 × 12,500 × 12,500 ÷ 18,750 ÷ 83,333.3333333333, to the cent by largest remainder"
    )
    with translation.override("zh-hans"):
        assert any("12,500 ÷ 18,750" in text for text in said_by(result).values())
    kits_agree(tmp_path)
    statement = Statement.objects.for_everyone(because="a test").get(partner=eight[1].row)
    paper = statement_paper(statement, BY, None)
    assert "Collection factor" in paper and "Gates and factors of the members" in paper
    folder = tmp_path / statement.number
    kit = (folder / "kit.json").read_text()
    group = json.loads(kit)["periods"][0]["groups"]["core"]
    assert (group["counting"], group["decimals"]) == ("83333.3333333333", 10)
    (folder / "kit.json").write_text(
        kit.replace('"counting": "83333.3333333333"', '"counting": "83433.3333333333"')
    )
    assert verify(folder).returncode == 1
    (folder / "kit.json").write_text(
        kit.replace('"counting": "83333.3333333333"', '"counting": "8333.3333333332"')
    )
    assert "what counts of the partner's own sum is above what counts of all" in verify(folder).stdout


@pytest.mark.parametrize(
    ("many", "is_told"), [(8, True), (7, False), (5, False), (4, True), (3, False), (0, False)]
)
def test_what_counts_is_told_where_four_stand_behind_it_and_behind_what_does_not(eight, many, is_told):
    apply(collecting())
    for number, company in enumerate(eight):
        invoiced(company, 10_000 + 1_000 * number, *(IN_TIME if number < many else []))
    assert told(settle("2026-09")) == {is_told}


def test_where_the_sums_are_withheld_its_own_payments_are_told_all_the_same(four, tmp_path):
    apply(collecting())
    usual(four)
    run = settle("2026-09")
    result = result_of(run, "V-2")
    assert result.explanation.keys() == {"rule", "grouped", "collection"}
    said = said_by(result)
    assert said["Collection factor"].startswith("¥27,000.00 of the ¥30,000.00 invoiced count")
    assert said["Share of the group's figure"].startswith("Only this partner's own sum and share are told")
    assert "2810" not in json.dumps(result.explanation)
    unpaid = said_by(result_of(run, "V-4"))["Share of the group's figure"]
    assert unpaid == "Nothing of this partner's part counts behind its own gates and factors"


@pytest.mark.parametrize(("many", "bought", "is_told"), [(4, 4, True), (1, 4, False), (4, 0, False)])
def test_what_few_paid_or_bought_late_is_not_told_by_the_difference_of_two_sums(eight, many, bought, is_told):
    apply(collecting(caps=[{"on": "payout", "amount": 900}]))
    for number, company in enumerate(eight):
        invoiced(company, 10_000 + 1_000 * number, *(IN_TIME if number < 4 else []), on="2026-08-01")
    assert told(settle("2026-08")) == {True}
    for number, company in enumerate(eight[4 : 4 + many], start=4):
        amount = 10_000 + 1_000 * number
        pays(company, document_of(company), amount, "2026-08-20", total=amount)
    for company in eight[4 : 4 + bought]:
        invoiced(company, 1_001, *IN_TIME, on="2026-08-02")
    late = adjustments(settle("2026-09"))
    assert {not explanations.explain(row).withheld for row in late} == {is_told}


# Said and chosen


def test_the_sentence_says_it_and_finance_fills_it_in(finance, browse, four):
    typed = {"taken_as": "group", "paid_within_0": "30", "paid_share_0": "100"}
    with time_machine.travel("2026-11-20 04:00:00+00:00", tick=False):
        answer = browse(finance).post("/programmes/new/", FILLED | typed)
        assert answer.status_code == 302, answer.content.decode()
    version = Version.objects.get()
    said = (
        "How much of each invoice counts goes by the days until it is paid: 100% within 30 days, later nothing."
        " Each member's share counts by its own factors; what it loses falls to nobody."
    )
    assert said in wording.sentence(version)
    with translation.override("zh-hans"):
        assert "每个成员的份额按其自身的系数计入" in wording.sentence(version)
    assert is_editable(version.policy) and initial_of(version)["paid_within_0"] == 30
    (text,) = read_yaml(as_yaml(version.programme))
    assert text.policy == version.policy
