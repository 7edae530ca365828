"""What an administrator fills in about a field."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from prm.customfields import errors, services, targets, values
from prm.customfields.models import CustomField
from prm.customfields.showing import SEARCHED
from prm.ui.forms import ServiceForm

Kind = CustomField.Kind
OF_KIND = {
    Kind.CHOICE: ("choices",),
    Kind.MANY: ("choices",),
    Kind.NUMBER: ("places",),
    Kind.MONEY: ("places",),
    Kind.COMPUTED: ("expression", "shown_as", "places"),
    Kind.REFERENCE: ("pattern",),
}
LINE = re.compile(r"^\s*(?:([a-z][a-z0-9_]{0,39})\s*[:：]\s*)?([^|｜]*?)\s*(?:[|｜]\s*(.*?)\s*)?$")


class FieldForm(ServiceForm):
    """Words, rules and options of one field; only the options of its kind are asked for."""

    label = forms.CharField(label=_("Label, English"), max_length=80)
    label_zh = forms.CharField(label=_("Label, Chinese"), max_length=80, required=False)
    code = forms.CharField(
        label=_("Code"), max_length=40, required=False,
        help_text=_("Names the field in imports and conditions, for ever. Empty: made from the English label."),
    )  # fmt: skip
    choices = forms.CharField(
        label=_("Choices"), widget=forms.Textarea(attrs={"rows": 6}),
        error_messages={"required": errors.ChoicesMissing.message},
        help_text=_("One a line: English | Chinese. A code may stand before: dell: Dell | 戴尔."),
    )  # fmt: skip
    expression = forms.CharField(
        label=_("Expression"), max_length=500, widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"})
    )
    shown_as = forms.ChoiceField(
        label=_("Shown as"), choices=[("number", _("Number or date")), ("money", _("Money"))], required=False
    )
    places = forms.IntegerField(label=_("Decimals"), min_value=0, max_value=6, required=False)
    pattern = forms.CharField(
        label=_("Pattern"), max_length=40, initial="REF-{yyyy}-{n:4}",
        help_text=_("{n:4} counts up, at least four digits wide; {yyyy}, {yy} and {mm} are the day's year and month."),
    )  # fmt: skip
    required = forms.BooleanField(
        label=_("Required"), required=False,
        help_text=_("On every path: screens, imports and whatever else writes such a record."),
    )  # fmt: skip
    staff_only = forms.BooleanField(
        label=_("Staff only"), required=False, help_text=_("Partners neither see it nor are asked for it.")
    )
    in_list = forms.BooleanField(label=_("Column in lists"), required=False)
    searchable = forms.BooleanField(
        label=_("Found by search"), required=False, initial=True,
        help_text=_("The one box (Ctrl K) and the searches of lists read it."),
    )  # fmt: skip
    help = forms.CharField(label=_("Help text, English"), max_length=300, required=False)
    help_zh = forms.CharField(label=_("Help text, Chinese"), max_length=300, required=False)
    pairs = (("label", "label_zh"), ("help", "help_zh"))

    def __init__(
        self, *args: Any, target: targets.Target, kind: str, field: CustomField | None = None, **options: Any
    ):
        if field is not None:
            options["initial"] = {name: getattr(field, name) for name in services.WORDS} | field.options
            options["initial"]["shown_as"] = field.options.get("result", "")
            options["initial"]["choices"] = "\n".join(
                _as_line(one) for one in field.options.get("choices", [])
            )
        super().__init__(*args, **options)
        self.target, self.kind, self.field = target, kind, field
        for name in {name for names in OF_KIND.values() for name in names} - set(OF_KIND.get(Kind(kind), ())):
            del self.fields[name]
        if field is not None:
            del self.fields["code"]
        if target.readers != {"partner", "staff"}:
            del self.fields["staff_only"]
        elif field is None and "partner" not in target.audiences:
            self.fields["staff_only"].initial = True
        if kind not in (*SEARCHED, Kind.CHOICE, Kind.MANY):
            del self.fields["searchable"]
        if kind in (Kind.COMPUTED, Kind.REFERENCE):
            del self.fields["required"]
        if "expression" in self.fields:
            known = values.operands(target, CustomField.objects.of(target.code))
            self.fields["expression"].help_text = _(
                "Fields: %(names)s. Signs + − × ÷ = < >, and if(…, …, …), min, max, round, value(x, 0). "
                "An empty field, or a division by zero, leaves the result empty."
            ) % {"names": ", ".join(sorted(known)) or "—"}

    def fields_for_service(self) -> dict[str, Any]:
        given = dict(self.cleaned_data)
        options = {name: given.pop(name) for name in OF_KIND.get(Kind(self.kind), ())}
        if "shown_as" in options:
            options["result"] = options.pop("shown_as")
        if "choices" in options:
            options["choices"] = [_parts(line) for line in options["choices"].splitlines() if line.strip()]
        if self.field is None:
            given["code"] = given["code"].strip() or services.free_code(given["label"], self.target)
        return {**given, "options": options}


def _as_line(option: dict[str, str]) -> str:
    chinese = f" | {option['label_zh']}" if option.get("label_zh") else ""
    return f"{option['code']}: {option['label']}{chinese}"


def _parts(line: str) -> tuple[str, str, str]:
    """Code (or ""), label and Chinese label of a line."""
    found = LINE.match(line)
    code, label, chinese = found.groups() if found else ("", line, "")
    return code or "", label or chinese or "", chinese or ""
