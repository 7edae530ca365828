"""Agents' commissions that count by the days until the buyer paid the invoice."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest

from prm.values.periods import Period
from rebates.accruals import accruals
from rebates.backtest import back_test
from rebates.explanations import explain
from rebates.models import Statement, Version
from rebates.wording import sentence
from tests.exchange.world import known
from tests.orders.crediting import credit, take_back
from tests.rebates.test_collection import collecting, pays
from tests.rebates.test_commissions import agent, agrees, commission
from tests.rebates.test_partner_pools import four, pooled
from tests.rebates.test_recompute_kit import unpacked, verify
from tests.rebates.world import BY, adjustments, apply, only, results, sell, settle

__all__ = ["agent", "four"]
pytestmark = pytest.mark.django_db
SEPTEMBER = Period.parse("2026-09")


def by_days(**entries: Any) -> dict[str, Any]:
    """10 % of credited sales: all of it when paid within 30 days, 80 % within 60, half within 90."""
    return commission(factors=collecting()["factors"], **entries)


def sold(buyer: Any, agent: Any, amount: int, document: str, share: str = "100", **more: Any) -> Any:
    line = sell(buyer, amount, "2026-09-01", document=document, **more)
    return line, credit(line, agent, share)


def test_each_invoice_weighs_by_what_the_agent_is_credited_with_of_it(acme, agent, tmp_path):
    apply(by_days())
    sold(acme, agent, 1_000, "INV-1", "50")
    sold(acme, agent, 2_000, "INV-2")
    sold(acme, agent, 400, "INV-3", "25")  # never paid
    pays(acme, "INV-1", 1_130, "2026-09-20")
    pays(acme, "INV-2", 565, "2026-09-11")
    pays(acme, "INV-2", 565, "2026-10-20")
    live = {one.partner_id: one.amount for one in accruals(by=BY, period=SEPTEMBER)}
    run = settle("2026-09")
    # 260.00 × (500 × 100 % + 2,000 × 90 % + 100 × 0 %) ÷ 2,600
    result = only(run)
    assert (result.partner, result.earned) == (agent.row, Decimal("230.00"))
    assert live == {agent.row.pk: Decimal("230.00")}
    tried = back_test(versions=list(Version.objects.all()), first=SEPTEMBER, last=SEPTEMBER, by=BY)
    assert tried.totals == [Decimal("230.00")]
    steps = {step.title: step for step in explain(result).steps}
    assert steps["Collection factor"].text.startswith("¥2,300.00 of the ¥2,600.00 invoiced count")
    assert "How much of each invoice counts goes by the days until it is paid" in sentence(result.version)
    agrees(agent, tmp_path)


def test_invoices_of_one_number_are_told_apart_by_their_buyers(acme, rival, agent, tmp_path):
    apply(by_days())
    sold(acme, agent, 1_000, "INV-1")
    sold(rival, agent, 3_000, "INV-1")
    pays(acme, "INV-1", 1_130, "2026-09-20")
    pays(agent, "INV-1", 1_130, "2026-09-20")  # an invoice of its own
    assert only(settle("2026-09")).earned == Decimal("100.00")
    agrees(agent, tmp_path)


def test_a_payment_after_the_close_adjusts_the_agent(acme, agent, tmp_path):
    apply(by_days())
    credit(sell(acme, 1_000, "2026-08-01", document="INV-1"), agent, "40")
    assert only(settle("2026-08")).earned == 0
    pays(acme, "INV-1", 1_130, "2026-09-15")
    (late,) = adjustments(settle("2026-09"))
    assert (late.partner, late.adjusted) == (agent.row, Decimal("32.00"))
    pays(acme, "INV-1", -1_130, "2026-09-15")
    (late,) = adjustments(settle("2026-10"))
    assert late.adjusted == Decimal("-32.00")
    agrees(agent, tmp_path)


def test_what_is_taken_back_and_what_comes_back_weighs_nothing(acme, agent, tmp_path):
    apply(by_days(returns="by_origin"))
    line, _credit = sold(acme, agent, 1_000, "INV-1")
    _line, wrong = sold(acme, agent, 5_000, "INV-2")
    take_back(wrong)
    sell(acme, -400, "2026-09-20", document="CR-1", reverses=line)
    pays(acme, "INV-1", 1_130, "2026-10-15")
    # 600 are left of the first invoice, nothing of the second: 60.00 × 80 %
    assert only(settle("2026-09")).earned == Decimal("48.00")
    agrees(agent, tmp_path)


def test_the_payments_are_those_in_the_invoices_currency(acme, agent, tmp_path):
    known("EUR/CNY 2026-09-30 8")
    apply(by_days(exchange="period_end"))
    sold(acme, agent, 100, "INV-1", "50", currency="EUR")
    sold(acme, agent, 600, "INV-2", "100")
    pays(acme, "INV-1", 113, "2026-10-15", total=113, currency="EUR")
    pays(acme, "INV-1", 113, "2026-09-02", total=113)
    # 400 × 80 % of 1,000 × 10 %
    assert only(settle("2026-09")).earned == Decimal("32.00")
    agrees(agent, tmp_path)


def test_agents_share_a_cap_over_all_partners(four, acme, rival, agent, tmp_path):
    apply(pooled("agents", amount=100, counts="credited", factors=collecting()["factors"]))
    sold(acme, agent, 1_000, "INV-1")
    sold(acme, rival, 3_000, "INV-2")
    pays(acme, "INV-1", 1_130, "2026-09-20")
    pays(acme, "INV-2", 1_130, "2026-11-25")
    # 100.00 and 150.00
    run = settle("2026-09")
    assert {row.partner.name: row.earned for row in results(run)} == {
        agent.row.name: Decimal("40.00"), rival.row.name: Decimal("60.00"),
    }  # fmt: skip
    agrees(agent, tmp_path)


def test_the_agents_kit_has_the_factor_of_each_invoice_and_no_payment(acme, agent, tmp_path):
    apply(by_days())
    sold(acme, agent, 1_000, "INV-1", "50")
    pays(acme, "INV-1", 700, "2026-09-11", total=999)
    settle("2026-09")
    statement = Statement.objects.for_everyone(because="a test").get(partner=agent.row)
    folder = unpacked(statement, tmp_path)
    assert (folder / "payments.csv").read_text().splitlines()[1:] == []
    text = (folder / "kit.json").read_text()
    assert '"1 2026-09-01": "0.70070070"' in text
    packed = text + (folder / "credits.csv").read_text()
    untimed = re.sub(r"T\d\d:\d\d:\d\d\.\d+Z", "", packed)  # the moment it was made may read 999 by chance
    assert "999" not in untimed.replace("0.70070070", "") and acme.row.number not in packed
    (folder / "kit.json").write_text(text.replace("0.70070070", "0.80070070"))
    assert "DIFFERS  agents" in verify(folder).stdout
