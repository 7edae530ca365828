"""What finance fills in to correct a statement by hand."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from prm.ui.forms import AsksOnceMore, MoneyField
from rebates.models import Programme


class CorrectionForm(AsksOnceMore):
    programme = forms.ModelChoiceField(
        label=_("Programme"),
        queryset=Programme.objects.none(),
        help_text=_("The sum is booked as the expense of this programme."),
    )
    amount = MoneyField(
        label=_("Amount"), help_text=_("Above zero: the partner gets it. Below zero: it is taken off.")
    )
    reason = forms.CharField(
        label=_("Reason"), widget=forms.Textarea, max_length=2000,
        help_text=_("It stands on the partner’s next statement, so write it for the partner."),
    )  # fmt: skip
    pairs = (("programme", "amount"),)

    def __init__(self, *args: Any, programmes: Any, **options: Any):
        super().__init__(*args, **options)
        self.fields["programme"].queryset = programmes
        if len(programmes) == 1:
            self.fields["programme"].initial = programmes[0].pk
