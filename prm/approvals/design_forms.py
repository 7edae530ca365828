"""Forms of the flow designer."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from prm.approvals.drafts import too_deep
from prm.ui.forms import ServiceForm

LONGEST = 500_000


class DocumentField(forms.CharField):
    """A flow as the page holds it: JSON. Nothing is asked of its shape; a draft may be unfinished."""

    widget = forms.HiddenInput

    def __init__(self, **kwargs: Any):
        super().__init__(max_length=LONGEST, strip=False, **kwargs)

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if text in self.empty_values:
            return None
        try:
            data = json.loads(text, parse_float=str)
        except (ValueError, RecursionError):
            raise ValidationError(_("This is no flow."), code="invalid") from None
        if not isinstance(data, dict) or too_deep(data):
            raise ValidationError(_("This is no flow."), code="invalid")
        return data

    def run_validators(self, value: Any) -> None:
        if isinstance(value, str):
            super().run_validators(value)


class DraftForm(ServiceForm):
    document = DocumentField()
    revision = forms.CharField(max_length=64, required=False)
    over = forms.BooleanField(required=False)

    def fields_for_service(self) -> dict[str, Any]:
        said = super().fields_for_service()
        return {"data": said["document"], "revision": said["revision"], "over": said["over"]}


class NodeForm(forms.Form):
    """Which node's panel is asked for, and the flow as it stands in the page."""

    document = DocumentField()
    node = forms.CharField(max_length=40)


class PublishForm(ServiceForm):
    revision = forms.CharField(max_length=64, widget=forms.HiddenInput)
    note = forms.CharField(label=_("What is new"), max_length=300, required=False)


class ImportForm(ServiceForm):
    file = forms.FileField(
        label=_("File"), required=False, help_text=_("YAML or JSON, as the export writes it.")
    )
    text = forms.CharField(
        label=_("Or the text itself"), required=False, widget=forms.Textarea, max_length=LONGEST
    )

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        upload = said.get("file")
        if upload is not None:
            if upload.size > LONGEST:
                raise ValidationError(_("The file is too long for a flow."), code="too_long")
            try:
                said["text"] = upload.read().decode("utf-8-sig")
            except UnicodeDecodeError:
                raise ValidationError(_("The file is not text in UTF-8."), code="not_text") from None
        if not (said.get("text") or "").strip():
            raise ValidationError(_("Choose a file or paste a text."), code="empty")
        return said

    def fields_for_service(self) -> dict[str, Any]:
        return {"text": self.cleaned_data["text"]}


class CasesForm(ServiceForm):
    """Which running cases go on under the version in force; at least one."""

    case = forms.Field(widget=forms.SelectMultiple)

    def clean_case(self) -> list[int]:
        numbers = [int(one) for one in self.cleaned_data["case"] if one.isdecimal() and len(one) < 19]
        if not numbers:
            raise ValidationError(_("Tick at least one first."), code="nothing")
        return numbers

    def fields_for_service(self) -> dict[str, Any]:
        return {"cases": self.cleaned_data["case"]}
