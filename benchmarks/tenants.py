"""A new tenant by clone against by migration, starter kit included.

    .venv/bin/python benchmarks/tenants.py [--rounds 5]

Makes tenants in a database of its own, named by DATABASE_URL or in the embedded server, and drops them again.
Prints the seconds of each way, starter kit included, and their ratio.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
AIM_SECONDS = 1.0


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    borrowed = borrow()
    import django

    django.setup()
    from django.db import connection

    from prm.tenancy.deploy import migrate_all

    migrate_all(lambda text: print(f"  {text}", file=sys.stderr))
    tables, indexes = counts(connection)
    print(f"the template has {tables} tables and {indexes} indexes")
    clones = [timed(f"bench-clone-{number}", by_migration=False) for number in range(rounds)]
    migrations = [timed("bench-migration", by_migration=True)]
    clone, migration = statistics.median(clones), statistics.median(migrations)
    print(
        f"by clone      {clone:6.2f} s  (median of {rounds}; slowest {max(clones):.2f} s), starter kit included"
    )
    print(f"by migration  {migration:6.2f} s")
    print(f"ratio         {migration / clone:6.1f} times as fast; aim: at most {AIM_SECONDS:.0f} s")
    del borrowed
    return 0 if clone <= AIM_SECONDS else 1


def borrow() -> object:
    """Services for the time of the run, unless the environment names some."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prm.config.settings")
    os.environ.setdefault("PRM_DEMO", "1")
    from prm.localservices import embedded, keep
    from prm.localservices.datadir import DataDir

    if not embedded.is_needed():
        return None
    borrowed = keep.borrow(DataDir.from_environment())
    for name, value in borrowed.env.items():
        os.environ.setdefault(name, value)
    return borrowed


def timed(slug: str, *, by_migration: bool) -> float:
    """Seconds from the call until the tenant stands; it is dropped afterwards."""
    from django.db import connection

    from prm.tenancy import provisioning
    from prm.tenancy.models import SchemaState, Tenant
    from prm.values.actor import Actor

    original = provisioning.template_sql
    if by_migration:
        provisioning.template_sql = lambda: ""
    began = time.perf_counter()
    try:
        tenant = provisioning.create_tenant(slug=slug, name=slug, by=Actor.command("benchmark"))
        seconds = time.perf_counter() - began
    finally:
        provisioning.template_sql = original
    with connection.cursor() as cursor:
        cursor.execute(f"DROP SCHEMA {connection.ops.quote_name(tenant.schema_name)} CASCADE")
    SchemaState.objects.filter(schema_name=tenant.schema_name).delete()
    Tenant.objects.filter(pk=tenant.pk).delete()
    return seconds


def counts(connection: object) -> tuple[int, int]:
    """Tables and indexes of the template."""
    with connection.cursor() as cursor:  # type: ignore[attr-defined]
        cursor.execute(
            "SELECT count(*) FILTER (WHERE relkind = 'r'), count(*) FILTER (WHERE relkind = 'i') FROM pg_class"
            " WHERE relnamespace = 'prm_template'::regnamespace"
        )
        return cursor.fetchone()


if __name__ == "__main__":
    sys.exit(main())
