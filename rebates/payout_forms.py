"""What finance fills in about goods that were delivered and credit notes that were issued."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from prm.ui.forms import ServiceForm
from prm.values import clock


class DeliveredForm(ServiceForm):
    delivered_on = forms.DateField(label=_("Delivered on"))
    reference = forms.CharField(
        label=_("Delivery note"), max_length=100, required=False, help_text=_("The partner reads it.")
    )
    pairs = (("delivered_on", "reference"),)

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["delivered_on"].initial = clock.today()


class IssuedForm(ServiceForm):
    issued_on = forms.DateField(label=_("Issued on"))
    reference = forms.CharField(
        label=_("Credit note number"),
        max_length=100,
        help_text=_("Of the finance system; the partner reads it."),
    )
    pairs = (("issued_on", "reference"),)

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["issued_on"].initial = clock.today()
