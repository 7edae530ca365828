"""The mark up to which a run reads append-only tables: what comes later belongs to the next run."""

from __future__ import annotations

from django.db import connection, models


def highest_of(*tables: type[models.Model]) -> int:
    """The highest id below which no row of the tables can appear any more. Within a transaction.

    Several tables draw their ids from one source, such as sales lines and credits for them. The lock waits for inserts
    under way (they took their ids already) and lets none begin until the id is read. Raises OperationalError where
    inserts take longer than ten seconds.
    """
    names = [connection.ops.quote_name(table._meta.db_table) for table in tables]
    each = ", ".join(f"(SELECT max(id) FROM {name})" for name in names)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SET LOCAL lock_timeout = '10s'; LOCK TABLE {', '.join(names)} IN SHARE MODE;"
            f" SELECT COALESCE(greatest({each}), 0)"
        )
        highest: int = cursor.fetchone()[0]
        cursor.execute("SET LOCAL lock_timeout = DEFAULT")
        return highest
