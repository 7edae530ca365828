from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from prm.configuration.text import MOST_BYTES
from prm.ui.forms import ServiceForm


class UploadForm(ServiceForm):
    """A file, or its text."""

    file = forms.FileField(
        label=_("File"), required=False, help_text=_("YAML, as it was downloaded here or elsewhere.")
    )
    source = forms.CharField(
        label=_("Or its text"), required=False, strip=False, max_length=MOST_BYTES, widget=forms.Textarea
    )

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        upload = values.get("file")
        if upload and upload.size > MOST_BYTES:
            raise ValidationError(_("The file is larger than 2 MB."))
        if upload:
            try:
                values["source"] = upload.read().decode("utf-8-sig")
            except UnicodeDecodeError:
                raise ValidationError(_("The file is not text in UTF-8.")) from None
        if not (values.get("source") or "").strip() and not self.errors:
            raise ValidationError(_("Choose a file or paste its text."))
        return values
