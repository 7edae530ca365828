"""Bringing a file in: upload, match columns, check, correct, import or discard."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.files import File
from django.db import transaction
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from prm.audit.services import record
from prm.jobs.models import Job
from prm.jobs.services import start_job
from prm.spreadsheets import errors
from prm.spreadsheets.matching import matched, refuse_files
from prm.spreadsheets.models import Import
from prm.spreadsheets.reading import MOST_BYTES, open_table
from prm.spreadsheets.registry import ImportKind, kind_of
from prm.spreadsheets.rights import require_import, require_kind
from prm.ui import said
from prm.values import clock
from prm.values.actor import Actor
from prm.values.numbers import new_number

SAMPLE = 5
OPEN = (Import.State.UPLOADED, Import.State.CHECKED, Import.State.FAILED)


def upload_file(*, kind: str, file: Any, by: Actor) -> Import:
    """Take a file in: its heading is read and matched; nothing is checked or written yet.

    `file` is an uploaded file (name, size, chunks). Raises FileRefused with what is wrong with it.
    """
    definition = kind_of(kind)
    require_kind(by, definition)
    if file.size > MOST_BYTES:
        raise errors.FileTooLarge(most=MOST_BYTES // 1024**2)
    with _on_disk(file) as path:
        made = described(path, definition, name=file.name, by=by)
        with path.open("rb") as content, transaction.atomic():
            suffix = ".xlsx" if made.file_name.lower().endswith(".xlsx") else ".csv"
            made.file.save(f"{made.number}{suffix}", File(content), save=False)
            made.save()
            record(made, "uploaded", by=by)
    return made


def described(path: Path, kind: ImportKind, *, name: str, by: Actor) -> Import:
    """A new import, not saved: with the file's heading, first rows and number of rows, columns matched by heading."""
    with open_table(path, name) as table:
        sample, total = [], 0
        for number, cells in table.rows:
            if total < SAMPLE:
                sample.append(
                    [number, [cell[:120].replace("\x00", "") for cell in cells[: len(table.header)]]]
                )
            total += 1
        header = [heading[:200].replace("\x00", "") for heading in table.header]
    if not total:
        raise errors.NoRows()
    columns = matched(kind, header)
    refuse_files(kind, header, columns)
    return Import(
        number=new_number("IM", Import, on=clock.today()), kind=kind.name, file_name=Path(name).name[:200],
        header=header, sample=sample, total=total, columns=columns,
        created_by_id=by.user_id, created_label=by.label, company=by.partner_id,
    )  # fmt: skip


@transaction.atomic
def match_columns(*, upload: Import, columns: dict[str, int], by: Actor) -> Import:
    """Say which column of the file holds what ({column: place}), and start checking."""
    require_import(by, upload)
    upload = _locked(upload, *OPEN)
    upload.columns = checked_columns(upload, columns)
    _lend_a_hand(upload, by)
    _start(upload, "imports.check", Import.State.CHECKING, by=by)
    return upload


def checked_columns(upload: Import, columns: dict[str, int]) -> dict[str, int]:
    """`columns` without unknown names and places; refused when one is used twice or a required one is missing."""
    known = {column.name for column in upload.definition.all_columns}
    chosen = {
        name: place for name, place in columns.items() if name in known and 0 <= place < len(upload.header)
    }
    places = list(chosen.values())
    twice = next((place for place in places if places.count(place) > 1), None)
    if twice is not None:
        raise errors.ColumnTwice(heading=upload.header[twice])
    missing = [
        capfirst(str(c.label)) for c in upload.definition.all_columns if c.required and c.name not in chosen
    ]
    if missing:
        raise errors.ColumnsMissing(columns=", ".join(missing))
    return chosen


