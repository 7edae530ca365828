"""A file brought in by one call, without a worker: what `import_data` and the demo's data use."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.db import transaction

from prm.spreadsheets import staging
from prm.spreadsheets.models import Import
from prm.spreadsheets.reading import open_table
from prm.spreadsheets.registry import kind_of
from prm.spreadsheets.rights import require_kind
from prm.spreadsheets.services import checked_columns, described, finish_import
from prm.values import clock
from prm.values.actor import Actor


def import_file(
    *, kind: str, path: str | Path, by: Actor, dry_run: bool = False,
    progress: Callable[[int, int], Any] = lambda done, total: None,
) -> Import:  # fmt: skip
    """Read, check and (unless `dry_run`) write the whole file. All or nothing.

    Afterwards `bad` rows, if any, stand in `upload.rows`; then nothing was written. `progress(done, total)` is
    called as rows are read. Raises FileRefused or ColumnsMissing when the file as a whole cannot be used.
    """
    definition = kind_of(kind)
    require_kind(by, definition)
    path = Path(path)
    upload = described(path, definition, name=path.name, by=by)
    upload.columns = checked_columns(upload, upload.columns)
    upload.state = Import.State.CHECKING
    upload.save()
    try:
        _stage(upload, path, progress)
        with transaction.atomic():
            _finish(upload, dry_run=dry_run, by=by)
    except Exception as problem:
        upload.drop_rows()
        Import.objects.filter(pk=upload.pk).update(
            state=Import.State.FAILED, error=str(problem)[:2000], finished_at=clock.now()
        )
        raise
    return upload


def _stage(upload: Import, path: Path, progress: Callable[[int, int], Any]) -> None:
    with open_table(path) as table:
        for done in range(0, upload.total, staging.CHUNK):
            rows = itertools.islice(table.rows, staging.CHUNK)
            with transaction.atomic():
                count = staging.stage(upload, rows, len(upload.header))
            progress(done + count, upload.total)


def _finish(upload: Import, *, dry_run: bool, by: Actor) -> None:
    if dry_run:
        staging.compare(upload, by=by)
    elif staging.write(upload, by=by):
        finish_import(upload=upload, by=by)
        return
    upload.state, upload.finished_at = Import.State.DISCARDED, clock.now()
    upload.drop_rows(but_bad=True)
    upload.save()
