"""Computed fields: exact decimals, dates, and nothing that was not declared."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prm.customfields import expressions
from prm.customfields.expressions import (
    BadExpression,
    BracketOpen,
    DividesByZero,
    EndsTooEarly,
    ExpressionTooLong,
    UnknownName,
    WrongKind,
    refuse_division_by_zero,
)

KINDS = {"value": "number", "users": "number", "margin": "number", "starts": "date", "ends": "date"}
VALUES = {
    "value": Decimal("120000.10"), "users": Decimal(120), "margin": Decimal("7.5"), "starts": date(2026, 11, 1),
    "ends": date(2026, 12, 2),
}  # fmt: skip


def result(text, values=VALUES, places=2):
    return expressions.result_of(expressions.parse(text, KINDS), values, places=places, label="x")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("1 + 2 * 3", "7.00"),
        ("(1 + 2) × 3", "9.00"),
        ("10 ÷ 4 − 1", "1.50"),
        ("0.1 + 0.2", "0.30"),
        ("1 / 3 * 3", "1.00"),
        ("value * margin / 100", "9000.01"),
        ("-users + 1", "-119.00"),
        ("0 - 0.505", "-0.51"),
        ("if(users > 100, users * 12, users * 15)", "1440.00"),
        ("if(users ≤ 100 or not users = 120, 1, 2)", "2.00"),
        ("min(users, 3, 7)", "3.00"),
        ("max(1, users)", "120.00"),
        ("round(2 / 3, 1)", "0.70"),
        ("round(2.5)", "3.00"),
        ("ends - starts", "31.00"),
    ],
)
def test_arithmetic_is_exact_and_rounded_once(text, found):
    assert str(result(text)) == found


def test_a_date_and_days_make_a_date():
    assert result("starts + 30") == date(2026, 12, 1)
    assert result("if(ends > starts, ends - 1, starts)") == date(2026, 12, 1)


@pytest.mark.parametrize("text", ["users + 1", "value / users", "max(users, 1)", "if(users > 1, 1, 2)"])
def test_an_empty_operand_makes_the_result_empty(text):
    assert result(text, {**VALUES, "users": None}) is None


def test_what_stands_for_an_empty_one_can_be_said():
    assert result("value(users, 5) * 2", {"users": None}) == Decimal("10.00")


def test_a_division_by_zero_is_empty():
    assert result("value / (users - 120)") is None


@pytest.mark.parametrize(
    ("text", "divisor"),
    [
        ("value / 0", "0"),
        ("value ÷ (2 − 2)", "(2 - 2)"),
        ("1 + min(value / -0, 3)", "-0"),
        ("value / (users * 0)", "(users * 0)"),
        ("value / (users - users)", "(users - users)"),
        ("value / round(0.4)", "round(0.4)"),
        ("value / if(1 = 1 or users > 3, 0, 7)", "if(((1 = 1) or (users > 3)), 0, 7)"),
        ("value / if(users > 1, 0, 0)", "if((users > 1), 0, 0)"),
        ("if(users > 100, value / (0 / users), 1)", "(0 / users)"),
        ("value / value(0 * users, 0)", "value((0 * users), 0)"),
    ],
)
def test_a_divisor_that_is_always_zero_is_refused_by_name(text, divisor):
    with pytest.raises(DividesByZero) as refused:
        refuse_division_by_zero(expressions.parse(text, KINDS))
    assert f"“{divisor}” is always zero" in refused.value.text


@pytest.mark.parametrize(
    "text",
    [
        "value / 2",
        "value / users",
        "value / (users - margin)",
        "value / value(users, 0)",
        "value / if(users > 1, 0, 1)",
        "value / if(1 = 2 and users > 3, 0, 7)",
        "0 / users",
        "value / (users * 2 - 0)",
    ],
)
def test_a_divisor_that_may_be_something_else_is_not(text):
    refuse_division_by_zero(expressions.parse(text, KINDS))


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", BadExpression),
        ("1 +", EndsTooEarly),
        ("(1", BracketOpen),
        ("round(users, 2", BracketOpen),
        ("1 2", BadExpression),
        ("users.__class__", BadExpression),
        ("__import__", UnknownName),
        ("open(1)", UnknownName),
        ("salary * 2", UnknownName),
        ("users[0]", BadExpression),
        ("'text'", BadExpression),
        ("users ** 2", BadExpression),
        ("starts * 2", WrongKind),
        ("starts + ends", WrongKind),
        ("users > 1", WrongKind),
        ("if(users, 1, 2)", WrongKind),
        ("if(users > 1, 1, starts)", WrongKind),
        ("min(users, starts)", WrongKind),
        ("round(users, 99)", WrongKind),
        ("if(1 = 1, 1)", BadExpression),
        ("(" * 60 + "1" + ")" * 60, ExpressionTooLong),
        ("1+" * 400 + "1", ExpressionTooLong),
    ],
)
def test_everything_else_is_refused_by_name(text, error):
    with pytest.raises(error) as refused:
        expressions.parse(text, KINDS)
    assert refused.value.text


def test_a_result_that_no_column_holds_is_refused():
    with pytest.raises(expressions.ResultTooLarge):
        result("value * value * value * value")


@given(
    a=st.decimals(-(10**6), 10**6, places=4),
    b=st.decimals(-(10**6), 10**6, places=4),
    c=st.integers(1, 10**4),
)
def test_the_result_is_the_exact_one_rounded(a, b, c):
    found = result("(value - users) * 3 / margin", {"value": a, "users": b, "margin": Decimal(c)})
    exact = (Fraction(a) - Fraction(b)) * 3 / c
    assert abs(Fraction(found) - exact) <= Fraction(1, 200)
