import django

django.setup()  # this file is read before pytest-django sets up, when it is named on the command line

from contextlib import contextmanager  # noqa: E402
from decimal import Decimal  # noqa: E402

import pytest  # noqa: E402
from django.db import connection  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402

from orders.models import Order  # noqa: E402
from tests.cast import acme, administrator, finance, manager, rival  # noqa: E402
from tests.factories.catalogue import ProductFactory  # noqa: E402

__all__ = ["acme", "administrator", "finance", "manager", "rival"]


@pytest.fixture
def router(db):
    """A router at 120.00 with 13 % tax."""
    return ProductFactory(code="RT-100", name="Router", list_price=Decimal("120"), tax_rate=Decimal("0.13"))


@pytest.fixture
def cable(db):
    """A cable at 0.335, so that rounding shows."""
    return ProductFactory(code="CB-1", name="Cable", list_price=Decimal("0.335"), tax_rate=Decimal("0.13"))


def again(order: Order) -> Order:
    """The order as it now is in the database."""
    return Order.objects.for_everyone(because="a test").get(pk=order.pk)


@contextmanager
def queries():
    """Within: every query; call what it gives to have them, without those that only name the tenant's schema."""
    with CaptureQueriesContext(connection) as captured:
        yield lambda: [
            q["sql"] for q in captured.captured_queries if not q["sql"].startswith("SET search_path")
        ]
