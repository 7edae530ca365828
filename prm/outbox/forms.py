from django import forms
from django.utils.translation import gettext_lazy as _

from prm.ui.forms import ServiceForm


class GiveUpForm(ServiceForm):
    reason = forms.CharField(
        label=_("Reason"), max_length=500, widget=forms.Textarea, help_text=_("It stays in the audit trail.")
    )
