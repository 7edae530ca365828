"""Returns by booking, by origin and at the original rate: when they count and what they take back."""

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
from rebates.policy import PolicyProblem, read_document, read_yaml
from rebates.programme_form import initial_of, is_editable
from tests.rebates.test_programme_editor import FILLED
from tests.rebates.test_recompute_kit import unpacked, verify
from tests.rebates.world import BY, apply, only, policy, results, sell, settle

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def february():
    with time_machine.travel("2027-02-20 04:00:00+00:00", tick=False):
        yield


ORIGIN, ORIGINAL = "by_origin", "at_original_rate"


def posted(run: Any) -> list[tuple[str, str, Decimal]]:
    return [(row.kind, str(row.period), row.amount) for row in results(run)]


def october(acme: Any, **entries: Any) -> Any:
    """260,000 sold and settled in October."""
    apply(policy(**entries))
    sold = sell(acme, 260_000, "2026-10-05")
    settle("2026-10")
    return sold


@pytest.mark.parametrize(("kind", "adjusted"), [("retroactive", "-5800.00"), ("marginal", "-800.00")])
def test_a_return_by_origin_is_adjusted_in_the_period_of_its_sale(acme, kind, adjusted):
    sold = october(acme, kind=kind, returns=ORIGIN)
    sell(acme, -20_000, "2026-11-03", reverses=sold)
    run = settle("2026-11")
    assert posted(run) == [("adjusted", "2026-10", Decimal(adjusted))]
    assert posted(settle("2026-12")) == []


@pytest.mark.parametrize(
    ("returns", "kind", "together"),
    [
        ("by_booking", "retroactive", "800.00"),
        (ORIGIN, "retroactive", "-4600.00"),
        (ORIGINAL, "retroactive", "200.00"),
        ("by_booking", "marginal", "800.00"),
        (ORIGIN, "marginal", "400.00"),
        (ORIGINAL, "marginal", "661.54"),
    ],
)
def test_the_same_with_60_000_bought_in_november(acme, returns, kind, together, tmp_path):
    sold = october(acme, kind=kind, returns=returns)
    sell(acme, -20_000, "2026-11-03", reverses=sold)
    sell(acme, 60_000, "2026-11-04")
    run = settle("2026-11")
    assert sum(row.amount for row in results(run)) == Decimal(together)
    for statement in Statement.objects.for_everyone(because="a test"):
        said = verify(unpacked(statement, tmp_path / statement.number))
        assert said.returncode == 0, said.stdout
    assert posted(settle("2026-12")) == []


def test_a_return_by_origin_within_its_own_open_period_is_no_adjustment(acme):
    apply(policy(kind="retroactive", returns=ORIGIN))
    sold = sell(acme, 260_000, "2026-10-05")
    sell(acme, -20_000, "2026-11-02", reverses=sold)  # before October is settled
    assert only(settle("2026-10")).earned == Decimal("7200.00")
    assert posted(settle("2026-11")) == []


def test_a_return_that_names_no_sale_counts_on_its_own_day(acme):
    apply(
        policy("origin", "retroactive", returns=ORIGIN), policy("original", "retroactive", returns=ORIGINAL)
    )
    sell(acme, 260_000, "2026-10-05")
    settle("2026-10")
    sell(acme, -20_000, "2026-11-03")
    assert posted(settle("2026-11")) == [("earned", "2026-11", Decimal("-400.00"))] * 2


def test_a_late_return_of_a_closed_period_is_always_taken_back(acme):
    apply(*(policy(code, "retroactive", returns=code.replace("-", "_"), late={"grace_days": 0})
            for code in ("by-origin", "at-original-rate")))  # fmt: skip
    sold = sell(acme, 260_000, "2026-09-05")
    settle("2026-09")
    sell(acme, 1_000, "2026-10-05")
    settle("2026-10")
    sell(acme, -20_000, "2026-10-20", reverses=sold)  # recorded long after both
    found = {row.programme.code: (str(row.period), row.adjusted) for row in results(settle("2026-11"))}
    assert found == {
        "by-origin": ("2026-09", Decimal("-5800.00")), "at-original-rate": ("2026-10", Decimal("-1000.00")),
    }  # fmt: skip


