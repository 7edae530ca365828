"""What every other test relies on: the tenant it runs in, and a database that forgets."""

from __future__ import annotations

import pytest
from django.db import connection


@pytest.mark.django_db
def test_a_test_runs_inside_alpha(tenant):
    assert connection.schema_name == tenant.schema_name == "alpha"
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema()")
        assert cursor.fetchone() == ("alpha",)


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
