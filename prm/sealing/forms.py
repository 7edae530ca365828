from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from prm.ui.forms import ServiceForm


class HeadForm(ServiceForm):
    """A head that went out and was kept elsewhere."""

    head = forms.CharField(
        label=_("Head"),
        max_length=100,
        help_text=_(
            "Number, colon and 64 digits, as it stands on a statement, in the operator's log or in a day's letter."
            " The digits alone will do."
        ),
    )


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
