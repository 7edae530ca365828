"""A field of codes with commas between; with scripts a search, and a chip for each code (static/js/picker.js)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.urls import reverse
from django.utils.translation import gettext as _


class CodePicker(forms.TextInput):
    """`url` names the page that answers `?q=` and `?codes=` with {"rows": [{"code", "name", "note"}]}.

    beside   names of fields of the same form whose values go along
    ordered  whether the order of the codes says something, so that chips can be moved
    coded    whether a chip says the code beside the name
    single   one code, taken as it is written: it may hold blanks and commas, and the next one takes its place
    hint     what can be searched by, where that is not a name or a code
    """

    def __init__(
        self, url: str, *args: Any, beside: tuple[str, ...] = (), ordered: bool = False, coded: bool = False,
        single: bool = False, hint: Any = "",
    ):  # fmt: skip
        super().__init__()
        self.url, self.args, self.beside, self.hint = url, args, beside, hint
        self.flags = {"ordered": ordered, "coded": coded, "single": single}

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        given = context["widget"]["attrs"]
        given |= {
            "data-picker": reverse(self.url, args=self.args),
            "data-hint": self.hint or _("Search by name or code"),
            "data-takes": _("Take %s away"),
            "data-none": _("Nothing found"),
            "data-unknown": _("unknown"),
        }
        if self.beside:
            given["data-beside"] = " ".join(self.beside)
        given |= {f"data-{name}": "" for name, wanted in self.flags.items() if wanted}
        return context
