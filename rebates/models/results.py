"""What a settlement computed, partner by partner."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from partners.models import Partner
from prm.values.periods import Period
from rebates.models.programmes import Programme, Version
from rebates.models.runs import SettlementRun
from rebates.querysets import (
    ResultQuerySet,
)


class Result(models.Model):
    """What a partner earned under a programme in a period, or by how much a closed period changed.

    Written by SQL, 100,000 at a time: the foreign keys carry no constraint of their own, because the rows come from
    joins with the tables they name. `explanation` holds the band's figures, taken from the version.
    """

    class Kind(models.TextChoices):
        EARNED = "earned", _("Earned")
        ADJUSTED = "adjusted", _("Adjusted")

    PARTNER_PATH = "partner"

    run = models.ForeignKey(
        SettlementRun, models.CASCADE, related_name="results", db_constraint=False, db_index=False
    )
    partner = models.ForeignKey(
        Partner, models.PROTECT, related_name="rebate_results", db_constraint=False, db_index=False
    )
    programme = models.ForeignKey(
        Programme, models.PROTECT, related_name="results", db_constraint=False, db_index=False
    )
    version = models.ForeignKey(
        Version, models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    starts = models.DateField()
    ends = models.DateField()
    currency = models.CharField(max_length=3)
    tier = models.CharField(_("tier"), max_length=40, blank=True)
    qualifier = models.DecimalField(_("qualifier"), max_digits=20, decimal_places=3)
    base = models.DecimalField(_("base"), max_digits=20, decimal_places=3)
    # Of what the bands are shares: baseline, target, all that counts. None: they are not, or there is no baseline.
    reference = models.DecimalField(max_digits=20, decimal_places=3, null=True)
    band = models.SmallIntegerField(_("band"))  # 0: below the first
    computed = models.DecimalField(max_digits=18, decimal_places=2)  # f(all lines)
    settled = models.DecimalField(
        max_digits=18, decimal_places=2
    )  # earned and adjusted before, for this period
    accrued = models.DecimalField(_("accrued"), max_digits=18, decimal_places=2)
    earned = models.DecimalField(_("earned"), max_digits=18, decimal_places=2)
    adjusted = models.DecimalField(_("adjusted"), max_digits=18, decimal_places=2)
    line_count = models.IntegerField(_("lines"))
    explanation = models.JSONField()

    objects = ResultQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["run", "partner", "programme", "ends"], name="one_result_each")
        ]
        indexes = [
            models.Index(
                fields=["partner", "programme"], name="adjustments", condition=models.Q(kind="adjusted")
            )
        ]

    def __str__(self) -> str:
        return f"{self.run_id} {self.partner_id} {self.programme_id}"

    def get_absolute_url(self) -> str:
        return reverse("rebates:result", args=[self.pk])

    @property
    def period(self) -> Period:
        return Period(self.starts, self.ends)

    @property
    def amount(self) -> Decimal:
        return self.earned + self.adjusted

    @property
    def tier_day(self) -> date:
        """The day whose tier counted."""
        return self.period.last_day
