"""What every other test relies on: the tenant it runs in, and a database that forgets."""

from __future__ import annotations

import pytest
from django.db import connection


@pytest.mark.django_db
def test_a_test_runs_inside_alpha(tenant):
    assert tenant.slug == "alpha"
    assert connection.schema_name == tenant.schema_name
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema()")
        assert cursor.fetchone() == (tenant.schema_name,)


def _operators():
    from prm.tenancy.models import Operator

    return Operator.objects


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("time", [1, 2])
def test_what_one_test_commits_the_next_does_not_see(time):
    assert not _operators().exists()
    _operators().create(email="o@example.com", name="O")


@pytest.mark.django_db
def test_other_tenant_is_another_schema(tenant, other_tenant):
    assert tenant.schema_name != other_tenant.schema_name


def test_a_fresh_tenant_commits_and_is_gone_afterwards(fresh_tenant):
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema()")
        assert cursor.fetchone() == (fresh_tenant.schema_name,)


def test_the_running_product_answers(live_stack):
    assert live_stack.status("/healthz") == 200
    assert live_stack.status("/readyz", host="no-such-tenant.localhost") == 200


def test_a_killed_worker_is_missed_and_its_successor_is_seen(own_stack):
    stack = own_stack()
    stack.start_web()
    stack.start_worker()
    stack.wait_ready()
    stack.kill("worker")
    import time

    deadline = time.monotonic() + 15
    while stack.status("/readyz") == 200:
        assert time.monotonic() < deadline, "a dead worker counts as alive"
        time.sleep(0.2)
    stack.start_worker("second")
    stack.wait_ready()
