"""What partners may earn: programmes and the versions of their rules."""

from __future__ import annotations

from datetime import date, timedelta

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from prm.ledger.models import Purpose
from prm.values import clock
from prm.values.periods import Period
from rebates.querysets import (
    ProgrammeQuerySet,
    VersionQuerySet,
)

DAYS = models.Func("starts", "ends", function="daterange", output_field=models.Field())


class Programme(models.Model):
    """A rebate programme: what partners may earn. Its rules stand in versions."""

    code = models.SlugField(_("code"), max_length=60, unique=True)
    name = models.CharField(_("name"), max_length=160)
    name_zh = models.CharField(_("Chinese name"), max_length=160, blank=True)
    purpose = models.OneToOneField(Purpose, models.PROTECT, related_name="programme")
    created_by_label = models.CharField(max_length=200)
    created_at = models.DateTimeField(default=clock.now)

    objects = ProgrammeQuerySet.as_manager()

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name_zh if self.name_zh and (get_language() or "").startswith("zh") else self.name

    def get_absolute_url(self) -> str:
        return reverse("rebates:programme", args=[self.code])


class Version(models.Model):
    """The rules of a programme from a day on. Immutable once it has accrued: the database refuses."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        IN_REVIEW = "in_review", _("In review")
        PUBLISHED = "published", _("Published")

    TRANSITIONS = {
        State.DRAFT: (State.IN_REVIEW, State.PUBLISHED),
        State.IN_REVIEW: (State.DRAFT, State.PUBLISHED),
        State.PUBLISHED: (),
    }

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField(_("version"))
    # Its own names, which the programme takes over with its publication; empty in versions of before they were kept.
    name = models.CharField(_("name"), max_length=160, blank=True, default="")
    name_zh = models.CharField(_("Chinese name"), max_length=160, blank=True, default="")
    starts = models.DateField(_("in force from"))
    ends = models.DateField(_("in force before"), null=True)  # the day after the last; open without
    policy = models.JSONField()  # the normalised text of docs/programme.schema.json
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.DRAFT)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    author_label = models.CharField(_("written by"), max_length=200)
    created_at = models.DateTimeField(default=clock.now)
    # Who asked for its publication, where a flow decides about that.
    submitted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    published_at = models.DateTimeField(_("published"), null=True)
    # Set by the first close that used this version.
    accrued_at = models.DateTimeField(null=True)

    objects = VersionQuerySet.as_manager()

    class Meta:
        ordering = ["programme", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["programme", "number"], name="one_version_per_number"),
            models.CheckConstraint(
                name="version_ends_after_it_starts",
                condition=models.Q(ends__isnull=True) | models.Q(ends__gt=models.F("starts")),
            ),
            ExclusionConstraint(
                name="one_version_in_force",
                expressions=[("programme", RangeOperators.EQUAL), (DAYS, RangeOperators.OVERLAPS)],
                condition=models.Q(state="published"),
                violation_error_message=_("Another version of this programme is in force in that time."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.programme.code} {self.number}"

    def get_absolute_url(self) -> str:
        return f"{self.programme.get_absolute_url()}?version={self.number}"

    @property
    def names(self) -> tuple[str, str]:
        """The programme's name and its Chinese name under this version."""
        return (self.name, self.name_zh) if self.name else (self.programme.name, self.programme.name_zh)

    @property
    def named(self) -> str:
        """The name in the reader's language."""
        name, name_zh = self.names
        return name_zh if name_zh and (get_language() or "").startswith("zh") else name

    @property
    def period_length(self) -> str:
        return self.policy["period"]

    @property
    def last_day(self) -> date | None:
        """The last day on which it is in force; None where it is so until a later version begins."""
        return self.ends - timedelta(days=1) if self.ends else None

    @property
    def currency(self) -> str:
        return self.policy["currency"]

    @property
    def paid_in(self) -> str:
        """The currency of what it pays; `currency` is the one in which it measures."""
        return self.policy.get("payout_currency", self.policy["currency"])

    @property
    def mechanism(self) -> str:
        return self.policy["mechanism"]["kind"]

    @property
    def is_frozen(self) -> bool:
        return self.accrued_at is not None

    def is_open(self, day: date) -> bool:
        """Whether the version is in force on `day`, or will be."""
        return self.ends is None or self.ends > day

    def is_in_force(self, day: date) -> bool:
        """Whether the version is published and `day` is one of its days."""
        return self.state == self.State.PUBLISHED and self.starts <= day and self.is_open(day)

    def covers(self, period: Period) -> bool:
        """Whether the whole period lies in this version's days."""
        return self.starts <= period.start and (self.ends is None or period.end <= self.ends)
