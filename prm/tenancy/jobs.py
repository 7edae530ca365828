"""Jobs of a tenant: its export, and what a module that comes back has missed. All steps are safe to run again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext, gettext_lazy

from prm.jobs.handlers import JobHandler, job_handler
from prm.modules.registry import is_on
from prm.outbox.events import from_payload, heard_by, listeners_in
from prm.outbox.models import OutboxEvent
from prm.tenancy import exports
from prm.tenancy.module_switch import CATCH_UP_JOB
from prm.tenancy.services import tenant_by_slug
from prm.values.actor import Actor

STEP = 200


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


@job_handler(CATCH_UP_JOB)
class CatchUp(JobHandler):
    """Tell a module the events that others emitted while it was off, in their order. Listeners are idempotent."""

    title = gettext_lazy("Catch up on what happened meanwhile")
    counted = {"events": gettext_lazy("events")}

    def total(self, job: Any) -> int:
        if "events" not in job.params:
            job.params = {**job.params, "events": self._missed(job)}
            job.save(update_fields=["params"])
        return -(-len(job.params["events"]) // STEP)

    def _missed(self, job: Any) -> list[int]:
        names = {name for name, _version in heard_by(job.params["module"])}
        since = datetime.fromisoformat(job.params["since"])
        rows = OutboxEvent.objects.filter(name__in=names, delivered_at__gte=since)
        return list(rows.order_by("id").values_list("pk", flat=True))

    def run(self, job: Any, step: int) -> None:
        if not is_on(job.params["module"]):
            return  # off again: the next time it is on, this stretch is part of a longer one
        for stored in OutboxEvent.objects.filter(
            pk__in=job.params["events"][step * STEP : (step + 1) * STEP]
        ).order_by("id"):
            try:
                fact = from_payload(stored.name, stored.version, stored.payload)
            except (KeyError, TypeError):  # nobody declares it any more
                continue
            for listener in listeners_in(job.params["module"], type(fact)):
                listener(fact)
        job.say(events=min((step + 1) * STEP, len(job.params["events"])))
