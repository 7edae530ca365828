"""The part of the programme's form that limits what is paid, and how it becomes the policy's text and back."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from prm.ui.forms import AmountField
from prm.ui.picker import CodePicker
from rebates.programme_details import Missing, codes_of

OF = [
    ("both", _("What counts and what is paid on")),
    ("qualifier", _("What counts")),
    ("base", _("What is paid on")),
]
# Names of the fields in the form's order.
FIELDS = (
    *("measure_cap", "measure_cap_of", "payout_cap", "pooled_cap", "shared_cap", "shared_with"),
    *("stacking", "stacked_on", "minimum_payout"),
)  # fmt: skip
STACKING = [
    ("additive", _("Adds up with other programmes")),
    ("net_of", _("Is paid on what is left after others")),
    ("best_of", _("Pays only where no other pays as much")),
]
# Places in a cap and the fields that stand for them.
PLACES = {"measure": {"of": "measure_cap_of"}, "shared": {"programmes": "shared_with"}}


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
    pooled_cap = AmountField(
        label=_("Cap over all partners"),
        required=False,
        min_value=Decimal(0),
        help_text=_(
            "The most that all of them are paid for one period, or for the year so far where that is counted, each in"
            " proportion. Four at least take part."
        ),
    )
    shared_cap = AmountField(
        label=_("Cap shared with other programmes"),
        required=False,
        min_value=Decimal(0),
        help_text=_("The most that a partner is paid for one period by all of them. Empty: none."),
    )
    shared_with = forms.CharField(
        label=_("Programmes that share it"), required=False, max_length=2000,
        widget=CodePicker("rebates:pick", "programmes", beside=("period", "currency", "code")),
        help_text=_("Codes with commas between. They must be in force, with the same period and currency."),
    )  # fmt: skip
    stacking = forms.ChoiceField(
        label=_("Beside other programmes"), choices=STACKING, required=False, initial="additive"
    )
    stacked_on = forms.CharField(
        label=_("Which come earlier"), required=False, max_length=2000,
        widget=CodePicker("rebates:pick", "programmes", beside=("period", "currency", "code"), ordered=True),
        help_text=_("Codes with commas between, in their order."),
    )  # fmt: skip

    minimum_payout = AmountField(
        label=_("Minimum payout"), required=False, min_value=Decimal(0),
        help_text=_(
            "In the currency in which it is paid. Less is carried forward until it comes to this much. Empty:"
            " everything is paid."
        ),
    )  # fmt: skip

    @property
    def limiting(self) -> list[Any]:
        return [self[name] for name in FIELDS]


def limits_of(values: dict[str, Any]) -> dict[str, Any]:
    """The policy's limits as typed. Raises Missing."""
    caps: list[dict[str, Any]] = []
    if values["measure_cap"] is not None:
        cap = {"on": "measure", "amount": f"{values['measure_cap']:f}"}
        of = values["measure_cap_of"] or "both"
        caps.append(cap | ({} if of == "both" else {"of": of}))
    if values["payout_cap"] is not None:
        caps.append({"on": "payout", "amount": f"{values['payout_cap']:f}"})
    if values["pooled_cap"] is not None:
        caps.append({"on": "payout", "amount": f"{values['pooled_cap']:f}", "over": "partners"})
    shared, stacked = codes_of(values["shared_with"]), codes_of(values["stacked_on"])
    if shared and values["shared_cap"] is None:
        raise Missing("shared_cap", gettext("State how much the programmes share, or name none of them."))
    if values["shared_cap"] is not None:
        if not shared:
            raise Missing(
                "shared_with", gettext("Name the programmes that share this cap, or leave the cap empty.")
            )
        caps.append({"on": "payout", "amount": f"{values['shared_cap']:f}", "programmes": shared})
    found: dict[str, Any] = {"caps": caps} if caps else {}
    kind = values["stacking"] or "additive"
    if kind != "additive" or stacked:
        found["stacking"] = {"kind": kind} | ({"programmes": stacked} if stacked else {})
    if values["minimum_payout"] is not None:
        found["minimum_payout"] = f"{values['minimum_payout']:f}"
    return found


def initial_limits(policy: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for cap in policy.get("caps", []):
        found[f"{_kind_of(cap)}_cap"] = cap["amount"]
        if "programmes" in cap:
            found["shared_with"] = ", ".join(cap["programmes"])
        if cap["on"] == "measure":
            found["measure_cap_of"] = cap.get("of", "both")
    stacking = policy.get("stacking", {})
    found["stacking"] = stacking.get("kind", "additive")
    found["stacked_on"] = ", ".join(stacking.get("programmes", []))
    found["minimum_payout"] = policy.get("minimum_payout")
    return found


def _kind_of(cap: dict[str, Any]) -> str:
    if cap.get("over") == "partners":
        return "pooled"
    return "shared" if "programmes" in cap else str(cap["on"])


def field_at(path: tuple[str | int, ...], entry: dict[str, Any]) -> str | None:
    """The field of a place such as ("caps", 0, "of"); `entry` is the text that the form made."""
    if path[:1] == ("stacking",):
        return "stacked_on" if "programmes" in path else "stacking"
    if path == ("minimum_payout",):
        return "minimum_payout"
    if path[:1] != ("caps",) or len(path) < 2:
        return None
    kind = _kind_of(entry["caps"][int(path[1])])
    return PLACES.get(kind, {}).get(str(path[-1]), f"{kind}_cap")


def is_editable(policy: dict[str, Any]) -> bool:
    """Whether the form can hold these limits."""
    return all(
        cap.get("over", "partners") == "partners" for cap in policy.get("caps", [])
    ) and "order" not in policy.get("stacking", {})
