"""What automations may change about a partner."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from partners.services import update_partner
from prm.automations import updates


def register() -> None:
    updates.register(
        "partner",
        "region",
        label=_("Region"),
        field=forms.CharField(max_length=80, required=False),
        apply=lambda row, value, by: update_partner(partner=row, region=value, by=by),
    )
