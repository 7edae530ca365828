"""The bad rows as a spreadsheet: what the file held, and why it was refused. Safe to open.

What others typed may begin with `=`, `+`, `-`, `@`, a tab or a line break and would then run as a formula: in .xlsx
every cell is written as text, in .csv such a cell gets an apostrophe in front. Numbers stay numbers to read.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from prm.spreadsheets.models import Import, ImportRow
from prm.spreadsheets.reasons import why

DANGEROUS = re.compile(r"^[=+\-@\t\r\n]")
NUMBER = re.compile(r"^[+-]?\d+(\.\d+)?$")


def rows_of(upload: Import) -> Iterable[list[str]]:
    """The heading as the file has it, then each bad row: number, its cells as typed, what is wrong in words."""
    known = [column for column in upload.definition.all_columns if column.name in upload.columns]
    columns = [column.name for column in known]
    labels = {column.name: capfirst(str(column.label)) for column in known}
    yield [_("Row"), *(upload.header[upload.columns[name]] for name in columns), _("Why")]
    for row in upload.rows.filter(verdict="bad").order_by("number").iterator():
        told = [
            f"{labels.get(p['field'], p['field'])}: {why(p, labels)}" if p["field"] else why(p, labels)
            for p in (row.problems or []) + (row.findings or [])
        ]
        yield [str(row.number), *(as_typed(row, name) for name in columns), " ".join(told)]


def as_typed(row: ImportRow, name: str) -> str:
    return (row.typed or {}).get(name, row.values.get(name, ""))


def as_csv(upload: Import) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerows([[harmless(cell) for cell in row] for row in rows_of(upload)])
    return out.getvalue().encode("utf-8-sig")


def as_xlsx(upload: Import) -> bytes:
    import xlsxwriter

    out = io.BytesIO()
    book = xlsxwriter.Workbook(
        out, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    sheet, bold = book.add_worksheet(), book.add_format({"bold": True})
    for place, row in enumerate(rows_of(upload)):
        for column, cell in enumerate(row):
            sheet.write_string(place, column, cell[:32_000], bold if place == 0 else None)
    book.close()
    return out.getvalue()


def harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if DANGEROUS.match(cell) and not NUMBER.match(cell) else cell
