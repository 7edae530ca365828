from __future__ import annotations

from datetime import date

import factory
from django.contrib.auth.models import Permission
from factory.django import DjangoModelFactory

from partners.models import Member, Partner, PartnerGrant, Tier, TierMembership
from tests.factories.people import UserFactory


class TierFactory(DjangoModelFactory):
    class Meta:
        model = Tier
        django_get_or_create = ("code",)

    code = "gold"
    name = factory.LazyAttribute(lambda tier: tier.code.title())
    rank = factory.Sequence(lambda n: n + 100)


class PartnerFactory(DjangoModelFactory):
    """An active reseller; `tier="gold"` makes it a member of that tier since 2020."""

    class Meta:
        model = Partner
        skip_postgeneration_save = True

    number = factory.Sequence(lambda n: f"P-{n + 9000:04d}")
    name = factory.Sequence(lambda n: f"Partner {n}")

    @factory.post_generation
    def tier(self, create, code, **kwargs):
        if code:
            TierMembership.objects.create(
                partner=self, tier=TierFactory(code=code), during=(date(2020, 1, 1), None), set_by="test"
            )


def person_of(partner: Partner, role: str = "partner_sales", **values) -> object:
    """A user who belongs to `partner` and may see what is its own."""
    user = UserFactory(role=role, **values)
    Member.objects.create(partner=partner, user=user, during=(date(2020, 1, 1), None))
    # What guardian's assign_perm leaves, for two queries instead of nine: most tests begin with four people.
    permissions = Permission.objects.select_related("content_type")
    access = permissions.get(codename="access_partner", content_type__app_label="partners")
    PartnerGrant.objects.create(user=user, content_object=partner, permission=access)
    return user
