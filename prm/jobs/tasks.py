from __future__ import annotations

import structlog
from celery import shared_task
from django.core.cache import cache

from prm.jobs import services, sharing
from prm.jobs.daily import daily_work
from prm.jobs.handlers import kinds_while_suspended
from prm.outbox.tenants import active_schemas, schemas_where, send_to_tenant
from prm.values import clock

log = structlog.get_logger(__name__)


@shared_task
def run(job_id: int) -> None:
    """Run a job of the current tenant."""
    services.run_job(job_id)


@shared_task
def help_with_step(job_id: int, step: int) -> None:
    """Do parts of a step that another worker shares."""
    services.let_go_quickly()
    sharing.help_with(job_id, step)


@shared_task
def reap() -> None:
    """Look in each tenant for jobs that no worker holds, and send them again."""
    cache.set("worker-seen", clock.now().timestamp(), timeout=60)
    for schema in schemas_where("jobs_job", "state IN ('queued', 'running') AND run_after <= now()"):
        send_to_tenant(reap_tenant, schema, queue="system", expires=20)
    # A suspended tenant's work waits, except what is done because it is suspended: its export.
    for kind in kinds_while_suspended():
        due = f"kind = '{kind}' AND state IN ('queued', 'running') AND run_after <= now()"
        for schema in schemas_where("jobs_job", due, state="suspended"):
            send_to_tenant(reap_tenant, schema, kind, queue="system", expires=20)


@shared_task
def reap_tenant(kind: str = "") -> None:
    services.reap(kind)


@shared_task
def run_daily() -> None:
    """Fan the day's work out to each tenant."""
    for schema in active_schemas():
        send_to_tenant(run_daily_of_tenant, schema, expires=300)


@shared_task
def run_daily_of_tenant() -> None:
    """Run what is due today and has not run yet. The work is idempotent: the mark only saves effort.

    A lock that dies with the worker keeps two from doing the same at once, also when the broker lost the marks.
    """
    for name, function in daily_work().items():
        mark = f"daily:{name}:{clock.today()}"
        if cache.get(mark):
            continue
        with services.alone(f"daily:{name}") as alone:
            if not alone or cache.get(mark):
                continue
            try:
                function()
                cache.set(mark, "done", timeout=2 * 24 * 3600)
            except Exception:  # the others are due all the same; this one is tried again in the next round
                log.exception("daily_work_failed", work=name)
