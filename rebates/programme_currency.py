"""The part of the programme's form about currencies, and how it becomes the policy's text and back."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

EXCHANGE = [
    ("none", _("Are not counted")),
    ("booking_date", _("Count at the rate of their booking date")),
    ("period_end", _("Count at the rate of the period's last day")),
]
FIELDS = ("exchange", "payout_currency")


class CurrencyFields(forms.Form):
    exchange = forms.ChoiceField(
        label=_("Sales in other currencies"), choices=EXCHANGE, required=False, initial="none"
    )
    payout_currency = forms.CharField(
        label=_("Paid in"), min_length=3, max_length=3, required=False,
        help_text=_("Three letters, such as EUR, at the rate of the period's last day. Empty: as it is measured."),
    )  # fmt: skip

    def clean_payout_currency(self) -> str:
        return str(self.cleaned_data["payout_currency"]).upper()

    @property
    def about_currencies(self) -> list[Any]:
        return [self[name] for name in FIELDS]


def currencies_of(values: dict[str, Any], currency: str) -> dict[str, str]:
    """The policy's currencies as typed."""
    paid_in = values["payout_currency"]
    return {
        "exchange": "" if values["exchange"] in ("", "none") else values["exchange"],
        "payout_currency": "" if paid_in == currency else paid_in,
    }


def initial_currencies(policy: dict[str, Any]) -> dict[str, str]:
    return {
        "exchange": policy.get("exchange", "none"),
        "payout_currency": policy.get("payout_currency", ""),
    }
