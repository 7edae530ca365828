"""A cap over all partners where each figure is a fraction of its own: averages, formulas, days to payment, returns."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from prm.values.periods import Period
from rebates import explanations
from rebates.accruals import accruals
from rebates.models import Statement
from tests.factories.partners import PartnerFactory
from tests.rebates.test_collection import pays
from tests.rebates.test_partner_pools import Company, earned, four, pooled
from tests.rebates.test_recompute_kit import unpacked, verify
from tests.rebates.world import BY, T, adjustments, apply, catalogue, results, sell, settle

__all__ = ["four"]
pytestmark = pytest.mark.django_db
THIRD = {"kind": "formula", "expression": "base / 3"}
AVERAGE = {"kind": "marginal", "split": "average", "bands": T}
DAYS = [{"kind": "collection", "steps": [{"days": 30, "factor": "100%"}, {"days": 60, "factor": "80%"}]}]


@pytest.fixture
def kits_agree(tmp_path: Path) -> Callable[[], list[dict[str, Any]]]:
    """Every kit recomputes its statement; returns what each holds of the cap."""

    def check() -> list[dict[str, Any]]:
        found = []
        for row in Statement.objects.for_everyone(because="a test").order_by("number"):
            folder = unpacked(row, tmp_path / row.number)
            said = verify(folder)
            assert said.returncode == 0, said.stdout + said.stderr
            facts = json.loads((folder / "kit.json").read_text())
            found += [period["pools"]["core"] for period in facts["periods"]]
        return found

    return check


def sold(four: list[Company], *amounts: Any, on: str = "2026-09-15", line: str = "routing") -> None:
    for company, amount in zip(four, amounts, strict=False):
        sell(company, amount, on, line=line)


def test_averages_of_bands_share_the_cap_as_the_fractions_that_they_are(four, kits_agree):
    catalogue("routing", "care")
    apply(pooled(amount=4_700, mechanism=AVERAGE, pay={"product_lines": ["care"]}))
    sold(four, 180_000, 90_000, 80_000, 100_000)
    sold(four, 120_000, 90_000, 40_000, 50_000, line="care")
    run = settle("2026-09")
    # 120,000 × 9,000 ÷ 300,000 and so on: 3,600 + 2,200 + 866.666… + 1,166.666… = 7,833.333…, of which 0.6 are paid.
    assert earned(run) == {
        "V-1": Decimal("2160.00"), "V-2": Decimal("1320.00"), "V-3": Decimal("520.00"), "V-4": Decimal("700.00"),
    }  # fmt: skip
    live = accruals(by=BY, period=Period.parse("2026-09"))
    assert {row.partner_id: row.amount for row in live} == {
        row.partner_id: row.earned for row in results(run)
    }
    for pool in kits_agree():
        assert pool.pop("paid") in ("2160.00", "1320.00", "520.00", "700.00")
        # One denominator of all would tell how much the others bought.
        assert pool == {
            "amount": "4700", "sum": "7833.3333333333", "parts": "1", "decimals": 10, "lowered": True
        }  # fmt: skip


def test_the_explanation_tells_own_figure_pool_and_factor(four):
    apply(pooled(amount=10, mechanism=THIRD))
    sold(four, 10, 20, 30, 40)
    run = settle("2026-09")
    result = next(row for row in results(run) if row.partner.number == "V-2")
    said = {step.title: step.text for step in explanations.explain(result).steps}["Cap over all partners"]
    assert said == (
        "At most ¥10.00 for all partners together; they come to ¥33.3333333333, so each figure counts × 0.3:"
        " ¥6.6666666667 × 0.3, to the cent by largest remainder"
    )
    assert earned(run)["V-2"] == Decimal("2.00")


@pytest.mark.parametrize(("cap", "is_lowered"), [("10.00", False), ("9.99", True)])
def test_what_comes_to_the_cap_exactly_is_not_above_it(four, cap, is_lowered, kits_agree):
    apply(pooled(amount=cap, mechanism=THIRD))
    sold(four, 10, 10, 10)  # three times 3.333… are ten, and 3.33 as they are rounded 9.99
    run = settle("2026-09")
    assert [row.explanation["pooled"]["lowered"] for row in results(run)] == [is_lowered] * 3
    assert set(earned(run).values()) == {Decimal("3.33")}
    kits_agree()


def test_two_thirds_three_times_are_two_and_not_more(four):
    apply(pooled(amount="2.00", mechanism=THIRD))
    sold(four, 2, 2, 2)
    run = settle("2026-09")
    # Exactly the cap; but rounded each would come to 0.67, together to one cent more than it.
    assert earned(run) == {"V-1": Decimal("0.67"), "V-2": Decimal("0.67"), "V-3": Decimal("0.66")}


def test_remainders_that_are_the_same_fraction_tie_though_the_figures_differ(four):
    apply(pooled(amount="0.03", mechanism=THIRD))
    sold(four, 1, 3, 2)
    # A third, one and two thirds share three cents: half a cent, one and a half, one.
    assert earned(settle("2026-09")) == dict.fromkeys(("V-1", "V-2", "V-3"), Decimal("0.01"))


def test_days_to_payment_weigh_before_the_cap_is_shared(four, kits_agree):
    apply(pooled(amount=4_675, factors=DAYS))
    for number, amount in enumerate((60_000, 25_000, 15_000, 40_000)):
        sell(four[number], amount, "2026-09-01", document=f"INV-{number}")
    pays(four[0], "INV-0", 1_130, "2026-09-10")
    pays(four[1], "INV-1", 1_130, "2026-10-15")
    for on in ("2026-09-11", "2026-10-20"):
        pays(four[2], "INV-2", 565, on)
    # 6,000 + 2,500 × 80 % + 1,500 × 90 % + nothing = 9,350, of which a half is paid.
    assert earned(settle("2026-09")) == {
        "V-1": Decimal("3000.00"), "V-2": Decimal("1000.00"), "V-3": Decimal("675.00"), "V-4": Decimal("0.00"),
    }  # fmt: skip
    kits_agree()
    pays(four[3], "INV-3", 1_130, "2026-09-20")  # 4,000 more: 13,350
    late = {row.partner.number: row.adjusted for row in adjustments(settle("2026-10"))}
    assert late == {
        "V-1": Decimal("-898.88"), "V-2": Decimal("-299.62"), "V-3": Decimal("-202.25"), "V-4": Decimal("1400.75"),
    }  # fmt: skip
    kits_agree()


def test_a_return_takes_back_what_the_capped_period_paid_for_it(four, kits_agree):
    apply(pooled(amount=1_000, returns="at_original_rate"))
    first = sell(four[0], 7_000, "2026-08-10")
    sell(four[1], 7_000, "2026-08-10")
    settle("2026-08")
    sell(four[0], -3_000, "2026-09-02", reverses=first)
    sold(four, 9_000, 7_500)
    # 900 − 3,000 × 500 ÷ 7,000 = 685.714…, and 750: of 1,435.714… a thousand is paid.
    assert earned(settle("2026-09")) == {"V-1": Decimal("477.61"), "V-2": Decimal("522.39")}
    kits_agree()


def test_a_kit_with_another_sum_does_not_agree(four, tmp_path):
    apply(pooled(amount=10, mechanism=THIRD))
    sold(four, 10, 20, 30, 40)
    settle("2026-09")
    row = Statement.objects.for_everyone(because="a test").first()
    folder = unpacked(row, tmp_path)
    text = (folder / "kit.json").read_text()
    assert '"sum": "33.3333333333"' in text
    (folder / "kit.json").write_text(text.replace('"sum": "33.3333333333"', '"sum": "35.1"'))
    assert "DIFFERS  core" in verify(folder).stdout


def test_a_thousand_fractions_without_a_common_denominator_come_to_the_cap(four):
    """Their denominators multiplied would have more digits than a figure of the database."""
    lines = {"kind": "formula", "expression": "base * base / (base + 1234567890.37)"}
    apply(pooled(amount=100, mechanism=lines))
    for number in range(1_000):
        sell(PartnerFactory(number=f"W-{number:04}"), 1_000_000 + number * 7_919)
    found = earned(settle("2026-09"))
    assert (len(found), sum(found.values())) == (1_000, Decimal("100.00"))
