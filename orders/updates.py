"""What automations may change about an order."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from orders.services import complete_order
from prm.automations import updates


def register() -> None:
    updates.register(
        "order",
        "note",
        label=_("Note"),
        field=forms.CharField(max_length=2000, required=False),
        apply=lambda row, value, by: complete_order(order=row, note=value, by=by),
    )
