"""Start-up checks: no tenant's table may stand in the public schema."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, connection


@checks.register(checks.Tags.compatibility)
def shared_and_tenant_apps(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    """Only contenttypes and sessions may be in both lists; anything else would share people's data."""
    both = set(settings.SHARED_APPS) & set(settings.TENANT_APPS)
    wrong = both - {"django.contrib.contenttypes", "django.contrib.sessions"}
    return [
        checks.Error(
            f"{name} is both shared and per tenant: its tables would stand in public.", id="tenancy.E001"
        )
        for name in sorted(wrong)
    ]


@checks.register(checks.Tags.database)
def no_tenant_table_in_public(
    app_configs: Any, databases: Any = None, **kwargs: Any
) -> list[checks.CheckMessage]:
    """Refuse to run on a database whose public schema holds a tenant's table."""
    if not databases:
        return []
    try:
        found = tenant_tables_in_public()
    except OperationalError:
        return []  # migrate and readyz say that the database is away
    return [
        checks.Error(
            f"The table {table} stands in the public schema, where no tenant owns it.",
            hint="Move its rows into the tenant that they belong to, then drop it.",
            id="tenancy.E002",
        )
        for table in found
    ]


def refuse_stray_tables() -> None:
    """Called when the web server starts: better no page than one that shows rows which no tenant owns."""
    try:
        stray = tenant_tables_in_public()
    except OperationalError:
        return  # readyz says that the database is away
    finally:
        connection.close()
    if stray:
        raise ImproperlyConfigured(f"Tenant tables stand in the public schema: {', '.join(stray)}.")


def tenant_tables_in_public() -> list[str]:
    """Names of tables that belong to tenant apps only but stand in public."""
    shared = {table for app in settings.SHARED_APPS for table in _tables_of(app)}
    wanted = {table for app in settings.TENANT_APPS for table in _tables_of(app)} - shared
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [settings.PUBLIC_SCHEMA_NAME])
        return sorted(wanted & {row[0] for row in cursor.fetchall()})


def _tables_of(app: str) -> set[str]:
    config = next((config for config in apps.get_app_configs() if config.name == app), None)
    models = config.get_models(include_auto_created=True) if config else ()
    return {model._meta.db_table for model in models}
