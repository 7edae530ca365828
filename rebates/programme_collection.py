"""The part of the programme's form about the collection factor: within how many days which share counts."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from prm.ui.forms import RateField
from rebates.collection import KIND, steps_of
from rebates.programme_details import Missing

ROWS = 4


class CollectionFields(forms.Form):
    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        for row in range(ROWS):
            number = {"row": row + 1}
            self.fields[f"paid_within_{row}"] = forms.IntegerField(
                label=_("Step %(row)s, paid within days") % number,
                required=False,
                min_value=0,
                max_value=3660,
            )
            self.fields[f"paid_share_{row}"] = RateField(
                label=_("Step %(row)s, share in %%") % number, required=False, decimal_places=6,
                min_value=Decimal(0), max_value=Decimal(1000),
            )  # fmt: skip
            for name in (f"paid_within_{row}", f"paid_share_{row}"):
                self.fields[name].widget.attrs.update({"class": "ui-input ui-num", "inputmode": "decimal"})

    @property
    def collection_rows(self) -> list[tuple[Any, Any]]:
        return [(self[f"paid_within_{row}"], self[f"paid_share_{row}"]) for row in range(ROWS)]


def factors_of(values: dict[str, Any]) -> list[dict[str, Any]]:
    """The collection factor as typed, in a list; empty where there is none. Raises Missing."""
    steps = []
    for row in range(ROWS):
        days, share = values[f"paid_within_{row}"], values[f"paid_share_{row}"]
        if days is None and share is None:
            continue
        if days is None or share is None:
            name = f"paid_within_{row}" if days is None else f"paid_share_{row}"
            raise Missing(name, gettext("Fill in both, or neither."))
        steps.append({"days": days, "factor": f"{share:f}%"})
    return [{"kind": KIND, "steps": steps}] if steps else []


def initial_factors(policy: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for row, step in enumerate(steps_of(policy)[:ROWS]):
        found[f"paid_within_{row}"] = step["days"]
        found[f"paid_share_{row}"] = f"{(Decimal(step['factor']) * 100).normalize():f}"
    return found


def field_at(path: tuple[str | int, ...], values: dict[str, Any]) -> str | None:
    """The field of a place such as ("factors", 0, "steps", 1, "days"); rows left empty are no steps."""
    if path[:1] != ("factors",):
        return None
    typed = [row for row in range(ROWS) if values.get(f"paid_within_{row}") is not None]
    if len(path) < 5:
        return "paid_within_0"
    return f"{'paid_share' if path[4] == 'factor' else 'paid_within'}_{typed[int(path[3])]}"


def is_editable(policy: dict[str, Any]) -> bool:
    return len(steps_of(policy)) <= ROWS
