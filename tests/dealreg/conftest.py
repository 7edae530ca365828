import django

django.setup()  # this file is read before pytest-django sets up, when it is named on the command line

import pytest  # noqa: E402
from django.test import Client  # noqa: E402

from tests.cast import acme, administrator, finance, manager, rival  # noqa: E402

__all__ = ["acme", "administrator", "finance", "manager", "rival"]


@pytest.fixture
def browse(db):
    """`browse(actor_or_user)` gives a signed-in client on the tenant's site."""
    from prm.accounts.models import User

    def sign_in(who):
        client = Client(HTTP_HOST="alpha.localhost")
        client.force_login(who if isinstance(who, User) else User.objects.get(pk=who.user_id))
        return client

    return sign_in
