"""Persons and partners that rules of forms name: by e-mail and number in the rule, by id in what forms post and hold.

A rule is written once and read in other tenants too, where ids are others; so ids take the place of the names only
when a form is planned, with one query for each kind.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from prm.customfields import targets
from prm.customfields.models import CustomField

# What names a row, by the kind of field.
KEYS: dict[str, str] = {CustomField.Kind.PERSON: "email", CustomField.Kind.PARTNER: "number"}
Kinds = Mapping[str, str]


def model_of(kind: str) -> type[Any]:
    return targets.people_model() if kind == CustomField.Kind.PERSON else targets.partner_model()


def names_of(kind: str, keys: Iterable[Any]) -> dict[str, str]:
    """What the rows of some keys are called; a key that names none is left out."""
    return {str(getattr(row, KEYS[kind])): str(row) for row in _rows(kind, keys)}


def with_ids(rules: Iterable[Any], kinds: Kinds) -> list[Any]:
    """Rules in which each person and partner stands as its id, and as "" where there is none any more."""
    rules = list(rules)
    wanted: dict[str, set[str]] = {}
    for rule in rules:
        for kind, key in _named(rule, kinds):
            wanted.setdefault(kind, set()).add(key)
    ids = {
        (kind, str(getattr(row, KEYS[kind]))): str(row.pk)
        for kind, keys in wanted.items()
        for row in _rows(kind, keys)
    }
    return [_replaced(rule, kinds, ids) for rule in rules] if wanted else rules


def _rows(kind: str, keys: Iterable[Any]) -> Any:
    rows: Any = model_of(kind)._default_manager.all()
    if hasattr(rows, "for_everyone"):
        rows = rows.for_everyone(because="the administrator who wrote the rule named them")
    return rows.filter(**{f"{KEYS[kind]}__in": [str(key) for key in keys]})


def _named(rule: Any, kinds: Kinds) -> Iterator[tuple[str, str]]:
    if isinstance(rule, list):
        for part in rule:
            yield from _named(part, kinds)
    elif isinstance(rule, Mapping):
        if "field" not in rule:
            yield from _named(list(rule.values()), kinds)
        elif (kind := kinds.get(rule["field"], "")) in KEYS:
            value = rule.get("value")
            for key in value if isinstance(value, list) else [value]:
                yield kind, str(key)


def _replaced(rule: Any, kinds: Kinds, ids: Mapping[tuple[str, str], str]) -> Any:
    if isinstance(rule, list):
        return [_replaced(part, kinds, ids) for part in rule]
    if not isinstance(rule, Mapping):
        return rule
    if "field" not in rule:
        return {joint: _replaced(parts, kinds, ids) for joint, parts in rule.items()}
    kind = kinds.get(rule["field"], "")
    if kind not in KEYS or "value" not in rule:
        return rule
    value = rule["value"]
    found = [ids.get((kind, str(key)), "") for key in (value if isinstance(value, list) else [value])]
    return {**rule, "value": found if isinstance(value, list) else found[0]}
