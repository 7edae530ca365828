"""A tree asked of one row: a saved or unsaved instance, or a mapping of what was typed. Answers as SQL would."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Model

from prm.conditions.folding import folded
from prm.conditions.registry import Operand
from prm.conditions.sql import as_text, in_range, moments
from prm.conditions.tree import (
    AllOf,
    Comparison,
    Empty,
    Group,
    Like,
    MeasureComparison,
    Node,
    OneOf,
    Opposite,
    Range,
    Want,
)
from prm.conditions.values import DAY, DECIMAL, own_currency
from prm.values import clock


def true_of(node: Node, row: Any, today: date) -> bool:
    """Whether the condition holds for one row."""
    match node:
        case Group():
            answers = (true_of(part, row, today) for part in node.parts)
            return all(answers) if node.every else any(answers)
        case Opposite():
            return not true_of(node.part, row, today)
        case MeasureComparison():
            return measured(node, row, today) != node.opposite
    return tested(node, row, node.wanted(today)) != node.opposite


def measured(test: MeasureComparison, row: Any, today: date) -> bool:
    partner = row if test.partner == "pk" else walk(row, test.partner)
    pk = getattr(partner, "pk", None)
    return pk is not None and in_range(test.measure.of(pk, test.period, today=today), test.want)


def tested(test: Comparison, row: Any, want: Want) -> bool:
    """A positive test: where the value is empty, only Empty holds."""
    field = test.operand.field
    currency = want.currency if isinstance(want, Range) else ""
    owner = owner_of(test.operand, row)
    value = plain(raw_value(test.operand, row, owner, currency), test.operand)
    is_empty = value is None or value == "" or value == []
    match want:
        case Empty():
            return is_empty
        case _ if is_empty:
            return False
        case OneOf():
            return bool(set(value) & set(want.values)) if field.type == "many" else value in want.values
        case AllOf():
            return set(want.values) <= set(value)
        case Like():
            return like(value, want)
    if currency and not field.expression and currency_of(test.operand, row, owner) != currency:
        return False
    if isinstance(value, str):  # a day under a key of a JSON column is compared as text, there and here
        want = as_text(want)
    return in_range(value, moments(want) if field.type == "moment" else want)


def like(value: str, want: Like) -> bool:
    value, text = folded(value), folded(want.text)
    if want.how == "contains":
        return text in value
    return value.startswith(text) if want.how == "starts_with" else value.endswith(text)


# ---- reading a row ----


def owner_of(operand: Operand, row: Any) -> Any:
    """The row that has the field, over the relations; None where one of them is empty."""
    for step in operand.steps:
        row = row.get(step.name) if isinstance(row, Mapping) else walk(row, step.column)
        if row is None:
            return None
    return row


def raw_value(operand: Operand, row: Any, owner: Any, currency: str) -> Any:
    field = operand.field
    if isinstance(row, Mapping) and operand.name in row:  # a draft may give "partner.region" outright
        return row[operand.name]
    if owner is None:
        return None
    if isinstance(owner, Mapping) and field.name in owner:
        return owner[field.name]
    if field.read and isinstance(owner, Model):
        return (
            field.read(owner, currency) if field.expression and field.type == "money" else field.read(owner)
        )
    found = walk(owner, field.path or field.name.replace(".", "__"))
    if field.json:
        return found.get(field.json) if isinstance(found, Mapping) else None
    return found


def currency_of(operand: Operand, row: Any, owner: Any) -> str | None:
    own = operand.field.currency
    if not own or own.isupper():
        return own or own_currency()
    return walk(owner, own)


def walk(row: Any, path: str) -> Any:
    """The value at a lookup path; a list where the path leads through many rows; None where it breaks off."""
    steps = path.split("__")
    for at, step in enumerate(steps):
        if row is None:
            return None
        if isinstance(row, Mapping):
            row = row.get(step)
            continue
        try:
            row = getattr(row, step, None)
            if hasattr(row, "all"):
                rest = "__".join(steps[at + 1 :])
                return [walk(one, rest) if rest else one for one in row.all()]
        except (ObjectDoesNotExist, ValueError):  # nothing there, or a draft that has no rows of its own yet
            return None
    return row


def plain(value: Any, operand: Operand) -> Any:
    """The value as its type compares it: str, Decimal, date, datetime, bool, or a list of str; None when empty."""
    kind = operand.field.type
    if value is None or value == "":
        return [] if kind == "many" else None
    if kind == "many":
        return [named(one, operand.field.key) for one in _listed(value) if one not in (None, "")]
    if kind in ("number", "money"):
        return _decimal(value, strict=bool(operand.field.json))
    if kind == "date":
        return _day(value, in_json=bool(operand.field.json))
    if kind == "moment":
        return _moment(value)
    if kind == "yes_no":
        return value if isinstance(value, bool) else None
    return named(value, operand.field.key)


def named(value: Any, key: str) -> str:
    """How a condition names a row or a choice."""
    if isinstance(value, Model):
        return str(getattr(value, key))
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _listed(value: Any) -> Iterable[Any]:
    return value if isinstance(value, Iterable) and not isinstance(value, str | Mapping) else [value]


def _decimal(value: Any, *, strict: bool) -> Decimal | None:
    text = str(value)
    if strict and not DECIMAL.fullmatch(text):
        return None
    try:
        found = Decimal(text)
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def _day(value: Any, *, in_json: bool) -> date | str | None:
    if in_json:
        return str(value) if DAY.fullmatch(str(value)) else None
    if isinstance(value, datetime):
        return value.astimezone(clock.tenant_zone()).date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        return None


def _moment(value: Any) -> datetime | None:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=clock.tenant_zone())
    return clock.start_of_day(value) if isinstance(value, date) else None
