"""Absolute addresses for letters, which are written where there is no request."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import connection

from prm.tenancy.models import Domain, Tenant


def current_tenant() -> Any:
    """The tenant whose schema is active, with its name, colour and language."""
    tenant = getattr(connection, "tenant", None)
    if isinstance(tenant, Tenant):
        return tenant
    return Tenant.objects.get(schema_name=connection.schema_name)


def absolute(path: str) -> str:
    """The full address of a path of the current tenant's site."""
    domains = Domain.objects.filter(tenant__schema_name=connection.schema_name).order_by("-is_primary", "id")
    host = domains.values_list("domain", flat=True).first() or settings.PUBLIC_HOST
    port = f":{settings.PORT}" if settings.INTERNAL_SCHEME == "http" and settings.PORT != 80 else ""
    return f"{settings.INTERNAL_SCHEME}://{host}{port}{path}"
