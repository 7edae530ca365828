"""A factor by a measure: which share of a figure counts follows from a score or another figure."""

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
from tests.rebates.measured import FIGURES, registered
from tests.rebates.test_collection import pays
from tests.rebates.test_programme_editor import FILLED
from tests.rebates.test_recompute_kit import unpacked, verify
from tests.rebates.world import BY, adjustments, apply, only, policy, results, sell, settle

pytestmark = pytest.mark.django_db
FLAT = {"kind": "flat", "rate": "10%"}
BANDS = [{"from": 60, "factor": "60%"}, {"from": 80, "factor": "80%"}, {"from": 100, "factor": "100%"}]


@pytest.fixture(autouse=True)
def figures():
    with registered():
        yield FIGURES


def scored(code: str = "core", *, bands: Any = None, more: Any = (), **entries: Any) -> dict[str, Any]:
    factor = {"kind": "measure", "code": "tests.score", "bands": BANDS if bands is None else bands}
    return policy(code, mechanism=entries.pop("mechanism", FLAT), factors=[factor, *more], **entries)


@pytest.mark.parametrize(
    ("score", "rebate"),
    [
        ("80", "80.00"),
        ("79.99", "60.00"),
        ("60", "60.00"),
        ("59.9", "0.00"),
        ("250", "100.00"),
        (None, "0.00"),
    ],
)
def test_what_1000_at_10_percent_pays_at_a_score(acme, figures, score, rebate):
    figures["tests.score"] = {acme.row.pk: score} if score else {}
    apply(scored())
    sell(acme, 1000)
    assert only(settle("2026-09")).earned == Decimal(rebate)


def test_a_negative_figure_stays_gates_come_before_and_caps_after_it(acme, figures):
    figures["tests.score"] = {acme.row.pk: "80"}
    gate = {"kind": "score", "code": "tests.score", "at_least": 81}
    apply(scored("a"), scored("b", gates=[gate]), scored("c", caps=[{"on": "payout", "amount": 70}]))
    sell(acme, -1000, "2026-08-02")
    assert {row.earned for row in results(settle("2026-08"))} == {Decimal("-100.00")}
    sell(acme, 1000)
    found = {row.programme.code: row.earned for row in results(settle("2026-09"))}
    assert found == {"a": Decimal("80.00"), "b": Decimal("0.00"), "c": Decimal("70.00")}


def test_two_factors_and_days_to_receipt_multiply(acme, figures):
    figures["tests.score"] = {acme.row.pk: "80"}
    figures["tests.routing"] = {acme.row.pk: "2"}
    bands = [{"from": 1, "factor": "50%"}, {"from": 2, "factor": "125%"}]
    other = {"kind": "measure", "code": "tests.routing", "bands": bands}
    collection = {"kind": "collection", "steps": [{"days": 30, "factor": "90%"}]}
    apply(scored("two", more=[other]), scored("all", more=[other, collection]))
    sell(acme, 1000, "2026-09-01", document="INV-1")
    pays(acme, "INV-1", 1130, "2026-09-02")
    found = {row.programme.code: row.earned for row in results(settle("2026-09"))}
    assert found == {"two": Decimal("100.00"), "all": Decimal("90.00")}


def test_the_close_freezes_it_and_open_periods_and_back_tests_read_it(acme, figures):
    figures["tests.score"] = {acme.row.pk: "80"}
    apply(scored())
    sell(acme, 1000)
    month = Period.parse("2026-09")
    assert [row.amount for row in accruals(by=BY, period=month)] == [Decimal("80.00")]
    settle("2026-09")
    figures["tests.score"] = {acme.row.pk: "100"}
    tried = back_test(versions=[Version.objects.get()], first=month, last=month, by=BY)
    assert tried.totals == [Decimal("100.00")]
    sell(acme, 100, "2026-09-30")
    assert [row.adjusted for row in adjustments(settle("2026-10"))] == [Decimal("8.00")]