def test_at_the_original_rate_a_return_lowers_neither_band_nor_base_and_all_returned_takes_all_back(acme):
    caps = [{"on": "measure", "amount": 200_000, "of": "base"}]
    sold = october(acme, kind="retroactive", returns=ORIGINAL, caps=caps)
    assert only_of("2026-10").earned == Decimal("10000.00")
    sell(acme, -260_000, "2026-11-03", reverses=sold)
    sell(acme, 100_000, "2026-11-04")
    result = only(settle("2026-11"))
    assert (result.qualifier, result.base, result.earned) == (100_000, 100_000, Decimal("-7000.00"))


def only_of(month: str) -> Any:
    from rebates.models import Result

    return Result.objects.for_everyone(because="a test").get(ends=Period.parse(month).end)


def test_what_is_taken_back_comes_behind_gates_and_before_caps(acme):
    gate = {"kind": "measure", "code": "orders.net_sales", "at_least": 50_000}
    apply(
        policy("gated", "retroactive", returns=ORIGINAL, gates=[gate]),
        policy("capped", "retroactive", returns=ORIGINAL, caps=[{"on": "payout", "amount": 500}]),
    )
    sold = sell(acme, 260_000, "2026-10-05")
    settle("2026-10")
    sell(acme, -20_000, "2026-11-03", reverses=sold)
    sell(acme, 40_000, "2026-11-04")
    found = {row.programme.code: row.earned for row in results(settle("2026-11"))}
    # 500 paid on 260,000 is 38.46 of 20,000; the gate that is not met forgives nothing.
    assert found == {"gated": Decimal("-1000.00"), "capped": Decimal("500.00")}


def test_a_sale_that_nobody_settled_has_paid_nothing_to_take_back(acme):
    sold = sell(acme, 260_000, "2025-12-05")
    apply(policy(kind="retroactive", returns=ORIGINAL))
    sell(acme, -20_000, "2026-11-03", reverses=sold)
    sell(acme, 60_000, "2026-11-04")
    assert only(settle("2026-11")).earned == Decimal("1200.00")


def test_several_periods_are_added_up_exactly(acme, tmp_path):
    """A third of a cent each of three months makes one cent."""
    apply(policy(kind="flat", mechanism={"kind": "flat", "rate": "1%"}, returns=ORIGINAL))
    sold = [sell(acme, 3, f"2026-0{month}-05") for month in (7, 8, 9)]
    for month in (7, 8, 9):
        settle(f"2026-0{month}")
    for one in sold:
        sell(acme, "-0.50", "2026-10-05", reverses=one)
    result = only(settle("2026-10"))
    assert (result.base, result.earned) == (0, Decimal("-0.02"))  # 3 × 0.5 × 0.03 ÷ 3 = 0.015
    statement = Statement.objects.for_everyone(because="a test").get(run__ends="2026-11-01")
    folder = unpacked(statement, tmp_path)
    assert verify(folder).returncode == 0
    text = (folder / "kit.json").read_text()
    (folder / "kit.json").write_text(text.replace('"paid": "0.03"', '"paid": "0.30"'))
    assert verify(folder).returncode == 1


@pytest.mark.parametrize("returns", [ORIGIN, ORIGINAL])
def test_accruals_explanations_and_lines_read_the_same(acme, returns):
    sold = october(acme, kind="retroactive", returns=returns)
    back = sell(acme, -20_000, "2026-11-03", reverses=sold)
    sell(acme, 60_000, "2026-11-04")
    month = Period.parse("2026-11")
    own = [row.amount for row in accruals(by=BY, period=month)]
    run = settle("2026-11")
    assert own == [row.earned for row in results(run) if row.kind == "earned"]
    for result in results(run):
        said = explanations.explain(result)
        texts = {step.title: step.text for step in said.steps}
        assert ("in the period of the sale" if returns == ORIGIN else "takes back") in texts["Returns"]
        lines = explained_lines.lines_page(result).lines
        assert (back in lines) == (result.kind == "adjusted" or returns == ORIGINAL)
        assert lines[-1].running == result.base
        if returns == ORIGINAL:
            (step,) = [step for step in said.steps if step.title == "Returns at the original rate"]
            assert step.value == 200 and "¥13,000" in step.text and "¥260,000" in step.text


