"""What automations may change about a partner."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from partners.models import Partner
from partners.services import update_partner
from prm.automations import updates


def register() -> None:
    fields: dict[str, tuple[Any, forms.Field]] = {
        "region": (_("Region"), forms.CharField(max_length=80, required=False)),
        "type": (_("Type"), forms.ChoiceField(choices=Partner.Type.choices)),
        "website": (_("Website"), forms.URLField(max_length=200, required=False, assume_scheme="https")),
        "phone": (_("Phone"), forms.CharField(max_length=40, required=False)),
        "address": (_("Address"), forms.CharField(max_length=300, required=False)),
        "note": (_("Internal note"), forms.CharField(required=False)),
    }
    for name, (label, field) in fields.items():
        updates.register("partner", name, label=label, field=field, apply=_setting(name))


def _setting(name: str) -> Any:
    return lambda row, value, by: update_partner(partner=row, by=by, **{name: value})
