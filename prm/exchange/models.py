from __future__ import annotations

from fractions import Fraction

from django.conf import settings
from django.db import models
from django.db.models.functions import Greatest, Least
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from prm.exchange.querysets import BatchQuerySet, RateQuerySet
from prm.ui.doers import doer
from prm.values import clock

PLACES = 8
MANUAL = "manual"


class Policy(models.Model):
    """Which rates the tenant computes with: one row, or none, and then what stands here as defaults."""

    DAYS = 7

    source = models.CharField(_("source"), max_length=40, default=MANUAL)
    # A rate that is older than so many days on the day in question is no rate.
    most_days = models.PositiveSmallIntegerField(_("oldest rate, in days"), default=DAYS)
    # Through which currency two others meet; empty: the tenant's own.
    through = models.CharField(_("cross rates through"), max_length=3, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(models.Value(1), name="one_exchange_policy")]

    def __str__(self) -> str:
        return self.source


class Batch(models.Model):
    """Rates that one person proposed together: typed in, or out of a file. Another person confirms them or does not."""

    class Kind(models.TextChoices):
        ENTRY = "entry", _("Typed in")
        FILE = "file", _("From a file")

    TONES = {"waiting": "live", "confirmed": "ok", "rejected": "bad"}

    kind = models.CharField(_("kind"), max_length=6, choices=Kind.choices, default=Kind.ENTRY)
    source = models.CharField(_("source"), max_length=40)
    note = models.CharField(_("note"), max_length=200, blank=True)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    proposed_by_label = models.CharField(_("entered by"), max_length=200)
    proposed_at = models.DateTimeField(_("entered"), default=clock.now)

    objects = BatchQuerySet.as_manager()

    class Meta:
        verbose_name = _("exchange rates entered together")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"FX-{self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("exchange:batch", args=[self.pk])

    @property
    def proposer(self) -> str:
        return doer(self.proposed_by_label, self.proposed_by_id)

    @property
    def state(self) -> str:
        """waiting, confirmed or rejected."""
        return self.decision.verdict if hasattr(self, "decision") else "waiting"


class Decision(models.Model):
    """What the second person said of a batch. The database refuses the one who proposed it."""

    class Verdict(models.TextChoices):
        CONFIRMED = "confirmed", _("Confirmed")
        REJECTED = "rejected", _("Not confirmed")

    batch = models.OneToOneField(Batch, models.PROTECT, related_name="decision")
    verdict = models.CharField(max_length=10, choices=Verdict.choices)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    decided_by_label = models.CharField(_("decided by"), max_length=200)
    decided_at = models.DateTimeField(_("decided"), default=clock.now)

    def __str__(self) -> str:
        return f"{self.batch} {self.verdict}"


class Rate(models.Model):
    """One unit of `base` is worth `value` of `quote` on a day, as a source says. Append-only.

    A pair has one rate a source and day, in one direction; what corrects it is a newer row that names it.
    """

    TONES = {"waiting": "live", "confirmed": "ok", "rejected": "bad", "replaced": ""}
    STATES = (
        ("waiting", _("To be confirmed")),
        ("confirmed", _("Confirmed")),
        ("rejected", _("Not confirmed")),
        ("replaced", _("Corrected since")),
    )

    batch = models.ForeignKey(Batch, models.PROTECT, related_name="rates")
    source = models.CharField(_("source"), max_length=40)
    base = models.CharField(_("one"), max_length=3)
    quote = models.CharField(_("is worth"), max_length=3)
    day = models.DateField(_("day"))
    value = models.DecimalField(_("rate"), max_digits=20, decimal_places=PLACES)
    replaces = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="replaced_by", db_index=False
    )

    objects = RateQuerySet.as_manager()

    class Meta:
        verbose_name = _("exchange rate")
        ordering = ["-day", "-id"]
        constraints = [
            models.CheckConstraint(name="rate_above_zero", condition=models.Q(value__gt=0)),
            models.CheckConstraint(
                name="rate_of_two_currencies", condition=~models.Q(base=models.F("quote"))
            ),
            models.UniqueConstraint(
                "source", Least("base", "quote"), Greatest("base", "quote"), "day",
                name="one_rate_per_source_pair_and_day", condition=models.Q(replaces__isnull=True),
            ),
            models.UniqueConstraint(fields=["replaces"], name="rate_corrected_once"),
        ]  # fmt: skip
        indexes = [
            models.Index(fields=["source", "base", "quote", "-day", "-id"], name="rates_of_pair"),
            models.Index(fields=["-day", "-id"], name="rates_by_day"),
        ]

    def __str__(self) -> str:
        return f"{self.base}/{self.quote} {self.day}"

    def get_absolute_url(self) -> str:
        return self.batch.get_absolute_url()

    @property
    def exact(self) -> Fraction:
        return Fraction(self.value)
