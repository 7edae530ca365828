"""Dates, money and numbers as people read them, in the language of the request."""

import functools
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

from babel.core import Locale
from babel.dates import format_date, format_time
from babel.numbers import format_decimal, get_currency_precision
from django.utils import timezone
from django.utils.translation import get_language, gettext, ngettext, pgettext

from prm.values.clock import tenant_zone
from prm.values.errors import DomainError
from prm.values.money import Money
from prm.values.periods import Period

MINUS = "\u2212"
SYMBOLS = {
    "CNY": "¥",
    "USD": "$",
    "EUR": "€",
    "GBP": "£",
    "HKD": "HK$",
    "TWD": "NT$",
    "SGD": "S$",
    "JPY": "JP¥",
}
RELATIVE_FOR = timedelta(days=7)


def is_chinese() -> bool:
    return (get_language() or "en").startswith("zh")


def locale() -> Locale:
    return Locale("zh", script="Hans") if is_chinese() else Locale("en")


def number(value, places: int | None = 0) -> str:
    """1234567 as 1,234,567; a real minus; `places=None` keeps the decimals that matter."""
    if value is None or value == "":
        return ""
    value = half_up(Decimal(value), MATTER if places is None else places)
    pattern = "#,##0." + "#" * MATTER if places is None else "#,##0" + ("." + "0" * places if places else "")
    return format_decimal(value, format=pattern, locale=locale()).replace("-", MINUS)


MATTER = 6  # decimals that are read where as many are shown as matter
_WIDE = Context(prec=400)


def half_up(value: Decimal, places: int) -> Decimal:
    """Rounded as money is, by magnitude: 2.625 to 2.63, −0.505 to −0.51; what has fewer decimals stays as it is."""
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or -exponent <= places:
        return value
    return value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP, _WIDE)


def amount(value) -> str:
    """A sum without its currency: 776,808, or 776,807.80 where it is no whole one; further decimals where there are."""
    if value is None or value == "":
        return ""
    value = Decimal(value)
    return number(value) if value == value.to_integral_value() else all_digits(value)


_PLACE = re.compile(r"%%|%\((\w+)\)s")
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_LATIN = re.compile(r"[A-Za-z0-9]")


def filled(pattern: Any, values: Mapping[str, Any]) -> str:
    """`pattern % values`; where Chinese words meet a Latin name, a blank stands between: 升级给 Qin Lan, 升级给财务."""
    text = str(pattern)

    def put(place: re.Match[str]) -> str:
        if place[0] == "%%":
            return "%"
        value = str(values[place[1]])
        before, after = text[: place.start()][-1:], text[place.end() :][:1]
        left = " " if _CHINESE.match(before) and _LATIN.match(value[:1]) else ""
        right = " " if _CHINESE.match(after) and _LATIN.match(value[-1:]) else ""
        return f"{left}{value}{right}"

    return _PLACE.sub(put, text)


def colon() -> str:
    """What stands between a name and what it says, as the language writes it."""
    return pgettext("between a name and what it says", ": ")


def comma() -> str:
    """What stands between two facts, such as who and when."""
    return pgettext("between two facts", ", ")


def semicolon() -> str:
    return pgettext("between two changes", "; ")


def all_digits(value, least: int = 2) -> str:
    """Every decimal that there is and at least `least`: 1,234.50, and 1,711.525 before it is rounded."""
    if value is None or value == "":
        return ""
    exponent = Decimal(value).normalize().as_tuple().exponent
    return number(value, max(least, -exponent if isinstance(exponent, int) else 0))


LONG = 4  # so many decimals are read; more are rounded for reading


def is_long(value) -> bool:
    """Whether a figure has more decimals than people read."""
    exponent = Decimal(value).normalize().as_tuple().exponent
    return isinstance(exponent, int) and -exponent > LONG