def test_the_explanation_and_the_sentence_say_it(acme, figures):
    figures["tests.score"] = {acme.row.pk: "80"}
    apply(scored())
    sell(acme, 1000)
    said = explanations.explain(only(settle("2026-09")))
    (step,) = [step for step in said.steps if step.number == 7]
    assert (step.title, step.text, step.value) == ("Factor", "Score: 80, so 80% counts", Decimal("80"))
    assert said.one_more is None
    words = (
        "How much of the rebate counts goes by score in the period: 60% from 60, 80% from 80, 100% from 100,"
        " below nothing."
    )
    assert words in wording.sentence(Version.objects.get())
    assert "kind: measure" in as_yaml(Version.objects.get().programme)


def test_the_kit_recomputes_it(acme, figures, tmp_path):
    figures["tests.score"] = {acme.row.pk: "80"}
    apply(scored())
    sell(acme, 1000)
    settle("2026-09")
    folder = unpacked(Statement.objects.for_everyone(because="a test").get(), tmp_path)
    said = verify(folder)
    assert said.returncode == 0, said.stdout + said.stderr
    text = (folder / "kit.json").read_text()
    (folder / "kit.json").write_text(text.replace('"tests.score": "80', '"tests.score": "70'))
    assert verify(folder).returncode == 1


def test_programmes_with_such_factors_may_share_a_cap(acme, figures):
    figures["tests.score"] = {acme.row.pk: "80"}
    apply(
        policy("a", mechanism=FLAT), scored("b", caps=[{"on": "payout", "amount": 90, "programmes": ["a"]}])
    )
    sell(acme, 1000)
    found = {row.programme.code: row.earned for row in results(settle("2026-09"))}
    assert found == {"a": Decimal("50.00"), "b": Decimal("40.00")}


@pytest.mark.parametrize(
    ("factor", "said"),
    [
        ({"bands": BANDS}, "factors[0].code: Say by which figure the factor goes."),
        ({"code": "tests.score"}, "factors[0].bands: Say from which figure on which share counts."),
        ({"code": "tests.score", "bands": BANDS[::-1]}, "bands[1].from: Lower bounds must rise from band to band."),
        ({"code": "tests.score", "bands": [{"from": 1, "factor": "-1%"}]}, "A share is not below zero."),
    ],
)  # fmt: skip
def test_a_factor_that_makes_no_sense_is_refused_at_its_place(factor, said):
    entry = policy(mechanism=FLAT, factors=[{"kind": "measure", **factor}])
    with pytest.raises(PolicyProblem) as refused:
        read_document({"schema": 1, "programmes": [entry]})
    assert [one for one in refused.value.problems if said in one], refused.value.problems


def test_an_unknown_figure_is_refused():
    factor = {"kind": "measure", "code": "no.such", "bands": BANDS}
    with pytest.raises(PolicyProblem, match=r"nothing called no\.such can be asked for"):
        apply(policy(mechanism=FLAT, factors=[factor]))


def test_finance_fills_it_in_and_takes_it_away_again(finance, browse):
    typed = {
        "factor_measure": "tests.score", "factor_from_0": "60", "factor_share_0": "60", "factor_from_2": "80",
        "factor_share_2": "87.5",
    }  # fmt: skip
    with time_machine.travel("2026-11-20 04:00:00+00:00", tick=False):
        client = browse(finance)
        answer = client.post("/programmes/new/", FILLED | typed)
        assert answer.status_code == 302, answer.content.decode()
        version = Version.objects.get()
        bands = [{"from": "60", "factor": "0.6"}, {"from": "80", "factor": "0.875"}]
        assert version.policy["factors"] == [{"kind": "measure", "code": "tests.score", "bands": bands}]
        assert is_editable(version.policy)
        assert (initial_of(version)["factor_from_1"], initial_of(version)["factor_share_1"]) == ("80", "87.5")
        answer = client.post("/programmes/core/amend/", FILLED | typed | {"factor_from_2": "10"})
        assert "Lower bounds must rise from band to band." in answer.content.decode()
        assert client.post("/programmes/core/amend/", FILLED).status_code == 302
    assert "factors" not in Version.objects.get().policy