@pytest.mark.parametrize("returns", [ORIGIN, ORIGINAL])
def test_a_back_test_of_closed_months_costs_what_was_settled(acme, returns):
    sold = october(acme, kind="retroactive", returns=returns)
    sell(acme, -20_000, "2026-11-03", reverses=sold)
    sell(acme, 60_000, "2026-11-04")
    settle("2026-11")
    both = back_test(
        versions=[Version.objects.get()], first=Period.parse("2026-10"), last=Period.parse("2026-11"), by=BY
    )
    assert both.totals == [Decimal("13200.00") if returns == ORIGINAL else Decimal("8400.00")]
    november = Period.parse("2026-11")
    one = back_test(versions=[Version.objects.get()], first=november, last=november, by=BY)
    assert one.totals == [Decimal("200.00") if returns == ORIGINAL else Decimal("1200.00")]


def test_a_draft_is_back_tested_with_what_it_would_have_paid_itself(acme):
    sold = sell(acme, 260_000, "2026-10-05")
    sell(acme, -20_000, "2026-11-03", reverses=sold)
    sell(acme, 60_000, "2026-11-04")
    apply(policy(kind="retroactive", returns=ORIGINAL))
    tried = back_test(
        versions=[Version.objects.get()], first=Period.parse("2026-10"), last=Period.parse("2026-11"), by=BY
    )
    assert list(tried.costs.values()) == [[Decimal("13000.00")], [Decimal("200.00")]]


def test_linked_programmes_may_treat_returns_differently(acme):
    flat = {"kind": "flat", "rate": "10%"}
    apply(
        policy("a", mechanism=flat, returns=ORIGIN),
        policy("b", mechanism=flat, returns=ORIGINAL, stacking={"kind": "net_of", "programmes": ["a"]}),
        policy("c", mechanism=flat, caps=[{"on": "payout", "amount": 50, "programmes": ["d"]}]),
        policy("d", mechanism=flat, returns=ORIGINAL),
    )
    sold = sell(acme, 1_000, "2026-10-05")
    assert {row.programme.code: row.earned for row in results(settle("2026-10"))} == {
        "a": 100, "b": 90, "c": 25, "d": 25,
    }  # fmt: skip
    sell(acme, -500, "2026-11-03", reverses=sold)
    sell(acme, 1_000, "2026-11-04")
    found = {(row.programme.code, row.kind): row.amount for row in results(settle("2026-11"))}
    assert found == {
        ("a", "earned"): 100, ("a", "adjusted"): -50, ("b", "earned"): 45, ("b", "adjusted"): 5,
        # c has 50, d 100 − 12.50: 50 is shared 50 : 87.50
        ("c", "earned"): Decimal("18.18"), ("d", "earned"): Decimal("31.82"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("returns", "said", "chinese"),
    [
        (ORIGIN, "A return counts in the period of the sale that it reverses.", "退货"),
        (ORIGINAL, "takes back what that period paid on it and lowers no band.", "退货"),
    ],
)
def test_the_sentence_says_it_and_finance_chooses_it(finance, browse, returns, said, chinese):
    from django.utils import translation

    typed = FILLED | {"returns": returns}
    with time_machine.travel("2026-11-20 04:00:00+00:00", tick=False):
        client = browse(finance)
        answer = client.post("/programmes/new/", typed)
        assert answer.status_code == 302, answer.content.decode()
        version = Version.objects.get()
        assert version.policy["returns"] == returns
        assert said in wording.sentence(version)
        with translation.override("zh-hans"):
            assert chinese in wording.sentence(version) and said not in wording.sentence(version)
        assert is_editable(version.policy) and initial_of(version)["returns"] == returns
        (text,) = read_yaml(as_yaml(version.programme))
        assert text.policy == version.policy
        assert client.post("/programmes/core/amend/", FILLED).status_code == 302
    assert "returns" not in Version.objects.get().policy


def test_a_set_has_no_base_to_take_back():
    sets = {"kind": "bundle", "amount": 5, "parts": [{"product_line": "routing", "quantity": 1}]}
    with pytest.raises(PolicyProblem) as refused:
        read_document({"schema": 1, "programmes": [policy(mechanism=sets, returns=ORIGINAL)]})
    assert "returns: A complete set has no base of its own." in str(refused.value)
