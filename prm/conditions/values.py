"""Values as they stand in a condition: read strictly, bounded, exact. Decimals and days are text in JSON."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from prm.conditions.operators import WINDOWS, Operator
from prm.conditions.registry import Field
from prm.conditions.tree import Comparison
from prm.ui import formats
from prm.values import spans
from prm.values.actor import Actor
from prm.values.money import is_known_currency, minor_unit

LONGEST_TEXT = 200
MOST_VALUES = 100
LARGEST, MOST_PLACES = 10**18 - 1, 8
DECIMAL = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,8})?")
DIGITS = re.compile(r"-?([0-9]+)(\.[0-9]+)?")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
YEARS = range(1900, 2201)


class Wrong(ValueError):
    """A value that its field does not take. `part` is where: "value", "value.from", "value[3]", "currency"."""

    def __init__(self, sentence: str, part: str = "value", code: str = "wrong_value"):
        self.sentence, self.part, self.code = sentence, part, code
        super().__init__(sentence)


def read_for(field: Field, operator: Operator, raw: dict[str, Any]) -> Any:
    """The value of a comparison: str, Decimal, date, bool, a tuple of two, a list, or a span as it stands."""
    if operator.takes == "nothing":
        if raw.get("value") is not None:
            raise Wrong(_("nothing is to be filled in here."))
        return None
    if operator.takes == "span":
        return read_span(raw.get("value"))
    if operator.takes == "window":
        return read_window(raw.get("value"))
    if operator.takes == "list":
        return _read_list(field, raw.get("value"))
    if operator.takes == "two":
        return _read_two(field.type, raw.get("value"))
    return read_one(field, raw.get("value"))


def read_decimals(operator: Operator, raw: dict[str, Any]) -> Any:
    """The Decimal, or the two, of a measure's comparison."""
    value = raw.get("value")
    if operator.takes == "two":
        return _read_two("number", value)
    if value is None or value == "":
        raise _missing("value")
    return read_decimal(value)


def read_one(field: Field, value: Any, part: str = "value") -> Any:
    if value is None or value == "":
        raise _missing(part)
    match field.type:
        case "number" | "money":
            return read_decimal(value, part)
        case "date" | "moment":
            return read_day(value, part)
        case "yes_no":
            if not isinstance(value, bool):
                raise Wrong(_("choose yes or no."), part)
            return value
    text = read_text(value, part)
    pairs = field.pairs if field.type in ("choice", "many") and not field.to else []
    if pairs and text not in dict(pairs):
        raise Wrong(_("there is no choice “%(name)s”.") % {"name": shown(text)}, part, "unknown_choice")
    return text


def _missing(part: str) -> Wrong:
    return Wrong(_("the value is missing. Fill it in."), part, "missing_value")


def read_text(value: Any, part: str = "value") -> str:
    if not isinstance(value, str):
        raise Wrong(_("write it as text."), part)
    if len(value) > LONGEST_TEXT:
        raise Wrong(_("write at most %(most)s characters.") % {"most": LONGEST_TEXT}, part, "too_long")
    if not value.strip() or "\x00" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
        raise Wrong(_("write it as text."), part)
    return value


def read_decimal(value: Any, part: str = "value") -> Decimal:
    """A whole number, or digits as text; never a binary fraction, which is not exact."""
    if type(value) is int and abs(value) < 10**18:
        return Decimal(value)
    if isinstance(value, str) and len(value) <= 30 and DECIMAL.fullmatch(value):
        return Decimal(value)
    if type(value) is int:
        raise _too_large(part)
    if isinstance(value, str) and (digits := DIGITS.fullmatch(value)):
        if len(digits[1]) > len(str(LARGEST)):
            raise _too_large(part)
        words = _("write at most %(most)s digits after the point.") % {"most": MOST_PLACES}
        raise Wrong(words, part, "no_number")
    raise Wrong(_("write a number in digits, such as 100000.00."), part, "no_number")


def _too_large(part: str) -> Wrong:
    largest = formats.number(LARGEST)
    return Wrong(
        _("the number is too large; the largest is %(largest)s.") % {"largest": largest}, part, "no_number"
    )


