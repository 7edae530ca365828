"""Custom values where people read them: on pages, in lists, in the audit trail, in what a search finds."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.db import connection
from django.db.models import BigIntegerField, BooleanField, DateField, DecimalField, OuterRef, Q, Subquery
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.functions import Cast
from django.utils.html import format_html
from django.utils.translation import gettext as _

from prm.audit import words
from prm.customfields import kinds, targets
from prm.customfields.models import CustomField
from prm.ui import filters
from prm.ui.columns import Amount, Choice, Column, Day, Flag, Number, Text
from prm.ui.parts import Fact
from prm.values.actor import Actor

Kind = CustomField.Kind
PREFIX = "own_"


def fields_for(target: str, actor: Actor) -> list[CustomField]:
    """The fields of a target that the reader may know of."""
    return [field for field in CustomField.objects.of(target) if not (field.staff_only and actor.is_partner)]


def currency_of(obj: Any) -> str:
    return getattr(obj, "currency", "") or getattr(connection.tenant, "currency", "CNY")


def facts_of(target: str, obj: Any, actor: Actor) -> list[Fact]:
    """Label and value of each filled field, for a page about `obj`."""
    if not obj.custom:
        return []
    fields = [field for field in fields_for(target, actor) if field.code in obj.custom]
    names = names_for(fields, [obj.custom], actor)
    return [
        Fact(
            field.words,
            kinds.shown(field, obj.custom[field.code], currency=currency_of(obj), names=names[field.kind]),
            href=obj.custom[field.code] if field.kind == Kind.LINK else "",
        )
        for field in fields
    ]


def names_for(
    fields: Iterable[CustomField], rows: Iterable[dict[str, Any]], actor: Actor
) -> dict[str, dict[str, str]]:
    """Names of the persons and partners that some rows' values name and `actor` may see, by kind and id."""
    rows, found = list(rows), {kind: {} for kind in Kind.values}
    for kind, model_rows in ((Kind.PERSON, people_seen_by), (Kind.PARTNER, partners_seen_by)):
        codes = [field.code for field in fields if field.kind == kind]
        ids = {row[code] for row in rows for code in codes if code in row}
        if ids:
            found[kind] = {str(one.pk): str(one) for one in model_rows(actor).filter(pk__in=ids)}
    return found


def people_seen_by(actor: Actor) -> Any:
    """Whose names a reader may see: staff everybody's, partners' people those whom they could name, and staff."""
    people = targets.people_for(Actor.job("names"))
    everybody = people.model._default_manager.all()
    if not actor.is_partner:
        return everybody
    return everybody.filter(Q(pk__in=targets.people_for(actor).values("pk")) | Q(pk__in=people.values("pk")))


def partners_seen_by(actor: Actor) -> Any:
    rows: Any = targets.partner_model()._default_manager.all()
    return rows.visible_to(actor)


# ---- lists ----


class _Own:
    """A column over one field's values: annotated, so that sorting and filtering ask the database."""

    field_: CustomField
    expression: Any

    def prepare(self, rows: Any) -> Any:
        return rows.annotate(**{self.name: self.expression})  # type: ignore[attr-defined]


class OwnText(_Own, Text):
    pass


class OwnNumber(_Own, Number):
    pass


class OwnAmount(_Own, Amount):
    pass


class OwnDay(_Own, Day):
    pass


class OwnFlag(_Own, Flag):
    def cell(self, row: Any) -> Any:
        value = self.value(row)
        return "" if value is None else _("Yes") if value else _("No")

    def for_export(self, row: Any) -> str:
        return str(self.cell(row))


class Held(filters.ChoiceFilter):
    """Rows that hold one of the chosen codes; the index of the JSON column serves it."""

    field_: CustomField

    def apply(self, rows: Any, query: Any, actor: Actor) -> Any:
        chosen = [code for code, _label in self.chosen(query)]
        _rows, chip = super().apply(rows.none(), query, actor)
        if not chosen:
            return rows, None
        wanted = Q()
        for code in chosen:
            held = [code] if self.field_.kind == Kind.MANY else code
            wanted |= Q(custom__contains={self.field_.code: held})
        return rows.filter(wanted), chip


class OwnChoice(_Own, Choice):
    @property
    def choices(self) -> list[tuple[Any, Any]]:
        return list(self.field_.choices)

    def word(self, row: Any) -> str:
        return kinds.shown(self.field_, self.value(row))

    def make_filter(self, model: Any) -> Any:
        made = Held(self.name, self.label, self.choices)
        made.field_ = self.field_
        return made


class OwnLink(_Own, Text):
    def cell(self, row: Any) -> Any:
        value = self.value(row)
        return (
            format_html('<a class="ui-link" href="{}" rel="noreferrer">{}</a>', value, value) if value else ""
        )


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


