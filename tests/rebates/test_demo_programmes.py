"""The demo's programmes of a group, with a cap over all partners and behind a gate: settled, and told to partners."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from rebates import explanations
from rebates.arithmetic import gates_are_met
from rebates.demo import PROGRAMMES, STEPS
from rebates.policy import read_yaml
from rebates.services import apply_programmes
from tests.cast import Company
from tests.rebates.test_back_test import text_of
from tests.rebates.world import BY, catalogue, results, sell, settle

pytestmark = pytest.mark.django_db


@pytest.fixture
def east(db) -> list[Company]:
    """Five partners of the east, and the demo's programmes from August on."""
    made = []
    for region in ("上海", "杭州", "南京", "苏州", "杭州"):
        company = Company(f"{region} {len(made)}")
        company.row.region = region
        company.row.save()
        made.append(company)
    catalogue("decor", "kitchen", "gifts")
    text = PROGRAMMES.format(first="2026-08-01", currency="CNY", **STEPS["CNY"])
    apply_programmes(texts=read_yaml(text), by=BY)
    return made


def figures(run: Any, code: str) -> list[Any]:
    found = [row for row in results(run) if row.programme.code == code]
    return sorted(found, key=lambda row: row.partner_id)


def told(result: Any) -> dict[str, str]:
    return {step.title: step.text for step in explanations.explain(result).steps}


def test_a_group_reaches_a_band_that_none_of_its_members_would(east, finance, browse):
    for company, amount in zip(east, (20_000, 15_000, 10_000, 4_000, 1_000), strict=True):
        sell(company, amount, line="gifts")
    first = figures(settle("2026-09"), "east-alliance")[0]
    assert first.earned == Decimal("400.00")  # 2 % of 50,000, of which 20,000 are its own
    assert told(first)["Share of the group's figure"] == (
        "The group's ¥1,000.00 is shared by what each is paid on: of 50,000 in all this partner's are 20,000."
        " ¥1,000.00 × 20,000 ÷ 50,000, to the cent by largest remainder"
    )
    for reader in (finance, east[0].admin):
        page = text_of(browse(reader).get(first.get_absolute_url()))
        assert "Own paid base" in page and "Band 2 reached by the group" in page
        assert not any(other.name in page for other in east[1:])


def test_the_fund_is_paid_in_proportion_once_all_come_to_more(east, browse):
    for company in east:
        sell(company, 80_000, line="kitchen")
    first = figures(settle("2026-09"), "kitchen-fund")[0]
    assert first.earned == Decimal("1600.00")  # of 8,000 a fifth, not 3 % of 80,000
    page = text_of(browse(east[0].admin).get(first.get_absolute_url()))
    assert "At most ¥8,000.00 for all partners together; they come to ¥12,000.00" in page


def test_behind_the_gate_only_who_sold_enough_is_paid(east, browse):
    sell(east[0], 40_000, line="decor")
    sell(east[1], 39_999, line="decor")
    paid, shut = figures(settle("2026-09"), "decor-loyalty")
    assert (paid.earned, shut.earned) == (Decimal("400.00"), Decimal("0.00"))
    assert gates_are_met(paid.explanation) and not gates_are_met(shut.explanation)


def test_a_partner_reads_what_else_decides_beside_what_each_programme_pays(east, browse):
    sell(east[0], 1_000, "2026-11-02", line="decor")
    sell(east[0], 60_000, "2026-11-02", line="gifts")
    page = text_of(browse(east[0].admin).get("/rebates/programmes/"))
    assert "East region alliance together with others, as one group" in page
    assert "Kitchen launch fund capped over all partners" in page
    assert "Décor loyalty bonus only behind a gate" in page
    assert "Home volume bonus All" not in page


@pytest.mark.parametrize("currency", sorted(STEPS))
def test_the_amounts_are_there_in_every_currency_of_the_demo(currency):
    texts = read_yaml(PROGRAMMES.format(first="2026-08-01", currency=currency, **STEPS[currency]))
    assert {"east-alliance", "kitchen-fund", "decor-loyalty"} <= {one.code for one in texts}
