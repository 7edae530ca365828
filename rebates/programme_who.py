"""The part of the programme's form that says who takes part and behind which gates, as the policy's text and back."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from partners.models import Partner
from prm.ui.forms import AmountField
from prm.ui.picker import CodePicker
from rebates.limit_words import measure_name, with_unit
from rebates.programme_details import Missing, codes_of
from rebates.programme_rows import MOST, RowFields
from rebates.traits import offered

GATE_ROWS = MOST["gates"]
GATE_NAMES = ("gate", "gate_least")
PLACES = {"regions": "regions", "certificates": "certificates", "partners": "partners", "as": "taken_as"}


def regions() -> list[tuple[str, str]]:
    rows = Partner.objects.for_everyone(because="the regions that there are").exclude(region="")
    return [(name, name) for name in rows.order_by("region").values_list("region", flat=True).distinct()]


def gates() -> list[Any]:
    """What a gate can ask for, by kind: each as kind:code."""
    plain = dict(offered("certificate")) | dict(offered("score"))
    figures = [(code, with_unit(code, label)) for code, label in offered("measure") if code not in plain]
    groups = (
        (gettext("Certificates"), "certificate", offered("certificate")),
        (gettext("Scores"), "score", offered("score")),
        (gettext("Figures"), "measure", figures),
    )
    found: list[Any] = [("", "—")]
    for label, kind, pairs in groups:
        if pairs:
            found.append((label, [(f"{kind}:{code}", name) for code, name in pairs]))
    return found


TIER_ON = [
    ("period_end", _("The tier on the period's last day")),
    ("line_date", _("The tier on each sale's booking date")),
]
TAKEN_AS = [
    ("individual", _("Each partner by itself")),
    ("group", _("All of them together, as one group")),
    ("family", _("Each parent partner with its branches, as a group of its own")),
]
JOINING = [("whole", _("The whole target")), ("by_days", _("The target by days in these tiers"))]


class WhoFields(RowFields):
    tier_on = forms.ChoiceField(
        label=_("Which tier counts"), choices=TIER_ON, required=False, initial="period_end"
    )
    joining = forms.ChoiceField(
        label=_("Who joins or leaves within a period"), choices=JOINING, required=False, initial="whole",
        help_text=_("By days: only where the mechanism is a target."),
    )  # fmt: skip
    regions = forms.MultipleChoiceField(
        label=_("Regions"), choices=regions, required=False, widget=forms.CheckboxSelectMultiple,
        help_text=_("None ticked: all regions. The region when the settlement is computed decides."),
    )  # fmt: skip
    certificates = forms.MultipleChoiceField(
        label=_("Certificates"), choices=lambda: offered("certificate"), required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None ticked: none is needed. One of those ticked must be held on the period's last day."),
    )  # fmt: skip
    partners = forms.CharField(
        label=_("Only these partners"), required=False, max_length=4000, widget=CodePicker("rebates:pick", "partners"),
        help_text=_("Numbers with commas between. Empty: every partner that fits the rest."),
    )  # fmt: skip

    taken_as = forms.ChoiceField(
        label=_("How they count"), choices=TAKEN_AS, required=False, initial="individual",
        help_text=_(
            "In a group one band is read from what all of it bought, and what it pays is shared by what each is paid"
            " on. Four of a group at least take part."
        ),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        initial = kwargs.get("initial") or {}
        _keep(self.fields["regions"], initial.get("regions") or [], str)
        _keep(self.fields["certificates"], initial.get("certificates") or [], measure_name)
        if not self.fields["certificates"].choices:
            self.fields["certificates"].help_text = _("No certificate is registered yet.")
        for row in range(GATE_ROWS):
            number = {"row": row + 1}
            self.fields[f"gate_{row}"] = forms.ChoiceField(
                label=_("Gate %(row)s") % number, choices=gates, required=False
            )
            self.fields[f"gate_least_{row}"] = AmountField(
                label=_("Gate %(row)s, at least") % number, required=False, min_value=Decimal(0)
            )
            self.fields[f"gate_{row}"].widget.attrs.update({"class": "ui-input"})
            self.fields[f"gate_least_{row}"].widget.attrs.update({"class": "ui-input ui-num"})

    @property
    def taking_part(self) -> list[Any]:
        return [
            self[name]
            for name in (
                "tiers",
                "tier_on",
                "joining",
                "types",
                "regions",
                "certificates",
                "partners",
                "taken_as",
            )
        ]

    @property
    def gate_rows(self) -> list[tuple[Any, Any]]:
        shown = range(self.rows_shown("gates", GATE_NAMES))
        return [(self[f"gate_{row}"], self[f"gate_least_{row}"]) for row in shown]

    @property
    def more_gates(self) -> bool:
        return self.can_have_more("gates", GATE_NAMES)

    @property
    def gates_lack(self) -> bool:
        """Whether neither a certificate nor a score can be asked for yet."""
        return not offered("certificate") and not offered("score")


def _keep(field: Any, codes: Iterable[str], named: Any) -> None:
    """What a policy says already stays a choice, also when it is gone."""
    known = {code for code, _label in field.choices}
    field.choices = [*field.choices, *((code, named(code)) for code in codes if code not in known)]


def who_of(values: dict[str, Any], kept: dict[str, Any]) -> dict[str, Any]:
    """The policy's `who` as typed; of `kept` what the form does not show. Raises Missing."""
    who = {name: part for name, part in kept.items() if name not in ("tiers", "types", *PLACES)}
    if values["tiers"]:
        who["tiers"] = [tier.code for tier in values["tiers"]]
    for name in ("types", "regions", "certificates"):
        if values[name]:
            who[name] = list(values[name])
    numbers = codes_of(values["partners"])
    rows = Partner.objects.for_everyone(because="which numbers exist").filter(number__in=numbers)
    known = set(rows.values_list("number", flat=True)) if numbers else set()
    for number in numbers:
        if number not in known:
            raise Missing("partners", gettext("No partner has the number %(number)s.") % {"number": number})
    who |= {"partners": numbers} if numbers else {}
    return who | ({"as": values["taken_as"]} if values["taken_as"] in ("group", "family") else {})