@transaction.atomic
def correct_value(*, upload: Import, field: str, value: str, replacement: str, by: Actor) -> Import:
    """Read `value` as `replacement` wherever it stands in the column; the file stays as it is. Checks anew."""
    require_import(by, upload)
    upload = _locked(upload, Import.State.CHECKED)
    replacement = replacement.strip()[:200].replace("\x00", "")
    if field in {column.name for column in upload.definition.all_columns}:
        upload.corrections = {
            **upload.corrections,
            field: {**upload.corrections.get(field, {}), value: replacement},
        }
        _lend_a_hand(upload, by)
        record(upload, "corrected", by=by, changes={field: [value, replacement]})
        _start(upload, "imports.check", Import.State.CHECKING, by=by)
    return upload


@transaction.atomic
def start_import(*, upload: Import, by: Actor, only_good: bool = False) -> Import:
    """Write the rows as a job: all of them, or with `only_good` those that are good. All or none of these.

    Where two people stand for the file, this is the second one's press.
    """
    require_import(by, upload)
    upload = _locked(upload, Import.State.CHECKED)
    refuse_own(upload, by)
    if upload.bad and not only_good:
        raise errors.BadRowsLeft(count=upload.bad)
    if not upload.good and not upload.same:
        raise errors.NothingToImport()
    upload.only_good = only_good
    _start(upload, "imports.write", Import.State.WRITING, by=by)
    return upload


def refuse_own(upload: Import, by: Actor) -> None:
    """Raise where the file needs a second person and `by` had a hand in what it says."""
    own = by.user_id is not None and by.user_id in (upload.created_by_id, *upload.hands)
    if upload.definition.two_people and own:
        raise errors.SecondPersonImports()


def _lend_a_hand(upload: Import, by: Actor) -> None:
    if by.user_id is not None and by.user_id not in upload.hands:
        upload.hands = [*upload.hands, by.user_id]


@transaction.atomic
def discard_import(*, upload: Import, by: Actor) -> Import:
    """Throw the file away; nothing of it was written."""
    require_import(by, upload)
    upload = _locked(upload, *OPEN)
    upload.drop_rows()
    upload.state, upload.finished_at = Import.State.DISCARDED, clock.now()
    upload.save(update_fields=["state", "finished_at"])
    forget_file(upload)
    record(upload, "discarded", by=by)
    return upload


@transaction.atomic
def finish_import(*, upload: Import, by: Actor) -> None:
    """Note that the rows are in. The caller has written them in the same transaction."""
    upload.state, upload.finished_at = Import.State.DONE, clock.now()
    upload.save()
    forget_file(upload)
    record(upload, "imported", by=by, changes={"rows": [0, upload.written]})


def forget_file(upload: Import) -> None:
    """The upload has served: delete it after the commit."""
    if upload.file:
        name, storage = upload.file.name, upload.file.storage
        Import.objects.filter(pk=upload.pk).update(file="")
        upload.file = ""
        transaction.on_commit(lambda: storage.delete(name))


@contextmanager
def local_copy(upload: Import) -> Iterator[Path]:
    """The stored file as a path on this machine, wherever files are kept."""
    with upload.file.open("rb") as stored, _on_disk(stored) as path:
        yield path


@contextmanager
def _on_disk(file: Any) -> Iterator[Path]:
    with tempfile.NamedTemporaryFile(prefix="import-") as copy:
        for piece in file.chunks():
            copy.write(piece)
        copy.flush()
        yield Path(copy.name)


def _locked(upload: Import, *states: str) -> Import:
    upload = Import.objects.select_for_update(of=("self",)).get(pk=upload.pk)
    if upload.state not in states:
        raise errors.NotAtThisStep(state=Import.State(upload.state).label)
    return upload


def _start(upload: Import, job_kind: str, state: str, *, by: Actor) -> Job:
    upload.state, upload.error = state, ""
    # The check and the import each tell when they are done: in words that differ.
    words = _("%(what)s: %(file)s") if state == Import.State.WRITING else _("Check of %(file)s (%(what)s)")
    title = said.Sentence(words, what=upload.definition.title, file=upload.file_name)
    upload.job = start_job(
        kind=job_kind, by=by, key=upload.number, title=title,
        link=upload.get_absolute_url(), params={"import": upload.pk},
    )  # fmt: skip
    upload.save()
    return upload.job
