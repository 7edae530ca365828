"""All statements of a settlement as PDF: a background job whose parts all workers share, and one ZIP of what they made.

Each part keeps a file of its own: a kill loses the part that was under way, and a part that is there is not made twice.
The papers say what was paid until then; made anew, the files of before go.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, cast

from django.core.files.base import ContentFile
from django.db import connection, transaction
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from prm.access.rules import require
from prm.audit.services import record
from prm.files.printing import printer_for
from prm.jobs.models import Job
from prm.jobs.services import run_to_end, start_job
from prm.ui import said
from prm.values.actor import Actor
from rebates.errors import NotInThisState
from rebates.models import PrintedPart, SettlementRun, Statement
from rebates.services.pressed import Pressed

JOB = "rebates.print"
CHUNK = 100  # statements a part


@transaction.atomic
def start_printing(*, run: SettlementRun, by: Actor, language: str = "", chunk: int = CHUNK) -> Job:
    """Make the PDF of every statement of a closed run. Pressed twice it is one job."""
    require(by, "rebates.export")
    require(by, "rebates.view_runs")
    run = SettlementRun.objects.select_for_update().get(pk=run.pk)
    if not run.is_closed:
        raise NotInThisState(number=run.number, state=run.get_state_display())
    known = Job.objects.open().filter(kind=JOB, key=run.number).first()
    if known is not None:
        return known
    record(run, "statements printed", by=by)
    ids = list(
        Statement.objects.for_everyone(because="whoever sees the run sees all partners")
        .of_run(run)
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    bounds = [[some[0], some[-1]] for some in (ids[at : at + chunk] for at in range(0, len(ids), chunk))]
    return start_job(
        kind=JOB, key=run.number, by=by, link=f"{run.get_absolute_url()}papers/",
        title=said.Sentence(_("Statements of settlement %(number)s as PDF"), number=run.number),
        params={
            "run": run.pk, "bounds": bounds, "language": language or translation.get_language() or "en",
            "by": asdict(Pressed.of(by)),
        },
    )  # fmt: skip


def print_run(*, run: SettlementRun, by: Actor, language: str = "", chunk: int = CHUNK) -> Job:
    """Make them in this process and wait for the end."""
    return run_to_end(start_printing(run=run, by=by, language=language, chunk=chunk))


def newest_print(run: SettlementRun) -> Job | None:
    return Job.objects.filter(kind=JOB, key=run.number).order_by("-pk").first()


def finished_print(run: SettlementRun) -> Job | None:
    """The newest one that is done: while they are made anew, and after that failed, its papers are still there."""
    return Job.objects.filter(kind=JOB, key=run.number, state=Job.State.DONE).order_by("-pk").first()


# The job's parts


def print_some(job: Job, part: int, *, by: Actor) -> dict[str, int]:
    """The statements of one part, as a file of their own. Returns how many, and how many pages."""
    from rebates.paper import statement_paper  # papers stand on the services

    run_id = job.params["run"]
    if PrintedPart.objects.filter(run=run_id, job=job.pk, part=part).exists():
        return {}
    require(by, "rebates.export")
    first, last = job.params["bounds"][part]
    rows = Statement.objects.visible_to(by).filter(run_id=run_id, pk__gte=first, pk__lte=last)
    statements = list(rows.select_related("run", "partner").order_by("pk"))
    with translation.override(job.params["language"]):
        texts = [statement_paper(statement, by, connection.tenant) for statement in statements]
    printer, out, pages = printer_for(texts), io.BytesIO(), 0
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as file:
        for statement, text in zip(statements, texts, strict=True):
            document, count = printer.print(text)
            file.writestr(f"{statement.number}.pdf", document)
            pages += count
    name = f"{job.pk}-{part}.zip"
    PrintedPart.objects.create(
        run_id=run_id,
        job=job.pk,
        part=part,
        file=ContentFile(out.getvalue(), name),
        count=len(statements),
        pages=pages,
    )
    return {"statements": len(statements), "pages": pages}


def forget_others(job: Job) -> None:
    """With the last step: what earlier jobs made of the run goes."""
    for old in PrintedPart.objects.filter(run=job.params["run"]).exclude(job=job.pk):
        transaction.on_commit(lambda file=old.file: file.storage.delete(file.name))
        old.delete()


# The download


class _Stream:
    """A place to write to that hands over what it got; it cannot be sought, so the ZIP needs no file on disk."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []

    def write(self, data: Any) -> int:
        self.parts.append(bytes(data))
        return len(data)

    def tell(self) -> int:
        """It does not know where it is; that tells the ZIP not to seek."""
        raise io.UnsupportedOperation

    def flush(self) -> None:
        """Nothing is kept back."""

    def taken(self) -> bytes:
        found, self.parts = b"".join(self.parts), []
        return found


def as_one_zip(job: Job) -> Iterator[bytes]:
    """The papers of all parts of `job` in one ZIP file, a paper at a time."""
    stream = _Stream()
    with zipfile.ZipFile(cast(Any, stream), "w", zipfile.ZIP_STORED) as whole:
        for part in PrintedPart.objects.filter(run=job.params["run"], job=job.pk).order_by("part"):
            with part.file.open("rb") as content, zipfile.ZipFile(content) as some:
                for name in some.namelist():
                    whole.writestr(name, some.read(name))
                    yield stream.taken()
    yield stream.taken()
