from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models.functions import Upper
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from guardian.models import UserObjectPermissionBase

from partners.querysets import (
    MemberQuerySet,
    PartnerChangeQuerySet,
    PartnerQuerySet,
    TierMembershipQuerySet,
)
from prm.access.scoping import PartnerOwned
from prm.values import clock


class Tier(models.Model):
    """A level of the partner programme; a higher rank is better."""

    code = models.CharField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=80)
    name_zh = models.CharField(_("Chinese name"), max_length=80, blank=True)
    rank = models.PositiveSmallIntegerField(_("rank"), unique=True)
    # Conditions about a partner (prm.conditions). Without `entry` nobody is proposed for the tier: people give it by
    # hand. Without `renewal` what opens the tier keeps it too.
    entry: Any = models.JSONField(_("entry criteria"), default=dict, blank=True)
    renewal: Any = models.JSONField(_("renewal criteria"), default=dict, blank=True)

    class Meta:
        ordering = ["-rank"]

    def __str__(self) -> str:
        return self.name_zh if self.name_zh and (get_language() or "").startswith("zh") else self.name

    def get_absolute_url(self) -> str:
        return reverse("partners:tier_settings", args=[self.code])

    @property
    def keeps(self) -> Any:
        """The condition under which a partner stays in the tier; {} where there is none."""
        return self.renewal or self.entry


