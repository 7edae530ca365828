"""Reports and agreements as files that people bring in."""

from __future__ import annotations

from django.core.files.uploadedfile import SimpleUploadedFile

from prm.jobs.models import Job
from prm.jobs.services import run_job
from prm.spreadsheets.services import match_columns, start_import, upload_file
from tests.claims.world import product

SALES = ("line_number", "partner_number", "day", "product_code", "quantity", "agreement_number", "reverses")


def table(*rows, heading=SALES, name="report.csv"):
    text = "\n".join(",".join(str(cell) for cell in row) for row in (heading, *rows))
    return SimpleUploadedFile(name, text.encode())


def sale(number, partner="", *, product_code=None, quantity=10, agreement="", reverses=""):
    return (number, partner, "2026-09-10", product_code or product().code, quantity, agreement, reverses)


def work() -> None:
    for job in Job.objects.open():
        run_job(job.pk)


def checked(*rows, by, kind="sell-through", heading=SALES):
    made = upload_file(kind=kind, file=table(*rows, heading=heading), by=by)
    match_columns(upload=made, columns=made.columns, by=by)
    work()
    made.refresh_from_db()
    return made


def told(upload) -> list[str]:
    rows = upload.rows.filter(verdict="bad").order_by("number")
    return [one["code"] for row in rows for one in [*(row.problems or []), *(row.findings or [])]]


def brought(*rows, by, kind="sell-through", heading=SALES):
    """Checked, and what is good of it written."""
    made = checked(*rows, by=by, kind=kind, heading=heading)
    start_import(upload=made, only_good=True, by=by)
    work()
    made.refresh_from_db()
    return made
