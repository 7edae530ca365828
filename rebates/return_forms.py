"""What finance fills in about a payment that the bank sent back."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from prm.ui.forms import ServiceForm
from prm.values import clock


class ReturnForm(ServiceForm):
    returned_on = forms.DateField(label=_("Returned on"), help_text=_("As on the bank's statement."))
    reason = forms.CharField(
        label=_("What the bank says"), max_length=300, help_text=_("The partner reads it.")
    )
    wrong_account = forms.BooleanField(
        label=_("The account is wrong"), required=False,
        help_text=_("Nothing more is paid to it by a file; the partner's next account goes through its hold first."),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["returned_on"].initial = clock.today()
