"""A tree as SQL. Every test is true or false, never unknown: a guard against empty values stands in each.

Comparisons stay plain lookups on the column wherever there is one, so that an index serves them; what lies in many
rows is asked by `IN (SELECT …)`; a measure is summed once for all partners, not once for each row.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db.models import Case, F, IntegerField, Model, Q, Value, When
from django.db.models import Field as Column
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce
from django.db.models.lookups import (
    GreaterThan,
    GreaterThanOrEqual,
    IContains,
    IEndsWith,
    In,
    IsNull,
    IStartsWith,
    LessThan,
    LessThanOrEqual,
    Regex,
)

from prm.conditions.registry import Operand
from prm.conditions.tree import (
    AllOf,
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
from prm.measures.registry import EXACT
from prm.values import clock

NEVER = Q(pk__in=[])
LIKE = {"contains": IContains, "starts_with": IStartsWith, "ends_with": IEndsWith}
FORMS = {"date": f"^{DAY.pattern}$", "number": f"^{DECIMAL.pattern}$", "money": f"^{DECIMAL.pattern}$"}


def q_of(node: Node, model: type[Model], today: date) -> Q:
    """The condition as a Q over rows of `model`."""
    match node:
        case Group():
            found = ~NEVER if node.every else NEVER
            for part in node.parts:
                found = found & q_of(part, model, today) if node.every else found | q_of(part, model, today)
            return found
        case Opposite():
            return ~q_of(node.part, model, today)
        case MeasureComparison():
            found = measured(node, today)
            return ~found if node.opposite else found
    found = tested(node.operand, node.wanted(today), model)
    return ~found if node.opposite else found


def tested(operand: Operand, want: Want, model: type[Model]) -> Q:
    """A positive test: where the value is empty, only Empty holds."""
    field = operand.field
    if field.expression:
        currency = want.currency if isinstance(want, Range) else ""
        found = on_expression(field.expression(operand.prefix, currency), want, field.type)
        return with_owner(operand, want, found)
    if isinstance(want, Range) and want.currency:
        guard = of_currency(operand, want.currency)
        if guard is None:
            return NEVER
        return guard & tested(operand, replace(want, currency=""), model)
    if field.json:
        return in_json(operand, want)
    if field.type == "many" or field.among:
        return in_many(operand, want, model)
    return on_column(operand.prefix + field.column, want, field.type, model)


def of_currency(operand: Operand, wanted: str) -> Q | None:
    """The rows whose amount is in the currency; None where no row's can be."""
    own = operand.field.currency
    if not own or own.isupper():
        return Q() if (own or own_currency()) == wanted else None
    return Q(**{operand.prefix + own: wanted, f"{operand.prefix}{own}__isnull": False})


def with_owner(operand: Operand, want: Want, found: Q) -> Q:
    """An expression may have a value even where the relation leads nowhere (a sum of nothing is 0): that is empty."""
    if not operand.steps:
        return found
    owner = f"{operand.prefix}pk__isnull"
    return found | Q(**{owner: True}) if isinstance(want, Empty) else found & Q(**{owner: False})


# ---- a column ----


def on_column(path: str, want: Want, kind: str, model: type[Model]) -> Q:
    there = Q(**{f"{path}__isnull": False})
    match want:
        case Empty():
            missing = Q(**{f"{path}__isnull": True})
            return missing | Q(**{path: ""}) if holds_text(model, path) else missing
        case OneOf():
            return there & _one_of(path, want.values)
        case Like():
            lookup = {"contains": "icontains", "starts_with": "istartswith", "ends_with": "iendswith"}[
                want.how
            ]
            return there & Q(**{f"{path}__{lookup}": want.text})
        case Range():
            if kind == "moment":
                want = moments(want)
            elif isinstance(column_of(model, path), IntegerField):
                want = whole_numbers(want)
            return there & bounded(path, want)
    raise TypeError(f"{want} cannot be asked of one column")


def bounded(path: str, want: Range) -> Q:
    found = Q()
    if want.low is not None:
        found &= Q(**{f"{path}__{'gte' if want.low_in else 'gt'}": want.low})
    if want.high is not None:
        found &= Q(**{f"{path}__{'lte' if want.high_in else 'lt'}": want.high})
    return found


def _one_of(path: str, values: tuple[Any, ...]) -> Q:
    return Q(**{path: values[0]}) if len(values) == 1 else Q(**{f"{path}__in": list(values)})


def column_of(model: type[Model], path: str) -> Column | None:
    """The model field at the end of a lookup path."""
    found: Any = None
    for step in path.split("__"):
        try:
            found = model._meta.pk if step == "pk" else model._meta.get_field(step)
        except FieldDoesNotExist:
            return None
        model = getattr(found, "related_model", None) or model
    return found


def holds_text(model: type[Model], path: str) -> bool:
    found = column_of(model, path)
    return found is not None and found.get_internal_type() in (
        "CharField", "TextField", "EmailField", "SlugField", "URLField",
    )  # fmt: skip


def moments(want: Range) -> Range:
    """Days as the moments at which they begin and end in the tenant's zone: from the first one, before the last one."""
    low, high = want.low, want.high
    if low is not None:
        low = clock.start_of_day(low if want.low_in else low + timedelta(days=1))
    if high is not None:
        high = clock.start_of_day(high + timedelta(days=1) if want.high_in else high)
    return Range(low, high, True, False)


