"""Reads of partners."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib.auth import get_user_model
from django.db import models
from django.db.models import OuterRef, Subquery

from prm.access.scoping import PartnerOwned


class PartnerQuerySet(PartnerOwned):
    def with_tier(self, on: date) -> PartnerQuerySet:
        """Annotate `tier_code`, `tier_name`, `tier_name_zh`, `tier_rank` as of the day `on` (None without a tier)."""
        from partners.models import TierMembership

        current = TierMembership.objects.for_everyone(because="narrowed to the row's own partner").filter(
            partner=OuterRef("pk"), during__contains=on
        )
        return self.annotate(
            tier_code=Subquery(current.values("tier__code")[:1]),
            tier_name=Subquery(current.values("tier__name")[:1]),
            tier_name_zh=Subquery(current.values("tier__name_zh")[:1]),
            tier_rank=Subquery(current.values("tier__rank")[:1]),
        )

    def active(self) -> PartnerQuerySet:
        return self.filter(status="active")

    def brokering(self) -> PartnerQuerySet:
        """Those whose business it is to bring sales that are invoiced to others."""
        return self.filter(type__in=("agent", "referral"))

    def hold(self, ids: Any) -> list[Any]:
        """The partners `ids`, whose state nobody changes until the transaction ends; others may still refer to them."""
        rows = self.for_everyone(because="the caller has chosen them").filter(pk__in=ids)
        return list(rows.order_by("pk").select_for_update(no_key=True))


class TierMembershipQuerySet(PartnerOwned):
    def on(self, day: date) -> TierMembershipQuerySet:
        """Memberships that hold on `day`."""
        return self.filter(during__contains=day)


class MemberQuerySet(PartnerOwned):
    def on(self, day: date) -> MemberQuerySet:
        """Memberships that hold on `day`."""
        return self.filter(during__contains=day)


class PartnerChangeQuerySet(PartnerOwned):
    def open(self) -> PartnerChangeQuerySet:
        """Changes that are not decided yet: they wait for their approval, or for whoever asked to amend them."""
        rows = self.filter(state__in=["pending", "returned"])
        return rows.select_related("partner", "asked_by").order_by("pk")


def managers_of(partner: Any) -> models.QuerySet[Any]:
    """The channel managers to whom `partner` is assigned, by name."""
    from partners.models import PartnerGrant

    granted = PartnerGrant.objects.filter(content_object=partner).values("user_id")
    return (
        get_user_model()
        .objects.filter(pk__in=granted, role="channel_manager", is_active=True)
        .order_by("name")
    )
