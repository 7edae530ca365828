"""What staff fill in about products."""

from __future__ import annotations

from decimal import Decimal

from django import forms
from django.utils.translation import gettext_lazy as _

from prm.catalogue.models import ProductLine
from prm.customfields.forms import CustomForm
from prm.ui.forms import AmountField, MoneyField, ServiceForm


class ProductLineForm(ServiceForm):
    name = forms.CharField(label=_("Name"), max_length=120)
    name_zh = forms.CharField(label=_("Chinese name"), max_length=120, required=False)
    code = forms.SlugField(
        label=_("Code"), max_length=40, help_text=_("Used in imports and rebate programmes.")
    )
    is_active = forms.BooleanField(label=_("Active"), required=False, initial=True)
    pairs = (("name", "name_zh"),)


class ProductForm(CustomForm):
    target = "product"

    name = forms.CharField(label=_("Name"), max_length=200)
    name_zh = forms.CharField(label=_("Chinese name"), max_length=200, required=False)
    code = forms.CharField(label=_("Code"), max_length=60)
    product_line = forms.ModelChoiceField(
        label=_("Product line"), queryset=ProductLine._default_manager.all()
    )
    list_price = MoneyField(
        label=_("List price"), min_value=Decimal(0), decimal_places=4, help_text=_("Net of tax.")
    )
    tax_percent = AmountField(
        label=_("Tax, %"),
        min_value=Decimal(0),
        max_value=Decimal(100),
        initial=Decimal(13),
        help_text=_("13 means 13 %."),
    )
    unit = forms.CharField(label=_("Unit"), max_length=20, initial="piece")
    description = forms.CharField(label=_("Description"), widget=forms.Textarea, required=False)
    is_active = forms.BooleanField(label=_("Sold now"), required=False, initial=True)
    pairs = (("name", "name_zh"), ("code", "product_line"), ("list_price", "tax_percent"))

    def fields_for_service(self) -> dict[str, object]:
        values = super().fields_for_service()
        values["tax_rate"] = values.pop("tax_percent") / 100
        return values
