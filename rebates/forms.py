"""What finance fills in about a settlement: a reason, a payment. A programme's form stands in `programme_form.py`."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from prm.ui.forms import MoneyField, ServiceForm
from prm.values import clock


class ReasonForm(ServiceForm):
    """Why not."""

    reason = forms.CharField(
        label=_("Reason"), widget=forms.Textarea, max_length=2000, help_text=_("Kept in the history.")
    )


class ReleaseForm(ServiceForm):
    """When money left and under which reference, for one statement or for all of a settlement."""

    paid_on = forms.DateField(
        label=_("Paid on"), help_text=_("Not before the close of the settlement, not after today.")
    )
    reference = forms.CharField(
        label=_("Bank reference"),
        max_length=100,
        required=False,
        help_text=_("As on the bank's slip; partners read it."),
    )
    pairs: tuple[tuple[str, str], ...] = (("paid_on", "reference"),)

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["paid_on"].initial = clock.today()


class PaymentForm(ReleaseForm):
    """Money that left for a statement."""

    amount = MoneyField(label=_("Amount"), min_value=Decimal("0.01"))
    pairs = (("amount", "paid_on"),)
    field_order = ("amount", "paid_on", "reference")
