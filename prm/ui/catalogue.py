"""Translatable strings of Python code and templates, gathered without GNU gettext."""

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation import templatize

KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
LEFT_OUT = {".venv", ".tools", ".data", ".git", "node_modules", "tests", "benchmarks", "migrations", "static"}


def root() -> Path:
    return Path(settings.BASE_DIR)


def sources(suffix: str) -> Iterator[Path]:
    """The project's own files, in a fixed order."""
    for folder in sorted(path for path in root().iterdir() if path.is_dir() and path.name not in LEFT_OUT):
        for path in sorted(folder.rglob(f"*{suffix}")):
            if not LEFT_OUT & set(path.relative_to(root()).parts):
                yield path


def gather() -> Catalog:
    """Every translatable string with the files it stands in."""
    found = Catalog(charset="utf-8")
    for path in sources(".py"):
        _add(found, path, path.read_bytes())
    for path in sources(".html"):
        _add(found, path, _as_python(path).encode())
    for path in sources(".txt"):
        if "templates" in path.parts:
            _add(found, path, _as_python(path).encode())
    return found


def _as_python(path: Path) -> str:
    """A template as Python that only calls gettext: what Django's own tool hands to xgettext, made parseable."""
    calls = re.compile(r"""(?:n?p?gettext|_)\((?:[^()'"]|u?'(?:[^'\\]|\\.)*'|u?"(?:[^"\\]|\\.)*")*\)""", re.S)
    text = templatize(path.read_text(encoding="utf-8"), origin=str(path))
    return "\n".join(call.replace("\n", "\\n") for call in calls.findall(text))


def _add(found: Catalog, path: Path, code: bytes) -> None:
    name = path.relative_to(root()).as_posix()
    for _line, message, _comments, context in extract("python", BytesIO(code), keywords=KEYWORDS):  # type: ignore[arg-type]
        found.add(message, locations=[(name, 0)], context=context)


def file_of(language: str) -> Path:
    return Path(settings.LOCALE_PATHS[0]) / language / "LC_MESSAGES" / "django.po"


def read(language: str) -> Catalog:
    path = file_of(language)
    if not path.exists():
        return Catalog(locale=language, charset="utf-8")
    with path.open("rb") as source:
        return read_po(source, locale=language)


def update(language: str) -> tuple[Catalog, list[str]]:
    """The language's catalogue with what the code says now: translations kept, stale entries dropped."""
    old, new = read(language), Catalog(locale=language, charset="utf-8", fuzzy=False)
    new.header_comment = (
        "# Qudao, Simplified Chinese. `bin/manage messages` keeps the entries; people write the words."
    )
    new.project, new.version = "Qudao", ""
    for message in gather():
        if not message.id:
            continue
        known = old.get(message.id[0] if isinstance(message.id, tuple) else message.id, message.context)
        words = (
            known.string
            if known is not None and isinstance(known.string, tuple) == message.pluralizable
            else None
        )
        if message.pluralizable and not words:
            words = ("",) * new.num_plurals
        new.add(
            message.id,
            words or "",
            locations=sorted(set(message.locations)),
            context=message.context,
            flags=message.flags,
        )
    return new, missing(new)


def missing(catalogue: Catalog) -> list[str]:
    """Entries without words in the language."""
    return [
        str(m.id)
        for m in catalogue
        if m.id and not (all(m.string) if isinstance(m.string, tuple) else m.string)
    ]


def write(catalogue: Catalog, language: str) -> None:
    path = file_of(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    buffer = BytesIO()
    write_po(buffer, catalogue, width=100, sort_output=True, omit_header=False, include_lineno=False)
    # Dates in the header would make every run a change.
    text = re.sub(
        rb'"(POT-Creation-Date|PO-Revision-Date|Generated-By|Report-Msgid-Bugs-To|Last-Translator)[^\n]*\n',
        b"",
        buffer.getvalue(),
    )
    path.write_bytes(text)
