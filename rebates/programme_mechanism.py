"""The part of the programme's form that mechanisms ask for; which asks for what says `programme_details.py`."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from prm.catalogue.models import ProductLine
from prm.ui.forms import AmountField, RateField
from rebates.formula import name_of
from rebates.targets_field import TargetsField
from rebates.traits import offered


def ticks(label: Any, queryset: Any, help_text: Any = "") -> forms.ModelMultipleChoiceField:
    return forms.ModelMultipleChoiceField(
        label=label,
        queryset=queryset,
        to_field_name="code",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=help_text,
    )


def formula_figures() -> list[tuple[str, str]]:
    """What a formula may read, each named as the formula calls it."""
    return [(code, f"{label} · {name_of(code)}") for code, label in offered("measure")]


def lines(label: Any, help_text: Any = "") -> forms.ModelMultipleChoiceField:
    return ticks(label, ProductLine._default_manager.order_by("code"), help_text)


def choice(label: Any, choices: list[tuple[str, Any]], help_text: Any = "") -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label, choices=choices, required=False, initial=choices[0][0], help_text=help_text
    )


class MechanismFields(forms.Form):
    measure = choice(_("Bands are read from"), [("amount", _("Net sales")), ("quantity", _("Units sold"))])
    split = choice(
        _("Where less is paid on than counts"),
        [
            ("own_bands", _("What is paid on has its own bands")),
            ("average", _("It is paid at the average rate of all that counts")),
            ("top_slice", _("It is the top part of all that counts")),
        ],
    )
    floor = AmountField(label=_("Floor"), required=False, min_value=Decimal(0))
    first_rate = RateField(
        label=_("Rate below the floor, %"),
        required=False,
        decimal_places=6,
        min_value=Decimal(0),
        max_value=Decimal(100),
    )
    target = AmountField(
        label=_("Target"), required=False, min_value=Decimal(0),
        help_text=_("Of every partner that has none of its own below."),
    )  # fmt: skip
    targets = TargetsField(
        label=_("Targets of single partners"),
        help_text=_(
            "A line for each: the partner's number and its target, or two columns pasted from a spreadsheet. Without a"
            " target above only these partners take part. Each reads its own, nobody another's."
        ),
    )
    on = choice(
        pgettext_lazy("sales lines", "Paid on"),
        [("all", _("Everything")), ("above", _("Only what lies above"))],
    )
    baseline = choice(
        _("Measured against"),
        [
            ("prior_period", _("The period before")),
            ("prior_year", _("The same period a year before")),
            ("stated", _("A stated baseline")),
        ],
        _("It stays as the settlement read it: later lines of that time change no settled growth."),
    )
    new_partner = choice(
        _("A partner without sales then"),
        [
            ("skip", _("Earns nothing")),
            ("zero", _("Has a baseline of zero and reaches every band")),
            ("stated", _("Has the stated baseline")),
        ],
    )
    baseline_amount = AmountField(
        label=_("Stated baseline"), required=False, min_value=Decimal(0), help_text=_("Where one is stated.")
    )
    focus = lines(_("Focus product lines"), _("Their share of all that counts is measured."))
    increment = AmountField(label=_("Each full"), required=False, min_value=Decimal(0))
    expression = forms.CharField(
        label=_("Formula"), required=False, max_length=400, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_(
            "Such as: base * 0.02 + if(qualifier >= 100000, 500, 0). base is what is paid on, qualifier what counts; "
            "a figure of the list below is called by the name behind it. Operators + - * / and comparisons; functions "
            "if, min, max, round, value."
        ),
    )  # fmt: skip
    measures = forms.MultipleChoiceField(
        label=_("Figures that the formula reads"), choices=lambda: formula_figures(), required=False,
        widget=forms.CheckboxSelectMultiple, help_text=_("One that the formula names is read without a tick too."),
    )  # fmt: skip
    per = choice(
        _("For each"), [("unit", _("Unit sold")), ("serial", _("Serial number, once ever"))],
        _("Serial numbers come with an import of their own and name their sales line."),
    )  # fmt: skip
    amount = AmountField(label=_("Pays"), required=False, decimal_places=6, min_value=Decimal(0))
