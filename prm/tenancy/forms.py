from __future__ import annotations

import zoneinfo
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from prm.ui.forms import ServiceForm

CURRENCIES = (
    "CNY",
    "EUR",
    "USD",
    "GBP",
    "HKD",
    "JPY",
    "SGD",
    "TWD",
    "CHF",
    "KRW",
    "AUD",
    "CAD",
    "INR",
    "THB",
    "VND",
)


def zones() -> list[tuple[str, str]]:
    """Every time zone with a place's name."""
    return [
        (zone, zone) for zone in sorted(zoneinfo.available_timezones()) if "/" in zone and "Etc/" not in zone
    ]


def colour_field(**more: Any) -> forms.CharField:
    return forms.CharField(
        label=_("Colour"),
        max_length=7,
        widget=forms.TextInput(attrs={"type": "color"}),
        help_text=_("Buttons, links and marks. Its lightness is moved until text on it can be read."),
        **more,
    )


def logo_field() -> forms.FileField:
    return forms.FileField(
        label=_("Logo"),
        required=False,
        help_text=_("PNG, JPEG or WebP, at most 2 MB. It is stored anew as PNG."),
    )


class NewTenantForm(ServiceForm):
    """What a tenant needs to begin."""

    pairs = (("language", "currency"), ("time_zone", "accent"))

    name = forms.CharField(label=_("Name"), max_length=120, help_text=_("The company whose channel it is."))
    slug = forms.CharField(
        label=_("Address"),
        max_length=40,
        help_text=_("a-z, 0-9 and hyphens: the first part of the host name."),
    )
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    currency = forms.ChoiceField(label=_("Currency"), choices=[(code, code) for code in CURRENCIES])
    time_zone = forms.ChoiceField(label=_("Time zone"), choices=zones, initial="Asia/Shanghai")
    accent = colour_field(initial="#3150c8")
    logo = logo_field()
    administrator_email = forms.EmailField(
        label=_("Administrator's e-mail"),
        required=False,
        help_text=_("Gets an invitation to choose a password."),
    )


class ReasonForm(ServiceForm):
    """Why; kept in the log."""

    reason = forms.CharField(label=_("Reason"), max_length=500, widget=forms.Textarea)


class ConfirmForm(ServiceForm):
    """The tenant's address, typed by hand."""

    confirmation = forms.CharField(label=_("The tenant's address"), max_length=40)

    def __init__(self, *args: Any, slug: str, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["confirmation"].help_text = _("Type “%(slug)s”.") % {"slug": slug}
        self.fields["confirmation"].widget.attrs["autocomplete"] = "off"


class BrandForm(ServiceForm):
    """How the tenant looks and in what it counts."""

    pairs = (("language", "currency"),)

    name = forms.CharField(label=_("Name"), max_length=120)
    accent = colour_field()
    logo = logo_field()
    remove_logo = forms.BooleanField(label=_("Take the logo away"), required=False)
    language = forms.ChoiceField(
        label=_("Language"),
        choices=settings.LANGUAGES,
        help_text=_("Of letters to people who have chosen none."),
    )
    currency = forms.ChoiceField(label=_("Currency"))
    time_zone = forms.ChoiceField(label=_("Time zone"), choices=zones)

    def __init__(self, *args: Any, tenant: Any, currency_fixed: bool, **kwargs: Any):
        super().__init__(*args, **kwargs)
        codes = [tenant.currency] if currency_fixed else dict.fromkeys([tenant.currency, *CURRENCIES])
        self.fields["currency"].choices = [(code, code) for code in codes]  # type: ignore[attr-defined]
        if currency_fixed:
            self.fields["currency"].help_text = _("Fixed: there are amounts in it already.")
        if not tenant.logo:
            del self.fields["remove_logo"]

    def fields_for_service(self) -> dict[str, Any]:
        return {"remove_logo": False, **self.cleaned_data}


class EditTenantForm(BrandForm):
    """The same in the operator's hands; the currency stays as it is."""

    pairs = (("language", "time_zone"),)

    def __init__(self, *args: Any, tenant: Any, **kwargs: Any):
        super().__init__(*args, tenant=tenant, currency_fixed=True, **kwargs)
        self._currency = tenant.currency
        del self.fields["currency"]

    def fields_for_service(self) -> dict[str, Any]:
        return {**super().fields_for_service(), "currency": self._currency}


class SwitchOffForm(ServiceForm):
    """Why a module goes off."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=400,
        required=False,
        help_text=_("Stands in the audit trail."),
    )
