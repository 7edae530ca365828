"""Targets of single partners as people type or paste them: a line for each, number and target."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from partners.models import Partner
from prm.ui.forms import AmountField

MOST = 20_000  # as the schema has it
_LINE = re.compile(r"(?P<number>[^\s,;，；、]+)(?:[\s,;，；、]+(?P<target>.+))?")


class TargetsField(forms.CharField):
    """Cleans to targets by partner number, in the order typed. What is wrong is named by its line."""

    widget = forms.Textarea

    def __init__(self, **kwargs: Any):
        kwargs.setdefault(
            "widget", forms.Textarea(attrs={"rows": 5, "class": "ui-input ui-fig", "spellcheck": "false"})
        )
        super().__init__(required=False, max_length=MOST * 60, **kwargs)

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        found: dict[str, Decimal] = {}
        problems: list[str] = []
        for place, line in enumerate(text.splitlines(), start=1):
            if line.strip():
                problems += [
                    _("Line %(line)s: %(words)s") % {"line": place, "words": words}
                    for words in _read(line.strip(), found)
                ]
        problems += _unknown(text, found)
        if problems:
            raise ValidationError(problems[:10])
        return found

    def validate(self, value: Any) -> None:
        """Lines are checked where they are read."""

    def run_validators(self, value: Any) -> None:
        if len(value) > MOST:
            raise ValidationError(_("At most %(most)s partners have a target of their own.") % {"most": MOST})


def as_lines(targets: Mapping[str, Any]) -> str:
    """Targets as they are typed, a line for each."""
    return "\n".join(f"{number}\t{Decimal(target):f}" for number, target in targets.items())


def _read(line: str, found: dict[str, Decimal]) -> Iterator[str]:
    """Adds the line to what was found; what is wrong with it, in words."""
    parts = _LINE.fullmatch(line)
    if parts is None or parts["target"] is None:
        yield _("write a partner's number and its target.")
        return
    if parts["number"] in found:
        yield _("%(number)s stands there twice.") % {"number": parts["number"]}
        return
    try:
        target = AmountField().clean(parts["target"])
    except ValidationError as problem:
        yield " ".join(problem.messages)
        return
    if target <= 0:
        yield _("a target is above zero.")
    found[parts["number"]] = target


def _unknown(text: str, found: Mapping[str, Decimal]) -> list[str]:
    rows = Partner.objects.for_everyone(because="which numbers exist").filter(number__in=found)
    unknown = found.keys() - set(rows.values_list("number", flat=True)) if found else set()
    return [
        _("Line %(line)s: no partner has the number %(number)s.") % {"line": place, "number": parts["number"]}
        for place, line in enumerate(text.splitlines(), start=1)
        if (parts := _LINE.fullmatch(line.strip())) and parts["number"] in unknown
    ]
