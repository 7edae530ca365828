"""Reading single cells: each function returns a column's parser, which gives the value in its one spelling.

People type full-width digits, thousands separators, a currency sign, a real minus, the date of their country; each
parser takes what has one meaning and refuses the rest by name. Values stay text, so that no number loses a digit.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from prm.spreadsheets.registry import BadValue, Reading
from prm.ui import formats, said
from prm.values import clock
from prm.values.money import is_known_currency

Parser = Callable[[str], str]
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
SIGNS = re.compile(r"^(?:¥|\$|€|£|HK\$|NT\$|S\$|JP¥|RMB|CNY|USD|EUR)\s*|\s*元$", re.IGNORECASE)
GROUPED = re.compile(r"^-?\d{1,3}(?:,\d{3})+(?:\.\d+)?$")
LOOKALIKES = "OoIl"
AS_DIGITS = str.maketrans(LOOKALIKES, "0011")
ISO_DAY = re.compile(r"^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ]00:00(?::00(?:\.0+)?)?)?$")
CHINESE_DAY = re.compile(r"^(\d{4})年(\d{1,2})月(\d{1,2})日$")
PLAIN_DAY = re.compile(r"^(\d{4})(\d{2})(\d{2})$")
OTHER_DAY = re.compile(r"^\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}$")
EARLIEST = date(2000, 1, 1)


def words(most: int) -> Parser:
    """Text of at most `most` characters; spaces and line breaks run together."""

    def parse(cell: str) -> str:
        if CONTROL.search(cell):
            raise BadValue("control_character")
        text = " ".join(cell.split())
        if len(text) > most:
            raise BadValue("too_long", most=most)
        return text

    return parse


def code(most: int) -> Parser:
    """A number or code: full-width letters and digits become narrow."""
    plain = words(most)
    return lru_cache(maxsize=50_000)(lambda cell: plain(unicodedata.normalize("NFKC", cell)))


def amount(*, places: int, positive: bool = False, digits: int = 18) -> Parser:
    """A decimal with at most `places` decimals; `positive` refuses what is below zero."""
    limit = Decimal(10) ** (digits - places)

    def parse(cell: str) -> str:
        number = _number(cell)
        if abs(number) >= limit:
            raise BadValue("too_large")
        if -int(number.normalize().as_tuple().exponent) > places:
            raise BadValue("too_many_decimals", most=places)
        if positive and number < 0:
            raise BadValue("below_zero")
        return format(number.quantize(Decimal(1).scaleb(-places)), "f")

    least = 2 if places == 2 else 0  # money to the cent, quantities and prices of one unit as they are
    return Reading(lru_cache(maxsize=50_000)(parse), lambda value: formats.all_digits(value, least))


def _number(cell: str) -> Decimal:
    text = cell if cell.isascii() else unicodedata.normalize("NFKC", cell).replace("\u2212", "-")
    text = SIGNS.sub("", text.replace(" ", "").replace("'", ""))
    number = _plain_number(text)
    if number is None:
        letter = next((sign for sign in LOOKALIKES if sign in text), "")
        if letter and _plain_number(text.translate(AS_DIGITS)) is not None:
            raise BadValue("letter_for_digit", letter=letter)
        raise BadValue("not_a_number")
    return number


def _plain_number(text: str) -> Decimal | None:
    """`12400.50` or `12,400.50`; None for anything else."""
    if "," in text:
        if not GROUPED.match(text):
            return None
        text = text.replace(",", "")
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    if not number.is_finite() or "_" in text or abs(number.adjusted()) > 40:
        return None
    return number


def day() -> Parser:
    """A calendar day as YYYY-MM-DD; 2026/10/31, 20261031 and 2026年10月31日 are understood."""

    @lru_cache(maxsize=10_000)
    def parse(cell: str) -> str:
        text = unicodedata.normalize("NFKC", cell).strip()
        found = ISO_DAY.match(text) or CHINESE_DAY.match(text) or PLAIN_DAY.match(text)
        if not found:
            raise BadValue("ambiguous_day" if OTHER_DAY.match(text) else "not_a_day")
        try:
            value = date(*(int(part) for part in found.groups()))
        except ValueError:
            raise BadValue("not_a_day") from None
        latest = clock.today("UTC") + timedelta(days=366)
        if not EARLIEST <= value <= latest:
            raise BadValue("day_out_of_range", first=EARLIEST.isoformat(), last=latest.isoformat())
        return value.isoformat()

    return Reading(parse, lambda value: formats.day(date.fromisoformat(value), table=True))


def choice(options: Mapping[str, str]) -> Parser:
    """One of the keys of `options`; the values are other spellings, separated by `|`, in any case."""
    known = {key.casefold(): key for key in options}
    for key, others in options.items():
        known |= {other.casefold(): key for other in others.split("|") if other}

    chinese = "、".join(_in_chinese(key, others) for key, others in options.items())
    offered = {said.KIND: "each", "en": ", ".join(options), "zh-hans": chinese}

    def parse(cell: str) -> str:
        text = " ".join(unicodedata.normalize("NFKC", cell).split()).casefold()
        if text not in known:
            raise BadValue("not_a_choice", choices=offered)
        return known[text]

    return lru_cache(maxsize=1000)(parse)


def _in_chinese(key: str, others: str) -> str:
    return next((other for other in others.split("|") if not other.isascii()), key)


@lru_cache(maxsize=1000)
def currency(cell: str) -> str:
    """An ISO 4217 code."""
    text = {"RMB": "CNY", "人民币": "CNY"}.get(cell.strip().upper(), cell.strip().upper())
    if not is_known_currency(text):
        raise BadValue("not_a_currency")
    return text


@lru_cache(maxsize=1000)
def _rate(cell: str) -> str:
    text = unicodedata.normalize("NFKC", cell).strip()
    number = _number(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    if not 0 <= number < 1:
        raise BadValue("not_a_rate")
    if -int(number.normalize().as_tuple().exponent) > 4:
        raise BadValue("too_many_decimals", most=4)
    return format(number.quantize(Decimal("0.0001")), "f")


# A share: 0.13 or 13%.
rate = Reading(_rate, lambda value: formats.percent(Decimal(value), None))


def email(cell: str) -> str:
    text = cell.strip()
    try:
        validate_email(text)
    except ValidationError:
        raise BadValue("not_an_email") from None
    return text


YES_NO = choice({"yes": "true|1|y|是|有效|active", "no": "false|0|n|否|无效|inactive"})
