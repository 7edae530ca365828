import django

django.setup()  # this file is read before pytest-django sets up, when it is named on the command line

import pytest  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402

from tests.cast import acme, administrator, finance, manager, rival  # noqa: E402
from tests.operator.door import Door  # noqa: E402

__all__ = ["acme", "administrator", "finance", "manager", "rival"]


@pytest.fixture
def door(db) -> Door:
    return Door()


@pytest.fixture
def operator(door) -> Client:
    """A browser in which the operator has signed in; the connection stands on the public site."""
    client = door.enter()
    connection.set_schema_to_public()
    return client
