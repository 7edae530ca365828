"""Special-price agreements: at which prices a partner sells on, within which limits and days."""

from __future__ import annotations

import re
from datetime import date, timedelta

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from claims.querysets import AgreementItemQuerySet, AgreementQuerySet
from partners.models import Partner
from prm.catalogue.models import Product
from prm.customers.models import EndCustomer
from prm.ui.doers import doer
from prm.values import clock

DAYS = models.Func("starts", "ends", function="daterange", output_field=models.Field())


class Agreement(models.Model):
    """One version of a special-price agreement: in force from `starts` until before `ends`, once two people agreed.

    Its prices, limits and days never change then; it is ended early, or a new version takes its place from a day on.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        WAITING = "waiting", _("Waits for approval")
        IN_FORCE = "in_force", pgettext_lazy("agreement", "Approved")
        ENDED = "ended", pgettext_lazy("agreement", "Ended early")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    TRANSITIONS = {
        State.DRAFT: (State.WAITING, State.WITHDRAWN),
        State.WAITING: (State.IN_FORCE, State.DRAFT, State.WITHDRAWN),
        State.IN_FORCE: (State.ENDED, State.WITHDRAWN),
        State.ENDED: (),
        State.WITHDRAWN: (),
    }
    # What prices sales: of an agreement that ended early, those of its days.
    PRICING = ("in_force", "ended")
    TONES = {"waiting": "live", "in_force": "ok", "ended": "warn"}
    PARTNER_PATH = "partner"
    NUMBER = re.compile(r"[^\W_][\w.-]*")  # it stands in addresses

    number = models.CharField(_("number"), max_length=40)
    version = models.PositiveSmallIntegerField(_("version"), default=1)
    partner = models.ForeignKey(Partner, models.PROTECT, related_name="agreements_on_prices")
    end_customer = models.ForeignKey(EndCustomer, models.PROTECT, null=True, blank=True, related_name="+")
    currency = models.CharField(_("currency"), max_length=3)
    starts = models.DateField(_("valid from"))
    ends = models.DateField(_("valid before"))
    amount_limit = models.DecimalField(_("amount limit"), max_digits=18, decimal_places=2, null=True)
    # What accepted claim lines took; the database holds it against the limit.
    used_amount = models.DecimalField(_("used"), max_digits=18, decimal_places=2, default=0)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.DRAFT)
    state_since = models.DateTimeField(default=clock.now)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    created_by_label = models.CharField(_("entered by"), max_length=200)
    created_at = models.DateTimeField(_("entered"), default=clock.now)
    submitted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    approved_by_label = models.CharField(_("approved by"), max_length=200, blank=True)
    approved_at = models.DateTimeField(_("approved"), null=True)

    objects = AgreementQuerySet.as_manager()

    class Meta:
        verbose_name = _("special-price agreement")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["number", "version"], name="one_agreement_per_version"),
            models.CheckConstraint(
                name="agreement_has_days", condition=models.Q(starts__lt=models.F("ends"))
            ),
            models.CheckConstraint(
                name="agreement_approved_by_another",
                condition=models.Q(approved_by__isnull=True)
                | models.Q(created_by__isnull=True)
                | ~models.Q(approved_by=models.F("created_by")),
            ),
            models.CheckConstraint(
                name="agreement_approved_by_none_who_submitted",
                condition=models.Q(approved_by__isnull=True)
                | models.Q(submitted_by__isnull=True)
                | ~models.Q(approved_by=models.F("submitted_by")),
            ),
            models.CheckConstraint(
                name="agreement_number_fits_an_address", condition=~models.Q(number__regex=r"[/?#%\s\\]")
            ),
            models.CheckConstraint(
                name="agreement_amount_within_limit",
                condition=models.Q(amount_limit__isnull=True)
                | models.Q(used_amount__lte=models.F("amount_limit")),
            ),
            models.CheckConstraint(
                name="agreement_used_not_below_zero", condition=models.Q(used_amount__gte=0)
            ),
            ExclusionConstraint(
                name="one_agreement_version_a_day",
                expressions=[("number", RangeOperators.EQUAL), (DAYS, RangeOperators.OVERLAPS)],
                condition=models.Q(state__in=["in_force", "ended"]),
                violation_error_message=_("Another version of this agreement is in force on these days."),
            ),
        ]
        indexes = [models.Index(fields=["partner", "-id"], name="agreement_by_partner")]

    def __str__(self) -> str:
        return f"{self.number} v{self.version}"

    def get_absolute_url(self) -> str:
        return reverse("claims:agreement", args=[self.number, self.version])

    @property
    def with_partner(self) -> str:
        return f"{self.number} · {self.partner.name}"

    @property
    def last_day(self) -> date:
        return self.ends - timedelta(days=1)

    @property
    def tone(self) -> str:
        return self.TONES.get(self.state, "")

    @property
    def author(self) -> str:
        return doer(self.created_by_label, self.created_by_id)

    @property
    def approver(self) -> str:
        return doer(self.approved_by_label, self.approved_by_id)

    def authors(self) -> set[int]:
        """Who entered it, added a price to it or submitted it: they stand for what it says, and do not approve it."""
        people = {self.created_by_id, self.submitted_by_id, *self.items.values_list("added_by", flat=True)}
        return people - {None}

    def may_become(self, state: str) -> bool:
        return state in self.TRANSITIONS[self.State(self.state)]

    def holds_on(self, day: date) -> bool:
        return self.starts <= day < self.ends


class AgreementItem(models.Model):
    """A product of an agreement: what it costs otherwise, what it costs here, and how much of it."""

    class Basis(models.TextChoices):
        LIST = "list", _("List price on the day of approval")
        STATED = "stated", _("Stated price")

    PARTNER_PATH = "agreement__partner"

    agreement = models.ForeignKey(Agreement, models.CASCADE, related_name="items")
    product = models.ForeignKey(Product, models.PROTECT, related_name="+", verbose_name=_("product"))
    basis = models.CharField(_("price basis"), max_length=8, choices=Basis.choices, default=Basis.LIST)
    # Of a list price: written when the agreement is approved, and never again.
    basis_price = models.DecimalField(_("basis price"), max_digits=18, decimal_places=4, null=True)
    agreed_price = models.DecimalField(_("agreed price"), max_digits=18, decimal_places=4)
    quantity_limit = models.DecimalField(_("quantity limit"), max_digits=18, decimal_places=3, null=True)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    used_quantity = models.DecimalField(_("used"), max_digits=18, decimal_places=3, default=0)

    objects = AgreementItemQuerySet.as_manager()

    class Meta:
        verbose_name = _("agreed price")
        ordering = ["product__code"]
        constraints = [
            models.UniqueConstraint(
                fields=["agreement", "product"], name="product_once_per_agreement",
                violation_error_message=_("This product is in the agreement already."),
            ),
            models.CheckConstraint(
                name="agreed_price_below_basis",
                condition=models.Q(agreed_price__gte=0)
                & (models.Q(basis_price__isnull=True) | models.Q(basis_price__gt=models.F("agreed_price"))),
            ),
            models.CheckConstraint(
                name="agreed_quantity_not_below_zero", condition=models.Q(used_quantity__gte=0)
            ),
            models.CheckConstraint(
                name="agreed_quantity_within_limit",
                condition=models.Q(quantity_limit__isnull=True)
                | models.Q(quantity_limit__gt=0, used_quantity__lte=models.F("quantity_limit")),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.agreement} {self.product.code}"
