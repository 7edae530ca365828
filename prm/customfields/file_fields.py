"""The control of a file: what is there, another one, or none; a file stays handed in when the form comes back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.template.loader import render_to_string
from django.urls import reverse

from prm.customfields import holding
from prm.customfields.errors import ValueRefused
from prm.customfields.models import CustomField, StoredFile
from prm.files.uploads import ACCEPT
from prm.values.actor import Actor


@dataclass(frozen=True)
class Kept:
    """The file that a row holds, as its form shows it."""

    name: str
    size: int
    address: str

    def __str__(self) -> str:
        return self.name


def kept_file(field: CustomField, value: dict[str, Any], row: Any) -> Kept:
    return Kept(value["name"], value["size"], address_of(field, row))


def address_of(field: CustomField, row: Any) -> str:
    """Where the file of a row is read by whoever may see the row."""
    return reverse("customfields:file", args=[field.target, row.pk, field.code])


class FileInput(forms.ClearableFileInput):
    """`fresh` is what was handed in with this very request, for when the form comes back."""

    fresh: StoredFile | None = None
    ticket = ""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        found = super().value_from_datadict(data, files, name)
        return data.get(f"{name}-ticket") if found is None else found

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return super().value_omitted_from_data(data, files, name) and f"{name}-ticket" not in data

    def use_required_attribute(self, initial: Any) -> bool:
        return False

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> str:
        context = {
            "name": name,
            "clear": self.clear_checkbox_name(name),
            "attrs": self.build_attrs(self.attrs, attrs),
            "kept": value if isinstance(value, Kept) else None,
            "fresh": self.fresh,
            "ticket": self.ticket,
            "may_clear": not self.is_required,
        }
        return render_to_string("customfields/file_input.html", context)


class OwnFileField(forms.FileField):
    """Gives the StoredFile that was handed in, False to take the file away, or what was there."""

    widget = FileInput

    def __init__(self, custom: CustomField, actor: Actor | None, **options: Any):
        self.custom, self.actor = custom, actor
        super().__init__(**options)
        self.widget.attrs["accept"] = ACCEPT

    def __deepcopy__(self, memo: Any) -> OwnFileField:
        copied = super().__deepcopy__(memo)
        copied.custom, copied.actor = self.custom, self.actor
        return copied

    def clean(self, data: Any, initial: Any = None) -> Any:
        if not data or self.actor is None:
            return super().clean(data, initial)
        stored = self._stored(data)
        if stored is None:
            return super().clean(None, initial)
        self.widget.fresh, self.widget.ticket = stored, holding.ticket_for(stored, self.actor)
        return stored

    def bound_data(self, data: Any, initial: Any) -> Any:
        return initial

    def _stored(self, data: Any) -> StoredFile | None:
        if not isinstance(data, UploadedFile):
            return holding.of_ticket(str(data), self.custom, self.actor)  # type: ignore[arg-type]
        try:
            return holding.keep(self.custom, data, by=self.actor)  # type: ignore[arg-type]
        except ValueRefused as refused:
            raise ValidationError(str(refused.values.get("why") or refused.text), code=refused.code) from None
