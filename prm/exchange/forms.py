from __future__ import annotations

from typing import Any

from django import forms
from django.db import connection
from django.utils.translation import gettext_lazy as _

from prm.exchange.book import policy_of_tenant
from prm.exchange.models import PLACES
from prm.ui.forms import AmountField, AsksOnceMore, ServiceForm
from prm.values import clock


class CurrencyField(forms.CharField):
    """An ISO code in capitals."""

    def __init__(self, **kwargs: Any):
        super().__init__(min_length=3, max_length=3, **kwargs)

    def to_python(self, value: Any) -> str:
        return super().to_python(value).upper()


class RateForm(AsksOnceMore):
    """One rate, as its source publishes it."""

    pairs = (("base", "quote"), ("value", "day"))

    source = forms.CharField(
        label=_("Source"),
        max_length=40,
        help_text=_("Who says so: a central bank, a contract. As you always name it."),
    )
    base = CurrencyField(label=_("One unit of"), help_text=_("Three letters, such as EUR."))
    quote = CurrencyField(label=_("is worth, in"), help_text=_("Three letters, such as USD."))
    value = AmountField(
        label=_("Rate"), max_digits=18, decimal_places=PLACES, help_text=_("1 EUR = 1.10 USD: 1.10")
    )
    day = forms.DateField(label=_("Day"))
    correct = forms.BooleanField(
        label=_("This corrects a rate that is on file"), required=False,
        help_text=_("The old one stays readable. Settlements that are closed keep what they used."),
    )  # fmt: skip
    note = forms.CharField(label=_("Note"), max_length=200, required=False)

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["source"].initial = policy_of_tenant().source
        self.fields["quote"].initial = getattr(connection.tenant, "currency", "")
        self.fields["day"].initial = clock.today()


class RejectForm(ServiceForm):
    """Why not."""

    reason = forms.CharField(label=_("Reason"), max_length=200, help_text=_("Kept in the history."))


class PolicyForm(ServiceForm):
    """Whose rates count."""

    source = forms.CharField(
        label=_("Source"),
        max_length=40,
        help_text=_("Programmes compute with the rates of this source only."),
    )
    most_days = forms.IntegerField(
        label=_("Oldest rate, in days"), min_value=0, max_value=366,
        help_text=_("On a day without a rate the newest before it counts, if it is no older than this."),
    )  # fmt: skip
    through = CurrencyField(
        label=_("Cross rates through"), required=False,
        help_text=_("Two currencies without a rate of their own meet in this one. Empty: the currency of the tenant."),
    )  # fmt: skip
