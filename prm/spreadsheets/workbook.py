"""Turns the first sheet of an .xlsx file into lines of JSON on standard output: `python -m prm.spreadsheets.workbook`.

It runs as a process of its own with little memory and time, because a workbook of a few kilobytes can claim
billions of cells: what goes wrong here ends this process and nothing else. Formulas are never calculated: what the
file holds as their last result is read.
"""

from __future__ import annotations

import json
import resource
import sys
from datetime import date, datetime, time, timedelta

MEMORY = 3 * 1024**3
SECONDS = 300
# Beyond these the reader refuses the file; cut here so that no line of the output grows without end.
LONGEST = 10_001
WIDEST = 1_000


def cell_text(value: object) -> str:
    """A cell as a person would type it; whole numbers without `.0`."""
    if isinstance(value, str):
        return value[:LONGEST]
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    return str(value)


def main(path: str) -> int:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    from python_calamine import CalamineWorkbook

    book = CalamineWorkbook.from_path(path)
    if not book.sheet_names:
        return 4
    sheet = book.get_sheet_by_index(0)
    first = (sheet.start or (0, 0))[0]
    write = sys.stdout.write
    write(json.dumps({"rows": sheet.height, "first": first + 1}) + "\n")
    for row in sheet.iter_rows():
        write(json.dumps([cell_text(value) for value in row[:WIDEST]], ensure_ascii=False) + "\n")
    return 0


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8", errors="replace")
    sys.exit(main(sys.argv[1]))
