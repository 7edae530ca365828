"""The demo's programmes of a group, with a cap over all partners and behind a gate: settled, and told to partners."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from orders.models import PaymentReceived, SerialMoved
from rebates import explanations
from rebates.arithmetic import gates_are_met
from rebates.demo import PROGRAMMES, STEPS
from rebates.policy import read_yaml
from rebates.services import apply_programmes
from tests.cast import Company
from tests.exchange.world import known
from tests.rebates.test_back_test import text_of
from tests.rebates.world import BY, catalogue, results, sell, settle

pytestmark = pytest.mark.django_db


@pytest.fixture
def east(db) -> list[Company]:
    """Five partners of the east, and the demo's programmes from August on."""
    made = []
    for region in ("上海", "杭州", "南京", "苏州", "杭州"):
        company = Company(f"{region} {len(made)}")
        company.row.region, company.row.number = region, f"P-{1001 + len(made)}"
        company.row.save()
        made.append(company)
    catalogue("decor", "kitchen", "gifts")
    text = PROGRAMMES.format(first="2026-08-01", third="2026-08-01", currency="CNY", **STEPS["CNY"])
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
    texts = read_yaml(
        PROGRAMMES.format(first="2026-08-01", third="2026-08-01", currency=currency, **STEPS[currency])
    )
    assert {"east-alliance", "kitchen-fund", "decor-loyalty"} <= {one.code for one in texts}


# What a stranger looks for in the demo


def receive(company: Company, document: str, amount: int, on: str) -> None:
    PaymentReceived.objects.create(
        payment_number=f"RC-{document}", partner=company.row, document=document, invoice_total=Decimal(amount),
        amount=Decimal(amount), currency="CNY", received_on=date.fromisoformat(on), source="import",
    )  # fmt: skip


def test_prompt_payers_earn_by_the_days_to_pay(east):
    for company, day in zip(east, ("2026-09-20", "2026-10-10", "2026-11-30"), strict=False):
        company.row.type = "distributor"
        company.row.save()
        sell(company, 10_000, "2026-09-10", document=f"IN-{day}")
        receive(company, f"IN-{day}", 10_000, day)
    found = [one.earned for one in figures(settle("2026-09"), "prompt-payment")]
    assert found == [Decimal("100.00"), Decimal("60.00"), Decimal("0.00")]


def test_pieces_with_a_serial_number_earn_their_bonus(east):
    line = sell(east[0], 500, line="decor", quantity=3)
    for number in range(3):
        SerialMoved.objects.create(serial=f"SN-{number}", product=line.product, line=line, returned=False)
    (found,) = figures(settle("2026-09"), "decor-pieces")
    assert found.earned == Decimal("60.00")


def test_of_growth_and_target_the_better_one_pays(east):
    sell(east[0], 10_000, "2026-08-10", line="gifts")
    sell(east[0], 20_000, "2026-09-10", line="gifts")
    run = settle("2026-09")
    assert figures(run, "gift-growth")[0].earned == Decimal("0.00")
    assert figures(run, "gift-target")[0].earned == Decimal("240.00")


def test_a_share_of_kitchen_goods_earns_on_everything(east):
    sell(east[0], 4_000, line="kitchen")
    sell(east[0], 6_000, line="decor")
    assert figures(settle("2026-09"), "kitchen-mix")[0].earned == Decimal("30.00")


@pytest.mark.parametrize("currency", sorted(STEPS))
def test_several_programmes_have_a_budget_that_warns_and_all_have_a_chinese_name(currency):
    texts = read_yaml(
        PROGRAMMES.format(first="2026-08-01", third="2026-08-01", currency=currency, **STEPS[currency])
    )
    assert sum("warn_at" in one.policy.get("budget", {}) for one in texts) >= 3
    assert all(one.name_zh for one in texts)


def test_projects_abroad_count_sales_in_dollars_at_the_rate_of_their_day(east):
    known("USD/CNY 2026-09-10 6.4")
    east[0].row.type = "integrator"
    east[0].row.save()
    sell(east[0], 1_000, "2026-09-10", line="gifts")
    sell(east[0], 500, "2026-09-10", line="gifts", currency="USD")
    run = settle("2026-09")
    (found,) = figures(run, "projects-abroad")
    assert (found.base, found.earned) == (Decimal("4200.000"), Decimal("42.00"))
    assert run.rates.exists()
