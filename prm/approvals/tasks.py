from celery import shared_task

from prm.approvals.services import wake_due_runs
from prm.outbox.tenants import schemas_where, send_to_tenant


@shared_task
def wake_everywhere() -> None:
    """Wake the runs of each tenant in which the clock has something to do."""
    for schema in schemas_where("approvals_approvalrun", "state = 'running' AND wake_at <= now()"):
        send_to_tenant(wake_tenant, schema, expires=60)


@shared_task
def wake_tenant() -> None:
    """Reminders, deadlines and ends of waits of the current tenant; twice is as good as once."""
    wake_due_runs()