def money(amount, currency: str, places: int | None = None, *, iso: bool = False) -> str:
    """¥1,234.50, or EUR 1,234.50 with `iso` (pages with two currencies); −¥12.00 when negative."""
    if amount is None or amount == "":
        return ""
    amount = Decimal(amount)
    if places is None:
        places = get_currency_precision(currency or "CNY")
    digits = number(abs(amount), places)
    sign = MINUS if amount < 0 and any(c in digits for c in "123456789") else ""
    if iso or currency not in SYMBOLS:
        return f"{sign}{currency} {digits}".strip()
    return f"{sign}{SYMBOLS[currency]}{digits}"


def exact_money(amount, currency: str) -> str:
    """As `money`, with every decimal that there is: ¥0.125 for each unit."""
    exponent = Decimal(amount).normalize().as_tuple().exponent
    places = -exponent if isinstance(exponent, int) else 0
    return money(amount, currency, max(places, get_currency_precision(currency or "CNY")))


def short_number(value) -> tuple[str, str]:
    """For figures and charts: digits and unit, ("6.21", "m") or in Chinese ("621", "万")."""
    value = Decimal(value or 0)
    size, unit = _unit_of(value)
    shown = value / size
    places = 0 if not unit or abs(shown) >= 100 else 1 if abs(shown) >= 10 else 2
    return number(shown, places), unit


SIGNIFICANT = 4  # digits of a number that is written short


def compact(value, like=None) -> str:
    """A number on a chart: 1.2m, 33,333, 0.125; in Chinese 120万. Only what is zero is written as 0.

    With `like` in the unit of that number, such as the highest one of an axis: 50k beside 100k.
    """
    value = Decimal(value)
    measure = value if like is None or not value else Decimal(like)
    # By what it is rounded to: 999,999 is 1m and not 1,000k.
    size, unit = _unit_of(round(measure, SIGNIFICANT - 1 - measure.adjusted()) if measure else measure)
    shown = value / size
    return all_digits(round(shown, max(SIGNIFICANT - 1 - shown.adjusted(), 0)), 0) + unit


def _unit_of(value: Decimal) -> tuple[int, str]:
    """How many one unit is in which a number of this size is written short, and its sign; 1 and none for small ones."""
    steps = [(10**8, "亿"), (10**4, "万")] if is_chinese() else [(10**9, "bn"), (10**6, "m"), (10**3, "k")]
    if is_chinese() or abs(value) >= 10**5:
        for size, unit in steps:
            if abs(value) >= size:
                return size, unit
    return 1, ""


def compact_money(amount, currency: str, like=None) -> str:
    """The same with its currency: ¥1.2m, −¥0.125."""
    digits = compact(amount, like)
    sign = MINUS if digits.startswith(MINUS) else ""
    return f"{sign}{SYMBOLS.get(currency, f'{currency} ')}{digits.removeprefix(MINUS)}"


def percent(share, places: int | None = 0) -> str:
    """0.0825 as 8% (or 8.25% with two places); `places=None` keeps the decimals that matter."""
    return "" if share is None else number(Decimal(share) * 100, places) + "%"


def day(value: date | datetime | None, *, table: bool = False) -> str:
    """12 Nov 2026; 2026年11月12日, in tables 2026-11-12."""
    if value is None or value == "":
        return ""
    if isinstance(value, datetime):
        value = local(value).date()
    if is_chinese():
        return value.isoformat() if table else f"{value.year}年{value.month}月{value.day}日"
    return _english_day(value)


@functools.lru_cache(maxsize=4000)
def _english_day(value: date) -> str:
    return format_date(value, "d MMM y", locale="en")


def month(value: date) -> str:
    """November 2026; 2026年11月."""
    return f"{value.year}年{value.month}月" if is_chinese() else format_date(value, "LLLL y", locale="en")


