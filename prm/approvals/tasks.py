from celery import shared_task

from prm.approvals.services import carry_out, carry_out_due, wake_due_runs
from prm.outbox.tenants import schemas_where, send_to_tenant


@shared_task
def wake_everywhere() -> None:
    """Wake the runs of each tenant in which the clock has something to do."""
    waking = schemas_where("approvals_approvalrun", "state = 'running' AND wake_at <= now()")
    held = schemas_where("approvals_helddecision", "takes_effect_at <= now()")
    for schema in {*waking, *held}:
        send_to_tenant(wake_tenant, schema, expires=60)


@shared_task
def wake_tenant() -> None:
    """Reminders, deadlines, ends of waits, decisions left over, of the current tenant; twice is as good as once."""
    carry_out_due()
    wake_due_runs()


@shared_task
def carry_out_decision(held_id: int) -> None:
    """The ten seconds in which a decision can be undone are over; twice is as good as once."""
    carry_out(held_id)
