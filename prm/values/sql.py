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

# Arguments: what to say, the column that tells whether the row is decided, its value before ('' for NULL), and the
# columns that never change at all.
KEEP_DECIDED = """
CREATE OR REPLACE FUNCTION extensions.keep_decided() RETURNS trigger LANGUAGE plpgsql AS $function$
DECLARE
    was jsonb := to_jsonb(OLD);
    name text;
    is_kept boolean := TG_OP = 'UPDATE' AND COALESCE(was ->> TG_ARGV[1], '') = TG_ARGV[2];
BEGIN
    IF is_kept THEN
        FOREACH name IN ARRAY TG_ARGV[3:] LOOP
            is_kept := is_kept AND to_jsonb(NEW) -> name IS NOT DISTINCT FROM was -> name;
        END LOOP;
    END IF;
    IF NOT is_kept THEN
        RAISE EXCEPTION USING ERRCODE = 'restrict_violation', MESSAGE = TG_ARGV[0];
    END IF;
    RETURN NEW;
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


def decided_once(
    table: str, message: str, *, column: str, before: str = "", kept: tuple[str, ...]
) -> migrations.RunSQL:
    """An operation after which a row of `table` can be decided once: while `column` is `before` (NULL without), all but
    `kept` may be written; afterwards nothing. Anything else is refused with `message`, as are DELETE and TRUNCATE.
    """
    arguments = ", ".join(f"'{one}'" for one in (message, column, before, *kept))
    return migrations.RunSQL(
        sql=f"""
            CREATE TRIGGER {table}_keeps BEFORE UPDATE OR DELETE ON {table}
                FOR EACH ROW EXECUTE FUNCTION extensions.keep_decided({arguments});
            CREATE TRIGGER {table}_is_never_emptied BEFORE TRUNCATE ON {table}
                FOR EACH STATEMENT EXECUTE FUNCTION extensions.refuse_change();
        """,
        reverse_sql=f"""
            DROP TRIGGER {table}_is_never_emptied ON {table};
            DROP TRIGGER {table}_keeps ON {table};
        """,
    )