class Partner(models.Model):
    """A company in the tenant's channel. Everything that a partner owns points here."""

    class Type(models.TextChoices):
        DISTRIBUTOR = "distributor", _("Distributor")
        RESELLER = "reseller", _("Reseller")
        INTEGRATOR = "integrator", _("System integrator")
        AGENT = "agent", _("Agent")
        REFERRAL = "referral", _("Referral partner")

    class Status(models.TextChoices):
        PROSPECT = "prospect", _("Prospect")
        APPLIED = "applied", _("Applied")
        SCREENING = "screening", _("Screening")
        ONBOARDING = "onboarding", _("Onboarding")
        ACTIVE = "active", _("Active")
        SUSPENDED = "suspended", _("Suspended")
        EXITING = "exiting", _("Exiting")
        EXITED = "exited", _("Exited")
        REJECTED = "rejected", _("Rejected")

    TRANSITIONS = {
        Status.PROSPECT: (Status.APPLIED, Status.ONBOARDING),
        Status.APPLIED: (Status.SCREENING, Status.REJECTED),
        Status.SCREENING: (Status.ONBOARDING, Status.REJECTED),
        Status.ONBOARDING: (Status.ACTIVE, Status.EXITING),
        Status.ACTIVE: (Status.SUSPENDED, Status.EXITING),
        Status.SUSPENDED: (Status.ACTIVE, Status.EXITING),
        Status.EXITING: (Status.EXITED,),
        Status.EXITED: (),
        Status.REJECTED: (),
    }
    # What these are owed may be paid: who leaves is settled with. All others are on hold.
    PAYABLE = (Status.ACTIVE, Status.EXITING, Status.EXITED)
    PARTNER_PATH = "self"
    # What a service that was to change it asked for instead; of one instance, never stored.
    asked_change: PartnerChange | None = None
    # The same, where the flow said no at once.
    refused_change: PartnerChange | None = None

    number = models.CharField(_("number"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=200)
    type = models.CharField(_("type"), max_length=20, choices=Type.choices, default=Type.RESELLER)
    status = models.CharField(_("state"), max_length=12, choices=Status.choices, default=Status.ACTIVE)
    status_reason = models.TextField(blank=True)
    status_since = models.DateTimeField(default=clock.now)
    parent = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
        verbose_name=_("parent partner"),
    )
    region = models.CharField(_("region"), max_length=80, blank=True)
    tax_number = models.CharField(_("tax number"), max_length=30, blank=True)
    website = models.CharField(_("website"), max_length=200, blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    address = models.CharField(_("address"), max_length=300, blank=True)
    note = models.TextField(_("internal note"), blank=True)
    created_at = models.DateTimeField(default=clock.now)
    # What the tenant's own fields hold; prm.customfields writes it.
    custom = models.JSONField(default=dict, db_default=models.Value({}, models.JSONField()), blank=True)

    objects = PartnerQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        permissions = [("access_partner", "Can see what belongs to the partner")]
        constraints = [
            models.UniqueConstraint(
                fields=["tax_number"],
                name="one_partner_per_tax_number",
                condition=~models.Q(tax_number=""),
                violation_error_message=_("A partner with this tax number exists already."),
            ),
            models.CheckConstraint(
                name="partner_is_not_its_own_parent", condition=~models.Q(parent=models.F("id"))
            ),
        ]
        indexes = [
            models.Index(fields=["name", "id"], name="partner_by_name"),
            models.Index(fields=["status", "name"], name="partner_by_status"),
            GinIndex(OpClass(Upper("name"), name="gin_trgm_ops"), name="partner_name_words"),
            GinIndex(fields=["custom"], name="partner_by_custom"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("partners:detail", args=[self.pk])

    def may_become(self, status: str) -> bool:
        return status in self.TRANSITIONS[self.Status(self.status)]

    @property
    def is_on_hold(self) -> bool:
        """Settled with the others, but not paid for now."""
        return self.status not in self.PAYABLE


class PartnerGrant(UserObjectPermissionBase):
    """A person may see what belongs to a partner (django-guardian's row, with a real foreign key)."""

    content_object = models.ForeignKey(Partner, models.CASCADE)


class TierMembership(models.Model):
    """The partner's tier in the programme, from–to. History is kept."""

    PARTNER_PATH = "partner"

    partner = models.ForeignKey(Partner, models.CASCADE, related_name="tier_memberships")
    tier = models.ForeignKey(Tier, models.PROTECT, related_name="memberships")
    during = DateRangeField()  # [first day, day after the last)
    reason = models.TextField(blank=True)
    set_by = models.CharField(max_length=200)
    created_at = models.DateTimeField(default=clock.now)

    objects = TierMembershipQuerySet.as_manager()

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="one_tier_at_a_time",
                expressions=[("partner", RangeOperators.EQUAL), ("during", RangeOperators.OVERLAPS)],
                violation_error_message=_("The partner already has a tier in that time."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.partner}: {self.tier}"

    @property
    def last_day(self) -> date | None:
        """The last day of the tier, None while no end is known; `during` ends on the day after."""
        return self.during.upper - timedelta(days=1) if self.during.upper else None

    @property
    def is_to_come(self) -> bool:
        return self.during.lower > clock.today()


class Member(models.Model):
    """A user belongs to one partner at a time, from–to."""

    PARTNER_PATH = "partner"

    partner = models.ForeignKey(Partner, models.CASCADE, related_name="members")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships")
    during = DateRangeField()

    objects = MemberQuerySet.as_manager()

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="one_partner_at_a_time",
                expressions=[("user", RangeOperators.EQUAL), ("during", RangeOperators.OVERLAPS)],
            )
        ]

    def __str__(self) -> str:
        return f"{self.user} at {self.partner}"

    def has_ended(self, today: date) -> bool:
        return self.during.isempty or (self.during.upper is not None and self.during.upper <= today)


class PartnerChange(models.Model):
    """A change of a partner that somebody asked for and others decide about. Nothing of it holds before that.

    `wanted` is what the services write, with what they found before; `changes` is the same as the audit trail tells
    it: {field: [old, new]}.
    """

    class Kind(models.TextChoices):
        FACTS = "facts", _("Company data")
        STATUS = "status", _("State")
        TIER = "tier", _("Tier")
        MANAGER = "manager", _("Channel manager")

    class State(models.TextChoices):
        PENDING = "pending", _("Waiting for approval")
        RETURNED = "returned", _("Sent back for changes")
        APPLIED = "applied", _("Written")
        REJECTED = "rejected", _("Rejected")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    TRANSITIONS = {
        State.PENDING: (State.APPLIED, State.REJECTED, State.RETURNED, State.WITHDRAWN),
        State.RETURNED: (State.PENDING, State.WITHDRAWN),
        State.APPLIED: (),
        State.REJECTED: (),
        State.WITHDRAWN: (),
    }
    PARTNER_PATH = "partner"

    partner = models.ForeignKey(Partner, models.CASCADE, related_name="pending_changes")
    kind = models.CharField(_("what changes"), max_length=10, choices=Kind.choices)
    wanted = models.JSONField()
    changes = models.JSONField()
    reason = models.TextField(_("reason"), blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.PENDING)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    asked_by_label = models.CharField(max_length=200)
    asked_at = models.DateTimeField(default=clock.now)
    # What has to be changed before it is decided, while it is sent back.
    returned_text = models.TextField(blank=True, default="", db_default="")
    returned_by_label = models.CharField(max_length=200, blank=True, default="", db_default="")
    returned_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    objects = PartnerChangeQuerySet.as_manager()

    class Meta:
        verbose_name = _("partner change")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["partner", "kind"],
                condition=models.Q(state__in=["pending", "returned"]),
                name="one_open_change_of_a_kind",
                violation_error_message=_("Such a change of this partner waits for approval already."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.partner}: {self.get_kind_display()}"

    def get_absolute_url(self) -> str:
        return self.partner.get_absolute_url()

    @property
    def object_type(self) -> str:
        """Whose fields `changes` names, for the words of the audit trail."""
        return "partners.partner"


class Contact(models.Model):
    """A person at the partner whom one calls; need not be a user."""

    PARTNER_PATH = "partner"

    partner = models.ForeignKey(Partner, models.CASCADE, related_name="contacts")
    name = models.CharField(_("name"), max_length=120)
    title = models.CharField(_("job title"), max_length=120, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    is_primary = models.BooleanField(_("main contact"), default=False)

    objects = PartnerOwned.as_manager()

    class Meta:
        ordering = ["-is_primary", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["partner"], name="one_main_contact", condition=models.Q(is_primary=True)
            )
        ]
        indexes = [
            GinIndex(OpClass(Upper("name"), name="gin_trgm_ops"), name="contact_name_words"),
            GinIndex(OpClass(Upper("email"), name="gin_trgm_ops"), name="contact_email_words"),
        ]

    def __str__(self) -> str:
        return self.name


def open_ended(first_day: date) -> tuple[date, None]:
    """A range that begins on `first_day` and has no end yet."""
    return (first_day, None)
