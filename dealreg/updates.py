"""What automations may change about a deal registration."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dealreg.services import complete_registration
from prm.automations import updates


def register() -> None:
    for name, label, most in (
        ("contact", _("Contact at the customer"), 200),
        ("phone", _("Phone"), 40),
        ("note", _("What do they need?"), 4000),
    ):
        words = forms.CharField(max_length=most, required=False)
        updates.register("deal", name, label=label, field=words, apply=_setting(name))


def _setting(name: str) -> Any:
    return lambda row, value, by: complete_registration(registration=row, by=by, **{name: value})
