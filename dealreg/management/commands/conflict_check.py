from __future__ import annotations

import csv
import itertools
import multiprocessing
import os
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from django.core.management.base import CommandParser
from django.db import InterfaceError, connection, connections

from prm.customers.identifiers import clean_domain, clean_tax_number
from prm.customers.matching import CLEAR, Asked, Match, asked, find_many
from prm.tenancy.commands import BadRows, TenantCommand, UsageError
from prm.values.errors import DomainError

COLUMNS = ("name", "tax_number", "domain", "region")
HEADER = ("query_row", "rank", "customer_number", "score", "verdict", "reasons")
BATCH = 100
ALONE = 20  # so many batches are not worth a second process
MOST = 20

Batch = list[dict[str, str]]


class Answered(NamedTuple):
    """What a batch comes to: how many rows, the lines of the answer, complaints, and how many rows have one."""

    rows: int
    lines: list[tuple]
    complaints: list[str]
    bad: int


class Command(TenantCommand):
    """Answers a file of names, row by row, without keeping it in memory.

    1. Reads --file in batches; a tax number or domain that cannot be is named on standard error and left out.
    2. Looks each name up as the conflict check does; long files in several processes, the order stays.
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
        parser.add_argument(
            "--processes",
            type=int,
            default=os.cpu_count() or 1,
            metavar="N",
            help="for long files (default: cores)",
        )

    def handle_tenant(
        self, tenant: Any, *, file: Path, out: Path, top: int, processes: int = 1, **options: Any
    ) -> None:
        if not 1 <= top <= MOST:
            raise UsageError(f"--top {top}: write a number from 1 to {MOST}.")
        if not 1 <= processes <= 64:
            raise UsageError(f"--processes {processes}: write a number from 1 to 64.")
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
                batches = _answered(_batches(source), tenant, top, processes)
                rows, bad = self._write(batches, csv.writer(target, lineterminator="\n"))
            unfinished.replace(out)
        finally:
            unfinished.unlink(missing_ok=True)
        self.stdout.write(f"{rows} rows checked, verdicts in {out}.")
        if bad:
            raise BadRows(f"{bad} of {rows} rows have a value that cannot be; they were checked without it.")

    def _write(self, answers: Iterable[Answered], target: Any) -> tuple[int, int]:
        target.writerow(HEADER)
        done = bad = 0
        for answer in answers:
            target.writerows(answer.lines)
            for complaint in answer.complaints:
                self.stderr.write(complaint)
            done, bad = done + answer.rows, bad + answer.bad
            if sys.stderr.isatty():
                self.stderr.write(f"\r{done:,} rows checked", ending="")
        return done, bad


def _batches(source: Any) -> Iterator[Batch]:
    """The rows of the file in batches; UsageError where it cannot be read."""
    reader, done = csv.DictReader(source), 0
    try:
        if "name" not in (reader.fieldnames or []):
            raise UsageError(f"The file has no column name. It needs: {','.join(COLUMNS)}.")
        while batch := [_plain(row) for row in itertools.islice(reader, BATCH)]:
            yield batch
            done += len(batch)
    except (csv.Error, UnicodeDecodeError) as problem:
        raise UsageError(f"The file cannot be read as UTF-8 CSV after row {done}: {problem}") from None


def _plain(row: dict[str, Any]) -> dict[str, str]:
    return {column: (row.get(column) or "").strip() for column in COLUMNS}


def _answered(batches: Iterator[Batch], tenant: Any, top: int, processes: int) -> Iterator[Answered]:
    """The answers to all batches, in order."""
    starts = itertools.count(1, BATCH)
    first = list(itertools.islice(batches, ALONE))
    batches = itertools.chain(first, batches)
    if len(first) < ALONE or processes == 1:
        for batch in batches:
            yield answer(next(starts), batch, top)
        return
    connections.close_all()  # a child must not speak over its parent's connection
    pool = ProcessPoolExecutor(
        processes, mp_context=multiprocessing.get_context("fork"), initializer=_enter, initargs=(tenant,)
    )
    waiting: deque[Future[Answered]] = deque()
    with pool:
        for batch in batches:
            waiting.append(pool.submit(answer, next(starts), batch, top))
            if len(waiting) > 3 * processes:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _enter(tenant: Any) -> None:
    connection.set_tenant(tenant)


def answer(start: int, batch: Batch, top: int) -> Answered:
    """Look up the rows of one batch, the first of which is row `start`."""
    questions, complaints, bad = [], [], 0
    for number, row in enumerate(batch, start):
        question, wrong = _question(number, row)
        questions.append(question)
        complaints += wrong
        bad += bool(wrong)
    found = _looked_up(questions, top)
    lines = [line for number, matches in enumerate(found, start) for line in _lines(number, matches)]
    return Answered(len(batch), lines, complaints, bad)


def _looked_up(questions: list[Asked], top: int) -> list[Any]:
    try:
        return find_many(questions, limit=top)
    except InterfaceError:
        # The server or the fork took the connection away. Reading again on a new one is harmless.
        connection.close()
        return find_many(questions, limit=top)


def _question(number: int, fields: dict[str, str]) -> tuple[Asked, list[str]]:
    """The row as a question, and what of it could not be used."""
    wrong = [] if fields["name"] else [f"row {number}: name: the cell is empty"]
    for column, clean in (("tax_number", clean_tax_number), ("domain", clean_domain)):
        try:
            fields[column] = clean(fields[column])
        except DomainError as refused:
            wrong.append(f"row {number}: {column}: {refused.text}")
            fields[column] = ""
    return asked(**fields), wrong


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
