"""What another system settled and owed before this one took over. Brought in once, never changed."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from partners.models import Partner
from prm.spreadsheets.models import Import
from prm.values import clock
from prm.values.periods import Period
from rebates.golive_querysets import GoLiveQuerySet
from rebates.models.programmes import Programme


class SettledOutside(models.Model):
    """What a partner earned and was paid for a period under a programme, before the programme was settled here.

    It counts as settled: no settlement computes such a period again, and what late lines change in it is measured
    against `earned`.
    """

    PARTNER_PATH = "partner"

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="settled_outside")
    partner = models.ForeignKey(Partner, models.PROTECT, related_name="+")
    starts = models.DateField()
    ends = models.DateField()  # the day after the last
    currency = models.CharField(max_length=3)
    base = models.DecimalField(_("base"), max_digits=20, decimal_places=3)
    earned = models.DecimalField(_("earned"), max_digits=18, decimal_places=2)
    # The same as `earned` where the programme measures in another currency than it pays in: what a year so far, or a
    # return at the original rate, is held against.
    measured = models.DecimalField(_("measured"), max_digits=18, decimal_places=2, null=True)
    paid = models.DecimalField(_("paid"), max_digits=18, decimal_places=2)
    # The newest sales line on file when this came in: what was recorded after it came late.
    watermark = models.BigIntegerField()
    # Who let it count, and when; who said what it says stands with the file. Rows of before have none.
    brought_at = models.DateTimeField(default=clock.now)
    brought_by_label = models.CharField(max_length=200)
    upload = models.ForeignKey(Import, models.PROTECT, null=True, related_name="+")

    # When two people took it back: it counts for nothing any more. See golive_reversals.py.
    reversed_at = models.DateTimeField(_("taken back"), null=True)

    objects = GoLiveQuerySet.as_manager()

    class Meta:
        verbose_name = _("figures settled before go-live")
        ordering = ["programme", "starts", "partner"]
        constraints = [
            models.UniqueConstraint(
                fields=["programme", "ends", "partner"],
                name="settled_outside_once",
                include=["earned"],
                condition=models.Q(reversed_at__isnull=True),
            ),
            models.CheckConstraint(
                name="settled_outside_is_a_period", condition=models.Q(ends__gt=models.F("starts"))
            ),
            models.CheckConstraint(name="paid_outside_not_negative", condition=models.Q(paid__gte=0)),
        ]

    def __str__(self) -> str:
        return f"{self.programme_id} {self.partner_id} {self.ends}"

    @property
    def period(self) -> Period:
        return Period(self.starts, self.ends)


class OpeningBalance(models.Model):
    """What a partner was owed under a programme at go-live, all in all; below zero, what it owes."""

    PARTNER_PATH = "partner"

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="opening_balances")
    partner = models.ForeignKey(Partner, models.PROTECT, related_name="+")
    currency = models.CharField(max_length=3)
    amount = models.DecimalField(_("balance"), max_digits=18, decimal_places=2)
    # Who let it count, and when; who said what it says stands with the file. Rows of before have none.
    brought_at = models.DateTimeField(default=clock.now)
    brought_by_label = models.CharField(max_length=200)
    upload = models.ForeignKey(Import, models.PROTECT, null=True, related_name="+")

    # When two people took it back: it counts for nothing any more. See golive_reversals.py.
    reversed_at = models.DateTimeField(_("taken back"), null=True)

    objects = GoLiveQuerySet.as_manager()

    class Meta:
        verbose_name = _("balance at go-live")
        ordering = ["programme", "partner"]
        constraints = [
            models.UniqueConstraint(
                fields=["programme", "partner", "currency"],
                name="one_opening_balance",
                condition=models.Q(reversed_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.programme_id} {self.partner_id} {self.currency}"
