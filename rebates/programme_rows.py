"""How many rows of bands and of gates the programme's form shows: one more on a press, and nothing typed is lost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms

USUAL = {"bands": 6, "gates": 3}
KEPT = {"data-kept": ""}  # the draft on the device keeps it, although it is hidden
MOST = {"bands": 20, "gates": 10}


class RowFields(forms.Form):
    bands_shown = forms.IntegerField(required=False, widget=forms.HiddenInput(attrs=KEPT))
    gates_shown = forms.IntegerField(required=False, widget=forms.HiddenInput(attrs=KEPT))

    def rows_shown(self, what: str, names: Sequence[str]) -> int:
        """How many rows of `what` the page has: the usual number, those that are filled, or as many as were asked for.

        `names` are the beginnings of the names of a row's fields.
        """
        filled = [
            row + 1
            for row in range(MOST[what])
            if any(self[f"{name}_{row}"].value() not in (None, "") for name in names)
        ]
        asked = str(self[f"{what}_shown"].value() or "")
        return min(
            max([USUAL[what], *filled, *([int(asked)] if asked.isdecimal() else [])]),
            MOST[what],
        )

    def can_have_more(self, what: str, names: Sequence[str]) -> bool:
        return self.rows_shown(what, names) < MOST[what]


def one_more(values: dict[str, Any], form: RowFields, what: str, names: Sequence[str]) -> dict[str, Any]:
    """What is typed, with one row more of `what`."""
    return values | {f"{what}_shown": form.rows_shown(what, names) + 1}
