from __future__ import annotations

from collections import defaultdict

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from django_tenants.models import DomainMixin, TenantMixin

from prm.values import clock


class Tenant(TenantMixin):
    """A vendor that runs its partner channel here: a schema, an address and a look of its own."""

    class State(models.TextChoices):
        ACTIVE = "active", _("Active")
        SUSPENDED = "suspended", _("Suspended")
        # Being filled with demo data; a filling that was killed is thrown away and begun again.
        FILLING = "filling", _("Being set up")

    slug = models.CharField(
        _("address"),
        max_length=40,
        unique=True,
        validators=[
            RegexValidator(r"^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$", _("Use a-z, 0-9 and hyphens only."))
        ],
    )
    name = models.CharField(_("name"), max_length=120)
    language = models.CharField(_("language"), max_length=10, default="en")
    currency = models.CharField(_("currency"), max_length=3, default="CNY")
    time_zone = models.CharField(_("time zone"), max_length=40, default="Asia/Shanghai")
    accent = models.CharField(_("colour"), max_length=7, default="#3150c8")
    logo = models.CharField(max_length=200, blank=True)
    contact_email = models.EmailField(_("contact"), blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.ACTIVE)
    suspended_at = models.DateTimeField(null=True)
    suspended_reason = models.TextField(blank=True)
    created_at = models.DateTimeField(default=clock.now)
    # Modules that are off: {code: ISO moment since when}. Asked by prm.modules on every page, without a query.
    modules_off = models.JSONField(default=dict)
    brand_version = models.PositiveIntegerField(default=1)
    brand_changed_by = models.CharField(max_length=200, blank=True)
    brand_changed_at = models.DateTimeField(null=True)

    # Schemas are made by cloning the template, and dropped only after an export.
    auto_create_schema = False
    auto_drop_schema = False

    class Meta:
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.name

    @property
    def is_suspended(self) -> bool:
        return self.state == self.State.SUSPENDED

    @property
    def logo_address(self) -> str:
        """Where the tenant's own pages serve the logo; empty without one. It changes when the brand does."""
        return f"/brand/logo?v={self.brand_version}" if self.logo else ""

    @property
    def language_name(self) -> str:
        return str(dict(settings.LANGUAGES).get(self.language, self.language))

    @property
    def host(self) -> str:
        return f"{self.slug}.{settings.PUBLIC_HOST}"

    @property
    def address(self) -> str:
        """The address that people type, with the port where it is not the usual one."""
        usual = {"http": 80, "https": 443}[settings.INTERNAL_SCHEME]
        shows_port = settings.INTERNAL_SCHEME == "http" and usual != settings.PORT
        return f"{settings.INTERNAL_SCHEME}://{self.host}{f':{settings.PORT}' if shows_port else ''}/"


class Domain(DomainMixin):
    """A host name that leads to a tenant."""

    def __str__(self) -> str:
        return self.domain


class Operator(models.Model):
    """A person who runs the installation. Lives in the public schema, apart from every tenant's users."""

    email = models.EmailField(_("e-mail"), unique=True)
    name = models.CharField(_("name"), max_length=120)
    password = models.CharField(max_length=200)
    totp_secret = models.CharField(max_length=200, blank=True)
    # Hashes; a used code is taken out.
    recovery_codes = models.JSONField(default=list)
    # A code is good once: the time step of the last one that was taken.
    totp_last_step = models.BigIntegerField(default=0)
    is_active = models.BooleanField(default=True)
    last_sign_in_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=clock.now)

    def __str__(self) -> str:
        return self.name

    def set_password(self, password: str) -> None:
        self.password = make_password(password)

    def has_password(self, password: str) -> bool:
        return check_password(password, self.password)


class OperatorGuess(models.Model):
    """Tries at an operator's sign-in that failed, by account and by address."""

    key = models.CharField(max_length=120, unique=True)
    failures = models.PositiveIntegerField(default=0)
    last_at = models.DateTimeField(default=clock.now)
    blocked_until = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.key


class OperatorLogEntry(models.Model):
    """What operators did; append-only."""

    at = models.DateTimeField(default=clock.now)
    operator_email = models.CharField(_("who"), max_length=200)
    verb = models.CharField(_("what"), max_length=60)
    tenant_slug = models.CharField(_("tenant"), max_length=40, blank=True)
    details = models.JSONField(default=dict)
    address = models.CharField(max_length=45, blank=True)

    class Meta:
        ordering = ["-id"]

    # What a verb is called on the page; details fill the names in.
    SENTENCES = {
        "created": _("Tenant created"),
        "suspended": _("Suspended: %(reason)s"),
        "resumed": _("Resumed"),
        "export_started": _("Export begun"),
        "edited": _("Changed: %(fields)s"),
        "exported": _("Export written: %(file)s"),
        "downloaded": _("Export downloaded: %(file)s"),
        "deleted": _("Deleted; export %(export)s"),
        "operator_created": _("Operator %(email)s made"),
        "signed_in": _("Signed in"),
        "sign_in_refused": _("Sign-in refused"),
        "support_asked": _("Asked to act for %(person)s: %(reason)s"),
        "support_started": _("Began to act for %(person)s"),
        "support_entered_again": _("Entered again to act for %(person)s"),
        "support_ended": _("Stopped acting for %(person)s"),
    }

    FIELDS = {
        "name": _("name"), "accent": _("colour"), "language": _("language"), "time_zone": _("time zone"),
        "logo": _("logo"),
    }  # fmt: skip

    def __str__(self) -> str:
        return f"{self.operator_email}: {self.verb} {self.tenant_slug}"

    @property
    def sentence(self) -> str:
        """What was done, in the reader's language."""
        text, details = self.SENTENCES.get(self.verb), defaultdict(str, self.details)
        if details["fields"]:
            details["fields"] = ", ".join(str(self.FIELDS.get(name, name)) for name in details["fields"])
        return str(text) % details if text else self.verb


class SchemaState(models.Model):
    """Up to which migration state a schema was brought; equal to the code's state means nothing to do."""

    schema_name = models.CharField(max_length=63, unique=True)
    state = models.CharField(max_length=64)
    at = models.DateTimeField(default=clock.now)

    def __str__(self) -> str:
        return f"{self.schema_name}: {self.state}"


class TemplateDump(models.Model):
    """The template schema as SQL, from which new tenants are made; one for each migration state."""

    state = models.CharField(max_length=64, unique=True)
    sql = models.TextField()
    made_at = models.DateTimeField(default=clock.now)

    def __str__(self) -> str:
        return self.state


class Export(models.Model):
    """A tenant's data as a file, written before the tenant is deleted or when the operator asks."""

    tenant_slug = models.CharField(max_length=40)
    file_name = models.CharField(max_length=120)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    made_at = models.DateTimeField(default=clock.now)
    made_by = models.CharField(max_length=200)
    # When somebody first took it; until then it is news to whoever asked for it.
    downloaded_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.file_name
