"""The part of the programme's form about time: what a period counts, and where a return does."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

RETURNS = [
    ("by_booking", _("On their own day")),
    ("by_origin", _("In the period of the sale that they reverse")),
    ("at_original_rate", _("On their own day, at the rate that the sale was paid")),
]


COUNTED = [
    ("", _("Each period by itself")),
    ("yes", _("All of the year so far; the difference is posted")),
]
DAYS = [
    ("booking", _("Their booking")),
    ("order", _("Their order")),
    ("shipment", _("Their shipment")),
    ("payment", _("The receipt of their payment")),
]


class TimeFields(forms.Form):
    cumulative = forms.ChoiceField(
        label=_("What a period counts"), choices=COUNTED, required=False, initial="",
        help_text=_("The year so far: only where it is settled each month or quarter. Bands are those of a year."),
    )  # fmt: skip
    date_basis = forms.ChoiceField(
        label=_("Sales count on the day of"), choices=DAYS, required=False, initial="booking",
        help_text=_("A sale without that day does not count yet; the settlement lists it."),
    )  # fmt: skip
    returns = forms.ChoiceField(
        label=_("Returns count"), choices=RETURNS, required=False, initial="by_booking",
        help_text=_("A closed period is never opened again: what changes in it is posted in the open one."),
    )  # fmt: skip


def time_of(values: dict[str, Any]) -> dict[str, Any]:
    """The policy's choices as typed; empty where they are the usual ones."""
    return {
        "returns": "" if values["returns"] in ("", "by_booking") else values["returns"],
        "cumulative": values["cumulative"] == "yes",
        "date_basis": "" if values["date_basis"] in ("", "booking") else values["date_basis"],
    }


def initial_time(policy: dict[str, Any]) -> dict[str, Any]:
    return {
        "returns": policy.get("returns", "by_booking"),
        "cumulative": "yes" if policy.get("cumulative") else "",
        "date_basis": policy.get("date_basis", "booking"),
    }
