# ruff: noqa: E501 (a row of a table stays one line)
"""Interval reasoning against trying: what is called impossible is met by no case, and what no case meets is found."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prm.approvals import reach
from prm.conditions import reading, rows
from prm.values import clock

AMOUNTS = ("100", "200", "300")
NUMBER_OPS = ("is", "is_not", "at_least", "more_than", "at_most", "less_than")
VERDICTS = ("clear", "review")

amounts = st.builds(
    lambda op, value: {"field": "estimated_value", "op": op, "value": value},
    st.sampled_from(NUMBER_OPS), st.sampled_from(AMOUNTS),
)  # fmt: skip
between = st.builds(
    lambda low, high: {"field": "estimated_value", "op": "between", "value": {"from": min(low, high), "to": max(low, high)}},
    st.sampled_from(AMOUNTS), st.sampled_from(AMOUNTS),
)  # fmt: skip
texts = st.builds(
    lambda op, value: {"field": "region", "op": op, "value": value},
    st.sampled_from(("is", "is_not")), st.sampled_from(("East", "West")),
)  # fmt: skip
presence = st.builds(
    lambda field, op: {"field": field, "op": op},
    st.sampled_from(("estimated_value", "region")), st.sampled_from(("empty", "not_empty")),
)  # fmt: skip
conditions = st.recursive(
    st.one_of(amounts, between, texts, presence),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"all": parts}),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"any": parts}),
        inner.map(lambda part: {"not": part}),
    ),
    max_leaves=6,
)
# Every kind of case that these conditions can tell apart: on, between and beyond their amounts, and without a value.
CASES = [
    {"estimated_value": value, "currency": currency, "region": region}
    for value in (None, *map(Decimal, ("50", "100", "150", "200", "250", "300", "350")))
    for currency in ("CNY", "EUR")
    for region in ("", "East", "West", "North")
]


@pytest.fixture(autouse=True)
def _in_a_tenant(db: None) -> None:
    """Amounts are in the tenant's currency."""


def read(*said: dict[str, Any]) -> list[Any]:
    return [reading.read(one, "deal") for one in said]


def met_by_some_case(nodes: list[Any]) -> bool:
    today = clock.today()
    return any(all(rows.true_of(node, case, today) for node in nodes) for case in CASES)


@given(st.lists(conditions, min_size=1, max_size=3))
def test_impossible_means_that_no_case_meets_them_and_the_other_way_round(said):
    nodes = read(*said)
    assert reach.impossible(nodes) is not met_by_some_case(nodes)


@given(conditions, st.lists(conditions, max_size=2))
def test_implied_means_that_every_case_that_comes_in_meets_it(condition, given_ones):
    node, incoming = read(condition)[0], read(*given_ones)
    today = clock.today()
    coming = [case for case in CASES if all(rows.true_of(one, case, today) for one in incoming)]
    assert reach.implied(node, incoming) is all(rows.true_of(node, case, today) for case in coming)


def test_an_amount_has_one_currency():
    here = {"field": "estimated_value", "op": "more_than", "value": "300"}
    there = {"field": "estimated_value", "op": "less_than", "value": "200", "currency": "EUR"}
    assert reach.impossible(read(here, there))
    assert not reach.impossible(read({"not": here}, there))
    assert not reach.impossible(
        read({"not": here}, {"not": there}, {"field": "estimated_value", "op": "not_empty"})
    )


def test_what_is_too_large_to_reason_about_counts_as_possible():
    words = [
        {"any": [{"field": "note", "op": "contains", "value": f"{group} {n}"} for n in range(30)]}
        for group in "abc"
    ]
    impossible = {"all": [{"not": {"any": words}}, words[0]]}
    assert reach.impossible(read(impossible))
    assert not reach.impossible(read({"any": [{"all": words}, {"all": words}]}, {"not": {"all": words}}))


@pytest.mark.parametrize(
    ("said", "bounded"),
    [
        ([{"field": "estimated_value", "op": "less_than", "value": "9"}], True),
        ([{"any": [{"field": "estimated_value", "op": "is", "value": "1"}, {"field": "estimated_value", "op": "at_most", "value": "9"}]}], True),
        ([{"any": [{"field": "estimated_value", "op": "is", "value": "1"}, {"field": "region", "op": "is", "value": "East"}]}], False),
        ([{"not": {"field": "estimated_value", "op": "less_than", "value": "9"}}], False),
        ([{"not": {"field": "estimated_value", "op": "more_than", "value": "9"}}], False),  # no value at all fits too
        ([], False),
    ],
)  # fmt: skip
def test_a_highest_amount_is_known_or_not(said, bounded):
    assert reach.bounded_above(["estimated_value"], read(*said)) is bounded
