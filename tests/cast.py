"""Fixtures of the small cast that most tests use: ACME, its rival, a manager, a finance clerk, an administrator."""

from __future__ import annotations

import pytest

from tests.factories.partners import PartnerFactory, person_of
from tests.factories.people import UserFactory, actor


class Company:
    """A partner with its people as Actors: `sales`, `admin`; `row` is the Partner."""

    def __init__(self, name: str, tier: str | None = None):
        self.row = PartnerFactory(name=name, tier=tier)
        self.sales_user = person_of(self.row, "partner_sales", name=f"{name} Sales")
        self.admin_user = person_of(self.row, "partner_admin", name=f"{name} Boss")

    @property
    def name(self) -> str:
        return self.row.name

    @property
    def sales(self):
        return actor(self.sales_user)

    @property
    def admin(self):
        return actor(self.admin_user)


@pytest.fixture
def acme(db) -> Company:
    return Company("ACME Networks", tier="gold")


@pytest.fixture
def rival(db) -> Company:
    return Company("Rival Systems", tier="silver")


@pytest.fixture
def manager(db):
    """A channel manager who sees every partner."""
    return actor(UserFactory(manager=True))


@pytest.fixture
def finance(db):
    return actor(UserFactory(finance=True))


@pytest.fixture
def administrator(db):
    return actor(UserFactory(administrator=True))


@pytest.fixture
def browse(db):
    """`browse(actor_or_user)` gives a signed-in client on tenant alpha's site."""
    from django.test import Client

    from prm.accounts.models import User

    def sign_in(who):
        client = Client(HTTP_HOST="alpha.localhost")
        client.force_login(who if isinstance(who, User) else User.objects.get(pk=who.user_id))
        return client

    return sign_in
