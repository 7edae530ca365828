from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models.functions import Coalesce, Lower, Upper
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from prm.access.roles import PARTNER_ROLES, STAFF_ROLES, Role
from prm.values import clock


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **values: Any) -> User:
        """A user with a hashed password; without one the user cannot sign in by password."""
        user = self.model(email=self.normalize_email(email).lower(), **values)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, email: str | None) -> User:
        return self.get(email__iexact=email)


class OwnRole(models.Model):
    """A role of the tenant's own: a built-in role of the staff with other verbs.

    What is not a verb stays the built-in role's: which partners are seen, whom flows and letters mean by a role, whose
    form is shown.
    """

    # What the configuration as text calls it.
    code = models.SlugField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=60)
    name_zh = models.CharField(_("Chinese name"), max_length=60, blank=True)
    base = models.CharField(
        _("built-in role"), max_length=20, choices=[(role.value, role.label) for role in STAFF_ROLES]
    )
    # Names of the verbs chosen, sorted; what everybody may do is not among them.
    verbs = models.JSONField(_("permissions"), default=list)

    class Meta:
        verbose_name = _("role")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                name="own_roles_are_of_the_staff",
                condition=models.Q(base__in=[str(role) for role in STAFF_ROLES]),
            ),
            # A person's foreign key goes to both, so that nobody has a role of another built-in one than their own.
            models.UniqueConstraint(fields=["id", "base"], name="own_role_with_its_base"),
        ]

    def __str__(self) -> str:
        return self.name_zh if self.name_zh and (get_language() or "").startswith("zh") else self.name

    def get_absolute_url(self) -> str:
        return reverse("accounts:own_role", args=[self.code])


class User(AbstractBaseUser, PermissionsMixin):
    """A person who signs in to one tenant: of the tenant's staff or of one partner."""

    email = models.EmailField(_("e-mail"))
    name = models.CharField(_("name"), max_length=120)
    role = models.CharField(_("role"), max_length=20, choices=Role.choices)
    # What the person may do instead of what the role may; a database rule keeps it to the same built-in role.
    own_role: Any = models.ForeignKey(
        OwnRole, models.PROTECT, null=True, blank=True, related_name="people", verbose_name=_("own role")
    )
    # A channel manager with this mark sees every partner, others those assigned to them.
    all_partners = models.BooleanField(_("sees all partners"), default=False)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    title = models.CharField(_("job title"), max_length=120, blank=True)
    # Empty: as the browser says.
    language = models.CharField(_("language"), max_length=10, blank=True, choices=settings.LANGUAGES)
    # In which language pages were last shown, for letters to those who chose none.
    seen_language = models.CharField(max_length=10, blank=True, default="", db_default="")
    # Whom the person reports to; approval flows go up this line.
    manager = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="reports", verbose_name=_("reports to")
    )
    is_active = models.BooleanField(_("active"), default=True)
    date_joined = models.DateTimeField(default=clock.now)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: list[str] = []
    objects = UserManager()

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="one_user_per_email")]
        indexes = [
            GinIndex(OpClass(Upper("name"), name="gin_trgm_ops"), name="user_name_words"),
            GinIndex(OpClass(Upper("email"), name="gin_trgm_ops"), name="user_email_words"),
        ]
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name or self.email

    @property
    def role_name(self) -> str:
        """The role as people call it, in the active language."""
        return str(self.own_role) if self.own_role_id else str(self.get_role_display())

    @property
    def letter_language(self) -> str:
        """In which language to write to the person: as chosen, else as pages were last read; "" where neither is."""
        return self.language or self.seen_language

    @property
    def is_partner_user(self) -> bool:
        return self.role in PARTNER_ROLES

    @property
    def initials(self) -> str:
        words = self.name.split()
        if not words:
            return self.email[:2].upper()
        if len(words) == 1:
            return words[0][:2].upper()
        return (words[0][0] + words[-1][0]).upper()

    def get_absolute_url(self) -> str:
        return reverse("accounts:person", args=[self.pk])

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name.split(" ")[0]


class Invitation(models.Model):
    """A letter that lets one person choose a password and enter with the role given."""

    email = models.EmailField(_("e-mail"))
    name = models.CharField(_("name"), max_length=120)
    role = models.CharField(_("role"), max_length=20, choices=Role.choices)
    own_role: Any = models.ForeignKey(OwnRole, models.PROTECT, null=True, related_name="+")
    # The partners app reads this when the invitation is accepted; accounts knows no partners.
    partner_id = models.BigIntegerField(null=True)
    language = models.CharField(max_length=10, blank=True)
    # Half of the letter's token; the other half is the installation's secret, so a stolen table opens nothing.
    nonce = models.CharField(max_length=40)
    invited_by = models.ForeignKey("User", models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=clock.now)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            # Per company: a partner's administrator must not learn that a rival has invited the same person.
            models.UniqueConstraint(
                Lower("email"),
                Coalesce("partner_id", 0),
                name="one_open_invitation_per_email",
                condition=models.Q(accepted_at__isnull=True, withdrawn_at__isnull=True),
            )
        ]
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.email

    @property
    def role_name(self) -> str:
        return str(self.own_role) if self.own_role_id else str(self.get_role_display())

    @property
    def state(self) -> str:
        if self.accepted_at:
            return "accepted"
        if self.withdrawn_at:
            return "withdrawn"
        return "open" if self.is_open else "expired"

    @property
    def is_open(self) -> bool:
        return self.accepted_at is None and self.withdrawn_at is None and self.expires_at > clock.now()


class KnownDevice(models.Model):
    """A browser from which a person has signed in before: a rival's guesses never lock it out."""

    user = models.ForeignKey("User", models.CASCADE, related_name="known_devices")
    token_hash = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=clock.now)
    last_used_at = models.DateTimeField(default=clock.now)

    def __str__(self) -> str:
        return self.name


class GuessCount(models.Model):
    """How often a wrong password or code came in for an account, from an address, or from a known device."""

    # "account:…", "address:…" or "device:…"; accounts are hashed, so that the table lists nobody.
    key = models.CharField(max_length=100, unique=True)
    failures = models.PositiveIntegerField(default=0)
    last_at = models.DateTimeField(default=clock.now)
    blocked_until = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.key}: {self.failures}"


class SupportAccess(models.Model):
    """An operator's request to act for a user, and the administrator's answer."""

    operator_email = models.CharField(_("operator"), max_length=200)
    user = models.ForeignKey("User", models.CASCADE, related_name="+")
    reason = models.TextField(_("reason"))
    wants_write = models.BooleanField(_("asks for changes"), default=False)
    may_write = models.BooleanField(_("may change"), default=False)
    requested_at = models.DateTimeField(default=clock.now)
    decided_by = models.ForeignKey("User", models.SET_NULL, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    granted = models.BooleanField(null=True)
    started_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    token_hash = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.operator_email} → {self.user}"