def columns_for(model: Any, actor: Actor) -> list[Column]:
    """A column for each field that the reader may know of; those marked for lists are shown, others on request."""
    target = targets.of_model(model)
    if target is None:
        return []
    return [column_of(field, model, actor) for field in fields_for(target.code, actor)]


def column_of(field: CustomField, model: Any, actor: Actor) -> Column:
    text = KeyTextTransform(field.code, "custom")
    options: dict[str, Any] = {
        "label": field.words,
        "hidden": not field.in_list,
        "optional": True,
        "phone": None,
    }
    column: Any
    if kinds.is_date(field):
        column = OwnDay(PREFIX + field.code, sort=True, filter=True, **options)
        column.expression = Cast(text, DateField())
    elif kinds.is_money(field):
        currency = "currency" if hasattr(model, "currency") else ""
        column = OwnAmount(
            PREFIX + field.code,
            sort=True,
            filter=True,
            total=False,
            places=field.places,
            currency=currency,
            **options,
        )
        column.expression = Cast(text, DecimalField(max_digits=21, decimal_places=6))
    elif kinds.is_number(field):
        column = OwnNumber(PREFIX + field.code, sort=True, filter=True, places=None, **options)
        column.expression = Cast(text, DecimalField(max_digits=21, decimal_places=6))
    elif field.kind == Kind.YES_NO:
        column = OwnFlag(PREFIX + field.code, filter=True, **options)
        column.expression = Cast(text, BooleanField())
    elif field.kind in (Kind.CHOICE, Kind.MANY):
        column = OwnChoice(
            PREFIX + field.code, filter=True, tones={}, sort=field.kind == Kind.CHOICE, **options
        )
        column.expression = text if field.kind == Kind.CHOICE else KeyTransform(field.code, "custom")
    elif field.kind in (Kind.PERSON, Kind.PARTNER):
        column = OwnName(PREFIX + field.code, filter=True, **options)
        column.rows_ = (people_seen_by if field.kind == Kind.PERSON else partners_seen_by)(actor)
    elif field.kind == Kind.LINK:
        column = OwnLink(PREFIX + field.code, filter=True, **options)
        column.expression = text
    else:
        sort = field.kind != Kind.LONG_TEXT
        column = OwnText(PREFIX + field.code, filter=True, sort=sort, css="ui-clip", **options)
        column.expression = text
    column.field_ = field
    return column


# ---- search ----


def found_by(target: str, actor: Actor, text: str) -> Q | None:
    """Rows one of whose own texts holds `text`; None where there are no such fields."""
    return _holding(fields_for(target, actor), text)


def found_in_list(columns: list[Column], text: str) -> Q | None:
    """The same for a list, over the fields that its columns show."""
    return _holding([column.field_ for column in columns if isinstance(column, _Own)], text)


def _holding(fields: Iterable[CustomField], text: str) -> Q | None:
    wanted = Q()
    for field in fields:
        if field.kind in (Kind.TEXT, Kind.LONG_TEXT, Kind.LINK, Kind.REFERENCE):
            wanted |= Q(**{f"custom__{field.code}__icontains": text})
        elif field.kind in (Kind.CHOICE, Kind.MANY):
            for option in field.options["choices"]:
                if text.casefold() in f"{option['label']} {option.get('label_zh', '')}".casefold():
                    held = [option["code"]] if field.kind == Kind.MANY else option["code"]
                    wanted |= Q(custom__contains={field.code: held})
    return wanted or None


# ---- the audit trail ----


def name_in_audit(object_type: str, field: str) -> tuple[Any, Callable[[Any], Any]] | None:
    """The label of `custom.<code>`, and its values in words; a field that is gone reads as its code."""
    if not field.startswith("custom."):
        return None
    code = field.removeprefix("custom.")
    memo = words.memo()
    if object_type not in memo:
        target = next(
            (one for one in targets.all_targets().values() if one.model_name.lower() == object_type), None
        )
        rows = CustomField.objects.filter(target=target.code) if target else []
        memo[object_type] = {row.code: row for row in rows}
    found = memo[object_type].get(code)
    if found is None:
        return code, lambda value: value
    return found.words, lambda value: _in_words(found, value)


def _in_words(field: CustomField, value: Any) -> Any:
    if value is None or value == "":
        return ""
    try:
        if field.kind == Kind.CHOICE:
            return dict(field.choices).get(value, value)
        if field.kind == Kind.MANY and isinstance(value, str):
            return ", ".join(dict(field.choices).get(code, code) for code in value.split(", "))
        if kinds.is_number(field) or kinds.is_date(field):
            return kinds.shown(field, str(value))
    except (ValueError, ArithmeticError):
        return value
    if field.kind in (Kind.PERSON, Kind.PARTNER):
        return f"#{value}"
    return value
