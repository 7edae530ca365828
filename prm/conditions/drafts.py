"""A condition while somebody builds it: half filled in, never trusted, always shown.

`completed` brings whatever was sent into the shape that the builder shows: one group on top, every comparison with an
operator of its field's type and a value of the right form, empty where nothing was chosen yet. What is sound stays as
it is, so building never changes what a condition means.
"""

from __future__ import annotations

from typing import Any

from prm.conditions import operators, values
from prm.conditions.operators import Operator
from prm.conditions.reading import DEEPEST, MOST_PARTS, is_group
from prm.conditions.registry import Lookup
from prm.measures import periods
from prm.measures import registry as measures

KINDS = ("all", "any", "none", "not_all")
NEW = {"field": ""}


def completed(raw: Any, code: str, lookup: Lookup) -> dict[str, Any]:
    """The draft as the builder shows it, with a group on top."""
    left = [MOST_PARTS]
    draft = _completed(raw, code, lookup, 1, left)
    if draft is None:
        return {"all": []}
    return draft if kind_of(draft) else {"all": [draft]}


def kind_of(draft: dict[str, Any]) -> str:
    """all, any, none (nothing of it holds), not_all; "" for a comparison."""
    if "all" in draft or "any" in draft:
        return "all" if "all" in draft else "any"
    inner = draft.get("not")
    if isinstance(inner, dict) and len(inner) == 1:
        return {"any": "none", "all": "not_all"}.get(next(iter(inner)), "")
    return ""


def parts_of(draft: dict[str, Any]) -> list[dict[str, Any]]:
    return next(iter(draft.get("not", draft).values()))


def without_blanks(raw: Any) -> Any:
    """The draft without rows in which no field was chosen, and without groups of nothing else: who chose nothing asks
    nothing."""
    left = _asked(raw)
    return {"all": []} if left is None else left


def _asked(raw: Any) -> Any:
    """What is left of a part without blank rows; None where that is nothing."""
    if raw == NEW:
        return None
    if not isinstance(raw, dict) or len(raw) != 1:
        return raw
    kind, inner = next(iter(raw.items()))
    if kind in ("all", "any") and isinstance(inner, list):
        parts = [left for part in inner if (left := _asked(part)) is not None]
        return {kind: parts} if parts or not inner else None
    if kind != "not":
        return raw
    left = _asked(inner)
    return None if left is None else {"not": left}


def _completed(raw: Any, code: str, lookup: Lookup, depth: int, left: list[int]) -> dict[str, Any] | None:
    left[0] -= 1
    if not isinstance(raw, dict) or depth > DEEPEST or left[0] < 0:
        return None
    for kind in ("all", "any"):
        if isinstance(raw.get(kind), list):
            parts = [_completed(part, code, lookup, depth + 1, left) for part in raw[kind]]
            return {kind: [part for part in parts if part is not None]}
    if "not" in raw:
        around = is_group(raw["not"])
        left[0] += around
        inner = _completed(raw["not"], code, lookup, depth + (not around), left)
        if inner is None:
            return None
        return {"not": inner} if set(inner) & {"all", "any"} else {"not": {"any": [inner]}}
    if "measure" in raw:
        return _measure(raw)
    return _comparison(raw, code, lookup) if "field" in raw else None


def _measure(raw: dict[str, Any]) -> dict[str, Any]:
    if measures.find(raw["measure"]) is None:
        return NEW
    operator = (
        operators.BY_TYPE["measure"].get(str(raw.get("op"))) or operators.BY_TYPE["measure"]["at_least"]
    )
    period = raw.get("period")
    try:
        periods.read(period)
    except periods.BadPeriod:
        period = {"last": 4, "unit": "quarter"}
    return {
        "measure": raw["measure"], "period": period, "op": operator.code,
        "value": value_of("measure", operator, raw.get("value")),
    }  # fmt: skip


def _comparison(raw: dict[str, Any], code: str, lookup: Lookup) -> dict[str, Any]:
    name = raw["field"] if isinstance(raw["field"], str) else ""
    operand = lookup.find(code, name)
    if operand is None:
        return NEW
    table = lookup.table(operand.field)
    operator = table.get(str(raw.get("op"))) or next(iter(table.values()))
    draft: dict[str, Any] = {"field": name, "op": operator.code}
    if operator.takes != "nothing":
        draft["value"] = value_of(operand.field.type, operator, raw.get("value"))
    if operand.field.type == "money" and operator.takes != "nothing":
        try:
            draft["currency"] = values.read_currency(raw.get("currency"))
        except values.Wrong:
            draft["currency"] = values.own_currency()
    return draft


def value_of(kind: str, operator: Operator, value: Any) -> Any:
    """The value in the form that the operator takes; what does not fit becomes empty, or the usual."""
    match operator.takes:
        case "list":
            return [one for one in value if isinstance(one, str)] if isinstance(value, list) else _kept(value)
        case "two":
            pair = value if isinstance(value, dict) else {}
            return {end: _plain(pair.get(end)) for end in ("from", "to")}
        case "span":
            try:
                return values.read_span(value)
            except values.Wrong:
                return {"count": 30, "unit": "day"}
        case "window":
            return value if isinstance(value, str) and value in operators.WINDOWS else "this_month"
    if kind == "yes_no":
        return value if isinstance(value, bool) else True
    if isinstance(value, list):
        value = value[0] if value else ""
    return _plain(value)


def _kept(value: Any) -> list[str]:
    return [value] if isinstance(value, str) and value else []


def _plain(value: Any) -> str:
    return str(value) if isinstance(value, str) or type(value) is int else ""
