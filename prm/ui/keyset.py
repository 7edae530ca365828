"""Pages by key: the next fifty after a row, in any declared order, at the same cost on the first and the last page."""

import base64
import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import DataError
from django.db.models import F, Q, QuerySet

PAGE = 50


@dataclass(frozen=True)
class Order:
    """`field` as a lookup path; rows without a value come last in both directions; ties by primary key."""

    field: str
    descending: bool = False
    nullable: bool = False

    def sorted(self, rows: QuerySet, *, backwards: bool = False) -> QuerySet:
        down = self.descending != backwards
        if self.field == "pk":
            return rows.order_by("-pk" if down else "pk")
        if self.nullable:
            ordered: Any
            first = F(self.field).desc if down else F(self.field).asc
            ordered = first(nulls_first=True) if backwards else first(nulls_last=True)
        else:
            ordered = f"-{self.field}" if down else self.field
        return rows.order_by(ordered, "-pk" if down else "pk")

    def beyond(self, value: Any, pk: Any, *, backwards: bool = False) -> Q:
        """The condition for rows that come after (value, pk), or before it."""
        step = "lt" if self.descending != backwards else "gt"
        tie = Q(**{f"pk__{step}": pk})
        if self.field == "pk":
            return tie
        missing = Q(**{f"{self.field}__isnull": True})
        if value is None:
            return (~missing | (missing & tie)) if backwards else (missing & tie)
        # "at or beyond, and really beyond" lets one index range serve the page
        found = Q(**{f"{self.field}__{step}e": value}) & (Q(**{f"{self.field}__{step}": value}) | tie)
        return found | missing if self.nullable and not backwards else found

    def value_of(self, row: Any) -> Any:
        if self.field == "pk":
            return None
        value = row
        for step in self.field.split("__"):
            value = getattr(value, step, None)
            if value is None:
                return None
        return value


@dataclass
class Page:
    rows: list
    newer: str | None  # cursor of the page before this one, None on the first
    older: str | None
    backwards: bool


def page_of(rows: QuerySet, order: Order, *, after: str = "", before: str = "", size: int = PAGE) -> Page:
    """The `size` rows after or before a cursor; a cursor that does not fit is answered with the first page."""
    cursor = _read(after or before)
    backwards = cursor is not None and bool(before) and not after
    try:
        found = rows.filter(order.beyond(*cursor, backwards=backwards)) if cursor else rows
        listed = list(order.sorted(found, backwards=backwards)[: size + 1])
    except (ValidationError, ValueError, DataError):  # a cursor that somebody typed
        cursor, backwards = None, False
        listed = list(order.sorted(rows)[: size + 1])
    more, listed = len(listed) > size, listed[:size]
    if backwards:
        listed.reverse()
    has_newer, has_older = (more, True) if backwards else (cursor is not None, more)
    return Page(
        rows=listed,
        newer=_write(order, listed[0]) if listed and has_newer else None,
        older=_write(order, listed[-1]) if listed and has_older else None,
        backwards=backwards,
    )


def _write(order: Order, row: Any) -> str:
    value = order.value_of(row)
    if isinstance(value, date | datetime):
        value = value.isoformat()
    elif value is not None:
        value = str(value)
    return base64.urlsafe_b64encode(json.dumps([value, str(row.pk)]).encode()).decode().rstrip("=")


def _read(cursor: str) -> tuple[str | None, str] | None:
    if not cursor:
        return None
    try:
        value, pk = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, TypeError):
        return None
    if not isinstance(pk, str) or not (value is None or isinstance(value, str)) or "\x00" in f"{value}{pk}":
        return None
    return value, pk
