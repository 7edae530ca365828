"""Programmes that pay by a formula over what is paid on and declared figures."""

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
from rebates.models import Statement, Version
from rebates.policy import PolicyProblem, read_document
from rebates.programme_form import initial_of, is_editable
from tests.exchange.world import known
from tests.rebates.measured import FIGURES, registered
from tests.rebates.test_programme_editor import FILLED
from tests.rebates.test_recompute_kit import unpacked, verify
from tests.rebates.world import BY, adjustments, apply, catalogue, only, policy, results, sell, settle

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def figures():
    with registered():
        yield FIGURES


def formula(expression: str, code: str = "core", *, measures: Any = (), **entries: Any) -> dict[str, Any]:
    rules = {"kind": "formula", "expression": expression}
    rules |= {"measures": list(measures)} if measures else {}
    return policy(code, mechanism=rules, **entries)


@pytest.mark.parametrize(
    ("expression", "rebate"),
    [
        ("base * 0.02", "20.20"),
        ("base / 3", "336.67"),
        ("base / 3 * 3 - base", "0.00"),  # nothing is lost on the way
        ("round(base / 3, 1) + 0.004", "336.70"),
        ("if(base >= 1010, 7, 5)", "7.00"),
        ("if(base > 1010 or not (base = 1010), 7, 5)", "5.00"),
        ("min(base, 100, 250) + max(1, 2)", "102.00"),
        ("base / (base − 1010)", "0.00"),  # empty: divided by zero
        ("value(base ÷ 0.0 × 1, 3) + 1", None),  # always empty is refused
        ("value(base / (base - 1010), 3) + 1", "4.00"),
        ("-(base)", "-1010.00"),
        ("base * base * base * base * base", "0.00"),  # too large: empty
    ],
)
def test_what_a_base_of_1010_pays(acme, expression, rebate):
    if rebate is None:
        with pytest.raises(PolicyProblem, match="always zero"):
            read_document({"schema": 1, "programmes": [formula(expression)]})
        return
    apply(formula(expression))
    sell(acme, 1000)
    sell(acme, 10)
    assert only(settle("2026-09")).earned == Decimal(rebate)


def test_it_reads_declared_figures_for_all_partners_and_the_close_freezes_them(acme, rival, figures):
    figures["tests.score"] = {acme.row.pk: "80", rival.row.pk: "2.5"}
    apply(formula("base * tests_score / 1000", measures=["tests.score"]))
    sell(acme, 1000)
    sell(rival, 1000)
    run = settle("2026-09")
    found = {row.partner_id: row.earned for row in results(run)}
    assert found == {acme.row.pk: Decimal("80.00"), rival.row.pk: Decimal("2.50")}
    figures["tests.score"] = {acme.row.pk: "1"}
    sell(acme, 100, "2026-09-30")
    assert [row.adjusted for row in adjustments(settle("2026-10"))] == [Decimal("8.00")]


def test_a_partner_without_a_figure_has_0_and_a_negative_base_pays_nothing(acme):
    apply(formula("base * 0.1 + tests_score", measures=["tests.score"]), formula("base * 0.1", "other"))
    sell(acme, 100, "2026-08-10")
    assert {row.earned for row in results(settle("2026-08"))} == {Decimal("10.00")}
    sell(acme, -100)
    assert {row.earned for row in results(settle("2026-09"))} == {Decimal("0.00")}


def test_what_counts_and_what_is_paid_on_differ_and_caps_and_gates_work_as_ever(acme, figures):
    catalogue("routing", "care")
    figures["tests.score"] = {acme.row.pk: "1"}
    expression = "if(qualifier >= 1000, base * 0.1, 0)"
    gate = {"kind": "score", "code": "tests.score", "at_least": 2}
    apply(
        formula(expression, pay={"product_lines": ["care"]}),
        formula(
            expression, "capped", caps=[{"on": "measure", "amount": 1000}, {"on": "payout", "amount": 90}]
        ),
        formula(expression, "gated", gates=[gate]),
        formula("qualifier * 2", "units", measure="quantity"),
    )
    sell(acme, 900)
    sell(acme, 300, line="care", quantity=4)
    found = {row.programme.code: row.amount for row in accruals(by=BY, period=Period.parse("2026-09"))}
    assert found == {
        "core": Decimal("30.00"), "capped": Decimal("90.00"), "gated": Decimal("0.00"), "units": Decimal("10.00"),
    }  # fmt: skip


def test_it_stands_on_converted_amounts(acme):
    known("CNY/EUR 2026-09-10 3")
    apply(formula("if(base = 101, base / 2, 0)", exchange="booking_date"))
    for _number in range(3):
        sell(acme, 100, "2026-09-10", currency="EUR")
    sell(acme, 1, "2026-09-10")
    assert only(settle("2026-09")).earned == Decimal("50.50")


