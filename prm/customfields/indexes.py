"""Indexes of single fields, so that long lists are sorted, narrowed and searched by what the tenant added.

The GIN index of the whole column answers "holds this value". It has no order and knows no parts of words, and no other
generic index of a JSON column does: so a field that stands in lists has two indexes by its value, one for each
direction, since rows without a value come last in both; and a text that is searched has one by its trigrams. Fields
that are neither cost nothing. A choice is ordered by the places of its options, so that the name of its index says of
which options: other ones want another index. docs/how-to/own-fields-and-forms.md says what was measured.

Guarantee: `bring_up_to_date` may run at any time, twice and concurrently with all work; it blocks nobody's writing and
leaves exactly the wanted indexes, whatever a killed run left behind.
"""

from __future__ import annotations

from hashlib import sha256

from django.db import connection

from prm.customfields import kinds, targets
from prm.customfields.columns import DIGITS, PLACES, codes_of, indexed
from prm.customfields.models import CustomField
from prm.customfields.showing import SEARCHED
from prm.jobs.services import start_job
from prm.values.actor import Actor

JOB = "customfields.index"


def index_soon(target: str) -> None:
    """After this change is committed, a job builds and drops what the fields of the target need."""
    start_job(kind=JOB, key=target, params={"target": target}, by=Actor.job("own fields"))


def wanted(target: str) -> dict[str, str]:
    """The indexes of a target's fields: name, and what stands after CREATE INDEX … ON table."""
    found = {}
    for field in CustomField.objects.of(target):
        if field.in_list and indexed(field):
            value, name = in_sql(field), name_of(field)
            found[f"{name}_up"] = f"({value} ASC NULLS LAST, id ASC)"
            found[f"{name}_down"] = f"({value} DESC NULLS LAST, id DESC)"
        if field.searchable and field.kind in SEARCHED:
            found[f"own_{field.pk}_words"] = f"USING gin (upper{in_sql(field)} gin_trgm_ops)"
    return found


def name_of(field: CustomField) -> str:
    """What the names of a field's indexes begin with."""
    if field.kind != CustomField.Kind.CHOICE:
        return f"own_{field.pk}"
    return f"own_{field.pk}_{sha256(repr(codes_of(field)).encode()).hexdigest()[:8]}"


def in_sql(field: CustomField) -> str:
    """The value as columns.py asks for it. Codes are plain: letters, digits and _."""
    if field.kind == CustomField.Kind.FILE:
        return f"((custom -> '{field.code}') ->> 'name')"
    text = f"(custom ->> '{field.code}')"
    if field.kind == CustomField.Kind.CHOICE:
        codes = connection.ops.compose_sql("%s::text[]", [codes_of(field)])
        return f"(array_position({codes}, {text}))"
    if field.kind == CustomField.Kind.YES_NO:
        return f"({text}::boolean)"
    return f"({text}::numeric({DIGITS}, {PLACES}))" if kinds.is_number(field) else text


def bring_up_to_date(target: str) -> list[str]:
    """Drop the indexes that are not wanted or not whole, build those that are missing. Returns what was done."""
    table = connection.ops.quote_name(targets.find(target).model._meta.db_table)
    need, there, done = wanted(target), _present(target), []
    # Within a transaction, as in tests, it has to be the kind that blocks.
    how = "" if connection.in_atomic_block else "CONCURRENTLY"
    with connection.cursor() as cursor:
        for name, is_whole in there.items():
            if name not in need or not is_whole:
                cursor.execute(f"DROP INDEX {how} IF EXISTS {connection.ops.quote_name(name)}")
                done.append(f"-{name}")
        for name, what in need.items():
            if not there.get(name):
                cursor.execute(f"CREATE INDEX {how} IF NOT EXISTS {name} ON {table} {what}")
                done.append(f"+{name}")
        if done:
            cursor.execute(f"ANALYZE {table}")
    return done


def _present(target: str) -> dict[str, bool]:
    """The indexes of this kind on the target's table, and whether each is whole."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT i.relname, x.indisvalid FROM pg_index x
               JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
               WHERE t.oid = to_regclass(%s) AND i.relname ~ '^own_[0-9]+(_[0-9a-f]{8})?_(up|down|words)$'""",
            [targets.find(target).model._meta.db_table],
        )
        return dict(cursor.fetchall())
