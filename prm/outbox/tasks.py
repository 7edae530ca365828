import time

from celery import shared_task

from prm.outbox.services import deliver_open_events
from prm.outbox.tenants import schemas_where, send_to_tenant

LONGEST = 3.0


@shared_task
def deliver() -> None:
    """Deliver the current tenant's open events, for a few seconds; the next round goes on where this one left off.

    One tenant's flood must keep neither the other tenants' events nor the reaper waiting.
    """
    until = time.monotonic() + LONGEST
    while time.monotonic() < until and deliver_open_events(until=until):
        pass


@shared_task
def deliver_everywhere() -> None:
    """Wake the delivery of each tenant that has open events (a wake-up that was lost is made up here)."""
    waits = schemas_where("outbox_outboxevent", "delivered_at IS NULL")
    due = schemas_where("outbox_misseddelivery", "state = 'open' AND next_try_at <= now()")
    for schema in dict.fromkeys([*waits, *due]):
        send_to_tenant(deliver, schema, expires=20)
