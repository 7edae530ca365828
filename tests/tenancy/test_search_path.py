"""The schema is said to the database once, and again whenever the database may have forgotten it."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django_tenants.utils import get_tenant_model, schema_context

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def tenants():
    rows = get_tenant_model().objects
    alpha, beta = rows.get(slug="alpha"), rows.get(slug="beta")
    yield alpha, beta
    connection.set_tenant(alpha)


def schema() -> str:
    """Where the database looks for tables now."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema()")
        return str(cursor.fetchone()[0])


class Stop(Exception):
    pass


def test_it_is_not_said_before_each_query(tenants):
    connection.set_tenant(tenants[0])
    with CaptureQueriesContext(connection) as ran:
        for _ in range(5):
            schema()
    assert sum(one["sql"].startswith("SET search_path") for one in ran.captured_queries) == 1


def test_each_change_of_tenant_is_said(tenants):
    alpha, beta = tenants
    for tenant in (alpha, beta, alpha):
        connection.set_tenant(tenant)
        assert schema() == tenant.schema_name
    with schema_context(beta.schema_name):
        assert schema() == beta.schema_name
    assert schema() == alpha.schema_name


def test_a_rollback_does_not_leave_another_tenants_schema(tenants):
    alpha, beta = tenants
    connection.set_tenant(beta)
    assert schema() == beta.schema_name
    connection.set_tenant(alpha)
    with pytest.raises(Stop), transaction.atomic():  # the first query of the tenant is inside
        assert schema() == alpha.schema_name
        raise Stop
    assert schema() == alpha.schema_name


def test_nor_does_a_savepoint_that_is_rolled_back(tenants):
    alpha, beta = tenants
    connection.set_tenant(beta)
    assert schema() == beta.schema_name
    with transaction.atomic():
        with pytest.raises(Stop), transaction.atomic():
            connection.set_tenant(alpha)
            assert schema() == alpha.schema_name
            raise Stop
        assert schema() == alpha.schema_name
    assert schema() == alpha.schema_name


def test_nor_does_a_query_that_failed_or_a_nested_block_without_savepoint(tenants):
    alpha, beta = tenants
    connection.set_tenant(beta)
    assert schema() == beta.schema_name
    connection.set_tenant(alpha)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT 1 / 0")
    assert schema() == alpha.schema_name
    connection.set_tenant(beta)
    with pytest.raises(Stop), transaction.atomic(), transaction.atomic(savepoint=False):
        assert schema() == beta.schema_name
        raise Stop
    assert schema() == beta.schema_name


def test_nor_does_a_new_connection(tenants):
    alpha, _beta = tenants
    connection.set_tenant(alpha)
    assert schema() == alpha.schema_name
    connection.close()
    assert schema() == alpha.schema_name
