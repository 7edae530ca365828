"""Columns of lists over the tenant's own fields: shown, sorted, filtered, exported.

Every filter and every order asks what an index can answer: equality by the GIN index of the whole column, ranges,
orders and parts of words by the indexes of one field that indexes.py builds.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.models import (
    BigIntegerField,
    BooleanField,
    DecimalField,
    Func,
    IntegerField,
    OuterRef,
    Q,
    Subquery,
    TextField,
    Value,
)
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.functions import Cast
from django.utils.html import format_html
from django.utils.translation import gettext as _

from prm.customfields import kinds, targets
from prm.customfields.file_fields import address_of
from prm.customfields.models import CustomField
from prm.customfields.showing import fields_for, holding, partners_seen_by, people_seen_by
from prm.ui import filters, formats
from prm.ui.columns import Amount, Choice, Column, Day, Flag, Number, Text
from prm.values.actor import Actor

Kind = CustomField.Kind
PREFIX = "own_"
DIGITS, PLACES = 21, 6


class _Own:
    """A column over one field's values: annotated, so that sorting and filtering ask the database."""

    field_: CustomField
    expression: Any

    def prepare(self, rows: Any) -> Any:
        return rows.annotate(**{self.name: self.expression})  # type: ignore[attr-defined]


class OwnText(_Own, Text):
    pass


class _Exact(_Own):
    """A number with the decimals of its field: the same on the record's page, in lists and in exports."""

    def value(self, row: Any) -> Decimal | None:
        found = super().value(row)  # type: ignore[misc]
        if found is None:
            return None
        return found.quantize(Decimal(1).scaleb(-kinds.places_of(self.field_, found)))


class OwnNumber(_Exact, Number):
    def cell(self, row: Any) -> str:
        value = self.value(row)
        return "" if value is None else kinds.shown(self.field_, value)


class OwnAmount(_Exact, Amount):
    def cell(self, row: Any) -> Any:
        value = self.value(row)
        if value is not None and (places := kinds.places_of(self.field_, value)) != self.places:
            return formats.money(value, self.currency_of(row), places)
        return super().cell(row)


class OwnDay(_Own, Day):
    """Sorted and compared as the text it is kept as: a cast to days, unlike one to numbers, can stand in no index."""

    def value(self, row: Any) -> date | None:
        text = super().value(row)
        return kinds.day_of(text) if text else None

    def make_filter(self, model: Any) -> Any:
        return DaysAsText(self.name, self.label)


class DaysAsText(filters.DayRange):
    def narrow(self, rows: Any, low: date | None, high: date | None) -> Any:
        return super().narrow(rows, low and low.isoformat(), high and high.isoformat())


class OwnFlag(_Own, Flag):
    def cell(self, row: Any) -> Any:
        value = self.value(row)
        return "" if value is None else _("Yes") if value else _("No")

    def for_export(self, row: Any) -> str:
        return str(self.cell(row))

    def make_filter(self, model: Any) -> Any:
        made = HeldFlag(self.name, self.label)
        made.code = self.field_.code
        return made


class HeldFlag(filters.FlagFilter):
    code: str

    def apply(self, rows: Any, query: Any, actor: Actor) -> Any:
        _rows, chip = super().apply(rows.none(), query, actor)
        return (rows.filter(custom__contains={self.code: query[self.name] == "yes"}) if chip else rows), chip


class Held(filters.ChoiceFilter):
    """Rows that hold one of the chosen codes."""

    field_: CustomField

    def narrow(self, rows: Any, values: list[Any]) -> Any:
        wanted = Q()
        for code in values:
            held = [code] if self.field_.kind == Kind.MANY else code
            wanted |= Q(custom__contains={self.field_.code: held})
        return rows.filter(wanted)


class OwnChoice(_Own, Choice):
    @property
    def choices(self) -> list[tuple[Any, Any]]:
        return list(self.field_.choices)

    def word(self, row: Any) -> str:
        return kinds.shown(self.field_, self.value(row))

    def cell(self, row: Any) -> Any:
        # Several choices have no tone of their own, nor does a list name one.
        return self.word(row) if self.field_.kind == Kind.MANY else super().cell(row)

    def make_filter(self, model: Any) -> Any:
        made = Held(self.name, self.label, self.choices)
        made.field_ = self.field_
        return made


class OwnRanked(OwnChoice):
    """One choice, in the order in which the definition has them: what sorts is the place, what is read the code."""

    def prepare(self, rows: Any) -> Any:
        code = KeyTextTransform(self.field_.code, "custom")
        return super().prepare(rows).annotate(**{f"{self.name}_code": code})

    def value(self, row: Any) -> Any:
        return getattr(row, f"{self.name}_code", None)


class OwnLink(_Own, Text):
    def cell(self, row: Any) -> Any:
        value = self.value(row)
        return (
            format_html('<a class="ui-link" href="{}" rel="noreferrer">{}</a>', value, value) if value else ""
        )


class OwnFile(_Own, Text):
    """A file by its name, which is also what an export holds."""

    def cell(self, row: Any) -> Any:
        name = self.value(row)
        if not name:
            return ""
        return format_html('<a class="ui-link" href="{}">{}</a>', address_of(self.field_, row), name)


