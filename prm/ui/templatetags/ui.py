"""Tags and filters of every template (built in: no `{% load %}`)."""

import functools
from decimal import Decimal, InvalidOperation

from django import template
from django.templatetags.static import static
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe
from django.utils.translation import gettext

from prm.ui import formats, menu, script
from prm.values import clock

register = template.Library()


@register.simple_tag
def icon(name: str, label: str = ""):
    """A Tabler icon from the one cached file; with `label` it speaks, without it is decoration."""
    if label:
        return format_html(
            '<svg class="icon" role="img" aria-label="{}"><use href="{}#i-{}"/></svg>', label, _icons(), name
        )
    return _plain_icon(name)


@functools.cache
def _icons() -> str:
    """Where the icons are; asked a hundred times a page."""
    return static("icons.svg")


@functools.lru_cache(maxsize=500)
def _plain_icon(name: str) -> str:
    return format_html('<svg class="icon" aria-hidden="true"><use href="{}#i-{}"/></svg>', _icons(), name)


@register.filter
def money(amount, currency="CNY"):
    """¥1,234.50: two decimals, for finance."""
    return formats.money(amount, currency or "CNY")


@register.filter
def money0(amount, currency="CNY"):
    """¥1,234: no decimals, for pipelines."""
    return formats.money(amount, currency or "CNY", 0)


@register.filter
def money_iso(amount, currency="CNY"):
    """EUR 1,234.50: for pages with two currencies."""
    return formats.money(amount, currency or "CNY", iso=True)


@register.filter
def money_short(amount, currency="CNY"):
    """¥6.21<small>m</small>, for figures only."""
    digits, unit = formats.short_number(amount)
    sign = formats.SYMBOLS.get(currency or "CNY", f"{currency} ")
    if digits.startswith(formats.MINUS):
        sign, digits = formats.MINUS + sign, digits[1:]
    return format_html("{}{}<small>{}</small>", sign, digits, unit) if unit else f"{sign}{digits}"


@register.filter
def badge(count):
    """A small number beside a name: 7, or "999+" where there are more."""
    return formats.number(count) if count < menu.COUNTED else f"{formats.number(menu.COUNTED - 1)}+"


@register.filter
def number(value, places=0):
    """1,234 or with places 1,234.500."""
    try:
        return formats.number(value, places)
    except (InvalidOperation, TypeError):
        return value


@register.filter
def quantity(value):
    """As many decimals as matter: 12, 12.5."""
    return formats.number(value, None)


@register.filter
def all_digits(value):
    """1,234.50, and 1,711.525 before it is rounded: an exact figure, at least two decimals."""
    return formats.all_digits(value)


@register.filter
def exact_money(amount, currency):
    """¥0.125 a unit: every decimal that there is."""
    return formats.exact_money(amount, currency)


@register.filter
def readable(value):
    """As `all_digits`; a figure with more than four decimals as ≈ 34.4167, whose title is the exact one."""
    if value is None or value == "" or not formats.is_long(value):
        return formats.all_digits(value)
    return format_html(
        '<span title="{}">≈ {}</span>', formats.all_digits(value), formats.number(value, formats.LONG)
    )


@register.filter
def rate(share):
    """0.02 as 2%, 0.02125 as 2.125%."""
    return formats.percent(share, None)


@register.filter
def percent(share, places=0):
    """0.08 as 8%."""
    return formats.percent(share, places)


@register.filter
def day(value):
    """12 Nov 2026 / 2026年11月12日."""
    return formats.day(value)


@register.filter
def table_day(value):
    """12 Nov 2026 / 2026-11-12."""
    return formats.day(value, table=True)


@register.filter
def month(value):
    return formats.month(value) if value else ""


@register.filter
def period(value):
    """A month, quarter or year in words: November 2026, Q4 2026, 2026."""
    return formats.period(value) if value else ""


@register.filter
def days_left(last):
    """in 5 days, today, 3 days ago."""
    return formats.days_left(last, today=clock.today()) if last else ""


