"""Fills the database that DATABASE_URL names: shared tables, the template schema, tenants `alpha` and `beta`."""

from __future__ import annotations

import django
from django.core.management import call_command

TENANTS = (("alpha", "Alpha Networks", "en"), ("beta", "Beta Systems", "zh-hans"))


def main() -> None:
    """Run in a process of its own, so that nothing of it stays in a test process."""
    django.setup()
    from prm.values.actor import Actor

    call_command("migrate_schemas", shared=True, verbosity=0)
    try:
        from prm.tenancy import provisioning
    except ImportError:
        _by_migrations()
        return
    for slug, name, language in TENANTS:
        provisioning.create_tenant(
            slug=slug, name=name, language=language, currency="CNY", by=Actor.command("tests")
        )


def _by_migrations() -> None:
    from prm.tenancy.models import Domain, Tenant

    for slug, name, language in TENANTS:
        tenant = Tenant.objects.create(schema_name=slug, slug=slug, name=name, language=language)
        tenant.create_schema(check_if_exists=True, verbosity=0)
        Domain.objects.create(domain=f"{slug}.localhost", tenant=tenant)


if __name__ == "__main__":
    main()
