"""A condition in a form: read from JSON, refused with the part that is wrong."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from prm.conditions import drafts, language
from prm.ui.forms import ServiceForm
from prm.values.actor import Actor

LONGEST = 50_000


def loaded(text: str) -> Any:
    """JSON as Python; ValueError for anything else, also for what is too long or nested without end."""
    if len(text) > LONGEST:
        raise ValueError("too long")
    try:
        return json.loads(text, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("too deep") from None


def _refuse(name: str) -> None:
    raise ValueError(name)


def dumped(condition: Any) -> str:
    """The shortest JSON of a condition, the same for the same condition."""
    return json.dumps(condition, ensure_ascii=False, separators=(",", ":"))


class ConditionField(forms.Field):
    """`ConditionField(subject="deal")`: the cleaned value is the condition as a dict, {} when nothing was said.

    In the page it is the builder: `{% include "conditions/builder.html" with subject=… condition=… name=… only %}`.
    Set `.by` (ServiceForm's actor) so that only what the person may ask for is taken.
    """

    widget = forms.HiddenInput
    default_error_messages = {"invalid": _("This is no condition.")}

    def __init__(self, *, subject: str, by: Actor | None = None, **kwargs: Any):
        kwargs.setdefault("required", False)
        super().__init__(**kwargs)
        self.subject, self.by = subject, by

    def prepare_value(self, value: Any) -> Any:
        return dumped(value) if isinstance(value, dict) else value

    def to_python(self, value: Any) -> Any:
        if value in self.empty_values:
            return {}
        if isinstance(value, dict):
            return value
        try:
            return drafts.without_blanks(loaded(str(value)))
        except (ValueError, RecursionError):
            raise ValidationError(self.error_messages["invalid"], code="invalid") from None

    def validate(self, value: Any) -> None:
        if self.required and value in ({}, {"all": []}):
            raise ValidationError(self.error_messages["required"], code="required")
        problems = language.validate(value, self.subject, by=self.by)
        if problems:
            raise ValidationError([ValidationError(str(one.message), code=one.code) for one in problems])


class ViewForm(ServiceForm):
    """A list's condition, with a name when it is to be saved."""

    name = forms.CharField(label=_("Name of the view"), max_length=60, required=False)
    shared = forms.BooleanField(label=_("For all colleagues"), required=False)

    def __init__(self, *args: Any, subject: str, named: bool, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["condition"] = ConditionField(subject=subject, by=self.actor)
        self.fields["name"].required = named
