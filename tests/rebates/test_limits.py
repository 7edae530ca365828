"""What limits a programme's payout: refused where it makes no sense, explained, said in words, filled in by finance."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
import time_machine

from prm.values.periods import Period
from rebates import explanations, wording
from rebates.backtest import back_test
from rebates.models import Version
from rebates.policy import PolicyProblem, read_document
from rebates.programme_form import initial_of, is_editable
from tests.rebates.test_programme_editor import FILLED
from tests.rebates.world import BY, apply, only, policy, sell, settle

pytestmark = pytest.mark.django_db
GROWTH = {"kind": "growth", "on": "growth", "bands": [{"from": "20%", "rate": "3%"}]}
MIX = {"kind": "mix", "focus": ["routing"], "bands": [{"from": "30%", "rate": "1%"}]}
SETS = {"kind": "bundle", "amount": 5, "parts": [{"product_line": "routing", "quantity": 1}]}


@pytest.fixture
def november():
    with time_machine.travel("2026-11-20 04:00:00+00:00", tick=False):
        yield


def problems(**entries: Any) -> list[str]:
    with pytest.raises(PolicyProblem) as refused:
        read_document({"schema": 1, "programmes": [policy(**entries)]})
    return refused.value.problems


def steps(result: Any) -> list[tuple[int, str, Decimal | None]]:
    return [(step.number, step.title, step.value) for step in explanations.explain(result).steps]


def words(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", answer.content.decode()))


@pytest.mark.parametrize(
    ("caps", "more", "said"),
    [
        ([{"on": "payout", "amount": 0}], {}, "caps[0].amount: This must be above zero."),
        ([{"on": "payout", "amount": "9.999"}], {}, "caps[0].amount: A cap on the payout is an amount that can be"),
        ([{"on": "payout", "amount": 9, "of": "base"}], {}, "caps[0].of: Only a cap on the measure says this."),
        ([{"on": "measure", "amount": 9, "programmes": ["b"]}], {}, "caps[0].programmes: Only a cap on the payout is"),
        ([{"on": "payout", "amount": 9}] * 2, {}, "caps[1].on: A programme has at most one cap of each kind."),
        ([{"on": "measure", "amount": 9, "of": "base"}], {"mechanism": GROWTH}, "caps[0].of: Where only the part"),
        ([{"on": "measure", "amount": 9}], {"mechanism": MIX}, "caps[0].of: In a mix only what is paid on"),
        ([{"on": "measure", "amount": 9}], {"mechanism": SETS}, "caps[0].of: Complete sets are counted, not summed."),
        ([{"on": "measure", "amount": 9}], {"kind": "retroactive", "measure": "quantity"}, "caps[0].of: Units count"),
    ],
)  # fmt: skip
def test_a_cap_that_makes_no_sense_is_refused_at_its_place(caps, more, said):
    found = problems(caps=caps, **more)
    assert [one for one in found if said in one], found


def test_the_explanation_shows_what_the_caps_took_away(acme):
    caps = [{"on": "measure", "amount": 200_000}, {"on": "payout", "amount": 5_000}]
    apply(policy(kind="retroactive", caps=caps))
    sell(acme, 300_000)
    result = only(settle("2026-09"))
    assert (result.qualifier, result.base, result.earned) == (200_000, 200_000, Decimal("5000.00"))
    shown = steps(result)
    assert [step for step in shown if step[0] == 3] == [(3, "Qualifier", 300_000), (3, "Paid base", 300_000)]
    assert [step for step in shown if step[0] == 4] == [
        (4, "Qualifier, capped", 200_000), (4, "Paid base, capped", 200_000),
    ]  # fmt: skip
    assert [step[1:] for step in shown if step[0] in (6, 8, 9)] == [
        ("Rebate", 6_000), ("Cap on the payout", 5_000), ("Rounding", 5_000),
    ]  # fmt: skip


def test_at_the_cap_one_more_order_pays_nothing_and_no_band_is_near(acme):
    apply(policy(kind="retroactive", caps=[{"on": "measure", "amount": 90_000}]))
    sell(acme, 95_000)
    explained = explanations.explain(only(settle("2026-09")))
    assert explained.one_more == (10_000, Decimal("0.00"))
    assert explained.to_next_band is None


def test_the_sentence_names_the_caps():
    caps = [{"on": "payout", "amount": "5000"}, {"on": "measure", "amount": "200000", "of": "base"}]
    (text,) = read_document({"schema": 1, "programmes": [policy(caps=caps)]})
    said = wording.sentence(Version(policy=text.policy))
    assert "At most ¥200,000 are paid on. A partner is paid at most ¥5,000 a period. As usual:" in said


def test_finance_fills_in_caps_and_finds_them_again(finance, browse, november):
    client = browse(finance)
    filled = FILLED | {"measure_cap": "200,000", "measure_cap_of": "base", "payout_cap": "5000"}
    assert client.post("/programmes/new/", filled).status_code == 302
    draft = Version.objects.get()
    assert draft.policy["caps"] == [
        {"on": "measure", "amount": "200000", "of": "base"}, {"on": "payout", "amount": "5000"},
    ]  # fmt: skip
    assert is_editable(draft.policy)
    shown = initial_of(draft)
    assert (shown["measure_cap"], shown["measure_cap_of"], shown["payout_cap"]) == ("200000", "base", "5000")
    assert "At most ¥200,000 are paid on." in words(client.get("/programmes/core/"))


def test_a_cap_without_sense_is_said_at_its_field(finance, browse, november):
    answer = browse(finance).post("/programmes/new/", FILLED | {"payout_cap": "0"})
    assert answer.status_code == 422
    assert "Cap on the payout: This must be above zero." in words(answer)


def test_a_back_test_pays_no_more_than_the_cap(acme, november):
    (version,) = apply(policy(kind="retroactive", caps=[{"on": "payout", "amount": "5000"}]))
    sell(acme, 300_000)
    september = Period.parse("2026-09")
    found = back_test(versions=[version], first=september, last=september, by=BY)
    assert found.totals == [Decimal("5000.00")]
