"""A database of a benchmark's own, gone afterwards."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from tests.support.databases import Databases
from tests.support.services import Services


@contextmanager
def own_database() -> Iterator[None]:
    """The services of tests, a database cloned from their template, and Django set up on it; tenants alpha and beta."""
    services = Services()
    os.environ.update(services.environment())
    databases = Databases(services)
    databases.prepare()
    try:
        import django

        django.setup()
        yield
    finally:
        from django.db import connections

        connections.close_all()
        databases.drop()


def enter(slug: str) -> None:
    """Let the connection be inside a tenant."""
    from django.db import connection
    from django_tenants.utils import get_tenant_model

    connection.set_tenant(get_tenant_model().objects.get(slug=slug))
