"""What a person chooses when bringing a file in."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from prm.spreadsheets.models import Import
from prm.spreadsheets.rights import kinds_for
from prm.ui.forms import ServiceForm


class UploadForm(ServiceForm):
    kind = forms.ChoiceField(label=_("What is in it"))
    file = forms.FileField(
        label=_("File"), help_text=_(".csv or .xlsx with headings in the first row; at most 64 MB and a million rows."),
        widget=forms.FileInput(attrs={"accept": ".csv,.xlsx,.txt,text/csv"}),
    )  # fmt: skip

    def __init__(self, *args: Any, **options: Any):
        super().__init__(*args, **options)
        mine = kinds_for(self.actor) if self.actor else []
        self.fields["kind"].choices = [(kind.name, kind.title) for kind in mine]


class ColumnsForm(ServiceForm):
    """For each of our columns the file's column, or none."""

    def __init__(self, *args: Any, upload: Import, **options: Any):
        self.upload = upload
        headings = [("", _("not in the file"))] + [(str(p), h) for p, h in enumerate(upload.header) if h]
        self.base_fields = {
            column.name: forms.ChoiceField(
                label=capfirst(str(column.label)), choices=headings, required=False,
                initial=upload.columns.get(column.name)
            )
            for column in upload.definition.all_columns
        }  # fmt: skip
        super().__init__(*args, **options)

    def fields_for_service(self) -> dict[str, Any]:
        return {"columns": {name: int(place) for name, place in self.cleaned_data.items() if place}}


class CorrectionForm(ServiceForm):
    field = forms.CharField(max_length=60)
    value = forms.CharField(max_length=200, required=False, strip=False)
    replacement = forms.CharField(max_length=200)
