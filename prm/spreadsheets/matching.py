"""Which column of a file holds what: found by heading, in English, Chinese or by name."""

from __future__ import annotations

import re
import unicodedata

from django.utils.translation import override

from prm.customfields.models import CustomField
from prm.spreadsheets.errors import FileColumn
from prm.spreadsheets.registry import Column, ImportKind

LANGUAGES = ("en", "zh-hans")


def folded(heading: str) -> str:
    """A heading without case, width, spaces, signs and what stands in brackets."""
    text = unicodedata.normalize("NFKC", heading).casefold()
    text = re.sub(r"[(\[].*?[)\]]", "", text)
    return re.sub(r"[\W_]+", "", text)


def names_of(kind: ImportKind, column: Column) -> set[str]:
    """Every heading that means `column` of `kind`, folded."""
    others = (*column.also, *kind.chinese.get(column.name, "").split())
    found = {folded(column.name), *(folded(other) for other in others)}
    for language in LANGUAGES:
        with override(language):
            found.add(folded(str(column.label)))
    return found


def refuse_files(kind: ImportKind, header: list[str], found: dict[str, int]) -> None:
    """Refuse a heading that means a field of files; one that was matched already means something else."""
    rows = CustomField.objects.of(kind.target) if kind.target else CustomField.objects.none()
    for field in rows.filter(kind=CustomField.Kind.FILE):
        names = {folded(one) for one in (f"custom.{field.code}", field.label, field.label_zh) if one}
        for place, heading in enumerate(header):
            if place not in found.values() and folded(heading) in names:
                raise FileColumn(heading=heading)


def matched(kind: ImportKind, header: list[str]) -> dict[str, int]:
    """{column name: place in the file} for what the headings tell; an exact name goes before a synonym."""
    columns = kind.all_columns
    found = {column.name: header.index(column.name) for column in columns if column.name in header}
    for column in columns:
        if column.name in found:
            continue
        names = names_of(kind, column)
        for place, heading in enumerate(header):
            if place not in found.values() and folded(heading) in names:
                found[column.name] = place
                break
    return found
