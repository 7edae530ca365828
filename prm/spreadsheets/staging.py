"""Rows on their way in: read in pieces into a table of their own, compared there, and written in one step.

Guarantee: until `write` commits, no business table has changed; after it, all good rows are in. Each piece commits
with the job's progress, so a killed worker goes on with the next piece.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator
from typing import Any

from django.db import connection, transaction
from django.db.models import Q

from prm.spreadsheets import own
from prm.spreadsheets.models import Import, ImportRow
from prm.spreadsheets.reading import Row
from prm.spreadsheets.registry import BadValue, Column, ImportKind, RowRefused
from prm.values.actor import Actor

CHUNK = 5_000
Problem = dict[str, Any]


class Staged:
    """The staged rows of one import, for set-based checks and for writing."""

    def __init__(self, upload: Import, *, will_write: bool = False):
        """`will_write`: every row that is good after `compare` is written next, and none is left out."""
        self.upload, self.will_write = upload, will_write

    def execute(self, sql: str, parameters: dict[str, Any] | None = None) -> list[tuple]:
        """Run SQL with `%(upload)s` as the import's id; rows when it returns some."""
        with connection.cursor() as cursor:
            cursor.execute(sql, {"upload": self.upload.pk, **(parameters or {})})
            return cursor.fetchall() if cursor.description else []

    def complain(self, *, field: str, code: str, where: str, values: str = "'{}'", **parameters: Any) -> None:
        """Mark rows as bad. `where` is SQL over the row `r` (its cells are `r.values->>'name'`).

        `values` is SQL that gives the reason's values as jsonb; `%(names)s` come from `parameters`.
        """
        self.execute(
            f"""
            UPDATE spreadsheets_importrow AS r SET verdict = 'bad',
                findings = coalesce(findings, '[]'::jsonb) || jsonb_build_array(jsonb_build_object(
                    'field', %(field)s::text, 'code', %(code)s::text,
                    'value', coalesce(r.typed->>%(field)s, r.values->>%(field)s, ''), 'values', ({values})::jsonb))
            WHERE r.upload_id = %(upload)s AND ({where})
            """,
            {"field": field, "code": code, **parameters},
        )

    def complain_if_unknown(self, *, field: str, code: str, known: str, **parameters: Any) -> None:
        """Mark rows whose cell is filled and not among the texts that the SQL query `known` gives."""
        self.complain(
            field=field, code=code, **parameters,
            where=f"coalesce(r.values->>%(field)s, '') <> '' AND r.values->>%(field)s NOT IN ({known})",
        )  # fmt: skip

    def same(self, *, where: str, **parameters: Any) -> None:
        """Mark readable rows as being on file already: they are skipped."""
        self.execute(
            f"""
            UPDATE spreadsheets_importrow AS r SET verdict = 'same'
            WHERE r.upload_id = %(upload)s AND r.verdict = 'good' AND ({where})
            """,
            parameters,
        )

    def refuse(self, refused: RowRefused) -> None:
        """Mark the row that a rule refused, with what the rule says."""
        row = self.upload.rows.get(number=refused.number)
        cell = (row.typed or {}).get(refused.field) or row.values.get(refused.field, "")
        row.findings, row.verdict = [_problem(refused.field, cell, refused.code, **refused.values)], "bad"
        row.save(update_fields=["findings", "verdict"])

    def good_rows(self) -> Iterator[ImportRow]:
        return self.upload.rows.filter(verdict="good").order_by("number").iterator(chunk_size=2000)

    def good_values(self) -> list[dict[str, str]]:
        return list(
            self.upload.rows.filter(verdict="good").order_by("number").values_list("values", flat=True)
        )


# Reading rows


def read_row(
    kind: ImportKind, known: Iterable[Column], columns: dict[str, int], corrections: dict, number: int,
    cells: list[str],
) -> tuple:  # fmt: skip
    """(number, values, typed, problems) of one row of the file, read by the columns `known`."""
    values: dict[str, str] = {}
    typed: dict[str, str] = {}
    problems: list[Problem] = []
    for column in known:
        place = columns.get(column.name)
        if place is None:
            continue
        cell = cells[place].strip() if place < len(cells) else ""
        cell = _corrected(cell, corrections.get(column.name, {}))
        if not cell:
            if column.required:
                problems.append(_problem(column.name, "", "missing"))
            continue
        try:
            values[column.name] = _parsed(column, cell, corrections.get(column.name, {}))
        except BadValue as bad:
            values[column.name] = cell[:200].replace("\x00", "")
            problems.append(_problem(column.name, values[column.name], bad.code, **bad.values))
            continue
        if values[column.name] != cell:
            typed[column.name] = cell[:200].replace("\x00", "")
    if not problems:
        problems = [
            _problem(field, typed.get(field, values.get(field, "")), code, **told)
            for field, code, told in kind.check_row(values)
        ]
    return number, values, typed, problems


def _corrected(cell: str, corrections: dict[str, str]) -> str:
    """What the cell is to be read as; a correction may itself have been corrected."""
    seen = set()
    while cell in corrections and cell not in seen:
        seen.add(cell)
        cell = corrections[cell]
    return cell


