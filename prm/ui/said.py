"""What is stored today and read later by people of other languages: kept as what it is, worded when it is read.

    values = {"day": said.Day(last_day), "total": said.Money(total, "CNY"), "what": _("Order")}
    stored = {name: said.stored(value) for name, value in values.items()}    # plain JSON
    said.shown(stored["day"])                                                # in the language now active

A lazily translated sentence is stored by its message, so the catalogue of the reader words it. What is already text
(a name, a reason, a value of an earlier version) stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import get_language

from prm.ui import formats

KIND = "as"


@dataclass(frozen=True)
class Day:
    of: date


@dataclass(frozen=True)
class Money:
    amount: Decimal | None
    currency: str
    places: int | None = None


class Sentence:
    """A lazily translated sentence with %(names)s of `values`, which may be of these kinds themselves."""

    def __init__(self, words: Any, **values: Any):
        self.words, self.values = words, values

    def __str__(self) -> str:
        return shown(stored(self))


class InEach:
    """What `write()` gives in each language of the product, such as names that a row has in two."""

    def __init__(self, write: Callable[[], Any]):
        self.write = write


def stored(value: Any) -> Any:
    """Plain JSON for `value`; texts and whole numbers stay themselves."""
    if isinstance(value, Promise):
        return _message(value)
    if isinstance(value, Day):
        return {KIND: "day", "of": value.of.isoformat()}
    if isinstance(value, Money):
        amount = None if value.amount is None else str(value.amount)
        return {KIND: "money", "of": amount, "currency": value.currency, "places": value.places}
    if isinstance(value, Sentence):
        return stored(value.words) | {"with": {name: stored(one) for name, one in value.values.items()}}
    if isinstance(value, InEach):
        return {KIND: "each"} | {code: _in(code, value.write) for code, _name in settings.LANGUAGES}
    if isinstance(value, dict) and KIND in value:  # stored before, such as the title of a job
        return value
    return value if isinstance(value, int | str) and not isinstance(value, bool) else str(value)


def in_each(write: Callable[[], Any]) -> Any:
    """What `write()` gives, as it is stored: plain text where it is the same in each language. May be compared."""
    texts = {code: _in(code, write) for code, _name in settings.LANGUAGES}
    return {KIND: "each"} | texts if len(set(texts.values())) > 1 else next(iter(texts.values()))


def of_error(error: Any) -> dict[str, Any]:
    """A refusal's sentence (`error.text`), stored so that whoever reads it later reads their own language."""
    return stored(InEach(lambda: error.text))


def shown(value: Any) -> Any:
    """A stored value in the language now active."""
    if not isinstance(value, dict):
        return value
    write = _WRITERS.get(value.get(KIND, ""))
    return write(value) if write else str(value)


# Between the languages of a text that is kept in one line; not to be seen, and nobody types it.
APART = "\u2063"


def in_one_line(write: Callable[[], Any], *, longest: int) -> str:
    """What `write()` gives, once where it is the same in each language, else in all: “Seats / 席位”. See `mine`."""
    texts = [_in(code, write) for code, _name in settings.LANGUAGES]
    if len(set(texts)) == 1:
        return texts[0][:longest]
    between = f"{APART} / "
    room = longest // len(texts) - len(between)
    return between.join(text[:room] for text in texts)


def mine(line: str) -> str:
    """The part of such a line that is in the language now active; any other text as it is."""
    texts = line.split(f"{APART} / ")
    codes = [code for code, _name in settings.LANGUAGES]
    here = get_language() or ""
    return texts[codes.index(here)] if here in codes and len(texts) == len(codes) else texts[0]


def _in(language: str, write: Callable[[], Any]) -> str:
    with translation.override(language):
        return str(write())


def _message(words: Promise) -> dict[str, Any]:
    """The message behind a lazy sentence; one that is made of others is stored in each language."""
    _unpickle, (function, args, *_rest) = words.__reduce__()  # type: ignore[misc]
    if getattr(function, "__name__", "") == "gettext":
        return {KIND: "words", "of": args[0]}
    if getattr(function, "__name__", "") == "pgettext":
        return {KIND: "words", "of": args[1], "about": args[0]}
    return stored(InEach(lambda: words))


def _words(value: dict[str, Any]) -> str:
    message, about = value["of"], value.get("about")  # gathered where it is written, not here
    text = translation.pgettext(about, message) if about else translation.gettext(message)
    if "with" not in value:
        return text
    return text % {name: shown(one) for name, one in value["with"].items()}


def _each(value: dict[str, Any]) -> str:
    return value.get(get_language() or "") or value.get(settings.LANGUAGE_CODE) or ""


_WRITERS: dict[str, Callable[[dict[str, Any]], str]] = {
    "words": _words,
    "each": _each,
    "day": lambda value: formats.day(date.fromisoformat(value["of"])),
    "money": lambda value: formats.money(value["of"], value["currency"], value["places"]),
}
