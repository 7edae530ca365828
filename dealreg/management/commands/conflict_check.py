from __future__ import annotations

import csv
import itertools
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from prm.customers.identifiers import clean_domain, clean_tax_number
from prm.customers.matching import CLEAR, Asked, Match, asked, find_many
from prm.tenancy.commands import BadRows, TenantCommand, UsageError
from prm.values.errors import DomainError

COLUMNS = ("name", "tax_number", "domain", "region")
HEADER = ("query_row", "rank", "customer_number", "score", "verdict", "reasons")
BATCH = 100
MOST = 20


class Command(TenantCommand):
    """Answers a file of names, row by row, without keeping it in memory.

    1. Reads --file in batches; a tax number or domain that cannot be is named on standard error and left out.
    2. Looks each name up as the conflict check does.
    3. Writes the best matches of each row to --out; a row that fits nobody gets one line with rank 1, no number.
    4. Moves the finished file into place; an interrupted run leaves none.
    """

    help = "Check many names against the end customers on file: columns name,tax_number,domain,region."

    def add_more_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--file", required=True, type=Path, metavar="NAMES.csv")
        parser.add_argument("--out", required=True, type=Path, metavar="VERDICTS.csv")
        parser.add_argument(
            "--top", type=int, default=5, metavar="N", help="matches for each row (default 5)"
        )

    def handle_tenant(self, tenant: Any, *, file: Path, out: Path, top: int, **options: Any) -> None:
        if not 1 <= top <= MOST:
            raise UsageError(f"--top {top}: write a number from 1 to {MOST}.")
        if not file.is_file():
            raise UsageError(f"There is no file {file}.")
        if not out.parent.is_dir():
            raise UsageError(f"There is no folder {out.parent}.")
        unfinished = out.with_name(out.name + ".part")
        try:
            with (
                file.open(encoding="utf-8-sig", newline="") as source,
                unfinished.open("w", encoding="utf-8", newline="") as target,
            ):
                rows, bad = self._check(source, csv.writer(target, lineterminator="\n"), top)
            unfinished.replace(out)
        finally:
            unfinished.unlink(missing_ok=True)
        self.stdout.write(f"{rows} rows checked, verdicts in {out}.")
        if bad:
            raise BadRows(f"{bad} of {rows} rows have a value that cannot be; they were checked without it.")

    def _check(self, source: Any, target: Any, top: int) -> tuple[int, int]:
        reader = csv.DictReader(source)
        missing = [column for column in COLUMNS[:1] if column not in (reader.fieldnames or [])]
        if missing:
            raise UsageError(f"The file has no column {missing[0]}. It needs: {','.join(COLUMNS)}.")
        target.writerow(HEADER)
        done = bad = 0
        try:
            for batch in _batches(reader, BATCH):
                questions = []
                for number, row in enumerate(batch, start=done + 1):
                    question, good = self._question(number, row)
                    questions.append(question)
                    bad += not good
                for number, matches in enumerate(find_many(questions, limit=top), start=done + 1):
                    target.writerows(_lines(number, matches))
                done += len(batch)
                self._progress(done)
        except (csv.Error, UnicodeDecodeError) as problem:
            raise UsageError(f"The file cannot be read as UTF-8 CSV after row {done}: {problem}") from None
        return done, bad

    def _question(self, number: int, row: dict[str, str | None]) -> tuple[Asked, bool]:
        """The row as a question, and whether every value of it could be used."""
        fields = {column: (row.get(column) or "").strip() for column in COLUMNS}
        good = bool(fields["name"])
        if not good:
            self.stderr.write(f"row {number}: name: the cell is empty")
        for column, clean in (("tax_number", clean_tax_number), ("domain", clean_domain)):
            try:
                fields[column] = clean(fields[column])
            except DomainError as refused:
                self.stderr.write(f"row {number}: {column}: {refused.text}")
                fields[column], good = "", False
        return asked(**fields), good

    def _progress(self, done: int) -> None:
        if sys.stderr.isatty():
            self.stderr.write(f"\r{done:,} rows checked", ending="")


def _batches(rows: Iterator[dict], size: int) -> Iterator[list[dict]]:
    while batch := list(itertools.islice(rows, size)):
        yield batch


def _lines(number: int, matches: list[Match]) -> list[tuple]:
    if not matches:
        return [(number, 1, "", 0, CLEAR, "")]
    return [
        (number, rank, match.number, match.score, match.verdict, told(match))
        for rank, match in enumerate(matches, start=1)
    ]


def told(match: Match) -> str:
    """A match's reasons with their weights: "same_core_name 70; same_region 8"."""
    return "; ".join(f"{reason.reason} {reason.weight}" for reason in match.reasons)
