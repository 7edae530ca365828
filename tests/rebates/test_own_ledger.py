"""A partner's ledger beside ours: documents meet, then products, then amounts; nothing is lost, order says nothing."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as some

from rebates.own_ledger import Line, match

DAY = date(2026, 9, 15)


def line(
    key: int, document: str, product: str, amount: object, quantity: object = 1, day: date = DAY
) -> Line:
    number = None if quantity is None else Decimal(str(quantity))
    return Line(key, document, day, product, number, Decimal(str(amount)))


def told(found) -> dict[str, list]:
    return {
        "agree": [one.key for one in found.agreed],
        "differ": [(pair.ours.key, pair.theirs.key, pair.difference) for pair in found.differ],
        "ours": [one.key for one in found.only_ours],
        "theirs": [one.key for one in found.only_theirs],
    }


@pytest.mark.parametrize(
    ("why", "ours", "theirs", "answer"),
    [
        ("the same line", [line(1, "A", "x", 10)], [line(1, "a ", "X", "10.00")], {"agree": [1]}),
        ("another amount", [line(1, "A", "x", 10)], [line(1, "A", "x", 12)], {"differ": [(1, 1, 2)]}),
        ("another quantity", [line(1, "A", "x", 10)], [line(1, "A", "x", 10, 2)], {"differ": [(1, 1, 0)]}),
        ("no quantity to compare", [line(1, "A", "x", 10)], [line(1, "A", "x", 10, None)], {"agree": [1]}),
        ("another document", [line(1, "A", "x", 10)], [line(1, "B", "x", 10)], {"ours": [1], "theirs": [1]}),
        ("the partner's own product codes", [line(1, "A", "x", 10)], [line(1, "A", "own-7", 10)], {"agree": [1]}),
        ("no product", [line(1, "A", "x", 10)], [line(1, "A", "", 11)], {"differ": [(1, 1, 1)]}),
        ("other products", [line(1, "A", "x", 10)], [line(1, "A", "y", 11)], {"ours": [1], "theirs": [1]}),
        (
            "the same amount before the largest",
            [line(1, "A", "x", 10), line(2, "A", "x", 20)],
            [line(1, "A", "x", 30), line(2, "A", "x", 10)],
            {"agree": [1], "differ": [(2, 1, 10)]},
        ),
        (
            "one line for several",
            [line(1, "A", "x", 10), line(2, "A", "y", 20)],
            [line(1, "A", "", 30)],
            {"agree": [2, 1]},
        ),
        (
            "a line booked twice",
            [line(1, "A", "x", 10)],
            [line(1, "A", "x", 10), line(2, "A", "x", 10)],
            {"agree": [1], "theirs": [2]},
        ),
        ("a return", [line(1, "A", "x", -10, -1)], [line(1, "A", "x", -15, -1)], {"differ": [(1, 1, -5)]}),
    ],
)  # fmt: skip
def test_lines_meet(why, ours, theirs, answer):
    nothing = {"agree": [], "differ": [], "ours": [], "theirs": []}
    assert told(match(ours, theirs)) == nothing | answer, why


SIDE = some.lists(
    some.tuples(
        some.sampled_from("AB"),
        some.sampled_from(["x", "y", ""]),
        some.integers(-3, 5),
        some.sampled_from([1, 2, None]),
    ),
    max_size=8,
)


def numbered(rows, *, whole: bool) -> list[Line]:
    return [
        line(
            key,
            document,
            product or ("x" if whole else ""),
            amount,
            1 if whole and quantity is None else quantity,
        )
        for key, (document, product, amount, quantity) in enumerate(rows, start=1)
    ]


@given(SIDE, SIDE, some.randoms(use_true_random=False))
def test_nothing_is_lost_and_the_order_of_rows_says_nothing(ours, theirs, chance):
    own, other = numbered(ours, whole=True), numbered(theirs, whole=False)
    found = match(own, other)
    assert found.difference == sum(one.amount for one in other) - sum(one.amount for one in own)
    stand = [*found.agreed, *(pair.ours for pair in found.differ), *found.only_ours]
    assert sorted(one.key for one in stand) == [one.key for one in own]
    theirs_stand = [pair.theirs.key for pair in found.differ] + [one.key for one in found.only_theirs]
    assert len(theirs_stand) == len(set(theirs_stand)) and set(theirs_stand) <= {one.key for one in other}
    chance.shuffle(own)
    chance.shuffle(other)
    assert told(match(own, other)) == told(found)


@given(SIDE)
def test_a_ledger_agrees_with_itself(rows):
    own = numbered(rows, whole=True)
    assert match(own, own).is_same


# Days

OCTOBER, NEXT_DAY = date(2026, 10, 2), date(2026, 9, 16)


def test_a_line_that_the_partner_has_in_another_month_differs_though_its_money_is_the_same():
    found = match([line(1, "A", "x", 10)], [line(1, "A", "x", 10, day=OCTOBER)])
    assert told(found) == {"agree": [], "differ": [(1, 1, 0)], "ours": [], "theirs": []}
    assert found.differ[0].is_moved and not found.shifted and not found.is_same


def test_on_another_day_of_the_same_period_it_agrees_and_is_named():
    found = match([line(1, "A", "x", 10)], [line(1, "A", "x", 10, day=NEXT_DAY)])
    assert told(found)["agree"] == [1] and found.is_same
    assert [(one.ours.day, one.theirs.day) for one in found.shifted] == [(DAY, NEXT_DAY)]


def test_what_is_one_period_is_said_by_who_asks():
    quarter = (date(2026, 7, 1), date(2026, 10, 1))
    spans = [quarter, (date(2026, 10, 1), date(2027, 1, 1))]
    july, november = date(2026, 7, 3), date(2026, 11, 3)
    assert match([line(1, "A", "x", 10)], [line(1, "A", "x", 10, day=july)], spans).is_same
    assert not match([line(1, "A", "x", 10, day=OCTOBER)], [line(1, "A", "x", 10)], spans).is_same
    assert match([line(1, "A", "x", 10, day=OCTOBER)], [line(1, "A", "x", 10, day=november)], spans).is_same


def test_equal_lines_meet_by_their_day_first():
    ours = [line(1, "A", "x", 10), line(2, "A", "x", 10, day=OCTOBER)]
    theirs = [line(1, "A", "x", 10, day=OCTOBER), line(2, "A", "x", 10)]
    found = match(ours, theirs)
    assert found.is_same and not found.shifted


def test_a_document_of_two_months_does_not_agree_by_its_sum_alone():
    ours = [line(1, "A", "x", 10), line(2, "A", "y", 20)]
    assert told(match(ours, [line(1, "A", "", 30, day=OCTOBER)]))["ours"] == [2, 1]