def test_a_product_of_two_converted_sums_is_exact_whatever_the_rates(acme):
    known("CNY/EUR 2026-09-10 7.123457", "CNY/USD 2026-09-10 6.543217")
    apply(formula("base * qualifier / base - qualifier + 1.5", exchange="booking_date"))
    sell(acme, 100, "2026-09-10", currency="EUR")
    sell(acme, 100, "2026-09-10", currency="USD")
    assert only(settle("2026-09")).earned == Decimal("1.50")


def test_the_explanation_names_what_it_read_and_the_sentence_reads_it_aloud(acme, figures, finance, browse):
    figures["tests.score"] = {acme.row.pk: "2.5"}
    apply(formula("base * tests_score / 300", measures=["tests.score"]))
    sell(acme, 1000)
    result = only(settle("2026-09"))
    said = explanations.explain(result)
    assert [(step.title, step.value) for step in said.steps if step.number == 5] == [
        ("Score", Decimal("2.5"))
    ]
    assert {step.title: step.value for step in said.steps}["Rebate"] == Decimal("8.3333333333")
    assert (said.rounded, said.one_more, said.parts) == (Decimal("8.33"), None, [])
    assert "By the formula" in browse(finance).get(result.get_absolute_url()).content.decode()
    words = "what the formula base * tests_score / 300 comes to (base: what is paid on, tests_score: Score)"
    assert words in wording.sentence(Version.objects.get())
    assert "expression: base * tests_score / 300" in as_yaml(Version.objects.get().programme)


def test_a_back_test_tries_it(acme):
    apply(formula("base * 0.1"))
    sell(acme, 1000)
    month = Period.parse("2026-09")
    tried = back_test(versions=[Version.objects.get()], first=month, last=month, by=BY)
    assert (tried.totals, tried.swings[Decimal("1.1")]) == ([Decimal("100.00")], [Decimal("110.00")])


def test_the_kit_recomputes_it(acme, figures, tmp_path):
    figures["tests.score"] = {acme.row.pk: "2.5"}
    apply(
        formula("base * tests_score / 300 + if(qualifier < 5, 1, 2)", measures=["tests.score"]),
        formula("round(base / 7, 2) + value(base / (base - 1000), −3)", "two"),
    )
    sell(acme, 1000)
    settle("2026-09")
    folder = unpacked(Statement.objects.for_everyone(because="a test").get(), tmp_path)
    said = verify(folder)
    assert said.returncode == 0, said.stdout + said.stderr
    text = (folder / "kit.json").read_text()
    assert '"tests_score": "2.5' in text
    (folder / "kit.json").write_text(text.replace('"tests_score": "2.5', '"tests_score": "2.6'))
    assert verify(folder).returncode == 1


@pytest.mark.parametrize(
    ("expression", "measures", "said"),
    [
        ("base *", (), "expression: The expression ends too early, after “*”"),
        ("base * margin", (), "“margin” is no number or date field here. Use: base, qualifier."),
        ("__import__", (), "is no number or date field here"),
        ("base > 3", (), "cannot be used with these operands"),
        ("base", ("a.b", "a_b"), "Two figures would both be called a_b."),
    ],
)
def test_what_cannot_be_read_is_refused_at_its_place(expression, measures, said):
    with pytest.raises(PolicyProblem) as refused:
        read_document({"schema": 1, "programmes": [formula(expression, measures=measures)]})
    assert [one for one in refused.value.problems if said in one], refused.value.problems


def test_an_unknown_figure_is_refused(acme):
    with pytest.raises(PolicyProblem, match=r"nothing called no\.such can be asked for"):
        apply(formula("base", measures=["no.such"]))


def test_a_formula_shares_a_cap_by_its_exact_fraction(acme):
    shared = [{"on": "payout", "amount": 100, "programmes": ["a"]}]
    apply(formula("base / 3", "a"), policy("b", mechanism={"kind": "flat", "rate": "10%"}, caps=shared))
    sell(acme, 900)
    found = {row.programme.code: row.earned for row in results(settle("2026-09"))}
    assert found == {"a": Decimal("76.92"), "b": Decimal("23.08")}


def test_finance_writes_it_in_the_editor(finance, browse):
    rows = {name: "" for name in FILLED if name.startswith(("from_", "rate_"))}
    typed = {"mechanism": "formula", "expression": "base * 0.02 + tests_score", "measures": ["tests.score"]}
    with time_machine.travel("2026-11-20 04:00:00+00:00", tick=False):
        client = browse(finance)
        answer = client.post("/programmes/new/", FILLED | rows | typed)
        assert answer.status_code == 302, answer.content.decode()
        version = Version.objects.get()
        assert version.policy["mechanism"] == {"kind": "formula"} | {
            name: typed[name] for name in ("expression", "measures")
        }
        assert is_editable(version.policy)
        assert initial_of(version)["expression"] == typed["expression"]
        assert client.get("/programmes/core/").status_code == 200
        answer = client.post("/programmes/core/amend/", FILLED | rows | typed | {"expression": "base *"})
        assert "The expression ends too early, after “*”" in answer.content.decode()
