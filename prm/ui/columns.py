"""Columns of a ListPage: each knows how it is shown, sorted, filtered and exported."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db import connection
from django.db.models import Field
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext

from prm.ui import filters, formats
from prm.ui.filters import Between
from prm.values import clock


class Column:
    """One column. `name` is an attribute or lookup path of the row ("partner", "partner__name").

    label   heading; by default the model field's name
    sort    True, or the lookup path that an index serves
    filter  True, or Between for days and amounts
    value   callable(row) instead of the attribute
    phone   place in the two-line row: "a" name, "sub" line below it, "b" value, "d" state; None: desktop only
    hidden  only a filter and an export column, until somebody chooses it; without `export` a filter only
    optional  chosen apart from the list's own columns, as the tenant's are; `hidden` says what holds until then
    """

    num = False
    css = ""

    def __init__(
        self, name: str, *, label=None, sort: bool | str = False, filter: Any = False, value: Callable | None = None,
        phone: str | None = None, hidden: bool = False, export: bool = True, css: str = "", optional: bool = False,
    ):  # fmt: skip
        self.name, self._label, self.phone, self.hidden, self.export = name, label, phone, hidden, export
        self.optional = optional
        self.sort = name if sort is True else sort or ""
        self.filter_by, self._value = filter, value
        self.css = css or self.css

    def bind(self, model) -> None:
        """Learn heading, nullability and choices from the model's field."""
        self.field = field_of(model, self.name)
        self.sort_nullable = _nullable(model, self.sort) if self.sort else False
        if self._label is None:
            named = getattr(self.field, "verbose_name", None) or self.name.replace("__", " ").replace(
                "_", " "
            )
            self._label = named

    @property
    def label(self) -> str:
        return capfirst(str(self._label))

    @property
    def heading(self) -> str:
        return self.label

    def make_filter(self, model):
        """The filter that this column declares, or None."""
        return

    def prepare(self, rows):
        """The rows with what this column reads, such as an annotation."""
        return rows

    def value(self, row: Any) -> Any:
        if self._value:
            return self._value(row)
        found = row
        for step in self.name.split("__"):
            found = getattr(found, step, None)
            if found is None:
                return None
        return found

    def cell(self, row: Any) -> Any:
        value = self.value(row)
        return "" if value is None else value

    def for_export(self, row: Any) -> Any:
        """A str, number, date or datetime for a spreadsheet's cell."""
        value = self.value(row)
        return "" if value is None else str(value)


class Text(Column):
    """Plain words."""

    css = "ui-sub"

    def make_filter(self, model):
        return filters.TextFilter(self.name, self.label) if self.filter_by else None


def address_of(row: Any) -> str:
    """The row's own page, "" where it has none; asked once, for its link and for the whole line."""
    known = row.__dict__
    if "_address" not in known:
        known["_address"] = row.get_absolute_url() if hasattr(row, "get_absolute_url") else ""
    return known["_address"]


class Link(Column):
    """The row's name; opens the row (`get_absolute_url`, or `to(row)`)."""

    def __init__(self, name: str, *, to: Callable | None = None, quiet: bool = False, **options):
        options.setdefault("phone", "a")
        super().__init__(name, **options)
        self.to = to or address_of
        self.quiet = quiet

    def cell(self, row):
        look = "ui-fig ui-sub" if self.quiet else "ui-strong"
        return format_html('<a class="{} ui-nowrap" href="{}">{}</a>', look, self.to(row), super().cell(row))


class Number(Column):
    """A count or quantity; `places=None` shows the decimals that matter."""

    num = True

    def __init__(self, name: str, *, places: int | None = 0, **options):
        super().__init__(name, **options)
        self.places = places

    def cell(self, row):
        return formats.number(self.value(row), self.places)

    def for_export(self, row):
        return self.value(row)

    def make_filter(self, model):
        return filters.AmountRange(self.name, self.label, "") if self.filter_by else None


class Count(Number):
    """How many; nothing is shown for none."""

    def cell(self, row):
        return formats.number(self.value(row) or None)


class Amount(Column):
    """Money. `currency` is an ISO code, or the name of the row's attribute; by default the tenant's."""

    num = True

    def __init__(self, name: str, *, currency: str = "", places: int = 0, total: bool = True, **options):
        options.setdefault("phone", "b")
        super().__init__(name, **options)
        self.currency, self.places, self.total = currency, places, total

    @property
    def own_currency(self) -> str:
        if len(self.currency) == 3 and self.currency.isupper():
            return self.currency
        return getattr(connection.tenant, "currency", "CNY")

    def currency_of(self, row) -> str:
        if not self.currency or self.currency.isupper():
            return self.own_currency
        found = row
        for step in self.currency.split("__"):
            found = getattr(found, step)
        return found

    @property
    def sign(self) -> str:
        return formats.SYMBOLS.get(self.own_currency, self.own_currency)

    @property
    def heading(self):
        return f"{self.label}{pgettext('between a word and a currency', ', ')}{self.sign}"

    def cell(self, row):
        value, currency = self.value(row), self.currency_of(row)
        if value is None:
            return ""
        if currency != self.own_currency:
            return formats.money(value, currency, self.places, iso=True)
        minus = formats.MINUS if value < 0 else ""
        return format_html(
            '{}<span class="ui-only-sm">{}</span>{}',
            minus,
            self.sign,
            formats.number(abs(value), self.places),
        )

    def for_export(self, row):
        return self.value(row)

    def make_filter(self, model):
        return filters.AmountRange(self.name, self.label, self.sign) if self.filter_by else None

    def sums(self, rows: list) -> list[str]:
        """The total of some rows, one string a currency."""
        found: dict[str, Decimal] = {}
        for row in rows:
            value = self.value(row)
            if value is not None:
                currency = self.currency_of(row)
                found[currency] = found.get(currency, Decimal(0)) + value
        several = len(found) > 1
        return [formats.money(total, code, self.places, iso=several) for code, total in sorted(found.items())]


