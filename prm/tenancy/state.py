"""The migration state: one word that changes whenever a migration or a piece of SQL does."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.db import connection
from django_tenants.utils import schema_context

from prm.values import clock


@functools.cache
def code_state() -> str:
    """The state that this code wants every schema to be in."""
    digest = hashlib.sha256()
    for config in sorted(apps.get_app_configs(), key=lambda config: config.label):
        folder = Path(config.path)
        for path in sorted([*folder.glob("migrations/*.py"), *folder.glob("sql/**/*.sql")]):
            digest.update(f"{config.label}/{path.name}".encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def states() -> dict[str, str]:
    """Each schema's recorded state; empty before the very first migration."""
    from prm.tenancy.models import SchemaState

    with schema_context(settings.PUBLIC_SCHEMA_NAME):
        with connection.cursor() as cursor:
            cursor.execute("SELECT to_regclass('public.tenancy_schemastate') IS NOT NULL")
            if not cursor.fetchone()[0]:
                return {}
        return dict(SchemaState.objects.values_list("schema_name", "state"))


def note_state(schema_name: str) -> None:
    """Record that the schema has reached the code's state."""
    from prm.tenancy.models import SchemaState

    with schema_context(settings.PUBLIC_SCHEMA_NAME):
        SchemaState.objects.update_or_create(
            schema_name=schema_name, defaults={"state": code_state(), "at": clock.now()}
        )
