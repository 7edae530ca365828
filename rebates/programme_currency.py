"""The part of the programme's form about currencies, and how it becomes the policy's text and back."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from prm.ui.forms import RateField
from prm.values.money import is_known_currency

EXCHANGE = [
    ("none", _("Are not counted")),
    ("booking_date", _("Count at the rate of their booking date")),
    ("period_end", _("Count at the rate of the period's last day")),
]
BASES = [("net", _("Net amounts")), ("gross", _("Gross amounts, tax taken out"))]
FIELDS = ("currency", "amount_basis", "tax_rate", "exchange", "payout_currency")


class CurrencyFields(forms.Form):
    base_currency: str
    currency_fixed: bool = False

    currency = forms.CharField(
        label=_("Measured in"), min_length=3, max_length=3, required=False,
        help_text=_("Three letters, such as EUR. All amounts of the policy are read in it, but the minimum payout."),
    )  # fmt: skip
    amount_basis = forms.ChoiceField(
        label=_("Which amounts count"), choices=BASES, required=False, initial="net",
        help_text=_("A line without a gross amount counts with its net one."),
    )  # fmt: skip
    tax_rate = RateField(
        label=_("Tax taken out, %"), required=False, decimal_places=4, min_value=Decimal(0), max_value=Decimal(100),
        help_text=_("Only for gross amounts. Empty: each line's own tax rate."),
    )  # fmt: skip
    exchange = forms.ChoiceField(
        label=_("Sales in other currencies"), choices=EXCHANGE, required=False, initial="none"
    )
    payout_currency = forms.CharField(
        label=_("Paid in"), min_length=3, max_length=3, required=False,
        help_text=_("Three letters, such as EUR, at the rate of the period's last day. Empty: as it is measured."),
    )  # fmt: skip

    def clean_currency(self) -> str:
        """The programme's own once a version is published: what it paid was measured in it."""
        typed = str(self.cleaned_data["currency"]).upper()
        if self.currency_fixed:
            return self.base_currency
        if typed and not is_known_currency(typed):
            raise forms.ValidationError(_("This is not a currency. Write three letters, such as EUR."))
        return typed or self.base_currency

    def clean_payout_currency(self) -> str:
        return str(self.cleaned_data["payout_currency"]).upper()

    @property
    def about_currencies(self) -> list[Any]:
        return [self[name] for name in FIELDS]


def typed_currency(data: Any, otherwise: str) -> str:
    """The currency typed so far, where it is one: amounts on the page are read in it."""
    typed = str((data or {}).get("currency") or "").strip().upper()
    return typed if is_known_currency(typed) else otherwise


def currencies_of(values: dict[str, Any], currency: str) -> dict[str, str]:
    """The policy's currencies as typed."""
    paid_in, tax = values["payout_currency"], values["tax_rate"]
    return {
        "amount_basis": "gross" if values["amount_basis"] == "gross" else "",
        "tax_rate": "" if tax is None else f"{tax:f}%",
        "exchange": "" if values["exchange"] in ("", "none") else values["exchange"],
        "payout_currency": "" if paid_in == currency else paid_in,
    }


def initial_currencies(policy: dict[str, Any]) -> dict[str, str]:
    return {
        "amount_basis": policy.get("amount_basis", "net"),
        "tax_rate": f"{(Decimal(policy['tax_rate']) * 100).normalize():f}" if "tax_rate" in policy else "",
        "exchange": policy.get("exchange", "none"),
        "payout_currency": policy.get("payout_currency", ""),
    }
