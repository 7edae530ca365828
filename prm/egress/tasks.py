from __future__ import annotations

from celery import shared_task

from prm.egress import sending
from prm.outbox.tenants import schemas_where, send_to_tenant


@shared_task
def send_to(receiver_id: int) -> None:
    """Send what is due for one receiver of the current tenant; a slow receiver keeps no other one waiting."""
    sending.send_due(receiver_id)


@shared_task
def send_of_tenant() -> None:
    """Wake a worker for each receiver of the current tenant that has something due."""
    for pk in sending.receivers_due():
        send_to.apply_async(args=[pk], retry=False, expires=20)


@shared_task
def send_everywhere() -> None:
    """Wake the sending of each tenant that has something due: retries, and wake-ups that were lost."""
    for schema in schemas_where("egress_message", "state = 'open' AND next_try_at <= now()"):
        send_to_tenant(send_of_tenant, schema, expires=20)
