"""The tenant's own fields as columns of an import: `custom.<code>`, or their label in either language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from prm.customfields import kinds, plans, targets
from prm.customfields.errors import ValueRefused
from prm.customfields.models import CustomField
from prm.spreadsheets.registry import BadValue, Column
from prm.ui import said
from prm.values.actor import Actor

if TYPE_CHECKING:
    from prm.spreadsheets.staging import Staged

PREFIX = "custom."
READER = Actor.job("imports")
# What stands in the JSON as a file spells it.
SPELLED_ALIKE = {"text", "long_text", "number", "money", "date", "choice", "link"}


def fields_of(target: str) -> list[CustomField]:
    """The fields that a cell can fill in: what comes by itself, or is itself a file, stands in none."""
    return [field for field in CustomField.objects.of(target) if field.is_written and field.kind != "file"]


def columns_of(target: str) -> tuple[Column, ...]:
    """A column for each field; its label in both languages is understood as its heading."""
    return tuple(
        Column(
            PREFIX + field.code, field.words, _parser(field), also=tuple(filter(None, (field.label, field.label_zh))),
            help=field.hint,
        )
        for field in fields_of(target)
    )  # fmt: skip


def _parser(field: CustomField) -> Any:
    @lru_cache(maxsize=10_000)
    def parse(cell: str) -> str:
        try:
            value = kinds.read(field, cell, by=READER)
        except ValueRefused as refused:
            raise BadValue("refused", text=said.of_error(refused)) from None
        return spelled(field, value, cell)

    return parse


def spelled(field: CustomField, value: Any, cell: str = "") -> str:
    """A stored value as text: the one spelling in which a row is staged."""
    if value is None:
        return ""
    if field.kind == "yes_no":
        return "yes" if value else "no"
    if field.kind == "many":
        return "; ".join(value)
    return str(value) if field.kind in SPELLED_ALIKE else cell.strip() or str(value)


def given(values: Mapping[str, str]) -> dict[str, str]:
    """What a row says of the tenant's own fields, by code."""
    return {name.removeprefix(PREFIX): value for name, value in values.items() if name.startswith(PREFIX)}


def is_same(fields: Iterable[CustomField], values: Mapping[str, str], custom: Mapping[str, Any]) -> bool:
    """Whether a row says of them what is on file. Persons and partners are taken to differ."""
    known = {field.code: field for field in fields}
    return all(
        spelled(known[code], custom.get(code)) == value
        for code, value in given(values).items()
        if code in known
    )


def same_in_sql(target: str, alias: str) -> str:
    """SQL over the staged row `r`: whether it says nothing else than `alias`.custom holds."""
    parts = ["true"]
    for field in fields_of(target):  # codes are plain: letters, digits and _
        cell = f"r.values->>'{PREFIX}{field.code}'"
        alike = f"{cell} = {alias}.custom->>'{field.code}'" if field.kind in SPELLED_ALIKE else "false"
        parts.append(f"({cell} IS NULL OR {alike})")
    return " AND ".join(parts)


def complain_of_missing(staged: Staged, target: str) -> None:
    """Mark rows that would leave a required field empty. What a condition requires is found when it is written."""
    found = targets.find(target)
    plan = plans.plan_for(found, READER)
    column, key = found.key
    for field in plan.fields:
        rule = plan.rules[field.name]
        if rule.required is True and rule.shown is True and rule.default is None and field.is_written:
            staged.complain(
                field=PREFIX + field.code, code="missing", own=field.code, column=column,
                where=f"""r.problems IS NULL AND coalesce(r.values->>%(field)s, '') = '' AND NOT EXISTS (
                    SELECT 1 FROM {found.model._meta.db_table} t
                    WHERE t.{key} = r.values->>%(column)s AND t.custom ? %(own)s)""",
            )  # fmt: skip
