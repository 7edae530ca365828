"""What automations may change about an end customer."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from prm.automations import updates
from prm.customers.services import update_customer


def register() -> None:
    for name, label in (("named_account", _("Named account")), ("direct_only", _("Direct sales only"))):
        updates.register(
            "customer", name, label=label, field=forms.BooleanField(required=False), apply=_setting(name)
        )
    for name, label, most in (("region", _("Region"), 80), ("phone", _("Phone"), 40)):
        words = forms.CharField(max_length=most, required=False)
        updates.register("customer", name, label=label, field=words, apply=_setting(name))


def _setting(name: str) -> Any:
    return lambda row, value, by: update_customer(customer=row, by=by, **{name: value})
