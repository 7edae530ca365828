import django

django.setup()  # this file is read before pytest-django sets up, when it is named on the command line

import pytest  # noqa: E402

from prm.customers.services import create_customer  # noqa: E402
from prm.values.actor import Actor  # noqa: E402
from tests.cast import acme, administrator, finance, manager, rival  # noqa: E402

__all__ = ["acme", "administrator", "finance", "manager", "rival"]


@pytest.fixture
def on_file(db):
    """`on_file("name", tax_number=...)` puts a customer on file."""
    return lambda name, **known: create_customer(name=name, by=Actor.command("tests"), **known)