def membership_of(values: dict[str, Any]) -> dict[str, str]:
    """Which day's tier counts, and what whoever joins or leaves is asked for; empty where both are the default."""
    chosen = {"tier_on": values["tier_on"], "joining": values["joining"]}
    return {name: value for name, value in chosen.items() if value in ("line_date", "by_days")}


def gates_of(values: dict[str, Any]) -> list[dict[str, str]]:
    """The policy's gates as typed. Raises Missing."""
    found = []
    for row in range(GATE_ROWS):
        chosen, least = values[f"gate_{row}"], values[f"gate_least_{row}"]
        if not chosen and least is None:
            continue
        if not chosen:
            raise Missing(f"gate_{row}", gettext("Fill in both, or neither."))
        kind, _colon, code = chosen.partition(":")
        gate = {"kind": kind, "code": code}
        found.append(gate if least is None else gate | {"at_least": f"{least:f}"})
    return found


def initial_who(policy: dict[str, Any]) -> dict[str, Any]:
    who = policy.get("who", {})
    found: dict[str, Any] = {
        name: who.get(name, []) for name in ("tiers", "types", "regions", "certificates")
    }
    found |= {"tier_on": policy.get("tier_on", "period_end"), "joining": policy.get("joining", "whole")}
    found |= {"partners": ", ".join(who.get("partners", [])), "taken_as": who.get("as", "individual")}
    for row, gate in enumerate(policy.get("gates", [])[:GATE_ROWS]):
        found[f"gate_{row}"] = f"{gate['kind']}:{gate['code']}"
        found[f"gate_least_{row}"] = gate.get("at_least")
    return found


def field_at(path: tuple[str | int, ...], values: dict[str, Any]) -> str | None:
    """The field of a place such as ("gates", 0, "at_least"); rows that were left empty are no gates."""
    if path in (("tier_on",), ("joining",)):
        return str(path[0])
    if path[:1] == ("who",) and len(path) > 1:
        return PLACES.get(str(path[1]))
    if path[:1] != ("gates",) or len(path) < 2:
        return None
    typed = [row for row in range(GATE_ROWS) if values.get(f"gate_{row}")]
    return f"{'gate_least' if path[-1] == 'at_least' else 'gate'}_{typed[int(path[1])]}"


def is_editable(policy: dict[str, Any]) -> bool:
    """Whether the form can hold who takes part and the gates."""
    known = {name for name, _label in offered("measure")}
    rows = policy.get("gates", [])
    return len(rows) <= GATE_ROWS and all(gate.get("code") in known for gate in rows)
