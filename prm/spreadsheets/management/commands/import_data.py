from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from prm.spreadsheets import errors
from prm.spreadsheets.models import Import
from prm.spreadsheets.pages import facts_of
from prm.spreadsheets.reasons import why
from prm.spreadsheets.registry import kinds
from prm.spreadsheets.whole import import_file
from prm.tenancy.commands import BadRows, TenantCommand, UsageError
from prm.values.actor import Actor


class Command(TenantCommand):
    """Brings a file in: reads it, checks it, and writes all rows or none."""

    help = "Import partners, sales lines, exchange rates and more from a .csv or .xlsx file: docs/imports.md."

    def add_more_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("kind", metavar="KIND", choices=[kind.name for kind in kinds()])
        parser.add_argument("file", metavar="FILE", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="check only, write nothing")
        parser.add_argument("--json", action="store_true", help="the result as one JSON object")

    def handle_tenant(
        self, tenant: Any, *, kind: str, file: Path, dry_run: bool, json: bool, **options: Any
    ) -> None:
        if not file.is_file():
            raise UsageError(f"There is no file {file}.")
        try:
            upload = import_file(
                kind=kind, path=file, dry_run=dry_run, by=Actor.command("import_data"), progress=self.progress
            )
        except (errors.FileRefused, errors.ColumnsMissing, errors.ColumnTwice) as refused:
            raise UsageError(refused.text) from None
        bad = bad_rows(upload)
        if json:
            self.stdout.write(as_json(upload, bad, dry_run=dry_run))
        else:
            self.tell(upload, bad, dry_run=dry_run)
        if bad:
            raise BadRows(f"{upload.bad} of {upload.total} rows are bad. Nothing was written.")

    def progress(self, done: int, total: int) -> None:
        if sys.stderr.isatty():
            end = "\n" if done >= total else ""
            self.stderr.write(f"\r{done:,} of {total:,} rows read{end}", ending="")

    def tell(self, upload: Import, bad: list[dict[str, Any]], *, dry_run: bool) -> None:
        for row in bad:
            told = "; ".join(f'{p["field"]} "{p["value"]}": {p["why"]}' for p in row["problems"])
            self.stdout.write(f"row {row['row']}, {row['key'] or 'no key'}: {told}")
        for text in facts_of(upload, warns=True):
            self.stdout.write(f"Look: {text}")
        if dry_run and not bad:
            self.stdout.write(
                f"{upload.good} rows are good, {upload.same} are on file already. Nothing was written."
            )
        elif not bad:
            self.stdout.write(f"{upload.written} rows imported, {upload.same} were on file already.")


def bad_rows(upload: Import) -> list[dict[str, Any]]:
    """Each bad row with its problems: [{"row", "key", "problems": [{"field", "value", "code", "why"}]}]."""
    key = upload.definition.key
    return [
        {
            "row": row.number,
            "key": row.values.get(key, ""),
            "problems": [
                {"field": p["field"], "value": p["value"], "code": p["code"], "why": why(p)}
                for p in (row.problems or []) + (row.findings or [])
            ],
        }
        for row in upload.rows.filter(verdict="bad").order_by("number").iterator()
    ]


def as_json(upload: Import, bad: list[dict[str, Any]], *, dry_run: bool) -> str:
    told = {
        "kind": upload.kind, "file": upload.file_name, "dry_run": dry_run, "rows": upload.total,
        "good": upload.good, "bad": upload.bad, "same": upload.same, "written": upload.written, "errors": bad,
        "warnings": facts_of(upload, warns=True),
    }  # fmt: skip
    return json.dumps(told, ensure_ascii=False, indent=2)
