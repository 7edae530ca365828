"""The tenant's own fields as conditions may ask about them: `custom.<code>` of each subject that is a target."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.db.models import BigIntegerField, F, OuterRef, Subquery
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.functions import Cast
from django.utils.translation import gettext_lazy as _

from prm.conditions import Field
from prm.customfields import kinds, targets
from prm.customfields.models import CustomField

Kind = CustomField.Kind
TYPES = {
    Kind.TEXT: "text",
    Kind.LONG_TEXT: "text",
    Kind.LINK: "text",
    Kind.REFERENCE: "text",
    Kind.YES_NO: "yes_no",
    Kind.CHOICE: "choice",
    Kind.MANY: "many",
}
GROUP = _("Own fields")


def fields_of(target: str) -> Callable[[], Iterable[Field]]:
    """What prm.conditions asks for each time it reads a condition about the target."""

    def more() -> list[Field]:
        return [_asked(field) for field in CustomField.objects.of(target)]

    return more


def _asked(field: CustomField) -> Field:
    common: dict[str, Any] = {
        "name": f"custom.{field.code}", "label": field.words, "path": "custom", "json": field.code,
        "staff": field.staff_only, "group": GROUP,
    }  # fmt: skip
    if field.kind == Kind.PERSON:
        model = targets.people_model()
        return _reference(field, common, model, "email")
    if field.kind == Kind.PARTNER:
        return _reference(field, common, targets.partner_model(), "number")
    if field.kind == Kind.FILE:
        return _by_name(field, common)
    if kinds.is_money(field):
        has_currency = hasattr(targets.find(field.target).model, "currency")
        return Field(type="money", currency="currency" if has_currency else "", **common)
    kind = "date" if kinds.is_date(field) else "number" if kinds.is_number(field) else TYPES[Kind(field.kind)]
    return Field(type=kind, choices=field.choices, **common)


def _by_name(field: CustomField, common: dict[str, Any]) -> Field:
    """A file is asked by what it is called."""

    def expression(prefix: str, _currency: str) -> Any:
        return KeyTextTransform("name", KeyTransform(field.code, f"{prefix}custom"))

    def read(row: Any) -> str | None:
        return ((row.custom or {}).get(field.code) or {}).get("name")

    return Field(type="text", expression=expression, read=read, **{**common, "path": "", "json": ""})


def _reference(field: CustomField, common: dict[str, Any], model: Any, key: str) -> Field:
    """The JSON holds an id; conditions name the row by what is the same in every tenant."""
    rows: Any = model._default_manager.all()
    if hasattr(rows, "for_everyone"):
        rows = rows.for_everyone(because="the row that holds the value was scoped")

    def expression(prefix: str, _currency: str) -> Any:
        return Subquery(rows.annotate(outer=_id_of(prefix)).filter(pk=F("outer")).order_by().values(key)[:1])

    def _id_of(prefix: str) -> Any:
        return Cast(KeyTextTransform(field.code, OuterRef(f"{prefix}custom")), BigIntegerField())

    def read(row: Any) -> str | None:
        value = (row.custom or {}).get(field.code)
        return rows.filter(pk=value).values_list(key, flat=True).first() if value is not None else None

    common = {**common, "path": "", "json": ""}
    return Field(type="reference", to=model._meta.label, key=key, expression=expression, read=read, **common)
