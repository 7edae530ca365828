"""Programmes on gross amounts: the tax is taken out of each line and nothing is rounded on the way."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
import time_machine

from prm.values.periods import Period
from rebates import explanations, wording
from rebates.accruals import accruals
from rebates.backtest import back_test
from rebates.exchange import as_yaml
from rebates.explained_lines import lines_page
from rebates.models import Statement, Version
from rebates.policy import PolicyProblem, read_document
from rebates.programme_form import initial_of, is_editable
from tests.exchange.world import known
from tests.rebates.test_collection import pays
from tests.rebates.test_programme_editor import FILLED
from tests.rebates.test_recompute_kit import unpacked, verify
from tests.rebates.world import BY, T, adjustments, apply, only, policy, results, sell, settle

pytestmark = pytest.mark.django_db
FLAT = {"kind": "flat", "rate": "2%"}


def gross(code: str = "core", **entries: Any) -> dict[str, Any]:
    return policy(code, mechanism=entries.pop("mechanism", FLAT), amount_basis="gross", **entries)


def sell_with_tax(
    company: Any, amount: Any, on: str = "2026-09-15", *, tax: str = "0.13", **more: Any
) -> Any:
    """A line that knows its gross amount; the net one is deliberately another."""
    return sell(company, "1.00" if Decimal(str(amount)) > 0 else "-1.00", on,
                gross_amount=Decimal(str(amount)), tax_rate=Decimal(tax), **more)  # fmt: skip


def test_113_000_at_13_percent_and_2_percent_pay_2_000(acme):
    apply(gross())
    sell_with_tax(acme, 113_000)
    assert only(settle("2026-09")).earned == Decimal("2000.00")


def test_nothing_is_rounded_before_the_total_and_a_bound_is_met_exactly(acme):
    """Three gross amounts of 37,666.67, 37,666.67 and 37,666.66 are 100,000 net, which none of them is a third of."""
    apply(gross(mechanism={"kind": "retroactive", "bands": T}))
    for amount in ("37666.67", "37666.67", "37666.66"):
        sell_with_tax(acme, amount)
    assert only(settle("2026-09")).earned == Decimal("3000.00")


def test_each_line_has_its_own_tax_or_the_policy_states_the_rate(acme):
    apply(gross("own"), gross("stated", tax_rate="6%"))
    sell_with_tax(acme, 11_300)
    sell_with_tax(acme, 10_900, tax="0.09")
    found = {row.programme.code: row.amount for row in accruals(by=BY, period=Period.parse("2026-09"))}
    assert found == {"own": Decimal("400.00"), "stated": Decimal("418.87")}


def test_a_line_without_a_gross_amount_counts_with_its_net_one(acme):
    apply(gross())
    sell_with_tax(acme, 113)
    sell(acme, 900, tax_rate=Decimal("0.13"))
    assert only(settle("2026-09")).earned == Decimal("20.00")


def test_tax_goes_before_the_exchange_and_other_currencies_are_told_without_one(acme, finance, browse):
    known("EUR/CNY 2026-09-30 8")
    apply(gross(), gross("all", exchange="period_end"))
    sell_with_tax(acme, 1130, currency="EUR")
    sell_with_tax(acme, 113)
    run = settle("2026-09")
    assert {row.programme.code: row.earned for row in results(run)} == {
        "core": Decimal("2.00"),
        "all": Decimal("162.00"),
    }
    assert [one["currency"] for one in run.findings if one["kind"] == "other_currency"] == ["EUR"]
    page = browse(finance).get(run.get_absolute_url()).content.decode()
    assert "Core counts in another currency" in page  # by its name, whose code is core


def test_a_target_by_days_a_collection_factor_and_rounding_by_line_stand_on_net_figures(acme):
    target = {"kind": "target", "target": 1000, "on": "all", "bands": [{"from": "100%", "rate": "2%"}]}
    steps = [{"days": 30, "factor": "100%"}, {"days": 60, "factor": "50%"}]
    apply(
        gross("target", mechanism=target, joining="by_days"),
        gross("paid", factors=[{"kind": "collection", "steps": steps}]),
        gross("line", mechanism={"kind": "flat", "rate": "5%"}, rounding={"on": "line"}),
    )
    sell_with_tax(acme, "1130.00", document="INV-1")
    sell_with_tax(acme, "11.41", document="INV-1")
    pays(acme, "INV-1", "1141.41", "2026-11-01", total="1141.41")
    month = Period.parse("2026-09")
    found = {row.programme.code: row for row in accruals(by=BY, period=month)}
    assert {code: row.amount for code, row in found.items()} == {
        "target": Decimal("20.20"), "paid": Decimal("10.10"), "line": Decimal("50.50"),
    }  # fmt: skip
    steps = {step.title: step.text for step in explanations.explain(found["paid"]).steps}
    assert "¥505.05 of the ¥1,010.10 invoiced count" in steps["Collection factor"]


def test_a_late_gross_line_is_adjusted_and_a_back_test_reads_it(acme):
    apply(gross())
    sell_with_tax(acme, 113_000)
    settle("2026-09")
    sell_with_tax(acme, 1130, "2026-09-30")
    (late,) = adjustments(settle("2026-10"))
    assert (late.settled, late.adjusted) == (Decimal("2000.00"), Decimal("20.00"))
    month = Period.parse("2026-09")
    assert back_test(versions=[Version.objects.get()], first=month, last=month, by=BY).totals == [
        Decimal("2020.00")
    ]


def test_the_explanation_the_sentence_and_the_text_say_it(acme, finance, browse):
    apply(gross(), gross("stated", tax_rate="13%"))
    sell_with_tax(acme, 113_000)
    settle("2026-09")
    version = Version.objects.get(programme__code="core")
    words = "Gross amounts count, divided by 1 + each line's tax rate and not rounded."
    assert words in wording.sentence(version)
    stated = Version.objects.get(programme__code="stated")
    assert "Gross amounts count, divided by 1 + 13% tax and not rounded." in wording.sentence(stated)
    assert "tax_rate: '0.13'" in as_yaml(stated.programme)
    result = accruals(by=BY, period=Period.parse("2026-09"))[0]
    said = explanations.explain(result)
    assert words in {step.title: step.text for step in said.steps}["Currency and tax"]
    (line,) = lines_page(result).lines
    assert line.running == 100_000 and said.gross


def test_the_kit_recomputes_it(acme, tmp_path):
    apply(gross(), gross("stated", tax_rate="6%", mechanism={"kind": "retroactive", "bands": T}))
    for amount in ("37666.67", "37666.67", "37666.66"):
        sell_with_tax(acme, amount)
    settle("2026-09")
    folder = unpacked(Statement.objects.for_everyone(because="a test").get(), tmp_path)
    said = verify(folder)
    assert said.returncode == 0, said.stdout + said.stderr
    text = (folder / "lines.csv").read_text()
    (folder / "lines.csv").write_text(text.replace("0.1300", "0.1200"))
    assert verify(folder).returncode == 1


def test_a_rate_that_makes_no_sense_is_refused():
    for entry, said in (
        (policy(mechanism=FLAT, tax_rate="13%"), "Only from gross amounts is tax taken out."),
        (gross(tax_rate="-1%"), "A tax rate is from 0 % to 100 %."),
    ):
        with pytest.raises(PolicyProblem) as refused:
            read_document({"schema": 1, "programmes": [entry]})
        assert [one for one in refused.value.problems if said in one], refused.value.problems


def test_it_shares_a_cap_and_is_paid_net_of_programmes_on_net_amounts(acme):
    cap = {"on": "payout", "amount": 30, "programmes": ["a"]}
    apply(
        policy("a", mechanism=FLAT),
        gross("b", caps=[cap]),
        policy("c", mechanism=FLAT),
        gross("d", stacking={"kind": "net_of", "programmes": ["c"]}),
    )
    sell_with_tax(acme, 1130)
    sell(acme, 499, tax_rate=Decimal("0.13"))
    found = {row.programme.code: row.earned for row in results(settle("2026-09"))}
    # a: 2% of 1 + 499, b: 2% of 1,000 + 499, both together at most 30; d: 2% of 1,499 less what c paid.
    assert found == {
        "a": Decimal("7.50"),
        "b": Decimal("22.50"),
        "c": Decimal("10.00"),
        "d": Decimal("29.78"),
    }


def test_a_return_takes_back_its_own_gross_amount_wherever_it_counts(acme):
    apply(
        *(
            gross(how.replace("_", "-"), returns=how)
            for how in ("by_booking", "by_origin", "at_original_rate")
        )
    )
    sold = sell_with_tax(acme, 113_000)
    settle("2026-09")
    sell_with_tax(acme, -11_300, "2026-10-15", quantity=-1, reverses=sold)
    rows = results(settle("2026-10"))
    assert {(row.programme.code, row.ends.month): row.amount for row in rows if row.amount} == {
        ("by-booking", 11): Decimal("-200.00"),
        ("by-origin", 10): Decimal("-200.00"),
        ("at-original-rate", 11): Decimal("-200.00"),
    }


def test_finance_chooses_it_in_the_editor(finance, browse):
    with time_machine.travel("2026-11-20 04:00:00+00:00", tick=False):
        client = browse(finance)
        answer = client.post("/programmes/new/", FILLED | {"amount_basis": "gross", "tax_rate": "13"})
        assert answer.status_code == 302, answer.content.decode()
        version = Version.objects.get()
        assert (version.policy["amount_basis"], version.policy["tax_rate"]) == ("gross", "0.13")
        assert is_editable(version.policy)
        assert (initial_of(version)["amount_basis"], initial_of(version)["tax_rate"]) == ("gross", "13")
        answer = client.post("/programmes/core/amend/", FILLED | {"tax_rate": "13"})
        assert "Only from gross amounts is tax taken out." in answer.content.decode()
