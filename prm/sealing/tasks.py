import time

from celery import shared_task

from prm.outbox.tenants import schemas_where, send_to_tenant
from prm.sealing.services import seal_waiting

LONGEST = 3.0


@shared_task
def seal() -> None:
    """Seal what waits in the current tenant, for a few seconds; the next round goes on."""
    seal_waiting(until=time.monotonic() + LONGEST)


@shared_task
def seal_everywhere() -> None:
    """Wake the sealing of each tenant in which rows wait."""
    for schema in schemas_where("sealing_waiting", "true"):
        send_to_tenant(seal, schema, queue="system", expires=10)
