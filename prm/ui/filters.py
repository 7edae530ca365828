"""Filters of a ListPage: read from the address, applied to rows, shown as controls and as chips."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db.models import QuerySet
from django.utils.html import format_html_join
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _

from prm.ui import formats
from prm.values import clock

MOST_OPTIONS = 200
SELECTED = mark_safe(" selected")


class Between:
    """Marks a column that filters by a range: `Day("expected_close", filter=Between)`."""


@dataclass
class Chip:
    """A filter that is on, in words, and what to take out of the address to turn it off."""

    label: str
    text: str
    names: list[str]


@dataclass
class Option:
    value: str
    label: Any
    on: bool


@dataclass
class Control:
    """What the filter panel shows: kind is ticks, select, days, amounts or text."""

    kind: str
    label: str
    name: str
    options: list[Option] = field(default_factory=list)
    low: str = ""
    high: str = ""
    sign: str = ""

    @property
    def options_html(self) -> str:
        """A select's options in one go: a list of 200 partners is written on every page of theirs."""
        rows = ((option.value, SELECTED if option.on else "", option.label) for option in self.options)
        return format_html_join("", '<option value="{}"{}>{}</option>', rows)


class Filter:
    def __init__(self, name: str, label: str):
        self.name, self.label = name, label

    def apply(self, rows: QuerySet, query, actor) -> tuple[QuerySet, Chip | None]:
        raise TypeError(f"{type(self).__name__} does not say how it narrows rows")

    def control(self, query, actor) -> Control:
        raise TypeError(f"{type(self).__name__} does not say how it is shown")


class ChoiceFilter(Filter):
    def __init__(self, name, label, choices):
        super().__init__(name, label)
        self.choices = choices

    def chosen(self, query) -> list:
        wanted = query.getlist(self.name)
        return [(value, label) for value, label in self.choices if str(value) in wanted]

    def apply(self, rows, query, actor):
        chosen = self.chosen(query)
        if not chosen:
            return rows, None
        words = ", ".join(str(label) for _value, label in chosen)
        narrowed = self.narrow(rows, [value for value, _label in chosen])
        return narrowed, Chip(_is(self.label), words, [self.name])

    def narrow(self, rows, values: list):
        """The rows that hold one of the values."""
        return rows.filter(**{f"{self.name}__in": values})

    def control(self, query, actor):
        on = [value for value, _label in self.chosen(query)]
        options = [Option(str(value), label, value in on) for value, label in self.choices]
        return Control("ticks", self.label, self.name, options)


class FlagFilter(Filter):
    def apply(self, rows, query, actor):
        wanted = query.get(self.name)
        if wanted not in ("yes", "no"):
            return rows, None
        shown = _("Yes") if wanted == "yes" else _("No")
        return rows.filter(**{self.name: wanted == "yes"}), Chip(_is(self.label), shown, [self.name])

    def control(self, query, actor):
        wanted = query.get(self.name)
        options = [Option("", _("Any"), wanted not in ("yes", "no"))]
        options += [Option("yes", _("Yes"), wanted == "yes"), Option("no", _("No"), wanted == "no")]
        return Control("select", self.label, self.name, options)


class TextFilter(Filter):
    def apply(self, rows, query, actor):
        wanted = query.get(self.name, "").strip()[:100].replace("\x00", "")
        if not wanted:
            return rows, None
        return rows.filter(**{f"{self.name}__icontains": wanted}), Chip(
            self.label, f"“{wanted}”", [self.name]
        )

    def control(self, query, actor):
        return Control("text", self.label, self.name, low=query.get(self.name, ""))