def period(value: Period) -> str:
    """November 2026, Q4 2026, 2026; 2026年11月, 2026年第4季度, 2026年."""
    if value.length == "month":
        return month(value.start)
    if value.length == "quarter":
        words = {"year": value.start.year, "quarter": (value.start.month + 2) // 3}
        return gettext("Q%(quarter)s %(year)s") % words
    return f"{value.start.year}年" if is_chinese() else str(value.start.year)


def refusal(error: DomainError) -> str:
    """What a rule said, its days, periods and money as people read them (`error.text` has 2026-11-12, CNY 1234.50)."""
    return str(error.message) % {name: _spoken(value) for name, value in error.values.items()}


def _spoken(value: object) -> object:
    if isinstance(value, tuple):
        return " / ".join(str(_spoken(one)) for one in value)
    if isinstance(value, Period):
        return period(value)
    if isinstance(value, Money):
        return money(value.amount, value.currency)
    return day(value) if isinstance(value, date) else value


def long_day(value: date) -> str:
    """Thursday, 12 November; 11月12日 星期四."""
    return format_date(value, "M月d日 EEEE" if is_chinese() else "EEEE, d MMMM", locale=locale())


def local(value: datetime) -> datetime:
    """In the tenant's zone, also where no request has set it: a worker that writes a letter."""
    return value.astimezone(tenant_zone()) if timezone.is_aware(value) else value


def clock_time(value: datetime) -> str:
    return format_time(local(value), "HH:mm", locale=locale())


def exact(value: datetime) -> str:
    """12 Nov 2026, 09:22 CST: what a title shows."""
    shown = local(value)
    return f"{day(shown)} {shown:%H:%M} {shown.tzname() or ''}".strip()


def names(people: Sequence[Any]) -> str:
    """ "Lin Yue" or "Lin Yue, Chen Rui"; "Lin Yue, Chen Rui +1" where there are more."""
    more = f" +{len(people) - 2}" if len(people) > 2 else ""
    return ", ".join(str(person) for person in people[:2]) + more


def duration(length: timedelta) -> str:
    """5 min, 3 h 10 min, 2 d 4 h."""
    minutes = max(int(length.total_seconds() // 60), 0)
    days, rest = divmod(minutes, 1440)
    hours, minutes = divmod(rest, 60)
    if days:
        parts = [gettext("%(count)s d") % {"count": days}] + (
            [gettext("%(count)s h") % {"count": hours}] if hours else []
        )
    elif hours:
        parts = [gettext("%(count)s h") % {"count": hours}]
        parts += [gettext("%(count)s min") % {"count": f"{minutes:02d}"}] if minutes else []
    else:
        parts = [gettext("%(count)s min") % {"count": minutes}]
    return " ".join(parts)


def when(value: datetime | None, *, now: datetime, table: bool = True) -> str:
    """Relative under 7 days ("3 h ago", "in 2 d"), else the day; `table` as `day` has it."""
    if value is None:
        return ""
    gap = now - value
    if abs(gap) >= RELATIVE_FOR:
        return day(value, table=table)
    if abs(gap) < timedelta(minutes=1):
        return gettext("just now")
    if gap > timedelta(0):
        return gettext("%(time)s ago") % {"time": coarse(gap)}
    return gettext("in %(time)s") % {"time": coarse(-gap)}


def coarse(length: timedelta) -> str:
    """One unit only, for lists: 5 min, 3 h, 2 d."""
    seconds = int(length.total_seconds())
    if seconds >= 86400:
        return gettext("%(count)s d") % {"count": seconds // 86400}
    if seconds >= 3600:
        return gettext("%(count)s h") % {"count": seconds // 3600}
    return gettext("%(count)s min") % {"count": max(seconds // 60, 1)}


def days_left(last: date, *, today: date) -> str:
    """in 5 days; today; 3 days ago."""
    gap = (last - today).days
    if gap == 0:
        return gettext("today")
    if gap > 0:
        return ngettext("in %(count)s day", "in %(count)s days", gap) % {"count": gap}
    return ngettext("%(count)s day ago", "%(count)s days ago", -gap) % {"count": -gap}