class OwnName(_Own, Text):
    """A person or partner by name; `rows_` are those that the reader may see."""

    rows_: Any
    name_field = "name"

    def prepare(self, rows: Any) -> Any:
        key = Cast(KeyTextTransform(self.field_.code, "custom"), BigIntegerField())
        rows = rows.annotate(**{f"{self.name}_id": key})
        named = self.rows_.filter(pk=OuterRef(f"{self.name}_id")).order_by().values(self.name_field)[:1]
        return rows.annotate(**{self.name: Subquery(named)})

    def cell(self, row: Any) -> Any:
        if self.value(row) is None and getattr(row, f"{self.name}_id", None) is not None:
            return format_html('<span class="ui-dim">{}</span>', _("not visible to you"))
        return super().cell(row)

    def make_filter(self, model: Any) -> Any:
        made = Named(self.name, self.label)
        made.rows = self.rows_
        return made


class Named(filters.TextFilter):
    """Rows whose person or partner is called like that: the names are searched once, not once for each row."""

    rows: Any

    def apply(self, rows: Any, query: Any, actor: Actor) -> Any:
        _rows, chip = super().apply(rows.none(), query, actor)
        if chip is None:
            return rows, None
        wanted = query.get(self.name, "").strip()[:100].replace("\x00", "")
        named = self.rows.filter(name__icontains=wanted).order_by().values("pk")
        return rows.filter(**{f"{self.name}_id__in": named}), chip


def columns_for(model: Any, actor: Actor) -> list[Column]:
    """A column for each field that the reader may know of; those marked for lists are shown, others on request."""
    target = targets.of_model(model)
    if target is None:
        return []
    return [column_of(field, model, actor) for field in fields_for(target.code, actor)]


def column_of(field: CustomField, model: Any, actor: Actor) -> Column:
    options: dict[str, Any] = {
        "label": field.words,
        "hidden": not field.in_list,
        "optional": True,
        "phone": None,
        "filter": True,
    }
    name, column = PREFIX + field.code, None
    options["sort"] = sortable(field)
    if field.kind in (Kind.PERSON, Kind.PARTNER):
        column = OwnName(name, **options)
        column.rows_ = (people_seen_by if field.kind == Kind.PERSON else partners_seen_by)(actor)
    else:
        column = _number(field, name, model, options) or _words(field, name, options)
        column.expression = expression_of(field)
    column.field_ = field
    return column


def _number(field: CustomField, name: str, model: Any, options: dict[str, Any]) -> Any:
    if kinds.is_date(field):
        return OwnDay(name, **options)
    if kinds.is_money(field):
        currency = "currency" if hasattr(model, "currency") else ""
        return OwnAmount(name, total=False, places=field.places, currency=currency, **options)
    return OwnNumber(name, places=None, **options) if kinds.is_number(field) else None


def _words(field: CustomField, name: str, options: dict[str, Any]) -> Any:
    if field.kind in (Kind.CHOICE, Kind.MANY):
        return (OwnRanked if field.kind == Kind.CHOICE else OwnChoice)(name, tones={}, **options)
    made = {Kind.YES_NO: OwnFlag, Kind.FILE: OwnFile, Kind.LINK: OwnLink}.get(Kind(field.kind))
    return made(name, **options) if made else OwnText(name, css="ui-clip", **options)


def sortable(field: CustomField) -> bool:
    """Whether rows have an order by the field: persons and partners by name, a choice by its place among the options.

    Not many choices, which are a set; not a file; not a long text, which no index of values can hold.
    """
    return field.kind not in (Kind.MANY, Kind.FILE, Kind.LONG_TEXT)


def indexed(field: CustomField) -> bool:
    """Whether an index of the row's own table can give that order: the names of others are kept elsewhere."""
    return sortable(field) and field.kind not in (Kind.PERSON, Kind.PARTNER)


def expression_of(field: CustomField) -> Any:
    """The field's value in SQL; indexes.py writes the same for what it indexes."""
    text = KeyTextTransform(field.code, "custom")
    if kinds.is_number(field):
        return Cast(text, DecimalField(max_digits=DIGITS, decimal_places=PLACES))
    if field.kind == Kind.YES_NO:
        return Cast(text, BooleanField())
    if field.kind == Kind.CHOICE:
        places = Value(codes_of(field), output_field=ArrayField(TextField()))
        return Func(places, text, function="array_position", output_field=IntegerField())
    if field.kind == Kind.MANY:
        return KeyTransform(field.code, "custom")
    if field.kind == Kind.FILE:
        return KeyTextTransform("name", KeyTransform(field.code, "custom"))
    return text


def codes_of(field: CustomField) -> list[str]:
    """The codes of a choice's options, in the order of its definition."""
    return [option["code"] for option in field.options.get("choices", [])]


def found_in_list(columns: Iterable[Column], text: str) -> Q | None:
    """Rows of a list that hold `text` in one of the fields that its columns show."""
    return holding([column.field_ for column in columns if isinstance(column, (_Own))], text)
