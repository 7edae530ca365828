"""What happens to a tenant after it was made: suspended, resumed, deleted."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django_tenants.utils import schema_context, tenant_context

from prm.access.rules import require
from prm.tenancy import errors
from prm.tenancy.brand import FIELDS, set_brand
from prm.tenancy.models import Export, SchemaState, Tenant
from prm.tenancy.operator_log import log_operation
from prm.values import clock
from prm.values.actor import Actor


def tenant_by_slug(slug: str) -> Tenant:
    """The tenant; TenantNotFound when there is none."""
    with schema_context(settings.PUBLIC_SCHEMA_NAME):
        tenant = Tenant.objects.filter(slug=slug).first()
    if tenant is None:
        raise errors.TenantNotFound(slug=slug)
    return tenant


def suspend_tenant(*, tenant: Tenant, reason: str, by: Actor) -> Tenant:
    """Answer every address of the tenant with one plain page; its data stay as they are."""
    require(by, "tenancy.suspend")
    if not reason.strip():
        raise errors.ReasonMissing()
    with schema_context(settings.PUBLIC_SCHEMA_NAME), transaction.atomic():
        tenant = Tenant.objects.select_for_update().get(pk=tenant.pk)
        if tenant.is_suspended:
            raise errors.AlreadySuspended(name=tenant.name)
        tenant.state, tenant.suspended_at = Tenant.State.SUSPENDED, clock.now()
        tenant.suspended_reason = reason.strip()
        tenant.save(update_fields=["state", "suspended_at", "suspended_reason"])
        log_operation("suspended", by=by, tenant=tenant, reason=tenant.suspended_reason)
    return tenant


def resume_tenant(*, tenant: Tenant, reason: str = "", by: Actor) -> Tenant:
    """Let a suspended tenant answer again."""
    require(by, "tenancy.resume")
    with schema_context(settings.PUBLIC_SCHEMA_NAME), transaction.atomic():
        tenant = Tenant.objects.select_for_update().get(pk=tenant.pk)
        if not tenant.is_suspended:
            raise errors.NotSuspended(name=tenant.name)
        tenant.state, tenant.suspended_at, tenant.suspended_reason = Tenant.State.ACTIVE, None, ""
        tenant.save(update_fields=["state", "suspended_at", "suspended_reason"])
        log_operation("resumed", by=by, tenant=tenant, reason=reason.strip())
    return tenant


def delete_tenant(*, tenant: Tenant, confirmation: str, export: Export | None = None, by: Actor) -> None:
    """Drop the tenant's schema and files for good. `confirmation` is its slug, typed once more.

    Refused while the tenant is served, and before an export was written after it was suspended: what the
    export lacks would be lost.
    """
    require(by, "tenancy.delete")
    with schema_context(settings.PUBLIC_SCHEMA_NAME), transaction.atomic():
        tenant = Tenant.objects.select_for_update().get(pk=tenant.pk)
        if confirmation.strip() != tenant.slug:
            raise errors.ConfirmationWrong(slug=tenant.slug)
        if not tenant.is_suspended:
            raise errors.NotSuspended(name=tenant.name)
        export = export or final_export(tenant)
        if export is None:
            raise errors.NoExportYet(name=tenant.name)
        schema, media = tenant.schema_name, media_folder(tenant)
        with connection.cursor() as cursor:
            cursor.execute(f"DROP SCHEMA {connection.ops.quote_name(schema)} CASCADE")
        SchemaState.objects.filter(schema_name=schema).delete()
        log_operation(
            "deleted", by=by, tenant=tenant, name=tenant.name, export=export.file_name, sha256=export.sha256
        )
        tenant.delete(force_drop=False)
    shutil.rmtree(media, ignore_errors=True)


def final_export(tenant: Tenant) -> Export | None:
    """The newest export that holds everything: written after the tenant was suspended."""
    if not tenant.suspended_at:
        return None
    with schema_context(settings.PUBLIC_SCHEMA_NAME):
        return Export.objects.filter(tenant_slug=tenant.slug, made_at__gte=tenant.suspended_at).first()


def edit_tenant(*, tenant: Tenant, by: Actor, **look: Any) -> Tenant:
    """Change a tenant's name, look, language or zone from outside; its own audit trail says who did it."""
    before = {field: getattr(tenant, field) for field in FIELDS}
    with tenant_context(tenant), transaction.atomic():
        tenant = set_brand(tenant=tenant, by=by, **look)
        changed = [field for field in FIELDS if getattr(tenant, field) != before[field]]
        if changed:
            log_operation("edited", by=by, tenant=tenant, fields=changed)
    return tenant


def media_folder(tenant: Tenant) -> Path:
    """Where the tenant's uploaded files lie."""
    return Path(settings.MEDIA_ROOT) / tenant.schema_name
