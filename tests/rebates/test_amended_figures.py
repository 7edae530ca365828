"""An amendment names what it changes figure by figure: a band's rate, a bound that came, a cap, a budget."""

from __future__ import annotations

from typing import Any

import pytest
import time_machine
from django.utils import translation

from rebates.amended_figures import told
from rebates.amendments import PARTS, amendment
from rebates.models import Version
from rebates.policy import read_document, spelled_alike
from tests.rebates.test_back_test import text_of
from tests.rebates.test_sentence_says_all import CHANGES
from tests.rebates.world import apply, catalogue, policy

pytestmark = pytest.mark.django_db
BANDS = [{"from": 0, "rate": "2%"}, {"from": 50_000, "rate": "5%"}]
COLLECTION = {"kind": "collection", "steps": [{"days": 30, "factor": "100%"}, {"days": 60, "factor": "80%"}]}
# What is told in the words of the policy alone: lists of partners, products and regions, and what a set consists of.
IN_WORDS_ALONE = {
    "who.tiers", "who.types", "who.regions", "who.certificates", "who.partners", "mechanism.bundle.parts",
    "qualify.product_lines", "qualify.products", "pay.product_lines", "pay.products", "mechanism.formula.measures",
}  # fmt: skip


@pytest.fixture(autouse=True)
def november():
    with time_machine.travel("2026-11-20 04:00:00+00:00", tick=False):
        catalogue("routing", "security")
        yield


def figures(was: dict[str, Any], becomes: dict[str, Any]) -> list[str]:
    """What version 2 changes against version 1."""
    apply(policy(**was))
    apply(policy(**becomes) | {"from": "2026-09-01"})
    found = amendment(Version.objects.get(number=2))
    return [f"{part}: {said}" for part, said in found.figures]


def steady(*bands: dict[str, Any]) -> dict[str, Any]:
    return {"mechanism": {"kind": "retroactive", "bands": list(bands)}}


def test_a_changed_rate_is_told_with_its_band(finance, browse):
    assert figures(steady(*BANDS), steady(BANDS[0], {"from": 50_000, "rate": "6%"})) == [
        "Mechanism: rate from ¥50,000: 5% → 6%"
    ]
    page = text_of(browse(finance).get("/programmes/core/"))
    assert page.index("Mechanism: rate from ¥50,000: 5% → 6%") < page.index("Before ")
    with translation.override("zh-hans"):
        (pair,) = amendment(Version.objects.get(number=2)).figures
    assert "5% → 6%" in pair[1] and "起" in pair[1] and "from" not in pair[1]


def test_bands_that_come_and_go_are_told_by_their_bounds():
    assert figures(steady(*BANDS), steady(BANDS[0], {"from": 60_000, "rate": "5%"})) == [
        "Mechanism: added: rate from ¥60,000, 5%",
        "Mechanism: removed: rate from ¥50,000, 5%",
    ]


def test_fixed_sums_shares_and_units_are_told_as_such():
    sums = {"mechanism": {"kind": "lump_sum", "bands": [{"from": 10, "amount": 500}]}, "measure": "quantity"}
    more = sums | {"mechanism": {"kind": "lump_sum", "bands": [{"from": 10, "amount": "600.5"}]}}
    assert figures(sums, more) == ["Mechanism: amount from 10 units: ¥500 → ¥600.50"]


def test_another_mechanism_is_named_and_its_bands_are_not_compared():
    assert figures({"mechanism": {"kind": "flat", "rate": "2%"}}, steady(*BANDS)) == [
        "Mechanism: Flat: one rate on everything → Retroactive: the rate reached on everything"
    ]


def test_caps_factors_days_and_budgets_are_told_old_and_new():
    was = {
        "mechanism": {"kind": "flat", "rate": "2%"}, "factors": [COLLECTION], "minimum_payout": 50,
        "caps": [{"on": "payout", "amount": 900}], "budget": {"amount": 1000},
    }  # fmt: skip
    becomes = was | {
        "factors": [COLLECTION | {"steps": [{"days": 30, "factor": "100%"}, {"days": 60, "factor": "70%"}]}],
        "caps": [{"on": "payout", "amount": 800}], "budget": {"amount": 2000, "warn_at": [50]},
        "dispute_days": 10,
    }  # fmt: skip
    del becomes["minimum_payout"]
    assert figures(was, becomes) == [
        "Factors: paid within 60 days: 80% → 70%",
        "Caps: Cap on the payout: ¥900 → ¥800",
        "Minimum payout: ¥50 → not stated",
        "Days for disputes: 30 days → 10 days",
        "Budget: ¥1,000 → ¥2,000",
        "Budget: Warns at: 80%, 100% → 50%",
    ]


@pytest.mark.parametrize("place", sorted(CHANGES))
def test_each_part_of_a_policy_that_is_a_figure_or_a_choice_is_told_as_one(place):
    was, becomes = (
        spelled_alike(read_document({"schema": 1, "programmes": [policy(**entries)]})[0].policy)
        for entries in CHANGES[place]
    )
    said = [one for key in PARTS if was.get(key) != becomes.get(key) for one in told(key, was, becomes)]
    assert bool(said) != (place in IN_WORDS_ALONE), said


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_read_aloud_only_the_words_that_differ_are_marked(language):
    figures(steady(*BANDS), steady(BANDS[0], {"from": 50_000, "rate": "6%"}))
    with translation.override(language):
        found = amendment(Version.objects.get(number=2))
        before, after = found.read_aloud
        assert "".join(words for _differs, words in before) == found.was
        assert "".join(words for _differs, words in after) == found.becomes
    for pieces, expected in ((before, "5%"), (after, "6%")):
        (marked,) = [words for differs, words in pieces if differs]
        assert expected in marked and len(marked) < 8
