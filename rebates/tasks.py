from celery import shared_task

from prm.modules.registry import runs
from prm.outbox.tenants import schemas_where, send_to_tenant
from rebates.services import keeping


@shared_task
def keep_up_everywhere() -> None:
    """Look in each tenant for partners whose accruals wait to be computed anew."""
    for schema in schemas_where("rebates_accrualmark", "true"):
        send_to_tenant(keep_up_of_tenant, schema, expires=20)


@shared_task
def keep_up_of_tenant() -> None:
    if runs(keeping.keep_up):
        keeping.keep_up()
