from __future__ import annotations

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from prm.customers.keys import stored_keys
from prm.customers.normalise import normalise
from prm.customers.querysets import EndCustomerQuerySet
from prm.values import clock


class EndCustomer(models.Model):
    """The tenant's master record of a buying organisation. Partners never browse it.

    `core`, `brand`, `place` and `keys` are made from the name by `name_it`; the conflict check searches by them.
    """

    number = models.CharField(_("number"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=200)
    region = models.CharField(_("region"), max_length=80, blank=True)
    country = models.CharField(_("country"), max_length=2, blank=True)
    tax_number = models.CharField(_("tax number"), max_length=40, blank=True)
    domain = models.CharField(_("web domain"), max_length=120, blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    named_account = models.BooleanField(
        _("named account"), default=False, help_text=_("A person decides about every registration of it.")
    )
    direct_only = models.BooleanField(
        _("direct sales only"), default=False, help_text=_("No partner may register it.")
    )
    provisional = models.BooleanField(
        _("provisional"), default=False, help_text=_("Typed by a partner; not yet confirmed by staff.")
    )
    merged_into = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="merged", verbose_name=_("merged into")
    )
    created_at = models.DateTimeField(_("created"), default=clock.now)
    core = models.CharField(max_length=400, editable=False)
    brand = models.CharField(max_length=400, editable=False, blank=True)
    place = models.CharField(max_length=80, editable=False, blank=True)
    keys = ArrayField(models.IntegerField(), editable=False)
    # What the tenant's own fields hold; prm.customfields writes it.
    custom = models.JSONField(default=dict, db_default=models.Value({}, models.JSONField()), blank=True)

    objects = EndCustomerQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name = _("end customer")
        constraints = [
            models.UniqueConstraint(
                fields=["tax_number"],
                condition=~Q(tax_number=""),
                name="tax_number_once",
                violation_error_message=_("This tax number belongs to another customer."),
            ),
            models.UniqueConstraint(
                fields=["core", "tax_number"],
                condition=Q(provisional=True, merged_into=None),
                name="one_provisional_customer_per_name",
            ),
            models.CheckConstraint(condition=~Q(core=""), name="customer_has_a_core_name"),
        ]
        indexes = [
            # Without the pending list: every search would read it from end to end.
            GinIndex(fields=["keys"], name="customer_keys", fastupdate=False),
            models.Index(fields=["core"], name="customer_core"),
            models.Index(fields=["domain"], name="customer_domain", condition=~Q(domain="")),
            models.Index(fields=["phone"], name="customer_phone", condition=~Q(phone="")),
            models.Index(fields=["name", "id"], name="customer_by_name"),
            models.Index(fields=["created_at", "id"], name="customer_by_created"),
            GinIndex(fields=["custom"], name="customer_by_custom"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("customers:detail", args=[self.number])

    @classmethod
    def named(cls, *, name: str, **fields: Any) -> EndCustomer:
        """A new, unsaved customer with everything that follows from its name."""
        customer = cls(**fields)
        customer.name_it(name)
        return customer

    def name_it(self, name: str) -> None:
        """Set the name and what follows from it; saves nothing."""
        parts = normalise(name)
        self.name, self.core, self.brand, self.place = name, identity(name), parts.brand, parts.region
        self.keys = stored_keys(parts)


class KeyFrequency(models.Model):
    """How many customers are filed under a key; keys that are not here are rare. Rebuilt by a job and after imports."""

    key = models.IntegerField(primary_key=True)
    customers = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.key}: {self.customers}"


def identity(name: str) -> str:
    """The core of a name; for a name without a letter or digit, the name as it stands."""
    return (normalise(name).core or name.strip() or "?")[:400]
