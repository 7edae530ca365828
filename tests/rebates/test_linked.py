"""Programmes that are settled together: late lines, what publication refuses, explanations, back-tests, the form."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from prm.values.periods import Period
from rebates import explanations, wording
from rebates.backtest import back_test
from rebates.errors import LinkDiffers, LinkedInCircle, LinkedTwice, LinkMissing
from rebates.models import Version
from rebates.policy import PolicyProblem, read_document
from rebates.programme_form import initial_of, is_editable
from tests.rebates.reading_pages import words
from tests.rebates.test_limits import november, problems, steps
from tests.rebates.test_programme_editor import FILLED
from tests.rebates.world import BY, adjustments, apply, policy, results, sell, settle

__all__ = ["november"]
pytestmark = pytest.mark.django_db


def flat(code: str, rate: str = "1%", **more: Any) -> dict[str, Any]:
    return policy(code, mechanism={"kind": "flat", "rate": rate}, **more)


def cap(amount: Any, *codes: str) -> list[dict[str, Any]]:
    return [{"on": "payout", "amount": amount, "programmes": list(codes)}]


def net_of(*codes: str) -> dict[str, Any]:
    return {"kind": "net_of", "programmes": list(codes)}


def best_of(*codes: str) -> dict[str, Any]:
    return {"kind": "best_of", "programmes": list(codes)}


def result_of(run: Any, code: str) -> Any:
    return next(row for row in results(run) if row.programme.code == code)


@pytest.mark.parametrize(
    ("links", "settled", "adjusted"),
    [
        # 100,000 and then 50,000 more: 3,000 + 2,000 under 6,000 becomes 4,500 + 3,000 and so 3,600 + 2,400.
        ({"caps": cap(6_000, "a")}, {"a": 3_000, "b": 2_000}, {"a": 600, "b": 400}),
        ({"stacking": net_of("a")}, {"a": 3_000, "b": 1_940}, {"a": 1_500, "b": 970}),
        ({"stacking": best_of("a")}, {"a": 3_000, "b": 0}, {"a": 1_500}),
    ],
)
def test_a_late_line_moves_all_that_are_settled_together(acme, links, settled, adjusted):
    apply(flat("a", "3%"), flat("b", "2%", **links))
    sell(acme, 100_000, "2026-08-20")
    august = settle("2026-08")
    sell(acme, 50_000, "2026-08-21")
    september = settle("2026-09")
    assert {row.programme.code: row.earned for row in results(august)} == settled
    assert {row.programme.code: row.adjusted for row in adjustments(september)} == adjusted


def test_a_return_makes_no_room_in_a_shared_cap(acme):
    apply(flat("a", "3%", qualify={"product_lines": ["routing"]}), policy_of_care())
    sell(acme, -10_000)
    sell(acme, 100_000, line="care")
    run = settle("2026-09")
    assert (result_of(run, "a").earned, result_of(run, "b").earned) == (-300, 1_000)


def policy_of_care() -> dict[str, Any]:
    from tests.rebates.world import catalogue

    catalogue("routing", "care")
    return flat("b", "2%", qualify={"product_lines": ["care"]}, caps=cap(1_000, "a"))


def test_what_an_earlier_programme_pays_beyond_the_base_leaves_nothing(acme):
    fixed = {"kind": "lump_sum", "bands": [{"from": 0, "amount": 500}]}
    apply(policy("a", mechanism=fixed), flat("b", stacking=net_of("a")))
    sell(acme, 300)
    result = result_of(settle("2026-09"), "b")
    assert (result.base, result.earned) == (0, 0)


@pytest.mark.parametrize(
    ("first", "second", "error"),
    [
        (flat("a"), flat("b", period="quarter", stacking=net_of("a")), LinkDiffers),
        (flat("a", currency="EUR"), flat("b", caps=cap(5, "a")), LinkDiffers),
        (flat("a", from_="2026-10-01"), flat("b", caps=cap(5, "a")), LinkMissing),
    ],
)  # fmt: skip
def test_publication_refuses_what_cannot_be_settled_together(first, second, error):
    with pytest.raises(error):
        apply(first, second)


def test_a_programme_is_linked_once_and_never_in_a_circle():
    apply(flat("a"), flat("b", stacking=best_of("a")), flat("c", stacking=net_of("d")), flat("d"))
    with pytest.raises(LinkedTwice):
        apply(flat("e", stacking=best_of("a")))
    apply(flat("e", caps=cap(5, "a")))
    with pytest.raises(LinkedTwice):
        apply(flat("f", caps=cap(5, "a")))
    with pytest.raises(LinkedInCircle):
        apply(flat("d", from_="2026-02-01", stacking=net_of("c")))


def test_a_new_version_of_a_named_programme_has_to_fit_too():
    apply(flat("a"), flat("b", caps=cap(5, "a")))
    with pytest.raises(LinkDiffers):
        apply(flat("a", from_="2026-07-01", period="quarter"))


def test_a_programme_that_nobody_knows_or_only_itself_cannot_be_named():
    with pytest.raises(PolicyProblem) as refused:
        apply(flat("b", stacking=net_of("nowhere")))
    assert refused.value.problems == ["b: no programme has the code nowhere."]
    with pytest.raises(PolicyProblem):
        apply(flat("b", caps=cap(5, "b")))


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ({"stacking": {"kind": "net_of"}}, "stacking.programmes: Name the programmes that come earlier"),
        ({"stacking": {"kind": "additive", "programmes": ["a"]}}, "stacking.programmes: Name the programmes"),
        (
            {"stacking": net_of("a"), "caps": cap(5, "a")},
            "stacking.programmes: a: it shares the cap and comes earlier",
        ),
        (
            {"stacking": net_of("a"), "mechanism": {"kind": "per_unit", "amount": 1}},
            "stacking.kind: Only what is",
        ),
    ],
)
def test_a_stack_that_makes_no_sense_is_refused_at_its_place(entries, said):
    found = problems(**entries)
    assert [one for one in found if said in one], found


def test_the_explanations_say_what_the_others_did(acme):
    apply(flat("a", "3%"), flat("b", "2%", stacking=net_of("a")))
    apply(flat("c", "3%"), flat("d", "2%", caps=cap(6_000, "c")))
    apply(flat("e", "3%"), flat("f", "2%", stacking=best_of("e")))
    sell(acme, 200_000)
    run = settle("2026-09")
    assert (3, "Paid base, net of earlier programmes", 194_000) in steps(result_of(run, "b"))
    assert (8, "Shared cap", Decimal("3600.00")) in steps(result_of(run, "c"))
    assert (9, "Best of the group", Decimal("0.00")) in steps(result_of(run, "f"))
    told = {step.title: step.text for step in explanations.explain(result_of(run, "f")).steps}
    assert told["Best of the group"] == "Of E, F only the best pays: E with ¥6,000.00"
    assert explanations.explain(result_of(run, "c")).one_more is None


def test_the_arithmetic_leads_from_the_own_figure_to_what_the_best_leaves(acme, finance, browse):
    apply(flat("e", "3%"), flat("f", "2%", stacking=best_of("e")))
    sell(acme, "100.33")
    run = settle("2026-09")
    lost, won = result_of(run, "f"), result_of(run, "e")
    for result, figures in ((lost, ["2.0066", "2.01", "0.00"]), (won, ["3.0099", "3.01", "3.01"])):
        told = explanations.explain(result)
        shown = [told.raw, *(step.value for step in told.after_bands if step.value is not None)]
        assert [Decimal(figure) for figure in figures] == shown
        rows = words(browse(finance).get(result.get_absolute_url())).split("The arithmetic")[1]
        assert "Best of the group Of E, F only the best pays: E with ¥3.01" in rows


def test_the_sentences_name_the_others():
    apply(flat("a"), flat("b", stacking=net_of("a")), flat("c"), flat("d", caps=cap(5, "c")))
    said = {version.programme.code: wording.sentence(version) for version in Version.objects.all()}
    assert "What is paid by A is taken off the base first. As usual:" in said["b"]
    assert "Together with C a partner is paid at most ¥5 a period. As usual:" in said["d"]


def test_a_back_test_runs_with_the_programmes_in_force_beside_it(acme, november):
    apply(flat("a", "3%"))
    (text,) = read_document({"schema": 1, "programmes": [flat("b", "2%", stacking=net_of("a"))]})
    (version,) = apply(flat("b", "2%", stacking=net_of("a")))
    sell(acme, 200_000)
    september = Period.parse("2026-09")
    found = back_test(versions=[version], first=september, last=september, by=BY)
    assert text.policy == version.policy
    assert (found.totals, found.temptations) == ([Decimal("3880.00")], [])


def test_finance_fills_in_a_shared_cap_or_a_stack(finance, browse, november):
    apply(flat("a"))
    client = browse(finance)
    filled = FILLED | {"shared_cap": "7500", "shared_with": "a", "period": "month"}
    assert client.post("/programmes/new/", filled).status_code == 302
    draft = Version.objects.get(state="draft")
    assert draft.policy["caps"] == cap("7500", "a") and is_editable(draft.policy)
    assert (initial_of(draft)["shared_cap"], initial_of(draft)["shared_with"]) == ("7500", "a")
    filled = FILLED | {"code": "other", "stacking": "net_of", "stacked_on": "a", "period": "month"}
    assert client.post("/programmes/new/", filled).status_code == 302
    assert Version.objects.get(programme__code="other").policy["stacking"] == net_of("a")
    assert client.post("/programmes/new/", FILLED | {"shared_cap": "7500"}).status_code == 422
