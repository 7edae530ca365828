"""The kinds of fields: how each reads what was typed, is stored, shown, and asked for.

Stored in the row's JSON: numbers and money as text of an exact decimal, dates as ISO text, yes or no as a boolean,
choices as their codes, persons and partners as their ids, a file by what it is called and where it is kept, everything
else as text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlsplit

from django.db.models import Model
from django.utils.translation import gettext as _

from prm.customfields import errors, holding, targets
from prm.customfields.models import CustomField, StoredFile
from prm.ui import formats
from prm.ui.formats import SYMBOLS
from prm.values.actor import Actor

Kind = CustomField.Kind
MOST = {Kind.TEXT: 200, Kind.LONG_TEXT: 4000, Kind.LINK: 500}
DECIMAL = (Kind.NUMBER, Kind.MONEY, Kind.COMPUTED)
LIMIT = Decimal(10) ** 15
DAY = re.compile(
    r"^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})$|^(\d{4})(\d{2})(\d{2})$|^(\d{4})年(\d{1,2})月(\d{1,2})日$"
)
YES = {"yes", "true", "1", "y", "on", "是"}
NO = {"no", "false", "0", "n", "否"}
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def read(field: CustomField, raw: Any, *, by: Actor) -> Any:
    """The JSON value of what was typed, chosen or imported; None for nothing. Raises ValueRefused."""
    if raw is None or raw == "" or (isinstance(raw, str) and not raw.strip()):
        return None
    return _READERS[Kind(field.kind)](field, raw, by)


def _refused(kind: type[errors.ValueRefused], field: CustomField, **values: Any) -> errors.ValueRefused:
    return kind(field=field.name, label=field.words, **values)


def _text(field: CustomField, raw: Any, by: Actor) -> str:
    text = unicodedata.normalize("NFC", str(raw)).strip()
    if field.kind == Kind.LONG_TEXT:
        text = text.replace("\r\n", "\n")
    else:
        text = " ".join(text.split())
    most = MOST.get(Kind(field.kind), 200)
    if len(text) > most:
        raise _refused(errors.TooLong, field, most=most)
    if CONTROL.search(text):
        raise _refused(errors.ValueRefused, field)
    return text


def decimal_of(raw: Any) -> Decimal | None:
    """A number as people type it: full-width digits, separators, a currency sign; None when it is none."""
    text = unicodedata.normalize("NFKC", str(raw)).replace(",", "").replace(" ", "").replace("\u2212", "-")
    for sign in (*SYMBOLS.values(), "RMB", "元"):
        text = text.removeprefix(sign).removesuffix(sign)
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() and "_" not in text else None


def _number(field: CustomField, raw: Any, by: Actor) -> str:
    number = decimal_of(raw)
    if number is None or isinstance(raw, bool):
        raise _refused(errors.NotANumber, field)
    if abs(number) >= LIMIT:
        raise _refused(errors.NumberOutOfRange, field)
    places = field.places
    if number != round(number, places):
        raise _refused(errors.TooManyPlaces, field, most=places)
    return format(number.quantize(Decimal(1).scaleb(-places)), "f")


def day_of(raw: Any) -> date | None:
    """A calendar day whose parts have one meaning; None for anything else."""
    if isinstance(raw, datetime):
        return formats.local(raw).date()
    if isinstance(raw, date):
        return raw
    found = DAY.match(
        unicodedata.normalize("NFKC", str(raw)).strip().partition("T")[0].removesuffix(" 00:00:00")
    )
    try:
        return date(*(int(part) for part in found.groups() if part)) if found else None
    except ValueError:
        return None


def _day(field: CustomField, raw: Any, by: Actor) -> str:
    found = day_of(raw)
    if found is None or not 1900 <= found.year <= 2200:
        raise _refused(errors.NotADay, field)
    return found.isoformat()


def truth_of(raw: Any) -> bool | None:
    if isinstance(raw, bool):
        return raw
    text = unicodedata.normalize("NFKC", str(raw)).strip().casefold()
    return True if text in YES else False if text in NO else None


def _yes_no(field: CustomField, raw: Any, by: Actor) -> bool:
    found = truth_of(raw)
    if found is None:
        raise _refused(errors.NotYesOrNo, field)
    return found


def _choice(field: CustomField, raw: Any, by: Actor) -> str:
    """By code, or by its label in either language."""
    text = " ".join(unicodedata.normalize("NFKC", str(raw)).split()).casefold()
    for option in field.options.get("choices", []):
        if text in (
            option["code"].casefold(),
            option["label"].casefold(),
            option.get("label_zh", "").casefold(),
        ):
            return option["code"]
    words = ", ".join(label for _code, label in field.choices[:20])
    raise _refused(errors.NotAChoice, field, value=str(raw)[:80], choices=words)


def _many(field: CustomField, raw: Any, by: Actor) -> list[str] | None:
    parts = re.split(r"[;；|\n]", raw) if isinstance(raw, str) else list(raw)
    chosen = {_choice(field, part, by) for part in parts if str(part).strip()}
    return [code for code, _label in field.choices if code in chosen] or None


def _one_of(rows: Any, field: CustomField, raw: Any, name: str) -> int:
    """The id of a visible row that was given as itself, as its id, or in text by what it is called everywhere."""
    if isinstance(raw, Model):
        raw = raw.pk
    text = str(raw).strip()
    # Text is never an id: a file may hold a partner's number that is all digits.
    rows = rows.filter(pk=raw) if isinstance(raw, int) else rows.filter(**{f"{name}__iexact": text})
    found = rows.values_list("pk", flat=True).first()
    if found is None:
        raise _refused(errors.NobodyLikeThat, field, value=text[:80])
    return found


def _person(field: CustomField, raw: Any, by: Actor) -> int:
    return _one_of(targets.people_for(by), field, raw, "email")


def _partner(field: CustomField, raw: Any, by: Actor) -> int:
    rows: Any = targets.partner_model()._default_manager.all()
    return _one_of(rows.visible_to(by), field, raw, "number")


def _file(field: CustomField, raw: Any, by: Actor) -> dict[str, Any] | None:
    """What was just handed in, or was kept for this very field; False takes the file away. Nothing else names one."""
    if raw is False:
        return None
    stored = raw if isinstance(raw, StoredFile) else holding.keep(field, raw, by=by)
    if (stored.target, stored.code) != (field.target, field.code):
        raise _refused(errors.ValueRefused, field)
    return {"id": stored.pk, "name": stored.name, "size": stored.size}


def _link(field: CustomField, raw: Any, by: Actor) -> str:
    text = _text(field, raw, by)
    try:
        parts = urlsplit(text)
        fits = (
            parts.scheme in ("http", "https") and bool(parts.hostname) and not re.search(r"[\s<>\"'\\]", text)
        )
    except ValueError:
        fits = False
    if not fits:
        raise _refused(errors.NotALink, field)
    return text


_READERS: dict[str, Callable[[CustomField, Any, Actor], Any]] = {
    Kind.TEXT: _text,
    Kind.LONG_TEXT: _text,
    Kind.NUMBER: _number,
    Kind.MONEY: _number,
    Kind.DATE: _day,
    Kind.YES_NO: _yes_no,
    Kind.CHOICE: _choice,
    Kind.MANY: _many,
    Kind.PERSON: _person,
    Kind.PARTNER: _partner,
    Kind.FILE: _file,
    Kind.LINK: _link,
}


def python_of(field: CustomField, value: Any) -> Any:
    """A stored value as Python: Decimal, date, bool, text, id."""
    if value is None:
        return None
    if is_number(field):
        return Decimal(value)
    if is_date(field):
        return date.fromisoformat(value)
    return value


def is_number(field: CustomField) -> bool:
    return field.kind in (Kind.NUMBER, Kind.MONEY) or (field.kind == Kind.COMPUTED and not is_date(field))


def is_date(field: CustomField) -> bool:
    return field.kind == Kind.DATE or (field.kind == Kind.COMPUTED and field.options.get("result") == "date")


def is_money(field: CustomField) -> bool:
    return field.kind == Kind.MONEY or (
        field.kind == Kind.COMPUTED and field.options.get("result") == "money"
    )


def places_of(field: CustomField, value: Any) -> int:
    """With how many decimals a value is shown and exported: the field's, or all that it was stored with if more."""
    exponent = Decimal(value).normalize().as_tuple().exponent
    return max(field.places if field.kind in DECIMAL else 0, -exponent if isinstance(exponent, int) else 0)


def shown(
    field: CustomField, value: Any, *, currency: str = "CNY", names: dict[str, str] | None = None
) -> str:
    """The value in words, in the reader's language. `names` gives those of persons and partners by id."""
    if value is None or value == "" or value == []:
        return ""
    if is_money(field):
        return formats.money(Decimal(value), currency, places_of(field, value))
    if is_number(field):
        return formats.number(Decimal(value), places_of(field, value))
    if is_date(field):
        return formats.day(date.fromisoformat(value))
    if field.kind == Kind.YES_NO:
        return _("Yes") if value else _("No")
    if field.kind == Kind.CHOICE:
        return dict(field.choices).get(value, str(value))
    if field.kind == Kind.MANY:
        known = dict(field.choices)
        return ", ".join(known.get(code, code) for code in value)
    if field.kind == Kind.FILE:
        return value["name"]
    if field.kind in (Kind.PERSON, Kind.PARTNER):
        return (names or {}).get(str(value)) or _("not visible to you")
    return str(value)