def whole_numbers(want: Range) -> Range:
    """Bounds that a column of whole numbers can be compared with: at least 2.5 is at least 3."""

    def rounded(bound: Decimal | None, how: str, inside: bool) -> tuple[int | None, bool]:
        if bound is None:
            return None, inside
        whole = bound.to_integral_value(how)
        return int(whole), inside or whole != bound

    low, low_in = rounded(want.low, ROUND_CEILING, want.low_in)
    high, high_in = rounded(want.high, ROUND_FLOOR, want.high_in)
    return Range(low, high, low_in, high_in)


# ---- an expression ----


def on_expression(value: Any, want: Want, kind: str) -> Q:
    there = Q(IsNull(value, False))
    match want:
        case Empty():
            missing = Q(IsNull(value, True))
            return missing | Q(In(value, [""])) if kind in ("text", "choice", "reference") else missing
        case OneOf():
            return there & Q(In(value, list(want.values)))
        case Like():
            return there & Q(LIKE[want.how](value, want.text))
        case Range():
            want = moments(want) if kind == "moment" else want
            found = there
            if want.low is not None:
                found &= Q((GreaterThanOrEqual if want.low_in else GreaterThan)(value, want.low))
            if want.high is not None:
                found &= Q((LessThanOrEqual if want.high_in else LessThan)(value, want.high))
            return found
    raise TypeError(f"{want} cannot be asked of one expression")


# ---- many rows ----


def in_many(operand: Operand, want: Want, model: type[Model]) -> Q:
    """Rows whose owner has at least one row on the path that fits; every value of AllOf asks on its own."""
    owner = operand.prefix + "pk"
    home = model
    for step in operand.steps:
        for name in step.column.split("__"):
            home = home._meta.get_field(name).related_model
    field = operand.field
    near = field.among() if field.among else {}

    def owners(found: Q) -> Q:
        rows = home._base_manager.filter(found, **near).order_by().values("pk")
        return Q(**{f"{owner}__isnull": False, f"{owner}__in": rows})

    match want:
        case Empty():  # never a "not" on a path through many rows: it would ask about all of them
            anything = Q(**{f"{field.column}__isnull": False})
            if holds_text(home, field.column):
                anything &= Q(**{f"{field.column}__gt": ""})
            return ~owners(anything)
        case AllOf():
            found = ~NEVER
            for value in want.values:
                found &= owners(Q(**{field.column: value}))
            return found
    return owners(on_column(field.column, want, field.type, home))


# ---- JSON ----


def in_json(operand: Operand, want: Want) -> Q:
    """A key of a JSON column. Equality asks by containment, which the column's GIN index serves."""
    path = operand.prefix + (operand.field.path or operand.field.name)
    key, kind = operand.field.json, operand.field.type
    there = Q(**{f"{path}__isnull": False})
    match want:
        case OneOf():
            found = NEVER
            for value in want.values:
                found |= Q(**{f"{path}__contains": {key: [value] if kind == "many" else value}})
            return there & found
        case AllOf():
            return there & Q(**{f"{path}__contains": {key: list(want.values)}})
        case Range():
            return on_expression(formed(kind, path, key), as_text(want) if kind == "date" else want, kind)
        case Empty() if kind in FORMS:
            return Q(IsNull(formed(kind, path, key), True))
        case Empty():
            text = json_text(path, key)
            return Q(IsNull(text, True)) | Q(In(text, ["", "[]"]))
    return on_expression(json_text(path, key), want, kind)


def json_text(path: str, key: str) -> Any:
    return KeyTextTransform(key, F(path))


def formed(kind: str, path: str, key: str) -> Any:
    """What stands under a key, where it has its type's form; NULL elsewhere, so that no cast ever fails."""
    text = json_text(path, key)
    value = text if kind == "date" else Cast(text, EXACT)
    return Case(When(Q(Regex(text, FORMS[kind])), then=value))


def as_text(want: Range) -> Range:
    """Days compared as text: ISO days sort as they follow one another."""
    low, high = (bound.isoformat() if bound else None for bound in (want.low, want.high))
    return replace(want, low=low, high=high)


# ---- measures ----


def measured(test: MeasureComparison, today: date) -> Q:
    """Partners whose figure fits; who has no row has 0, so where 0 fits, those that do not fit are taken out."""
    figure = Coalesce(Cast("value", EXACT), Value(Decimal(0), EXACT))
    rows = test.measure.rows(test.period, today).annotate(figure=figure)
    fits = bounded("figure", test.want)
    path = (
        "pk"
        if test.partner == "pk"
        else f"{test.partner}__pk"
        if "__" in test.partner
        else f"{test.partner}_id"
    )
    there = Q(**{f"{path}__isnull": False})
    if in_range(Decimal(0), test.want):
        return there & ~Q(**{f"{path}__in": rows.filter(~fits).values("partner_id")})
    return there & Q(**{f"{path}__in": rows.filter(fits).values("partner_id")})


def in_range(value: Decimal | date | datetime | str, want: Range) -> bool:
    """Whether a value that is there lies in the range."""
    low = want.low is None or value > want.low or (want.low_in and value == want.low)
    high = want.high is None or value < want.high or (want.high_in and value == want.high)
    return low and high