def finer_than_money(test: Any, currency: str) -> list[tuple[str, str]]:
    """The amounts of a comparison that have more places than `currency`: where each stands, and why it is refused.

    Asked when a condition is written; one that stands already is read, and says what it says.
    """
    least = minor_unit(currency)
    places = -int(least.as_tuple().exponent)
    words = _("%(currency)s has no decimal places; write a whole amount.") if not places else ngettext(
        "%(currency)s has %(places)s decimal place; write no more.",
        "%(currency)s has %(places)s decimal places; write no more.",
        places,
    )  # fmt: skip
    amounts = (
        zip(("value.from", "value.to"), test, strict=True) if isinstance(test, tuple) else [("value", test)]
    )
    return [(part, words % {"currency": currency, "places": places}) for part, one in amounts if one % least]


def read_day(value: Any, part: str = "value") -> date:
    if isinstance(value, str) and DAY.fullmatch(value):
        try:
            found = date.fromisoformat(value)
        except ValueError:
            found = None
        if found and found.year in YEARS:
            return found
    raise Wrong(_("choose a day, such as 2026-11-30."), part, "no_day")


def read_span(value: Any) -> dict[str, Any]:
    if isinstance(value, dict) and set(value) == {"count", "unit"} and value["unit"] in spans.UNITS:
        count = value["count"]
        if type(count) is int and 0 <= count <= spans.MOST[value["unit"]]:
            return value
    raise Wrong(_("say how many days, weeks, months, quarters or years."), code="no_span")


def read_window(value: Any) -> str:
    if isinstance(value, str) and value in WINDOWS:
        return value
    raise Wrong(_("choose a week, month, quarter or year."), code="no_window")


def own_currency() -> str:
    return getattr(connection.tenant, "currency", "CNY")


def read_currency(value: Any) -> str:
    """The ISO code written, by default the tenant's."""
    if value is None:
        return own_currency()
    if isinstance(value, str) and is_known_currency(value):
        return value
    raise Wrong(_("“%(code)s” is no currency.") % {"code": shown(value)}, "currency", "no_currency")


def _read_list(field: Field, value: Any) -> list[str]:
    if not isinstance(value, list) or not value:
        raise Wrong(_("choose at least one value."), code="missing_value")
    if len(value) > MOST_VALUES:
        raise Wrong(_("choose at most %(most)s values.") % {"most": MOST_VALUES}, code="too_many")
    return [read_one(field, one, f"value[{at}]") for at, one in enumerate(value)]


def _read_two(kind: str, value: Any) -> tuple[Any, Any]:
    if not isinstance(value, dict) or set(value) != {"from", "to"}:
        raise Wrong(_("fill in both ends."), code="missing_value")
    read: Any = read_day if kind in ("date", "moment") else read_decimal
    for end in ("from", "to"):
        if value[end] in (None, ""):
            raise Wrong(_("fill in both ends."), f"value.{end}", "missing_value")
    low, high = read(value["from"], "value.from"), read(value["to"], "value.to")
    if low > high:
        raise Wrong(_("the first value is greater than the second. Exchange them."), code="upside_down")
    return low, high


def visible_targets(field: Field, by: Actor | None) -> Any:
    """The rows that a reference may name: those that `by` may see, all for the product itself."""
    model = field.target
    if by is None:
        return model._base_manager.all()
    rows = model._default_manager.all()
    if hasattr(rows, "visible_to"):
        return rows.visible_to(by)
    return rows.none() if by.is_partner and field.staff else rows


def missing(test: Comparison, by: Actor | None) -> list[str]:
    """Of the records that a comparison names, those that do not exist for `by`."""
    field = test.operand.field
    if not field.to or test.value is None:
        return []
    named = test.value if isinstance(test.value, list) else [test.value]
    if field.key == "pk" and not all(one.isdecimal() and len(one) < 19 for one in named):
        return [one for one in named if not one.isdecimal()]
    rows = visible_targets(field, by).filter(**{f"{field.key}__in": named})
    there = {str(key) for key in rows.values_list(field.key, flat=True)}
    return [one for one in named if one not in there]


def shown(value: Any) -> str:
    """Somebody's words, short enough to repeat."""
    text = value if isinstance(value, str) else type(value).__name__
    text = "".join(letter for letter in text if letter.isprintable())
    return text if len(text) <= 40 else f"{text[:40]}…"