@register.filter
def near(last):
    """Class for a day that comes: ui-bad within 3 days or past, ui-warn within 7, else nothing."""
    if not last:
        return ""
    gap = (last - clock.today()).days
    return "ui-bad" if gap <= 3 else "ui-warn" if gap <= 7 else ""


@register.filter
def when_said(value):
    """The same outside tables, where Chinese days are written out."""
    return when(value, table=False)


@register.filter
def when(value, table=True):
    """Relative under 7 days, with the exact time in `title`."""
    if not value:
        return ""
    shown = formats.when(value, now=clock.now(), table=table)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', value.isoformat(), formats.exact(value), shown
    )


@register.filter
def exact(value):
    """12 Nov 2026 09:22 CST."""
    return formats.exact(value) if value else ""


@register.filter
def clock_time(value):
    """09:22."""
    return formats.clock_time(value) if value else ""


@register.filter
def since_length(value):
    """How long ago, two units: 3 h 10 min."""
    return formats.duration(clock.now() - value) if value else ""


@register.filter
def duration(value):
    return formats.duration(value) if value is not None else ""


@register.filter
def initials(name):
    words = str(name or "").split()
    if words and not words[0].isascii():
        return words[0][-2:]
    return "".join(word[0] for word in words[:2]).upper()


@register.filter
def lookup(mapping, key):
    """mapping[key], for templates; None when absent."""
    return mapping.get(key) if hasattr(mapping, "get") else None


@register.filter
def share_of(part, whole):
    """part / whole in percent, 0–100, for <progress>; 0 when there is no whole."""
    whole = Decimal(whole or 0)
    return int(min(max(Decimal(part or 0) / whole * 100, 0), 100)) if whole else 0


@register.simple_tag
def colon():
    return formats.colon()


@register.simple_tag
def comma():
    return formats.comma()


@register.simple_tag(takes_context=True)
def query_string(context, **changes):
    """The page's query with changes: `{% query_string sort="-value" after=None %}` (None removes)."""
    query = context["request"].GET.copy()
    for key, value in changes.items():
        if value is None or value == "":
            query.pop(key, None)
        else:
            query[key] = value
    return "?" + query.urlencode() if query else "?"


@register.simple_tag
def url_if(name, *args):
    """The address of a URL name, or "" where this site has none."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""


@register.simple_tag
def highlight(text, found):
    """`text` with the searched words marked."""
    text, found = str(text), str(found or "").strip()
    at = text.casefold().find(found.casefold()) if found else -1
    if at < 0 or len(text.casefold()) != len(text):
        return text
    return format_html("{}<mark>{}</mark>{}", text[:at], text[at : at + len(found)], text[at + len(found) :])


@register.simple_tag
def rules_of(bound):
    """What a form's layout says of a field, for static/js/formrules.js: when it is shown, required, read-only."""
    return format_html_join("", ' {}="{}"', getattr(bound.field, "ruled", {}).items())


@register.filter
def option_groups(bound):
    """[(heading, ticks)] of a field with choices in groups; one without a heading where there are none."""
    ticks, choices = bound.subwidgets, bound.field.choices
    if not isinstance(choices, list) or not all(isinstance(label, list | tuple) for _value, label in choices):
        return [("", ticks)]
    rest = iter(ticks)
    return [(heading, [next(rest) for _each in group]) for heading, group in choices]


@register.simple_tag
def state(label, tone="", tag=False):
    """A state: dot and word in rows, soft ground (`tag=True`) in headers. tone: ok warn bad note live or ""."""
    kind = "ui-tag" if tag else "ui-state"
    return format_html('<span class="{}{}">{}</span>', kind, f" is-{tone}" if tone else "", label)


@register.simple_tag
def dash():
    """The mark for "nothing here"."""
    return mark_safe('<span class="ui-dim">—</span>')


@register.filter
def yes_no(value):
    return gettext("Yes") if value else gettext("No")


@register.simple_tag
def ui_script():
    """Address of the product's own script; it changes when one of its modules does."""
    return script.address()
