"""What is kept of sales lines and accruals, so that nobody waits for the world to be added up again."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from partners.models import Partner
from prm.access.scoping import PartnerOwned
from prm.values import clock
from prm.values.periods import Period
from rebates.models.programmes import Version


class Sum(models.Model):
    """Sales of a product to a partner in a month: what the lines come to. Written by SQL, see rollup.py."""

    month = models.DateField()  # its first day
    product_line_id = models.BigIntegerField()
    product_id = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    amount = models.DecimalField(max_digits=24, decimal_places=2)
    quantity = models.DecimalField(max_digits=24, decimal_places=3)
    lines = models.IntegerField()
    fingerprint = (
        models.BigIntegerField()
    )  # of the lines' ids and amounts, mixed so that order does not matter

    class Meta:
        abstract = True


class MonthSum(Sum):
    """All lines but those that `AdditionToSum` still holds."""

    PARTNER_PATH = "partner"

    partner = models.ForeignKey(
        Partner, models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )

    objects = PartnerOwned.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["partner", "month", "product_line_id", "product_id", "currency"],
                name="one_sum_a_month",
            )
        ]

    def __str__(self) -> str:
        return f"{self.partner_id} {self.month} {self.product_id}"


class AdditionToSum(Sum):
    """What one insert of sales lines adds to a sum; a trigger writes it, `rollup.fold` takes it up."""

    PARTNER_PATH = "partner"

    partner = models.ForeignKey(Partner, models.PROTECT, related_name="+", db_constraint=False)

    objects = PartnerOwned.as_manager()

    def __str__(self) -> str:
        return f"{self.partner_id} {self.month} {self.product_id}"


class AccrualMark(models.Model):
    """Something of the partner changed that its accruals are computed from; triggers write it."""

    PARTNER_PATH = "partner"

    partner = models.ForeignKey(Partner, models.CASCADE, related_name="+", db_constraint=False)
    made_at = models.DateTimeField(db_default=Now())

    objects = PartnerOwned.as_manager()

    def __str__(self) -> str:
        return f"{self.partner_id} {self.made_at}"


class KeptPartner(models.Model):
    """Of which moment and on which basis (see kept.py) a partner's accruals are kept."""

    PARTNER_PATH = "partner"

    partner = models.OneToOneField(
        Partner, models.CASCADE, primary_key=True, related_name="+", db_constraint=False
    )
    basis = models.CharField(max_length=64)
    kept_at = models.DateTimeField()

    objects = PartnerOwned.as_manager()

    def __str__(self) -> str:
        return f"{self.partner_id} {self.kept_at}"


class KeptAccrual(models.Model):
    """What an open period would pay a partner, as it was computed at `KeptPartner.kept_at`."""

    PARTNER_PATH = "partner"

    partner = models.ForeignKey(
        Partner, models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    version = models.ForeignKey(Version, models.CASCADE, related_name="+", db_constraint=False)
    starts = models.DateField()
    ends = models.DateField()
    currency = models.CharField(max_length=3)
    tier = models.CharField(max_length=40, blank=True)
    qualifier = models.DecimalField(max_digits=20, decimal_places=3)
    base = models.DecimalField(max_digits=20, decimal_places=3)
    reference = models.DecimalField(max_digits=20, decimal_places=3, null=True)
    band = models.SmallIntegerField()
    lines = models.IntegerField()
    amount = models.DecimalField(max_digits=18, decimal_places=2)
    explanation = models.JSONField()

    objects = PartnerOwned.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["partner", "version", "starts"], name="one_kept_accrual_each")
        ]

    def __str__(self) -> str:
        return f"{self.partner_id} {self.version_id} {self.starts}"

    @property
    def period(self) -> Period:
        return Period(self.starts, self.ends)


class AccrualCheck(models.Model):
    """A nightly proof that what is kept is what the lines say. `differences`: the first of them, for people."""

    started_at = models.DateTimeField(_("started"), default=clock.now)
    finished_at = models.DateTimeField(_("finished"), null=True)
    partners = models.PositiveIntegerField(_("partners"), default=0)
    figures = models.PositiveIntegerField(_("figures"), default=0)
    wrong_sums = models.PositiveIntegerField(default=0)
    wrong_figures = models.PositiveIntegerField(default=0)
    # [{"partner": number, "programme": code or "", "period": text, "kept": amount, "full": amount}]
    differences = models.JSONField(default=list)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.started_at:%Y-%m-%d}"

    @property
    def agrees(self) -> bool:
        return self.finished_at is not None and not self.wrong_sums and not self.wrong_figures
