"""The template schema: migrated, empty, and kept as SQL from which new tenants are cloned."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django_tenants.utils import schema_context

from prm.tenancy import pgdump
from prm.tenancy.models import TemplateDump
from prm.tenancy.state import code_state, note_state

# Deploys overlap: the code of the release before may still make tenants of its own state.
KEPT_DUMPS = 3
_SETTINGS = (
    "statement_timeout|lock_timeout|idle_in_transaction_session_timeout|transaction_timeout|client_encoding"
    "|standard_conforming_strings|check_function_bodies|xmloption|client_min_messages|row_security"
    "|default_tablespace|default_table_access_method"
)


def template_sql() -> str:
    """SQL that makes the template's schema; its name stands in it as `settings.TEMPLATE_SCHEMA`.

    Empty when no pg_dump can be found: the caller then migrates the new schema.
    """
    with schema_context(settings.PUBLIC_SCHEMA_NAME):
        stored = TemplateDump.objects.filter(state=code_state()).first()
    return stored.sql if stored else ensure_template()


def ensure_template() -> str:
    """Build the template schema and its dump unless those of the code's migration state exist. Returns the SQL."""
    state = code_state()
    with deploy_turn(), schema_context(settings.PUBLIC_SCHEMA_NAME):
        stored = TemplateDump.objects.filter(state=state).first()
        if stored:
            return stored.sql
        build_template()
        if pgdump.find() is None:
            return ""
        sql = as_script(pgdump.schema_as_sql(settings.TEMPLATE_SCHEMA))
        TemplateDump.objects.create(state=state, sql=sql)
        kept = TemplateDump.objects.order_by("-id").values_list("id", flat=True)[:KEPT_DUMPS]
        TemplateDump.objects.exclude(id__in=list(kept)).delete()
        return sql


def build_template() -> None:
    """Make the template schema anew. It holds no tenant's data, so starting from nothing is the surest way."""
    name = connection.ops.quote_name(settings.TEMPLATE_SCHEMA)
    with connection.cursor() as cursor:
        cursor.execute(f"DROP SCHEMA IF EXISTS {name} CASCADE; CREATE SCHEMA {name}")
    migrate_schema(settings.TEMPLATE_SCHEMA)
    note_state(settings.TEMPLATE_SCHEMA)


def migrate_schema(schema: str) -> None:
    """Run the tenant migrations in one schema. Waits only briefly for locks: the schema is in use."""
    with schema_context(settings.PUBLIC_SCHEMA_NAME), connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '10s'")
    try:
        call_command("migrate_schemas", schema_name=schema, interactive=False, verbosity=0)
    finally:
        connection.set_schema_to_public()
        with connection.cursor() as cursor:
            cursor.execute("RESET lock_timeout")


def as_script(dump: str) -> str:
    """Turn pg_dump's text into one script that runs inside a transaction and leaves the session as it was."""
    sql = re.sub(r"(?m)^\\(?:un)?restrict .*$", "", dump)
    sql = re.sub(r"(?m)^--\n-- .*\n--\n", "", sql)
    sql = sql.replace("set_config('search_path', '', false)", "set_config('search_path', '', true)")
    return re.sub(rf"(?m)^SET ({_SETTINGS}) = ", r"SET LOCAL \1 = ", sql)


@contextlib.contextmanager
def deploy_turn() -> Iterator[None]:
    """One process at a time migrates or builds the template; ends with the process, however it ends."""
    own = connection.copy()  # migrations close the connection, and with it a lock that it holds
    own.set_schema_to_public()
    try:
        with own.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(hashtextextended('deploy', 4))")
        yield
    finally:
        own.close()
