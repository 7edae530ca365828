"""Fanning scheduled work out to tenants: one small task for each that has something to do."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django_tenants.utils import get_tenant_model, schema_context


def active_schemas(state: str = "active") -> list[str]:
    """Schemas of the tenants that are served (or are in another `state`)."""
    with schema_context("public"):
        return list(
            get_tenant_model()
            .objects.filter(state=state)
            .order_by("id")
            .values_list("schema_name", flat=True)
        )


def schemas_where(table: str, condition: str, *, state: str = "active") -> list[str]:
    """The active tenants whose `table` has a row for which the SQL `condition` holds; one query for all."""
    schemas = active_schemas(state)
    if not schemas:
        return []
    quote = connection.ops.quote_name
    parts = [
        f"SELECT {i} WHERE EXISTS (SELECT 1 FROM {quote(s)}.{quote(table)} WHERE {condition})"
        for i, s in enumerate(schemas)
    ]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts))
        return [schemas[row[0]] for row in cursor.fetchall()]


def send_to_tenant(task: Any, schema: str, *args: Any, **options: Any) -> None:
    """Queue `task` for the tenant of `schema`."""
    with schema_context(schema):
        task.apply_async(args=args, **options)
