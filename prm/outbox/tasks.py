from celery import shared_task

from prm.outbox.services import deliver_open_events
from prm.outbox.tenants import schemas_where, send_to_tenant


@shared_task
def deliver() -> None:
    """Deliver the current tenant's open events."""
    while deliver_open_events():
        pass


@shared_task
def deliver_everywhere() -> None:
    """Wake the delivery of each tenant that has open events (a wake-up that was lost is made up here)."""
    for schema in schemas_where("outbox_outboxevent", "delivered_at IS NULL AND attempts < 12"):
        send_to_tenant(deliver, schema, expires=10)
