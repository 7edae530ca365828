"""The mark up to which a run reads an append-only table: what comes later belongs to the next run."""

from __future__ import annotations

from django.db import connection, models


def highest_of(model: type[models.Model]) -> int:
    """The highest id below which no row of the table can appear any more. Within a transaction.

    The lock waits for inserts under way (they took their ids already) and lets none begin until the id is read.
    Raises OperationalError where inserts take longer than ten seconds.
    """
    table = connection.ops.quote_name(model._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '10s'")
        cursor.execute(f"LOCK TABLE {table} IN SHARE MODE")
        cursor.execute(f"SELECT COALESCE(max(id), 0) FROM {table}")
        highest: int = cursor.fetchone()[0]
        cursor.execute("SET LOCAL lock_timeout = DEFAULT")
        return highest