class Day(Column):
    """A calendar day. `ends=True` warns as it comes near: amber within 7 days, red within 3."""

    num = True

    def __init__(self, name: str, *, ends: bool = False, **options):
        super().__init__(name, **options)
        self.ends = ends

    def cell(self, row):
        value = self.value(row)
        shown = formats.day(value, table=True)
        if not (self.ends and value):
            return shown
        gap = (value - clock.today()).days
        tone = "ui-bad" if 0 <= gap <= 3 else "ui-warn" if 0 <= gap <= 7 else ""
        return format_html('<span class="{}">{}</span>', tone, shown) if tone else shown

    def for_export(self, row):
        return self.value(row)

    def make_filter(self, model):
        return filters.DayRange(self.name, self.label) if self.filter_by else None


class When(Column):
    """A moment: relative under 7 days, with the exact time on hover."""

    css = "ui-nowrap ui-sub"

    def cell(self, row):
        value = self.value(row)
        if value is None:
            return ""
        shown = formats.when(value, now=clock.now())
        return format_html(
            '<time datetime="{}" title="{}">{}</time>', value.isoformat(), formats.exact(value), shown
        )

    def for_export(self, row):
        value = self.value(row)
        return formats.local(value).replace(tzinfo=None) if value else None

    def make_filter(self, model):
        return filters.MomentRange(self.name, self.label) if self.filter_by else None


class Choice(Column):
    """A field with choices: dot and word, or with `tag=True` on a soft ground. `tones={"approved": "ok"}`.

    Tones: ok warn bad note live; without `tones` the model's `TONES` is used. An annotation says its `choices`.
    """

    def __init__(
        self, name: str, *, tones: dict | None = None, tag: bool = False, choices: list | None = None, **options
    ):  # fmt: skip
        options.setdefault("phone", "d")
        super().__init__(name, **options)
        self.tones, self.tag, self._choices = tones, tag, choices

    def bind(self, model) -> None:
        super().bind(model)
        if self.tones is None:
            self.tones = getattr(model, "TONES", {})

    @property
    def choices(self) -> list[tuple[Any, Any]]:
        return list(self._choices or getattr(self.field, "flatchoices", []) or [])

    def word(self, row) -> str:
        value = self.value(row)
        return str(dict(self.choices).get(value, "" if value is None else value))

    def cell(self, row):
        word, tone = self.word(row), self.tones.get(self.value(row), "")
        if not word:
            return ""
        if not self.tones:  # a kind, not a state
            return word
        look = "ui-tag" if self.tag else "ui-state"
        return format_html('<span class="{}{}">{}</span>', look, f" is-{tone}" if tone else "", word)

    def for_export(self, row):
        return self.word(row)

    def make_filter(self, model):
        return filters.ChoiceFilter(self.name, self.label, self.choices) if self.filter_by else None


class Flag(Column):
    """Yes or nothing."""

    def cell(self, row):
        return _("Yes") if self.value(row) else ""

    def for_export(self, row):
        return str(_("Yes")) if self.value(row) else str(_("No"))

    def make_filter(self, model):
        return filters.FlagFilter(self.name, self.label) if self.filter_by else None


class Ref(Column):
    """Another record, by its name; `link=True` opens it. Filters by the rows that the actor may see."""

    css = "ui-nowrap"

    def __init__(self, name: str, *, link: bool = False, **options):
        options.setdefault("phone", "sub")
        super().__init__(name, **options)
        self.link = link

    def cell(self, row):
        found = self.value(row)
        if found is None:
            return ""
        if self.link:
            return format_html('<a class="ui-link" href="{}">{}</a>', found.get_absolute_url(), found)
        return str(found)

    def make_filter(self, model):
        return filters.RefFilter(self.name, self.label, self.field.related_model) if self.filter_by else None


def field_of(model, path: str) -> Field | None:
    """The model field at a lookup path; None for annotations."""
    found = None
    for step in path.split("__"):
        if step == "pk":
            return model._meta.pk
        try:
            found = model._meta.get_field(step)
        except FieldDoesNotExist:  # annotations and properties are no fields
            return None
        model = getattr(found, "related_model", None) or model
    return found


def joined(model, columns: list[Column]) -> list[str]:
    """Paths of related rows that the columns read, for select_related: nothing is fetched row by row."""
    found = set()
    for column in columns:
        here, path = model, []
        for step in column.name.split("__"):
            field = field_of(here, step)
            if field is None or not (field.many_to_one or field.one_to_one):
                break
            path.append(step)
            here = field.related_model
        if path:
            found.add("__".join(path))
    return sorted(found)


def _nullable(model, path: str) -> bool:
    """Whether any step of a path may be empty; annotations are taken to be."""
    for step in path.split("__"):
        field = field_of(model, step)
        if field is None:
            return True
        if getattr(field, "null", False):
            return True
        model = getattr(field, "related_model", None) or model
    return False


__all__ = [
    "Amount", "Between", "Choice", "Column", "Count", "Day", "Flag", "Link", "Number", "Ref", "Text", "When",
    "field_of",
]  # fmt: skip
