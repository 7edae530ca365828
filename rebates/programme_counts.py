"""The part of the programme's form that says whose sales count: the partner's own, or those that it brokered."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from rebates.credited import CREDITED, OWN

COUNTS = [
    (OWN, _("What the partner itself bought")),
    (CREDITED, _("Sales that it is credited with as an agent, each by its share")),
]


class CountsFields(forms.Form):
    counts = forms.ChoiceField(
        label=_("What counts"), choices=COUNTS, required=False, initial=OWN,
        help_text=_("An agent brokers sales that are invoiced to somebody else; finance credits it with them."),
    )  # fmt: skip


def counts_of(values: dict[str, Any]) -> dict[str, Any]:
    """The policy's choice as typed; empty where it is the usual one."""
    return {"counts": CREDITED if values["counts"] == CREDITED else ""}


def initial_counts(policy: dict[str, Any]) -> dict[str, Any]:
    return {"counts": policy.get("counts", OWN)}
