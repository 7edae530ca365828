"""The export as a job of the tenant: two steps, both safe to run again."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext, gettext_lazy

from prm.jobs.handlers import JobHandler, job_handler
from prm.tenancy import exports
from prm.tenancy.services import tenant_by_slug
from prm.values.actor import Actor


@job_handler("tenancy.export")
class ExportTenant(JobHandler):
    """Writes the tenant's export; the operator downloads it."""

    title = gettext_lazy("Export of all data")
    while_suspended = True

    def total(self, job: Any) -> int:
        return 2

    def name(self, job: Any, step: int) -> str:
        return [gettext("Reading the database"), gettext("Packing the files")][step]

    def run(self, job: Any, step: int) -> None:
        tenant = tenant_by_slug(job.params["slug"])
        name = f"{tenant.slug}-{job.created_at:%Y%m%d-%H%M%S}-{job.pk}"
        dump = exports.folder() / f"{name}.sql"
        if step == 0 or not dump.exists():  # the second step may run on another machine
            dump = exports.write_dump(tenant, name)
        if step == 1:
            made = exports.pack(tenant, name, dump, by=Actor(kind="operator", label=job.params["by"]))
            job.result = {"export": made.pk, "file": made.file_name, "size": made.size}
