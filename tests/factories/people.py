"""The cast: who works at the vendor and at its partners."""

from __future__ import annotations

import factory
from factory.django import DjangoModelFactory

from prm.access.scope import actor_for
from prm.accounts.models import User


class UserFactory(DjangoModelFactory):
    """A person; traits are roles. `actor(user)` gives the Actor for services."""

    class Meta:
        model = User

    name = factory.Sequence(lambda n: f"Person {n}")
    email = factory.Sequence(lambda n: f"person{n}@example.com")
    role = "channel_manager"
    password = "!"

    class Params:
        administrator = factory.Trait(role="administrator", name="Ada Admin")
        manager = factory.Trait(role="channel_manager", name="Lin Yue", all_partners=True)
        finance = factory.Trait(role="finance", name="He Min")


def actor(user: User):
    """The Actor that a signed-in `user` is now (reads grants anew)."""
    return actor_for(user, tenant="test")
