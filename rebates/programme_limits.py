"""The part of the programme's form that limits what is paid, and how it becomes the policy's text and back."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from prm.ui.forms import AmountField

OF = [
    ("both", _("What counts and what is paid on")),
    ("qualifier", _("What counts")),
    ("base", _("What is paid on")),
]
# Names of the fields in the form's order.
FIELDS = ("measure_cap", "measure_cap_of", "payout_cap")
# Places in a cap and the fields that stand for them.
PLACES = {"measure": {"of": "measure_cap_of"}, "payout": {}}


class LimitFields(forms.Form):
    measure_cap = AmountField(
        label=_("Cap on the measure"),
        required=False,
        decimal_places=3,
        min_value=Decimal(0),
        help_text=_("Sales above it are left out. Empty: no cap."),
    )
    measure_cap_of = forms.ChoiceField(label=_("The cap is on"), choices=OF, required=False, initial="both")
    payout_cap = AmountField(
        label=_("Cap on the payout"),
        required=False,
        min_value=Decimal(0),
        help_text=_("The most that a partner is paid for one period. Empty: no cap."),
    )

    @property
    def limiting(self) -> list[Any]:
        return [self[name] for name in FIELDS]


def limits_of(values: dict[str, Any]) -> dict[str, Any]:
    """The policy's limits as typed."""
    caps: list[dict[str, Any]] = []
    if values["measure_cap"] is not None:
        cap = {"on": "measure", "amount": f"{values['measure_cap']:f}"}
        of = values["measure_cap_of"] or "both"
        caps.append(cap | ({} if of == "both" else {"of": of}))
    if values["payout_cap"] is not None:
        caps.append({"on": "payout", "amount": f"{values['payout_cap']:f}"})
    return {"caps": caps} if caps else {}


def initial_limits(policy: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for cap in policy.get("caps", []):
        found[f"{cap['on']}_cap"] = cap["amount"]
        if cap["on"] == "measure":
            found["measure_cap_of"] = cap.get("of", "both")
    return found


def field_at(path: tuple[str | int, ...], entry: dict[str, Any]) -> str | None:
    """The field of a place such as ("caps", 0, "of"); `entry` is the text that the form made."""
    if path[:1] != ("caps",) or len(path) < 2:
        return None
    on = entry["caps"][int(path[1])]["on"]
    return PLACES[on].get(str(path[-1]), f"{on}_cap")


def is_editable(policy: dict[str, Any]) -> bool:
    """Whether the form can hold these limits."""
    return all("over" not in cap for cap in policy.get("caps", []))
