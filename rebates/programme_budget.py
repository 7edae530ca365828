"""The part of the programme's form about its budget, and how it becomes the policy's text and back."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from prm.ui.forms import AmountField
from rebates.budgets import LEVELS
from rebates.programme_details import Missing

PER = [("period", _("For each period")), ("year", _("For the calendar year"))]


class BudgetFields(forms.Form):
    budget = AmountField(
        label=_("Budget"),
        required=False,
        min_value=Decimal(0),
        help_text=_(
            "What all partners together may cost. It warns, it does not cut anybody's rebate. Empty: none."
        ),
    )
    budget_per = forms.ChoiceField(label=_("The budget is"), choices=PER, required=False, initial="period")
    budget_levels = forms.CharField(
        label=_("Warn at, % of the budget"), required=False, max_length=40, initial=", ".join(map(str, LEVELS)),
        help_text=_("Whole numbers with commas between."),
    )  # fmt: skip

    @property
    def budgeting(self) -> list[Any]:
        return [self[name] for name in ("budget", "budget_per", "budget_levels")]


def budget_of(values: dict[str, Any]) -> dict[str, Any]:
    """The policy's budget as typed, {} without one. Raises Missing."""
    if values["budget"] is None:
        return {}
    found: dict[str, Any] = {"amount": f"{values['budget']:f}"}
    if values["budget_per"] == "year":
        found["per"] = "year"
    levels = _levels(values["budget_levels"])
    return found | ({} if levels == list(LEVELS) else {"warn_at": levels})


def _levels(text: str) -> list[int]:
    parts = [part.strip().removesuffix("%").strip() for part in text.replace("，", ",").split(",")]
    typed = [part for part in parts if part]
    if not all(part.isdecimal() and 0 < int(part) <= 500 for part in typed) or len(typed) > 5:
        raise Missing("budget_levels", gettext("Write up to five whole numbers from 1 to 500."))
    return sorted({int(part) for part in typed}) or list(LEVELS)


def initial_budget(policy: dict[str, Any]) -> dict[str, Any]:
    rules = policy.get("budget", {})
    return {
        "budget": rules.get("amount"),
        "budget_per": rules.get("per", "period"),
        "budget_levels": ", ".join(map(str, rules.get("warn_at", LEVELS))),
    }