class RefFilter(Filter):
    """One of the related rows that the actor may see; where there are more than 200, by part of the name."""

    def __init__(self, name, label, model):
        super().__init__(name, label)
        self.model = model

    def visible(self, actor):
        rows = self.model._default_manager.all()
        if hasattr(rows, "visible_to"):
            return rows.visible_to(actor)
        return rows.none() if actor.is_partner else rows

    def apply(self, rows, query, actor):
        wanted = query.get(self.name, "").strip()
        if not wanted:
            return rows, None
        found = (
            self.visible(actor).filter(pk=wanted).first() if wanted.isdecimal() and len(wanted) < 19 else None
        )
        if found is None:  # somebody else's, or none: the same empty list
            return rows.none(), Chip(_is(self.label), _("unknown"), [self.name])
        return rows.filter(**{self.name: found}), Chip(_is(self.label), str(found), [self.name])

    def control(self, query, actor):
        wanted = query.get(self.name, "")
        rows = list(self.visible(actor)[:MOST_OPTIONS])
        options = [Option("", _("Any"), not wanted)] + [
            Option(str(row.pk), row, str(row.pk) == wanted) for row in rows
        ]
        if wanted and not any(option.on for option in options):
            options.append(Option(wanted, _("as chosen"), True))
        return Control("select", self.label, self.name, options)


class DayRange(Filter):
    def bounds(self, query) -> tuple[date | None, date | None]:
        return _day(query.get(f"{self.name}_from")), _day(query.get(f"{self.name}_to"))

    def narrow(self, rows, low, high):
        if low:
            rows = rows.filter(**{f"{self.name}__gte": low})
        return rows.filter(**{f"{self.name}__lte": high}) if high else rows

    def apply(self, rows, query, actor):
        low, high = self.bounds(query)
        if not (low or high):
            return rows, None
        words = _range(formats.day(low) if low else "", formats.day(high) if high else "")
        return self.narrow(rows, low, high), Chip(self.label, words, [f"{self.name}_from", f"{self.name}_to"])

    def control(self, query, actor):
        low, high = self.bounds(query)
        return Control("days", self.label, self.name, low=str(low or ""), high=str(high or ""))


class MomentRange(DayRange):
    """Days chosen, moments compared: from the first day's start to the last day's end in the tenant's zone."""

    def narrow(self, rows, low, high):
        if low:
            rows = rows.filter(**{f"{self.name}__gte": clock.start_of_day(low)})
        if high:
            rows = rows.filter(**{f"{self.name}__lt": clock.start_of_day(high + timedelta(days=1))})
        return rows


class AmountRange(Filter):
    def __init__(self, name, label, sign):
        super().__init__(name, label)
        self.sign = sign

    def bounds(self, query) -> tuple[Decimal | None, Decimal | None]:
        return _decimal(query.get(f"{self.name}_from")), _decimal(query.get(f"{self.name}_to"))

    def apply(self, rows, query, actor):
        low, high = self.bounds(query)
        if low is None and high is None:
            return rows, None
        if low is not None:
            rows = rows.filter(**{f"{self.name}__gte": low})
        if high is not None:
            rows = rows.filter(**{f"{self.name}__lte": high})
        shown = [("" if v is None else self.sign + formats.number(v, None)) for v in (low, high)]
        return rows, Chip(self.label, _range(*shown), [f"{self.name}_from", f"{self.name}_to"])

    def control(self, query, actor):
        low, high = (query.get(f"{self.name}_{end}", "") for end in ("from", "to"))
        return Control("amounts", self.label, self.name, low=low, high=high, sign=self.sign)


def _is(label: str) -> str:
    return _("%(label)s is") % {"label": label}


def _range(low: str, high: str) -> str:
    if low and high:
        return f"{low} – {high}"
    return f"≥ {low}" if low else f"≤ {high}"


def _day(text: str | None) -> date | None:
    try:
        found = date.fromisoformat(text or "")
    except ValueError:
        return None
    return found if 1 < found.year < 9999 else None  # the day after, in any zone, must exist too


def _decimal(text: str | None) -> Decimal | None:
    try:
        number = Decimal((text or "").replace(",", "").strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number) < Decimal(10) ** 16 else None
