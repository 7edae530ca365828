"""Why a row is bad, in the reader's language. A problem stores its code and values; the sentence is made here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from prm.ui import said

_reasons: dict[str, Any] = {}


def register(**sentences: Any) -> None:
    """Name reasons: code=_("A sentence with %(names)s.")."""
    _reasons.update(sentences)


def why(problem: dict[str, Any], labels: Mapping[str, str] | None = None) -> str:
    """The sentence of a problem, `{"code", "values", ...}`, in the reader's language.

    `labels` are what the reader calls the columns; a problem that names columns under `fields` says those.
    """
    values = {name: said.shown(value) for name, value in problem.get("values", {}).items()}
    if labels and "fields" in values:
        values["fields"] = ", ".join(labels.get(name, name) for name in values["fields"].split(", "))
    sentence = _reasons.get(problem["code"])
    return str(values.get("text", problem["code"])) if sentence is None else str(sentence) % values


register(
    missing=_("The cell is empty. It needs a value."),
    too_long=_("Longer than %(most)s characters."),
    control_character=_("The cell holds a control character."),
    not_a_number=_("Not a number. Write digits, such as 12400.50."),
    letter_for_digit=_("Not a number: the letter %(letter)s stands where a digit belongs."),
    too_many_decimals=_("More than %(most)s decimals."),
    too_large=_("The number is too large."),
    below_zero=_("Below zero."),
    not_a_day=_("Not a day. Write 2026-10-31."),
    ambiguous_day=_("Day and month could be swapped. Write 2026-10-31."),
    day_out_of_range=_("The day is too far away: between %(first)s and %(last)s."),
    not_a_choice=_("Not one of: %(choices)s."),
    not_a_currency=_("Not an ISO currency code such as CNY."),
    not_an_email=_("Not an e-mail address."),
    not_yes_or_no=_("Write yes or no."),
    key_twice=_("The same key stands in row %(row)s. Each row needs its own."),
    too_few_cells=_("The row has fewer cells than the heading."),
    too_many_cells=_(
        "The row has more cells than the heading: a separator stands inside a value without quotes."
    ),
    refused=_("%(text)s"),
)
register(not_a_rate=_("Not a rate from 0 to below 1. Write 0.13 or 13%."))
