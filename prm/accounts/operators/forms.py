from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from prm.ui.forms import ServiceForm


class OperatorSignInForm(ServiceForm):
    """All three at once, so that no answer tells which part was right."""

    email = forms.EmailField(label=_("E-mail"), widget=forms.EmailInput(attrs={"autocomplete": "username"}))
    password = forms.CharField(
        label=_("Password"), widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )
    code = forms.CharField(
        label=_("Code from the app"),
        max_length=40,
        help_text=_("Six digits from your authenticator app, or a recovery code."),
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "text"}),
    )


class SupportForm(ServiceForm):
    """For whom, why, and whether only to look."""

    email = forms.EmailField(
        label=_("The person's e-mail"), help_text=_("As the person signs in at this tenant.")
    )
    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        widget=forms.Textarea,
        help_text=_("The administrator decides by it."),
    )
    wants_write = forms.BooleanField(
        label=_("Ask to change things too"),
        required=False,
        help_text=_("Approving, closing, paying, bank data, rights and exports stay closed in any case."),
    )
