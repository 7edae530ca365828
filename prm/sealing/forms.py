from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from prm.ui.forms import ServiceForm


class AddressesForm(ServiceForm):
    """Who gets each day's head."""

    addresses = forms.CharField(
        label=_("Send each day's head to"),
        required=False,
        max_length=4000,
        widget=forms.Textarea,
        help_text=_(
            "One e-mail address a line: an auditor, a lawyer, a mailbox that nobody here can empty. Empty: nobody."
        ),
    )

    def fields_for_service(self) -> dict[str, Any]:
        return {"addresses": self.cleaned_data["addresses"].replace(",", "\n").splitlines()}
