"""What operators do to tenants, in the append-only log of the public schema."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django_tenants.utils import schema_context

from prm.tenancy.models import OperatorLogEntry, Tenant
from prm.values.actor import Actor


def log_operation(verb: str, *, by: Actor, tenant: Tenant | None = None, **details: Any) -> OperatorLogEntry:
    """Append one line, in the caller's transaction."""
    with schema_context(settings.PUBLIC_SCHEMA_NAME):
        return OperatorLogEntry.objects.create(
            operator_email=by.label[:200],
            verb=verb,
            tenant_slug=getattr(tenant, "slug", ""),
            details=details,
            address=by.address,
        )
