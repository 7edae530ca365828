"""Checking and importing as jobs: in pieces that commit with their progress."""

from __future__ import annotations

import itertools
from contextlib import ExitStack
from typing import Any

from django.contrib.auth import get_user_model
from django.utils.translation import gettext, gettext_lazy

from prm.access.scope import actor_for
from prm.jobs.handlers import JobHandler, job_handler
from prm.spreadsheets import staging
from prm.spreadsheets.models import Import
from prm.spreadsheets.reading import open_table
from prm.spreadsheets.rights import require_import
from prm.spreadsheets.services import finish_import, local_copy
from prm.values.actor import Actor


def actor_of(job: Any) -> Actor:
    """Whoever began the job, with the rights of today."""
    user = get_user_model().objects.filter(pk=job.created_by_id).first()
    return actor_for(user) if user else Actor.job("imports")


class _OnImport(JobHandler):
    counted = {"rows": gettext_lazy("rows"), "of": gettext_lazy("rows in the file")}

    def upload(self, job: Any) -> Import:
        return Import.objects.get(pk=job.params["import"])

    def failed(self, job: Any) -> None:
        Import.objects.filter(pk=job.params["import"]).update(state=Import.State.FAILED, error=job.error)


@job_handler("imports.check")
class CheckImport(_OnImport):
    """Reads the file into the staging table, piece by piece, then compares it with what is on file."""

    title = gettext_lazy("Check of a file")

    def __init__(self) -> None:
        self._open = ExitStack()
        self._rows: Any = None
        self._next = 0

    def __del__(self) -> None:
        self._open.close()

    def total(self, job: Any) -> int:
        return -(-self.upload(job).total // staging.CHUNK) + 1

    def name(self, job: Any, step: int) -> str:
        if step == job.total - 1:
            return gettext("Comparing with what is on file")
        return gettext("Reading rows")

    def run(self, job: Any, step: int) -> None:
        upload = self.upload(job)
        if step == job.total - 1:
            by = actor_of(job)
            require_import(by, upload)
            staging.compare(upload, by=by)
            upload.state = Import.State.CHECKED
            upload.save()
            return
        if step == 0:
            upload.drop_rows()
        rows = itertools.islice(self._rows_from(upload, step), staging.CHUNK)
        staging.stage(upload, rows, len(upload.header))
        self._next = step + 1
        job.say(rows=min((step + 1) * staging.CHUNK, upload.total), of=upload.total)

    def _rows_from(self, upload: Import, step: int) -> Any:
        """The file's rows from piece `step` on; the file stays open from piece to piece."""
        if self._rows is None or self._next != step:
            self._open.close()
            path = self._open.enter_context(local_copy(upload))
            rows = self._open.enter_context(open_table(path)).rows
            self._rows = itertools.islice(rows, step * staging.CHUNK, None)
        return self._rows


@job_handler("imports.write")
class WriteImport(_OnImport):
    """Writes the good rows in one step: all of them, or nothing."""

    title = gettext_lazy("Import of a file")

    def name(self, job: Any, step: int) -> str:
        return gettext("Importing rows")

    def run(self, job: Any, step: int) -> None:
        upload, by = self.upload(job), actor_of(job)
        require_import(by, upload)
        if staging.write(upload, by=by):
            job.say(rows=upload.written, of=upload.total)
            finish_import(upload=upload, by=by)
        else:  # what is on file has changed since the check: the person sees it on the preview again
            upload.state, upload.only_good = Import.State.CHECKED, False
            upload.save()
