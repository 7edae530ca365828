"""The part of the programme's form about a factor by a measure: from which figure on which share counts."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from prm.ui.forms import AmountField, RateField
from rebates.limit_words import measure_name, with_unit
from rebates.measure_factors import KIND, factors_of
from rebates.programme_details import Missing
from rebates.traits import offered

ROWS = 4


def _offered() -> list[tuple[str, str]]:
    return [("", "—"), *((code, with_unit(code, label)) for code, label in offered("measure"))]


class FactorFields(forms.Form):
    factor_measure = forms.ChoiceField(
        label=_("Factor by"), choices=_offered, required=False,
        help_text=_("The share of the figure that counts follows from it. Below the first row nothing counts."),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        kept, field = (kwargs.get("initial") or {}).get("factor_measure"), self.fields["factor_measure"]
        if kept and kept not in dict(field.choices):  # type: ignore[attr-defined]
            field.choices = [*field.choices, (kept, measure_name(kept))]  # type: ignore[attr-defined]
        for row in range(ROWS):
            number = {"row": row + 1}
            self.fields[f"factor_from_{row}"] = AmountField(
                label=_("Factor %(row)s, from") % number, required=False, decimal_places=6
            )
            self.fields[f"factor_share_{row}"] = RateField(
                label=_("Factor %(row)s, share in %%") % number, required=False, decimal_places=6,
                min_value=Decimal(0), max_value=Decimal(1000),
            )  # fmt: skip
            for name in (f"factor_from_{row}", f"factor_share_{row}"):
                self.fields[name].widget.attrs.update({"class": "ui-input ui-num", "inputmode": "decimal"})

    @property
    def factor_rows(self) -> list[tuple[Any, Any]]:
        return [(self[f"factor_from_{row}"], self[f"factor_share_{row}"]) for row in range(ROWS)]


def factor_of(values: dict[str, Any]) -> list[dict[str, Any]]:
    """The factor as typed, in a list; empty where there is none. Raises Missing."""
    bands = []
    for row in range(ROWS):
        low, share = values[f"factor_from_{row}"], values[f"factor_share_{row}"]
        if low is None and share is None:
            continue
        if low is None or share is None:
            name = f"factor_from_{row}" if low is None else f"factor_share_{row}"
            raise Missing(name, gettext("Fill in both, or neither."))
        bands.append({"from": f"{low:f}", "factor": f"{share:f}%"})
    code = values["factor_measure"]
    if bands and not code:
        raise Missing("factor_measure", gettext("Fill in both, or neither."))
    if code and not bands:
        raise Missing("factor_from_0", gettext("Say from which figure on which share counts."))
    return [{"kind": KIND, "code": code, "bands": bands}] if code else []


def initial_factor(policy: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for factor in factors_of(policy)[:1]:
        found["factor_measure"] = factor["code"]
        for row, band in enumerate(factor["bands"][:ROWS]):
            found[f"factor_from_{row}"] = band["from"]
            found[f"factor_share_{row}"] = f"{(Decimal(band['factor']) * 100).normalize():f}"
    return found


def field_at(path: tuple[str | int, ...], values: dict[str, Any]) -> str | None:
    """The field of a place such as ("factors", 1, "bands", 1, "from"); rows left empty are no bands."""
    if path[:1] != ("factors",) or len(path) < 3 or path[2] not in ("bands", "code"):
        return None
    if len(path) < 5:
        return "factor_measure"
    typed = [row for row in range(ROWS) if values.get(f"factor_from_{row}") is not None]
    return f"{'factor_share' if path[4] == 'factor' else 'factor_from'}_{typed[int(path[3])]}"


def is_editable(policy: dict[str, Any]) -> bool:
    factors = factors_of(policy)
    return len(factors) <= 1 and all(len(factor["bands"]) <= ROWS for factor in factors)