def _parsed(column: Any, cell: str, corrections: dict[str, str]) -> str:
    """The cell in its one spelling; a correction may name that spelling too."""
    value = column.parse(cell)
    meant = corrections.get(value)
    return column.parse(meant) if meant else value


def _problem(field: str, value: str, code: str, **values: Any) -> Problem:
    return {"field": field, "value": value, "code": code, "values": values}


def stage(upload: Import, rows: Iterable[Row], header_width: int) -> int:
    """Read `rows` of the file into the staging table, by COPY. Returns how many."""
    kind, buffer, count = upload.definition, io.StringIO(), 0
    known = [column for column in kind.all_columns if column.name in upload.columns]
    for number, cells in rows:
        row = read_row(kind, known, upload.columns, upload.corrections, number, cells)
        if len(cells) > header_width and any(cell.strip() for cell in cells[header_width:]):
            row[3].append(_problem("", "", "too_many_cells"))
        buffer.write(_copy_line(upload.pk, *row))
        count += 1
    buffer.seek(0)
    with connection.cursor() as cursor:
        cursor.copy_expert(
            "COPY spreadsheets_importrow (upload_id, number, values, typed, problems, verdict) FROM STDIN",
            buffer,
        )
    return count


def _copy_line(
    upload_id: int, number: int, values: dict[str, str], typed: dict[str, str], problems: list[Problem]
) -> str:
    as_typed = _escaped(json.dumps(typed, ensure_ascii=False)) if typed else "\\N"
    told = _escaped(json.dumps(problems, ensure_ascii=False)) if problems else "\\N"
    verdict = "bad" if problems else "good"
    kept = _escaped(json.dumps(values, ensure_ascii=False))
    return f"{upload_id}\t{number}\t{kept}\t{as_typed}\t{told}\t{verdict}\n"


def _escaped(text: str) -> str:
    """Text for COPY: JSON holds no raw tab or line break, but its backslashes would be read as escapes."""
    return text.replace("\\", "\\\\")


# Comparing and writing


def compare(upload: Import, *, by: Actor, will_write: bool = False) -> None:
    """Find out anew which staged rows do not fit, or are on file; store the counts on the import."""
    staged, kind = Staged(upload, will_write=will_write), upload.definition
    rows = upload.rows.exclude(Q(findings__isnull=True) & Q(problems__isnull=True) & Q(verdict="good"))
    rows.filter(problems__isnull=True).update(findings=None, verdict="good")
    rows.filter(problems__isnull=False).update(findings=None, verdict="bad")
    staged.execute("ANALYZE spreadsheets_importrow")
    kind.prepare(staged, by=by)
    _complain_of_twins(staged, kind.key, kind.key_within)
    if kind.target:
        own.complain_of_missing(staged, kind.target)
    kind.compare(staged, by=by)
    count_rows(upload)
    upload.facts = kind.facts(staged)


def _complain_of_twins(staged: Staged, key: str, within: tuple[str, ...]) -> None:
    names = ", ".join(f"coalesce({{row}}.values->>'{name}', '')" for name in (key, *within))
    first, this, any_row = (f"({names.format(row=row)})" for row in ("f", "r", "o"))
    staged.complain(
        field=key, code="key_twice", key=key,
        values="SELECT jsonb_build_object('row', (SELECT min(f.number) FROM spreadsheets_importrow f"
        f" WHERE f.upload_id = %(upload)s AND {first} = {this}))",
        where=f"""r.number IN (
            SELECT number FROM (
                SELECT number, row_number() OVER (PARTITION BY {any_row} ORDER BY number) AS turn
                FROM spreadsheets_importrow o WHERE upload_id = %(upload)s AND values->>%(key)s <> ''
            ) AS turns WHERE turn > 1)""",
    )  # fmt: skip


def count_rows(upload: Import) -> None:
    told = dict(
        Staged(upload).execute(
            "SELECT verdict, count(*) FROM spreadsheets_importrow WHERE upload_id = %(upload)s GROUP BY verdict"
        )
    )
    upload.good, upload.bad, upload.same = told.get("good", 0), told.get("bad", 0), told.get("same", 0)


def write(upload: Import, *, by: Actor) -> bool:
    """Write the good rows, all in this transaction. False when there are bad rows and none may be left out.

    A row that a rule refuses while it is written is a bad one: where bad rows may be left out, the others are written
    without it. Two imports of one kind never write at the same time, so what was compared still holds then.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 4))",
            [f"{connection.schema_name}:{upload.kind}"],
        )
    compare(upload, by=by, will_write=not upload.only_good)
    if upload.bad and not upload.only_good:
        return False
    while not _written(upload, by=by):
        if not upload.only_good or not upload.good:
            return False
    upload.drop_rows(but_bad=True)
    return True


def _written(upload: Import, *, by: Actor) -> bool:
    """Whether all good rows could be written; what a rule refused is bad then, and nothing is written."""
    try:
        with transaction.atomic():
            upload.written = upload.definition.write(Staged(upload), by=by)
    except RowRefused as refused:
        for one in (refused, *refused.further):
            Staged(upload).refuse(one)
        count_rows(upload)
        return False
    return True
