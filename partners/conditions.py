"""What rules may ask about a partner."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy as _

from partners.models import Member, Partner, PartnerGrant, TierMembership
from prm.conditions import Field, registry
from prm.values import clock


def register() -> None:
    registry.register_subject(
        "partner",
        model="partners.Partner",
        label=_("Partner"),
        partner="pk",
        verb="partners.view",
        fields=[
            Field("name", "text", label=_("Name")),
            Field("number", "text", label=_("Number")),
            Field("type", "choice", label=_("Type"), choices=Partner.Type.choices),
            Field("status", "choice", label=_("State"), choices=Partner.Status.choices),
            Field("status_since", "moment", label=_("State since")),
            Field("tier", "reference", label=_("Tier"), path="tier_memberships__tier", to="partners.Tier", key="code",
                  among=lambda: {"tier_memberships__during__contains": clock.today()}, read=tier_of),
            Field("region", "text", label=_("Region")),
            Field("tax_number", "text", label=_("Tax number")),
            Field("website", "text", label=_("Website")),
            Field("parent", "reference", label=_("Parent partner"), to="partners.Partner", key="number", staff=True),
            Field("manager", "many", label=_("Channel manager"), path="partnergrant__user", to="accounts.User",
                  key="email", among=assigned, read=managers_of, staff=True),
            Field("has_people", "yes_no", label=_("Somebody can sign in"), expression=has_people, read=people_of,
                  staff=True),
            Field("created_at", "moment", label=_("Date of creation")),
        ],
    )  # fmt: skip


def tier_of(partner: Any) -> Any:
    """The tier that the partner has today, or None."""
    if partner.pk is None:
        return None
    rows = TierMembership.objects.for_everyone(because="the row's own tier").filter(partner=partner)
    found = rows.on(clock.today()).select_related("tier").first()
    return found.tier if found else None


def assigned() -> dict[str, Any]:
    return {"partnergrant__user__role": "channel_manager", "partnergrant__user__is_active": True}


def managers_of(partner: Any) -> list[Any]:
    """The channel managers to whom the partner is assigned."""
    if partner.pk is None:
        return []
    rows = PartnerGrant.objects.filter(
        content_object=partner, user__role="channel_manager", user__is_active=True
    )
    return [grant.user for grant in rows.select_related("user")]


def has_people(prefix: str, currency: str) -> Exists:
    members = Member.objects.for_everyone(because="narrowed to the row's own people").on(clock.today())
    return Exists(members.filter(partner=OuterRef(f"{prefix}pk"), user__is_active=True))


def people_of(partner: Any) -> bool:
    members = Member.objects.for_everyone(because="the row's own people").on(clock.today())
    return partner.pk is not None and members.filter(partner=partner, user__is_active=True).exists()
