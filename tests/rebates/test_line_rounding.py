"""Rounding line by line: each line's own part is rounded, and the parts are added up."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
import time_machine

from prm.values.periods import Period
from rebates import explained_lines, explanations, wording
from rebates.accruals import accruals
from rebates.backtest import back_test
from rebates.exchange import as_yaml
from rebates.models import Statement, Version
from rebates.policy import PolicyProblem, read_document
from rebates.programme_form import initial_of, is_editable
from tests.rebates.test_programme_editor import FILLED
from tests.rebates.test_recompute_kit import unpacked, verify
from tests.rebates.world import BY, T, adjustments, apply, catalogue, only, policy, sell, settle

pytestmark = pytest.mark.django_db
FLAT = {"kind": "flat", "rate": "5%"}


def by_line(code: str = "core", *, mode: str = "half_up", on: str = "line", **entries: Any) -> dict[str, Any]:
    return policy(
        code, mechanism=entries.pop("mechanism", FLAT), rounding={"on": on, "mode": mode}, **entries
    )


@pytest.mark.parametrize(
    ("on", "mode", "rebate"),
    [("line", "half_up", "1.53"), ("line", "half_even", "1.50"), ("total", "half_up", "1.52")],
)
def test_three_lines_of_10_10_at_5_percent(acme, on, mode, rebate):
    apply(by_line(on=on, mode=mode))
    for _number in range(3):
        sell(acme, "10.10")
    assert only(settle("2026-09")).earned == Decimal(rebate)


def test_a_return_is_rounded_by_magnitude_so_that_line_and_return_are_as_if_never_there(acme):
    apply(by_line())
    for amount in ("10.10", "10.10", "-10.10"):
        sell(acme, amount)
    assert only(settle("2026-09")).earned == Decimal("0.51")


@pytest.mark.parametrize(
    ("mechanism", "lines", "rebate"),
    [
        ({"kind": "per_unit", "amount": "0.335"}, [("1.00", 1), ("1.00", 1)], "0.68"),
        ({"kind": "retroactive", "bands": T}, [("99999.90", 1), ("0.10", 1), ("0.50", 1)], "3000.02"),
        ({"kind": "retroactive", "bands": T}, [("-10.30", -1), ("-10.30", -1)], "-0.42"),
        (
            {"kind": "retroactive", "bands": [{"from": 100, "rate": "5%"}]},
            [("10.10", 1), ("10.10", 1)],
            "0.00",
        ),
    ],
)
def test_the_rate_that_all_lines_reach_is_paid_on_each(acme, mechanism, lines, rebate):
    apply(by_line(mechanism=mechanism))
    for amount, quantity in lines:
        sell(acme, amount, quantity=quantity)
    assert only(settle("2026-09")).earned == Decimal(rebate)


def test_a_cap_on_the_payout_a_late_line_and_open_periods_know_it(acme):
    apply(by_line(caps=[{"on": "payout", "amount": "1.40"}]), by_line("free"))
    for _number in range(3):
        sell(acme, "10.10")
    month = Period.parse("2026-09")
    live = {row.programme.code: row.amount for row in accruals(by=BY, period=month)}
    assert live == {"core": Decimal("1.40"), "free": Decimal("1.53")}
    tried = back_test(versions=[Version.objects.get(programme__code="free")], first=month, last=month, by=BY)
    assert (tried.totals, tried.swings[Decimal("1.1")]) == ([Decimal("1.53")], [Decimal("1.68")])
    settle("2026-09")
    sell(acme, "10.10", "2026-09-30")
    late = adjustments(settle("2026-10"))
    assert {row.programme.code: row.adjusted for row in late} == {"free": Decimal("0.51")}


def test_lines_that_only_qualify_are_not_rounded_nor_paid(acme):
    catalogue("routing", "care")
    apply(by_line(mechanism={"kind": "retroactive", "bands": T}, pay={"product_lines": ["care"]}))
    sell(acme, "100000.00")
    sell(acme, "10.50", line="care")
    sell(acme, "10.50", line="care")
    assert only(settle("2026-09")).earned == Decimal("0.64")


def test_the_explanation_names_what_each_line_pays_and_the_sentence_says_it(acme, finance, browse):
    apply(by_line())
    for _number in range(3):
        sell(acme, "10.10")
    result = only(settle("2026-09"))
    said = explanations.explain(result)
    assert (said.raw, said.rounded, said.one_more) == (Decimal("1.53"), Decimal("1.53"), None)
    assert {step.title: step.text for step in said.steps}["Rounding"] == (
        "Rounded half up to the cent, line by line."
    )
    assert [line.pays for line in explained_lines.lines_page(result).lines] == [Decimal("0.51")] * 3
    assert "Rounded half up to the cent, line by line." in wording.sentence(Version.objects.get())
    page = browse(finance).get(result.get_absolute_url()).content.decode()
    assert page.count("pays 0.51") == 3


def test_the_kit_recomputes_it_and_the_text_says_it(acme, tmp_path):
    apply(by_line(), by_line("even", mode="half_even"))
    for _number in range(3):
        sell(acme, "10.10")
    settle("2026-09")
    statement = Statement.objects.for_everyone(because="a test").get()
    assert statement.earned == Decimal("3.03")
    folder = unpacked(statement, tmp_path)
    assert verify(folder).returncode == 0, verify(folder).stdout
    text = (folder / "kit.json").read_text()
    (folder / "kit.json").write_text(text.replace('"on": "line"', '"on": "total"'))
    assert verify(folder).returncode == 1
    assert "on: line" in as_yaml(Version.objects.first().programme)


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ({"mechanism": {"kind": "marginal", "bands": T}}, "are known line by line. Round the total."),
        ({"caps": [{"on": "measure", "amount": 100}]}, "Of a capped base no line has a part of its own."),
        ({"stacking": {"kind": "net_of", "programmes": ["x"]}}, "Of a base that is net of other programmes"),
        ({"cumulative": True}, "What a year has come to so far is no sum of lines of a period."),
        (
            {"returns": "at_original_rate"},
            "What returns take back at the original rate is no part of a line.",
        ),
    ],
)
def test_where_no_line_has_a_part_of_its_own_it_is_refused(entries, said):
    with pytest.raises(PolicyProblem) as refused:
        read_document({"schema": 1, "programmes": [by_line(**entries)]})
    assert [one for one in refused.value.problems if said in one], refused.value.problems


def test_finance_chooses_it_in_the_editor(finance, browse):
    typed = {"mechanism": "flat", "from_0": "0", "rate_0": "5", "rounding_on": "line"}
    rows = {name: "" for name in FILLED if name.startswith(("from_", "rate_"))}
    with time_machine.travel("2026-11-20 04:00:00+00:00", tick=False):
        client = browse(finance)
        answer = client.post("/programmes/new/", FILLED | rows | typed)
        assert answer.status_code == 302, answer.content.decode()
        version = Version.objects.get()
        assert version.policy["rounding"]["on"] == "line"
        assert is_editable(version.policy) and initial_of(version)["rounding_on"] == "line"
        answer = client.post("/programmes/core/amend/", FILLED | {"rounding_on": "line"})
        assert "are known line by line. Round the total." in answer.content.decode()
