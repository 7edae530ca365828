"""Bringing every schema to the code's migration state: shared tables, template, then tenants one by one."""

from __future__ import annotations

from collections.abc import Callable

import structlog
from django.conf import settings
from django.core.management import call_command
from django.db import DatabaseError, connection
from django_tenants.utils import schema_context

from prm.tenancy.checks import tenant_tables_in_public
from prm.tenancy.models import Tenant
from prm.tenancy.state import code_state, note_state, states
from prm.tenancy.template import deploy_turn, ensure_template, migrate_schema

log = structlog.get_logger(__name__)


class StrayTables(RuntimeError):
    """A tenant's table stands in the public schema."""


def migrate_all(say: Callable[[str], None] = lambda text: None) -> list[str]:
    """Migrate what is behind; safe to stop and start again, and quick when nothing is.

    Returns the schemas that could not be migrated; the others are done, and old code still serves meanwhile.
    """
    state = code_state()
    if not behind():
        say("database is up to date")
        return []
    with deploy_turn():
        if states().get(settings.PUBLIC_SCHEMA_NAME) != state:
            say("shared tables")
            call_command("migrate_schemas", shared=True, interactive=False, verbosity=0)
            note_state(settings.PUBLIC_SCHEMA_NAME)
    stray = tenant_tables_in_public()
    if stray:
        raise StrayTables(f"tenant tables stand in the public schema: {', '.join(stray)}")
    if states().get(settings.TEMPLATE_SCHEMA) != state:
        say("template for new tenants")
    ensure_template()
    return _migrate_tenants(say)


def behind() -> list[str]:
    """Schemas that have not reached the code's state."""
    known, state = states(), code_state()
    if not known:
        return [settings.PUBLIC_SCHEMA_NAME]
    wanted = [settings.PUBLIC_SCHEMA_NAME, settings.TEMPLATE_SCHEMA, *_tenant_schemas()]
    return [schema for schema in wanted if known.get(schema) != state]


def _tenant_schemas() -> list[str]:
    with schema_context(settings.PUBLIC_SCHEMA_NAME):
        return list(Tenant.objects.order_by("id").values_list("schema_name", flat=True))


def _migrate_tenants(say: Callable[[str], None]) -> list[str]:
    waiting, failed = [schema for schema in _tenant_schemas() if schema in behind()], []
    for number, schema in enumerate(waiting, start=1):
        say(f"tenant {number} of {len(waiting)}: {schema}")
        try:
            with deploy_turn():
                if schema in behind():
                    migrate_schema(schema)
                    note_state(schema)
        except DatabaseError as problem:  # the next one may well succeed; this one is tried at the next call
            log.error("tenant_not_migrated", schema=schema, error=str(problem))
            failed.append(schema)
            connection.close()
    return failed
