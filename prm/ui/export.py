"""A list as a file: CSV and XLSX of the whole filter; what looks like a formula is written as text."""

import csv
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from io import TextIOWrapper
from typing import IO, Any

import xlsxwriter
from django.http import FileResponse
from django.utils.text import slugify
from django.utils.translation import gettext as _

from prm.values import clock
from prm.values.actor import Actor

FORMATS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
# What runs when somebody takes a list away as a file; the audit trail registers here.
listeners: list[Callable[[Actor, "Taken"], None]] = []
DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
CHUNK = 2000
MONEY = "#,##0.00"
IN_MEMORY = 4 * 1024 * 1024


@dataclass(frozen=True)
class Taken:
    """What is taken away: which list or paper, as what kind of file, narrowed to what, how many rows where known.

    Texts may be lazy or of prm.ui.said: whoever reads of it later reads their own language.
    """

    title: Any
    kind: str = ""
    narrowed: Any = ""
    rows: int | None = None


def note(actor: Actor, title: Any, *, kind: str = "", narrowed: Any = "", rows: int | None = None) -> None:
    """Say that `actor` takes `title` away as a file, before it is made. See Taken."""
    for listener in listeners:
        listener(actor, Taken(title, kind, narrowed, rows))


def safe_text(text: str) -> str:
    """`text` such that no spreadsheet takes it for a formula."""
    return f"'{text}" if text.startswith(DANGEROUS) else text


def answer(kind: str, title: str, columns: list, rows) -> FileResponse:
    """The file as a download; `columns` give heading and value, `rows` is a queryset read in chunks."""
    cells = list(_cells(columns))
    heads = [str(head) for head, _read in cells]
    return table(
        kind, title, heads, ([read(row) for _head, read in cells] for row in rows.iterator(chunk_size=CHUNK))
    )


def _cells(columns: list) -> Iterator[tuple[Any, Callable[[Any], Any]]]:
    """Heading and value of each cell; the currency of amounts stands once, after the last of them."""
    exported = [column for column in columns if column.export]
    last = {getattr(column, "currency", None): column for column in exported}
    for column in exported:
        yield column.label, column.for_export
        source = getattr(column, "currency", None)
        if source is not None and last[source] is column:
            yield _("Currency"), column.currency_of


class Bold(list):
    """A row of a sheet that stands out: a heading among lines."""


@dataclass(frozen=True)
class Sheet:
    """A sheet of a workbook: its name in the reader's language, a row of headings where there is one, and its lines.

    `widths` are those of the first columns, in characters.
    """

    name: str
    lines: Iterable[list[Any]]
    heads: Sequence[str] = ()
    widths: Sequence[int] = ()


def table(kind: str, title: str, heads: list[str], lines: Iterable[list[Any]]) -> FileResponse:
    """The same from headings and lines of values."""
    if kind == "csv":
        return _file(kind, title, lambda target: write_csv(target, heads, lines))
    return _file(kind, title, lambda target: write_xlsx(target, heads, lines))


def book(title: str, sheets: Iterable[Sheet]) -> FileResponse:
    """A workbook of several sheets as a download; its lines are read as they are written."""
    return _file("xlsx", title, lambda target: write_sheets(target, sheets))


def _file(kind: str, title: str, write: Callable[[IO[bytes]], None]) -> FileResponse:
    target: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)
    write(target)
    target.seek(0)
    name = f"{slugify(title, allow_unicode=True) or 'list'}-{clock.today():%Y-%m-%d}.{kind}"
    response = FileResponse(target, as_attachment=True, filename=name, content_type=FORMATS[kind])
    response["X-Content-Type-Options"] = "nosniff"
    return response


def write_csv(target: IO[bytes], heads: list[str], lines) -> None:
    """UTF-8 with a mark, so that spreadsheets read Chinese rightly."""
    text = TextIOWrapper(target, encoding="utf-8-sig", newline="", write_through=True)
    writer = csv.writer(text)
    writer.writerow([safe_text(head) for head in heads])
    for line in lines:
        writer.writerow([_plain(value) for value in line])
    text.flush()
    text.detach()


def _plain(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M")
    if isinstance(value, int | float | Decimal):
        return str(value)  # a negative number stays a number
    if isinstance(value, date):
        return value.isoformat()
    return safe_text(str(value))


def write_xlsx(target: IO[bytes], heads: Sequence[str], lines: Iterable[list[Any]]) -> None:
    """One sheet: numbers as numbers, days as days, everything else as text, never as a formula or link."""
    write_sheets(target, [Sheet("", lines, heads)])


def write_sheets(target: IO[bytes], sheets: Iterable[Sheet]) -> None:
    """Sheet after sheet, row after row: no more than a row is held in memory."""
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "in_memory": False,
    }
    made = xlsxwriter.Workbook(target, options)
    bold, day = made.add_format({"bold": True}), made.add_format({"num_format": "yyyy-mm-dd"})
    moment = made.add_format({"num_format": "yyyy-mm-dd hh:mm"})
    money, bold_money = (made.add_format({"num_format": MONEY, "bold": strong}) for strong in (False, True))
    for one in sheets:
        sheet = made.add_worksheet(_sheet_name(one.name) or None)
        for at, width in enumerate(one.widths):
            sheet.set_column(at, at, width)
        for at, head in enumerate(one.heads):
            sheet.write_string(0, at, head, bold)
        if one.heads:
            sheet.freeze_panes(1, 0)
        for number, line in enumerate(one.lines, start=1 if one.heads else 0):
            text = bold if isinstance(line, Bold) else None
            for at, value in enumerate(line):
                if value is None or value == "":
                    continue
                if isinstance(value, datetime):
                    sheet.write_datetime(number, at, value, moment)
                elif isinstance(value, date):
                    sheet.write_datetime(number, at, datetime.combine(value, time()), day)
                elif isinstance(value, int | float | Decimal) and not isinstance(value, bool):
                    form = (bold_money if text else money) if _is_money(value) else text
                    sheet.write_number(number, at, float(value), form)
                else:
                    sheet.write_string(number, at, safe_text(str(value)), text)
    made.close()


def _is_money(value: Any) -> bool:
    """Whether a number is kept to two decimals, as amounts are: 120 then shows as 120.00."""
    return isinstance(value, Decimal) and value.as_tuple().exponent == -2


def _sheet_name(name: str) -> str:
    """What every spreadsheet takes for a sheet's name."""
    return re.sub(r"[\[\]:*?/\\]", " ", name)[:31].strip().strip("'")
