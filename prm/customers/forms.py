"""What staff fill in about end customers."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from prm.customers.errors import CustomerUnknown
from prm.customers.models import EndCustomer
from prm.customfields.forms import CustomForm
from prm.ui.forms import ServiceForm


class CustomerForm(CustomForm):
    """The record as staff keep it."""

    target = "customer"

    pairs = (("tax_number", "domain"), ("region", "country"))

    name = forms.CharField(
        label=_("Name"), max_length=200, help_text=_("The full registered name, as on the business licence.")
    )
    tax_number = forms.CharField(
        label=_("Tax number"), max_length=40, required=False, help_text=_("Names the company for certain.")
    )
    domain = forms.CharField(label=_("Web domain"), max_length=120, required=False)
    region = forms.CharField(label=_("Region"), max_length=80, required=False)
    country = forms.CharField(
        label=_("Country"), max_length=2, required=False, help_text=_("Two letters, such as CN.")
    )
    phone = forms.CharField(label=_("Phone"), max_length=40, required=False)
    named_account = forms.BooleanField(
        label=_("Named account"),
        required=False,
        help_text=_("A person decides about every registration of it."),
    )
    direct_only = forms.BooleanField(
        label=_("Direct sales only"), required=False, help_text=_("No partner may register it.")
    )


class MergeForm(ServiceForm):
    """Which customer this one really is."""

    into = forms.CharField(
        label=_("Number of the customer that stays"), max_length=40, help_text=_("Such as EC-2611-7K3Q9M.")
    )
    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea, max_length=500)

    def fields_for_service(self) -> dict[str, Any]:
        number = self.cleaned_data["into"].strip().upper()
        into = EndCustomer.objects.visible_to(self.actor).living().filter(number=number).first()
        if into is None:
            raise CustomerUnknown(number=number)
        return {"into": into, "reason": self.cleaned_data["reason"]}
