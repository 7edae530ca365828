"""SQL that migrations of several apps share."""

from __future__ import annotations

from django.db import migrations

# The trigger function lives in the schema of extensions, which is on everybody's search path.
REFUSE_CHANGE = """
CREATE OR REPLACE FUNCTION extensions.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN
    RAISE EXCEPTION USING
        ERRCODE = 'restrict_violation',
        MESSAGE = format('rows of %s are never changed', TG_TABLE_NAME),
        TABLE = TG_TABLE_NAME,
        SCHEMA = TG_TABLE_SCHEMA;
END
$function$;
"""


def append_only(table: str) -> migrations.RunSQL:
    """An operation after which the database refuses UPDATE, DELETE and TRUNCATE on `table`."""
    return migrations.RunSQL(
        sql=f"""
            CREATE TRIGGER {table}_is_append_only BEFORE UPDATE OR DELETE ON {table}
                FOR EACH ROW EXECUTE FUNCTION extensions.refuse_change();
            CREATE TRIGGER {table}_is_never_emptied BEFORE TRUNCATE ON {table}
                FOR EACH STATEMENT EXECUTE FUNCTION extensions.refuse_change();
        """,
        reverse_sql=f"""
            DROP TRIGGER {table}_is_never_emptied ON {table};
            DROP TRIGGER {table}_is_append_only ON {table};
        """,
    )
