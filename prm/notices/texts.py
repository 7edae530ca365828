"""The letters that a tenant may word anew: their default sentences, and the placeholders that may stand in them.

What an administrator writes is text with {placeholders} from the letter's own list, and nothing else: it is never
handed to a template engine or a format function, so it reaches no attribute, no setting and no other person's data.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import translation
from django.utils.translation import gettext_lazy as _

from prm.notices import kinds
from prm.notices.models import LetterText

# In every letter.
COMMON = ("tenant",)
PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
IN_SENTENCE = re.compile(r"%\((\w+)\)s")


@dataclass(frozen=True)
class LetterForm:
    """One letter: its name, what people call it, its default subject and paragraphs, and for whom it is."""

    name: str
    label: Any
    subject: Any
    paragraphs: tuple[Any, ...]
    group: Any = ""

    @property
    def placeholders(self) -> list[str]:
        """The names that may stand in the letter: those of its default sentences, and the common ones."""
        with translation.override("en"):
            text = " ".join(str(part) for part in (self.subject, *self.paragraphs))
        return list(dict.fromkeys([*IN_SENTENCE.findall(text), *COMMON]))


_letters: dict[str, LetterForm] = {}


def register(name: str, *, label: Any, subject: Any, paragraphs: Sequence[Any]) -> None:
    """Declare a letter that is no notice (an invitation, the digest). Notices are declared by their kind."""
    _letters[name] = LetterForm(name, label, subject, tuple(paragraphs), _("Letters"))


def words_of(name: str) -> dict[str, Any]:
    """What `write_letter` needs of a registered letter: name, subject and paragraphs."""
    form = _letters[name]
    return {"name": name, "subject": form.subject, "paragraphs": form.paragraphs}


def all_letters() -> list[LetterForm]:
    """Every letter that can be worded anew: letters first, then notices by their label."""
    notices = [
        LetterForm(kind.name, _named(kind), kind.title, (kind.body or kind.title,), _("Notices"))
        for kind in kinds.all_kinds()
    ]
    return [*_letters.values(), *sorted(notices, key=lambda one: str(one.label))]


def _named(kind: kinds.Kind) -> str:
    """What people call it: its label, else its title without the values."""
    return str(kind.label) if kind.label != kind.name else IN_SENTENCE.sub("…", str(kind.title))


def letter_form(name: str) -> LetterForm | None:
    return next((one for one in all_letters() if one.name == name), None)


def own_words(name: str, language: str) -> tuple[str, list[str]] | None:
    """The tenant's subject and paragraphs for a letter, or None where it keeps the product's."""
    row = LetterText.objects.filter(name=name, language=language).first() if name else None
    return (row.subject, paragraphs_of(row.body)) if row else None


def paragraphs_of(body: str) -> list[str]:
    """What stands between empty lines."""
    return [part.strip() for part in re.split(r"\n\s*\n", body.replace("\r\n", "\n")) if part.strip()]


def default_words(form: LetterForm, language: str) -> tuple[str, str]:
    """The product's subject and body, with {placeholders} as an administrator writes them."""
    with translation.override(language):
        subject, *paragraphs = (_braced(str(part)) for part in (form.subject, *form.paragraphs))
    return subject, "\n\n".join(paragraphs)


def _braced(sentence: str) -> str:
    return IN_SENTENCE.sub(r"{\1}", sentence).replace("%%", "%")


def put_in(text: str, values: Mapping[str, Any]) -> str:
    """`text` with each {name} replaced by its value; a name without one leaves nothing."""
    return PLACEHOLDER.sub(lambda found: str(values.get(found[1], "")), text)


def unknown_placeholders(text: str, form: LetterForm) -> list[str]:
    """Placeholders that the letter does not know, and braces that are none."""
    known = set(form.placeholders)
    wrong = [f"{{{name}}}" for name in PLACEHOLDER.findall(text) if name not in known]
    rest = PLACEHOLDER.sub("", text)
    return wrong + [brace for brace in "{}" if brace in rest]
