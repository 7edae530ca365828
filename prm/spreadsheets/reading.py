"""Reading .csv and .xlsx files row by row, whatever they are; bounded in size, cells and time."""

from __future__ import annotations

import csv
import itertools
import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from prm.spreadsheets import errors

MOST_BYTES = 64 * 1024 * 1024
MOST_BYTES_INSIDE = 1024 * 1024 * 1024
MOST_ROWS = 1_000_000
MOST_COLUMNS = 200
MOST_IN_CELL = 10_000
SEPARATORS = ",;\t|"
Row = tuple[int, list[str]]


class Table:
    """An open file: `header`, then `rows` as (number in the file, cells), once. Close by leaving `open_table`."""

    def __init__(self, header: list[str], rows: Iterator[Row]):
        self.header, self.rows = header, rows


@contextmanager
def open_table(path: str | Path, name: str = "") -> Iterator[Table]:
    """The first sheet of the file at `path`; `name`: as it was sent, where the path does not say. Raises FileRefused
    with a sentence. What a file is follows from its content; its name tells how it is called where that is damaged.
    """
    path = Path(path)
    named_workbook = (name or path.name).lower().endswith(".xlsx")
    if path.stat().st_size > MOST_BYTES:
        raise errors.FileTooLarge(most=MOST_BYTES // 1024**2)
    if path.stat().st_size == 0:
        raise errors.NoRows()
    with path.open("rb") as file:
        start = file.read(8)
    source = _workbook(path) if start.startswith(b"PK\x03\x04") else _text(path, start, named_workbook)
    with source as rows:
        rows = _bounded(rows)
        _number, header = next(rows, (0, []))
        header = [" ".join(cell.split()) for cell in header]
        while header and not header[-1]:
            header.pop()
        if not any(header):
            raise errors.NoHeading()
        yield Table(header, rows)


def _bounded(rows: Iterator[Row]) -> Iterator[Row]:
    """Without empty rows; refused when there are too many rows, columns, or letters in a cell."""
    count = 0
    for number, cells in rows:
        if len(cells) > MOST_COLUMNS:
            while len(cells) > MOST_COLUMNS and not cells[-1]:
                cells.pop()
            if len(cells) > MOST_COLUMNS:
                raise errors.TooManyColumns(most=MOST_COLUMNS)
        if not any(cells) or not any(cell.strip() for cell in cells):
            continue
        count += 1
        if count > MOST_ROWS + 1:
            raise errors.TooManyRows(most=MOST_ROWS)
        if max(map(len, cells)) > MOST_IN_CELL:
            raise errors.BrokenRow(row=number)
        yield number, cells


# .csv


@contextmanager
def _text(path: Path, start: bytes, named_workbook: bool) -> Iterator[Iterator[Row]]:
    if start.startswith(PICTURES) or start[4:8] == b"ftyp":
        raise errors.NotATable()
    if start.startswith(b"\xd0\xcf\x11\xe0"):
        raise errors.OldWorkbook()
    if start.startswith(b"%PDF"):
        raise errors.UnknownFormat()
    if b"\x00" in start and start[:2] not in UTF16:
        raise errors.DamagedFile() if named_workbook else errors.UnknownFormat()
    try:
        encoding = _encoding(path, start)
    except errors.UnknownEncoding:
        if named_workbook:
            raise errors.DamagedFile() from None
        raise
    with path.open(encoding=encoding, newline="") as file:
        yield _csv_rows(file)


# PNG, JPEG, GIF, WebP, TIFF; photographs of telephones say "ftyp" a little later.
PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"II*\x00", b"MM\x00*")
UTF16 = (b"\xff\xfe", b"\xfe\xff")


def _encoding(path: Path, start: bytes) -> str:
    """UTF-8 (with or without mark), UTF-16 with mark, else GB 18030, which contains GBK; the whole file is tried."""
    if start[:2] in UTF16:
        return "utf-16"
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            with path.open(encoding=encoding, newline="") as file:
                while file.read(1024 * 1024):
                    pass
        except UnicodeDecodeError:
            continue
        return encoding
    raise errors.UnknownEncoding()


def _csv_rows(file) -> Iterator[Row]:
    start = file.read(65536)
    file.seek(0)
    first = next((line for line in start.splitlines() if line.strip()), "")
    separator = max(SEPARATORS, key=first.count)
    csv.field_size_limit(MOST_IN_CELL * 10)
    reader = csv.reader(file, delimiter=separator, strict=True)
    for number in itertools.count(1):
        try:
            cells = next(reader)
        except StopIteration:
            return
        except (csv.Error, UnicodeError):
            raise errors.BrokenRow(row=number) from None
        yield number, cells


# .xlsx


@contextmanager
def _workbook(path: Path) -> Iterator[Iterator[Row]]:
    _check_archive(path)
    child = subprocess.Popen(
        [sys.executable, "-m", "prm.spreadsheets.workbook", str(path.resolve())],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
        encoding="utf-8", cwd=Path(__file__).resolve().parents[2],
    )  # fmt: skip
    try:
        yield _workbook_rows(child)
    finally:
        child.kill()
        child.stdout.close()
        child.wait()


def _workbook_rows(child: subprocess.Popen[str]) -> Iterator[Row]:
    head = child.stdout.readline()
    if not head.endswith("\n"):
        raise errors.DamagedFile()
    told = json.loads(head)
    if told["rows"] > MOST_ROWS * 1.05 + 1:
        raise errors.TooManyRows(most=MOST_ROWS)
    for number, line in enumerate(child.stdout, start=told["first"]):
        if not line.endswith("\n"):
            raise errors.DamagedFile()
        yield number, json.loads(line)
    if child.wait() != 0:
        raise errors.DamagedFile()


def _check_archive(path: Path) -> None:
    """A workbook is an archive with a sheet in it that claims a sane size; what lies about it meets the limits."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        raise errors.DamagedFile() from None
    if not any(entry.filename.startswith("xl/workbook") for entry in entries):
        raise errors.UnknownFormat()
    if len(entries) > 5000 or sum(entry.file_size for entry in entries) > MOST_BYTES_INSIDE:
        raise errors.DamagedFile()
