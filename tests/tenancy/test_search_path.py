"""The search path is set once for a tenant; what a rollback takes back is set again."""

import pytest
from django.db import connection, transaction

from partners.models import Partner
from tests.factories.partners import PartnerFactory

pytestmark = pytest.mark.django_db(transaction=True)


def schema_of_the_next_statement() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema()")
        return cursor.fetchone()[0]


def count_partners() -> int:
    return Partner.objects.for_everyone(because="a test counts them").count()


def test_the_path_is_set_once_for_many_statements(tenant, django_assert_num_queries):
    connection.set_tenant(tenant)
    count_partners()
    with django_assert_num_queries(2):
        count_partners()
        count_partners()


@pytest.mark.parametrize("nested", [False, True])
def test_a_rollback_that_takes_the_path_back_leaves_the_tenant(tenant, nested):
    connection.close()
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        if nested:
            with pytest.raises(ZeroDivisionError), transaction.atomic():
                assert schema_of_the_next_statement() == tenant.schema_name
                raise ZeroDivisionError
            assert schema_of_the_next_statement() == tenant.schema_name
        PartnerFactory()  # the first statement of a new connection sets the path, inside this transaction
        raise ZeroDivisionError
    assert schema_of_the_next_statement() == tenant.schema_name
    assert count_partners() == 0


def test_another_tenant_is_reached_at_once(tenant):
    count_partners()
    connection.set_schema_to_public()
    assert schema_of_the_next_statement() == "public"
    connection.set_tenant(tenant)
    assert schema_of_the_next_statement() == tenant.schema_name
