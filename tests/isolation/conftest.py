"""One world for all tests of a file, and pages that count what waits as the product does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from django_tenants.utils import schema_context, tenant_context

from prm.tenancy.models import Tenant
from prm.values import pulse
from tests.factories.people import UserFactory
from tests.isolation import world


@pytest.fixture(scope="module")
def built(django_db_setup: None, django_db_blocker: Any) -> Iterator[world.World]:
    """The world, made once for a file: every test begins with it, and what a test changes is rolled back to it."""
    with django_db_blocker.unblock():
        outer = transaction.atomic()
        outer.__enter__()
        try:
            with schema_context("public"):
                alpha = Tenant.objects.get(slug="alpha")
            with tenant_context(alpha):
                made = world.build()
                made.people["finance"] = UserFactory(finance=True)
                made.people["administrator"] = UserFactory(administrator=True)
        except BaseException:
            transaction.set_rollback(True)
            outer.__exit__(None, None, None)
            raise
    yield made
    with django_db_blocker.unblock():
        transaction.set_rollback(True)
        outer.__exit__(None, None, None)


@pytest.fixture
def made(built: world.World, db: None) -> world.World:
    return built


@pytest.fixture(autouse=True)
def _counts_are_kept(_inside_alpha: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The number that the menu shows on each of the thousands of pages is some seconds old, as in the product."""
    monkeypatch.setattr(pulse, "KEPT_SECONDS", 10)
