"""An explanation shows what each mechanism read, and every step from the bands' figure to the result."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
import time_machine

from prm.catalogue.models import ProductLine
from prm.values.periods import Period
from rebates import explained_lines, explanations
from rebates.accruals import accrual_of
from tests.rebates import measured, world
from tests.rebates.world import adjustments, apply, only, policy, sell, settle

pytestmark = pytest.mark.django_db
FLAT = {"kind": "flat", "rate": "10%"}
SHARES = [{"from": "0%", "rate": "1%"}, {"from": "20%", "rate": "3%"}]
SETS = {
    "kind": "bundle",
    "amount": 100,
    "parts": [{"product_line": "routing", "quantity": 2}, {"product_line": "security", "quantity": 1}],
}


@pytest.fixture(autouse=True)
def _lines():
    world.catalogue("routing", "security")
    ProductLine.objects.filter(code="routing").update(name="Routers")
    ProductLine.objects.filter(code="security").update(name="Firewalls")


def words(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", answer.content.decode()))


def page(browse: Any, reader: Any, result: Any) -> str:
    return words(browse(reader).get(result.get_absolute_url()))


def step(result: Any, title: str) -> explanations.Step:
    (found,) = [one for one in explanations.explain(result).steps if one.title == title]
    return found


def test_a_full_step_is_paid_in_money_and_says_what_the_next_one_lacks(acme, finance, browse):
    apply(policy(mechanism={"kind": "per_increment", "increment": 5000, "amount": 50}))
    sell(acme, 57_250)
    result = only(settle("2026-09"))
    shown = page(browse, finance, result)
    assert "11 × ¥50.00" in shown and "5,000%" not in shown
    assert explanations.explain(result).missing == "Missing to the next full step: ¥2,750."


def test_the_next_full_step_above_the_cap_is_not_promised(acme):
    caps = [{"on": "measure", "amount": 57_500, "of": "base"}]
    apply(policy(mechanism={"kind": "per_increment", "increment": 5000, "amount": 50}, caps=caps))
    sell(acme, 57_250)
    assert explanations.explain(only(settle("2026-09"))).missing == ""


def test_a_set_shows_its_parts_the_fewest_that_make_it_and_what_the_next_one_lacks(acme, finance, browse):
    apply(policy(mechanism=SETS))
    sell(acme, 700, "2026-09-01", quantity=7)
    sell(acme, 200, "2026-09-02", line="security", quantity=2)
    result = only(settle("2026-09"))
    assert (step(result, "Routers").value, step(result, "Routers").text) == (7, "2 in a set: enough for 3")
    assert (step(result, "Firewalls").value, step(result, "Firewalls").text) == (
        2,
        "1 in a set: enough for 2",
    )
    assert [line.running for line in explained_lines.lines_page(result).lines] == [0, 2]
    assert explanations.explain(result).missing == "Missing to the next complete set: 1 × Firewalls."
    shown = page(browse, finance, result)
    assert "2 × ¥100.00" in shown and "Sets so far" in shown and "Running base" not in shown


def test_sets_go_on_from_page_to_page_of_the_lines(acme):
    apply(policy(mechanism=SETS))
    sell(acme, 700, "2026-09-01", quantity=7)
    sell(acme, 200, "2026-09-02", line="security", quantity=2)
    sell(acme, 200, "2026-09-03", line="security", quantity=1)
    result = only(settle("2026-09"))
    first = explained_lines.lines_page(result, size=1)
    rest = explained_lines.lines_page(result, after=first.next_after)
    assert [line.running for line in (*first.lines, *rest.lines)] == [0, 2, 3]


@pytest.mark.parametrize(("grew_to", "part"), [(95_000, "-10% to 20%"), (130_000, "20% and above")])
def test_the_arithmetic_of_growth_names_the_growth_as_the_policy_does(acme, finance, browse, grew_to, part):
    bands = [{"from": "-10%", "rate": "1%"}, {"from": "20%", "rate": "3%"}]
    apply(policy(mechanism={"kind": "growth", "on": "all", "bands": bands}))
    sell(acme, 100_000, "2026-08-15")
    sell(acme, grew_to)
    arithmetic = page(browse, finance, only(settle("2026-09"))).split("The arithmetic")[1]
    assert part in arithmetic.replace("−", "-")


def test_growth_is_said_in_percent_and_never_above_what_it_is(acme):
    rules = {"kind": "growth", "on": "all", "bands": SHARES}
    apply(policy(mechanism=rules, baseline={"kind": "stated", "amount": 30_000}))
    sell(acme, "35999.99")
    result = only(settle("2026-09"))
    assert result.band == 1
    assert step(result, "Growth").text == "19.99%: ¥35,999.99 against ¥30,000"


def test_a_mix_says_its_share_and_what_of_the_focus_lines_alone_lacks_to_the_next(acme):
    apply(policy(mechanism={"kind": "mix", "focus": ["security"], "bands": SHARES}))
    sell(acme, 90_000)
    sell(acme, 10_000, line="security")
    result = only(settle("2026-09"))
    assert step(result, "Share of the focus product lines").text == "10%: ¥10,000 against ¥100,000"
    # (10,000 + x) ÷ (100,000 + x) = 20 %
    assert explanations.explain(result).missing == (
        "Missing to the share of 20%: ¥12,500 more, of Firewalls only."
    )
    sell(acme, 12_500, "2026-10-01", line="security")
    sell(acme, 90_000, "2026-10-01")
    sell(acme, 10_000, "2026-10-01", line="security")
    assert only(settle("2026-10")).band == 2


def test_a_partner_reads_in_an_open_period_what_the_next_set_lacks(acme, browse):
    with time_machine.travel("2026-11-20 04:00:00+00:00", tick=False):
        apply(policy(mechanism=SETS))
        sell(acme, 700, "2026-11-01", quantity=3)
        accrual = accrual_of(
            by=acme.sales, programme="core", period=Period.parse("2026-11"), partner_id=acme.row.pk
        )
        assert "Missing to the next complete set: 1 × Firewalls." in page(browse, acme.sales, accrual)
        assert "0 complete sets" in words(browse(acme.sales).get("/rebates/"))


@pytest.mark.parametrize(
    ("entries", "standing"),
    [
        ({"mechanism": FLAT}, "base ¥1,000.00"),
        ({"bands": [{"from": 5000, "rate": "2%"}]}, "base ¥1,000.00, first band not reached"),
        ({}, "base ¥1,000.00, band 1"),
        ({"mechanism": {"kind": "per_unit", "amount": 1}}, "3 units"),
        ({"mechanism": {"kind": "per_increment", "increment": 1000, "amount": 1}}, "1 full step"),
    ],
)
def test_where_an_accrued_figure_stands_is_said_in_words(entries, standing, acme):
    with time_machine.travel("2026-11-20 04:00:00+00:00", tick=False):
        apply(policy(**entries))
        sell(acme, 1000, "2026-11-01", quantity=3)
        accrual = accrual_of(
            by=acme.sales, programme="core", period=Period.parse("2026-11"), partner_id=acme.row.pk
        )
        assert accrual.standing == standing


def test_a_formula_shows_what_was_put_in(acme, finance, browse):
    with measured.registered():
        measured.FIGURES["tests.score"] = {acme.row.pk: "85"}
        rules = {
            "kind": "formula",
            "expression": "base * 0.02 + tests_score",
            "measures": ["tests.score"],
        }
        apply(policy(mechanism=rules))
        sell(acme, 1000)
        result = only(settle("2026-09"))
        shown = page(browse, finance, result)
    assert explanations.explain(result).put_in == "base = 1,000, tests_score = 85"
    assert "By the formula base = 1,000, tests_score = 85" in shown


def test_the_arithmetic_has_a_row_for_whatever_changes_the_bands_figure(acme, finance, browse):
    with measured.registered():
        measured.FIGURES["tests.score"] = {acme.row.pk: "80"}
        gate = {"kind": "score", "code": "tests.score", "at_least": 70}
        factor = {"kind": "measure", "code": "tests.score", "bands": [{"from": 80, "factor": "90%"}]}
        caps = [{"on": "payout", "amount": 70}, {"on": "measure", "amount": 900}]
        apply(policy(mechanism=FLAT, gates=[gate], factors=[factor], caps=caps))
        sell(acme, 1000)
        result = only(settle("2026-09"))
        shown = page(browse, finance, result).split("The arithmetic")[1]
    arithmetic = shown[: shown.index("behind the base")]
    places = [
        arithmetic.index(text)
        for text in (
            "Paid base, capped",
            "900.00 × 10%",
            "Gate",
            "Factor",
            "81.00",
            "Cap on the payout",
            "70.00",
        )
    ]
    assert places == sorted(places)


def test_an_adjustment_marks_the_lines_that_came_after_the_close(acme, finance, browse):
    apply(policy(mechanism=FLAT))
    sell(acme, 1000, "2026-09-02", document="IN-TIME")
    settle("2026-09")
    sell(acme, 500, "2026-09-20", document="LATE")
    sell(acme, 1, "2026-10-02", document="OCTOBER")
    run = settle("2026-10")
    (adjusted,) = adjustments(run)
    marks = {line.document: line.came_late for line in explained_lines.lines_page(adjusted).lines}
    assert marks == {"IN-TIME": False, "LATE": True}
    assert page(browse, finance, adjusted).count("after the close") == 1
    (other,) = [row for row in world.results(run) if row.kind != "adjusted"]
    assert "after the close" not in page(browse, finance, other)


def test_long_decimals_are_rounded_for_reading_and_found_again_in_full(acme, finance, browse):
    bands = [{"from": 0, "rate": "1%"}, {"from": 700, "rate": "2%"}]
    rules = {"kind": "marginal", "bands": bands, "split": "average"}
    apply(policy(mechanism=rules, qualify={}, pay={"product_lines": ["routing"]}))
    sell(acme, "433.21")
    sell(acme, "566.79", line="security")
    result = only(settle("2026-09"))
    shown = page(browse, finance, result)
    assert explanations.explain(result).raw == Decimal("5.63173")
    assert "≈ 5.6317" in shown and "Exact figures" in shown and "5.63173" in shown
