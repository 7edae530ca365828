"""Operators by type of field: one table. docs/reference/conditions.md prints it, and the tests read both.

An operator says what stands to its right (`takes`), how the builder calls it (`label`), how the sentence reads
(`words`, with %(field)s and %(value)s), and of which other operator it is the exact opposite (`negates`).

takes     value      one value                    list     one value or more
          two        {"from": …, "to": …}         span     {"count": 30, "unit": "day"}
          window     "this_month", "last_quarter" nothing  no value
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Operator:
    code: str
    takes: str
    label: Any
    words: Any
    negates: str = ""

    @property
    def is_negative(self) -> bool:
        return bool(self.negates)


def _table(*operators: Operator) -> dict[str, Operator]:
    return {operator.code: operator for operator in operators}


_EMPTY = (
    Operator("empty", "nothing", _("is empty"), _("%(field)s is empty")),
    Operator("not_empty", "nothing", _("is filled in"), _("%(field)s is filled in"), "empty"),
)
_ONE = (
    Operator("is", "value", _("is"), _("%(field)s is %(value)s")),
    Operator("is_not", "value", _("is not"), _("%(field)s is not %(value)s"), "is"),
    Operator("one_of", "list", _("is one of"), _("%(field)s is one of %(value)s")),
    Operator("none_of", "list", _("is none of"), _("%(field)s is none of %(value)s"), "one_of"),
)
_TEXT = (
    Operator("is", "value", _("is exactly"), _("%(field)s is exactly %(value)s")),
    Operator("is_not", "value", _("is not exactly"), _("%(field)s is not exactly %(value)s"), "is"),
    Operator("one_of", "list", _("is one of"), _("%(field)s is one of %(value)s")),
    Operator("none_of", "list", _("is none of"), _("%(field)s is none of %(value)s"), "one_of"),
    Operator("contains", "value", _("contains"), _("%(field)s contains %(value)s")),
    Operator(
        "not_contains", "value", _("does not contain"), _("%(field)s does not contain %(value)s"), "contains"
    ),
    Operator("starts_with", "value", _("begins with"), _("%(field)s begins with %(value)s")),
    Operator("ends_with", "value", _("ends with"), _("%(field)s ends with %(value)s")),
)
_NUMBER = (
    Operator("is", "value", _("is"), _("%(field)s is %(value)s")),
    Operator("is_not", "value", _("is not"), _("%(field)s is not %(value)s"), "is"),
    Operator("at_least", "value", _("is at least"), _("%(field)s is at least %(value)s")),
    Operator("more_than", "value", _("is more than"), _("%(field)s is more than %(value)s")),
    Operator("at_most", "value", _("is at most"), _("%(field)s is at most %(value)s")),
    Operator("less_than", "value", _("is less than"), _("%(field)s is less than %(value)s")),
    Operator("between", "two", _("is between"), _("%(field)s is between %(value)s")),
)
_DATE = (
    Operator("is", "value", _("is on"), _("%(field)s is on %(value)s")),
    Operator("before", "value", _("is before"), _("%(field)s is before %(value)s")),
    Operator("on_or_before", "value", _("is on or before"), _("%(field)s is on or before %(value)s")),
    Operator("after", "value", _("is after"), _("%(field)s is after %(value)s")),
    Operator("on_or_after", "value", _("is on or after"), _("%(field)s is on or after %(value)s")),
    Operator("between", "two", _("is between"), _("%(field)s is between %(value)s")),
    Operator("in_next", "span", _("is in the next"), _("%(field)s is in the next %(value)s")),
    Operator("in_last", "span", _("is in the last"), _("%(field)s is in the last %(value)s")),
    Operator("older_than", "span", _("is older than"), _("%(field)s is older than %(value)s")),
    Operator(
        "further_than", "span", _("is further ahead than"), _("%(field)s is further ahead than %(value)s")
    ),
    Operator("within", "window", _("is in"), _("%(field)s is in %(value)s")),
)
_MANY = (
    Operator("any_of", "list", _("any of"), _("%(field)s: any of %(value)s")),
    Operator("all_of", "list", _("all of"), _("%(field)s: all of %(value)s")),
    Operator("none_of", "list", _("none of"), _("%(field)s: none of %(value)s"), "any_of"),
)

BY_TYPE: dict[str, dict[str, Operator]] = {
    "text": _table(*_TEXT, *_EMPTY),
    "number": _table(*_NUMBER, *_EMPTY),
    "money": _table(*_NUMBER, *_EMPTY),
    "date": _table(*_DATE, *_EMPTY),
    "moment": _table(*_DATE, *_EMPTY),
    "choice": _table(*_ONE, *_EMPTY),
    "reference": _table(*_ONE, *_EMPTY),
    "many": _table(*_MANY, *_EMPTY),
    "yes_no": _table(Operator("is", "value", _("is"), _("%(field)s is %(value)s")), *_EMPTY),
    "measure": _table(*_NUMBER),
}

WINDOWS: dict[str, tuple[int, str, Any]] = {
    "this_week": (0, "week", _("this week")),
    "this_month": (0, "month", _("this month")),
    "this_quarter": (0, "quarter", _("this quarter")),
    "this_year": (0, "year", _("this year")),
    "last_week": (-1, "week", _("last week")),
    "last_month": (-1, "month", _("last month")),
    "last_quarter": (-1, "quarter", _("last quarter")),
    "last_year": (-1, "year", _("last year")),
    "next_week": (1, "week", _("next week")),
    "next_month": (1, "month", _("next month")),
    "next_quarter": (1, "quarter", _("next quarter")),
    "next_year": (1, "year", _("next year")),
}
