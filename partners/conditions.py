"""What rules may ask about a partner."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import BooleanField, Exists, ExpressionWrapper, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from partners.models import Member, Partner, PartnerChange, PartnerGrant, Tier, TierMembership
from prm.access.roles import Role
from prm.conditions import Field, Relation, registry
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
                  key="email", among=assigned, read=managers_of, offered=can_manage, staff=True),
            Field("has_people", "yes_no", label=_("Somebody can sign in"), expression=has_people, read=people_of,
                  staff=True),
            Field("created_at", "moment", label=_("Date of creation")),
        ],
    )  # fmt: skip


def register_changes() -> None:
    """What rules may ask about a change of a partner that somebody asks for."""
    registry.register_subject(
        "partner_change",
        model="partners.PartnerChange",
        label=_("Partner change"),
        partner="partner",
        verb="partners.view",
        fields=[
            Field("kind", "choice", label=_("What changes"), choices=PartnerChange.Kind.choices),
            *[
                Field(f"changes_{name}", "yes_no", label=label, expression=changes_sql(name), read=changes(name))
                for name, label in CHANGED
            ],
            Field("changes_own_field", "yes_no", label=_("A field of your own changes"),
                  expression=own_field_sql, read=lambda change: "custom" in change.wanted),
            Field("new_status", "choice", label=_("New state"), path="wanted", json="status",
                  choices=Partner.Status.choices),
            Field("new_tier", "choice", label=_("New tier"), path="wanted", json="tier", choices=tier_choices),
            Field("partner", "reference", label=_("Partner"), to="partners.Partner", key="number"),
            Field("asked_by", "reference", label=_("Asked by"), to="accounts.User", key="email", staff=True),
            Field("asked_by_role", "choice", label=_("Role of whoever asks"), path="asked_by__role",
                  choices=Role.choices, staff=True),
            Field("asked_at", "moment", label=_("Asked on")),
        ],
        relations=[Relation("partner", "partner", label=_("Partner"))],
    )  # fmt: skip


CHANGED = (
    ("name", _("Name changes")),
    ("tax_number", _("Tax number changes")),
    ("type", _("Type changes")),
    ("tier", _("Tier changes")),
    ("status", _("State changes")),
    ("manager", _("Channel manager changes")),
    ("parent", _("Parent partner changes")),
    ("region", _("Region changes")),
    ("address", _("Address changes")),
)


def changes(name: str) -> Callable[[Any], bool]:
    return lambda change: name in change.changes


def changes_sql(name: str) -> Callable[[str, str], ExpressionWrapper]:
    return lambda prefix, currency: _has_key(f"{prefix}changes", name)


def own_field_sql(prefix: str, currency: str) -> ExpressionWrapper:
    return _has_key(f"{prefix}wanted", "custom")


def _has_key(column: str, key: str) -> ExpressionWrapper:
    return ExpressionWrapper(Q(**{f"{column}__has_key": key}), output_field=BooleanField())


def tier_choices() -> list[tuple[str, str]]:
    return [(tier.code, str(tier)) for tier in Tier.objects.all()]


def tier_of(partner: Any) -> Any:
    """The tier that the partner has today, or None."""
    if partner.pk is None:
        return None
    rows = TierMembership.objects.for_everyone(because="the row's own tier").filter(partner=partner)
    found = rows.on(clock.today()).select_related("tier").first()
    return found.tier if found else None


def assigned() -> dict[str, Any]:
    return {"partnergrant__user__role": "channel_manager", "partnergrant__user__is_active": True}


def can_manage(users: Any) -> Any:
    return users.filter(role="channel_manager", is_active=True)


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
