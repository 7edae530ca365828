"""The part of the programme's form about time: in which period a return counts; as the policy's text and back."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

RETURNS = [
    ("by_booking", _("On their own day")),
    ("by_origin", _("In the period of the sale that they reverse")),
    ("at_original_rate", _("On their own day, at the rate that the sale was paid")),
]


class TimeFields(forms.Form):
    returns = forms.ChoiceField(
        label=_("Returns count"), choices=RETURNS, required=False, initial="by_booking",
        help_text=_("A closed period is never opened again: what changes in it is posted in the open one."),
    )  # fmt: skip


def time_of(values: dict[str, Any]) -> dict[str, Any]:
    """The policy's choices as typed; empty where they are the usual ones."""
    return {"returns": "" if values["returns"] in ("", "by_booking") else values["returns"]}


def initial_time(policy: dict[str, Any]) -> dict[str, Any]:
    return {"returns": policy.get("returns", "by_booking")}
