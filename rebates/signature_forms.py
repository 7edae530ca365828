"""What a partner's administrator fills in about an agreement."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from prm.ui.forms import ServiceForm


class SignForm(ServiceForm):
    """`digest` is that of the text on the page: another text is not signed by it."""

    read = forms.BooleanField(label=_("I have read the agreement and sign it for my company"))
    digest = forms.CharField(max_length=64, widget=forms.HiddenInput)

    def fields_for_service(self) -> dict[str, str]:
        return {"digest": self.cleaned_data["digest"]}


class DeclineForm(ServiceForm):
    reason = forms.CharField(
        label=_("Reason"), widget=forms.Textarea, max_length=2000, help_text=_("Finance reads it.")
    )
