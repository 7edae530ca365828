"""Settlements of a period, and what they froze."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from partners.models import Partner
from prm.access.scoping import PartnerOwned
from prm.ui.doers import doer
from prm.values import clock
from prm.values.periods import Period
from rebates.models.programmes import Programme, Version
from rebates.querysets import (
    RunQuerySet,
)


class SettlementRun(models.Model):
    """The settlement of all programmes whose period ends on one last day. There is one run per last day."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        COMPUTED = "computed", _("Computed")
        IN_REVIEW = "in_review", _("In review")
        APPROVED = "approved", _("Approved")
        CLOSING = "closing", _("Being closed")
        CLOSED = "closed", pgettext_lazy("settlement", "Closed")
        PAID = "paid", _("Paid")

    TRANSITIONS = {
        State.DRAFT: (State.COMPUTED,),
        State.COMPUTED: (State.DRAFT, State.COMPUTED, State.IN_REVIEW),
        State.IN_REVIEW: (State.DRAFT, State.COMPUTED, State.APPROVED),
        State.APPROVED: (State.IN_REVIEW, State.CLOSING),
        State.CLOSING: (State.CLOSED,),
        State.CLOSED: (State.PAID,),
        State.PAID: (State.CLOSED,),  # a payment came back
    }
    RECOMPUTABLE = (State.DRAFT, State.COMPUTED, State.IN_REVIEW)

    number = models.CharField(_("number"), max_length=20, unique=True)
    starts = models.DateField(_("from"))  # of the month that ends with the run
    ends = models.DateField(_("before"), unique=True)  # the day after the last
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.DRAFT)
    state_since = models.DateTimeField(default=clock.now)
    created_by_label = models.CharField(max_length=200)
    created_at = models.DateTimeField(default=clock.now)
    # What the computation read: sales lines up to this id, in the transaction log's order.
    watermark = models.BigIntegerField(null=True)
    paid_watermark = models.BigIntegerField(null=True)  # payments received up to this id
    serial_watermark = models.BigIntegerField(null=True)  # serial numbers up to this id
    frozen_at = models.DateTimeField(null=True)
    computed_at = models.DateTimeField(_("computed"), null=True)
    computed_by_label = models.CharField(max_length=200, blank=True)
    # Who computed it and who handed it over; None: the product itself, or a run of before this was kept.
    computed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    submitted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    # By first partner of the chunk: {"lines", "hash", "sums": {currency: amount}, "other_currencies": [...]}, and under
    # "credits" the first three of what agents are credited with.
    inputs = models.JSONField(default=dict)
    partner_count = models.PositiveIntegerField(default=0)
    line_count = models.PositiveBigIntegerField(default=0)
    lines_hash = models.BigIntegerField(default=0)
    # [{"currency", "sales", "accrued", "earned", "adjusted"}] and "credited" to agents, decimals as text.
    totals = models.JSONField(default=list)
    # With which exchange rates it computed: {"source", "most_days", "through"}; the rates are rows of RunRate.
    exchange = models.JSONField(default=dict, db_default=models.Value({}, models.JSONField()))
    # What the computation left out and people should look at: [{"kind", …}].
    findings = models.JSONField(default=list)
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    approved_by_label = models.CharField(_("approved by"), max_length=200, blank=True)
    approved_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    closed_by_label = models.CharField(_("closed by"), max_length=200, blank=True)
    closed_at = models.DateTimeField(null=True)
    # The last ledger transaction when the close began: its statements carry over what stood until here, and count
    # payments that came after the cut before.
    ledger_cut = models.BigIntegerField(null=True)
    # The head of the audit trail when it was closed; it stands on the statements.
    audit_head = models.CharField(max_length=90, blank=True)

    objects = RunQuerySet.as_manager()

    class Meta:
        ordering = ["-ends"]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("rebates:run", args=[self.number])

    @property
    def period(self) -> Period:
        """The month that the run ends."""
        return Period(self.starts, self.ends)

    @property
    def is_closed(self) -> bool:
        return self.state in (self.State.CLOSED, self.State.PAID)

    @property
    def credit_count(self) -> int:
        """How many credits of agents the computation read; ranges of partners have nothing in common."""
        return max(
            self.inputs.get("everybody", {}).get("credits", {}).get("lines", 0),
            sum(
                chunk.get("credits", {}).get("lines", 0)
                for key, chunk in self.inputs.items()
                if key != "everybody"
            ),
        )

    @property
    def approver(self) -> str:
        return doer(self.approved_by_label, self.approved_by_id)

    @property
    def closer(self) -> str:
        return doer(self.closed_by_label, self.closed_by_id)

    def may_become(self, state: str) -> bool:
        return state in self.TRANSITIONS[self.State(self.state)]


class RunScope(models.Model):
    """A programme version that a run settles, with its own period; frozen with the run."""

    run = models.ForeignKey(SettlementRun, models.CASCADE, related_name="scopes")
    programme = models.ForeignKey(Programme, models.PROTECT, related_name="scopes")
    version = models.ForeignKey(Version, models.PROTECT, related_name="scopes")
    starts = models.DateField()
    ends = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "programme"], name="programme_once_per_run"),
            models.UniqueConstraint(fields=["programme", "ends"], name="period_settled_once"),
        ]

    def __str__(self) -> str:
        return f"{self.run} {self.version}"

    @property
    def period(self) -> Period:
        return Period(self.starts, self.ends)


class RunMember(models.Model):
    """What a partner was on the run's last day; adjustments of the period read it again, whatever changed since."""

    PARTNER_PATH = "partner"

    run = models.ForeignKey(
        SettlementRun, models.CASCADE, related_name="members", db_index=False, db_constraint=False
    )
    partner = models.ForeignKey(
        Partner, models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    tier = models.CharField(max_length=40, blank=True)
    type = models.CharField(max_length=20)
    region = models.CharField(max_length=80, blank=True, default="", db_default="")
    family = models.BigIntegerField(
        null=True
    )  # the topmost partner above it, where a policy asks for families
    figures = models.JSONField(null=True)  # what policies asked of measures: traits.py
    tier_days = models.JSONField(null=True)  # [[first day, day after the last, tier's code]]: tier_days.py
    leaves = models.BooleanField(
        default=False, db_default=False
    )  # exiting or gone: nothing is kept back any more

    objects = PartnerOwned.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "partner"], name="member_once_per_run")]

    def __str__(self) -> str:
        return f"{self.run_id} {self.partner_id}"


class RunRate(models.Model):
    """An exchange rate as the run found it: 1 `base` = `value` `quote`. Adjustments of its periods read it again."""

    run = models.ForeignKey(SettlementRun, models.CASCADE, related_name="rates", db_index=False)
    base = models.CharField(max_length=3)
    quote = models.CharField(max_length=3)
    day = models.DateField()
    value = models.DecimalField(max_digits=20, decimal_places=8)

    class Meta:
        ordering = ["day", "base", "quote"]
        constraints = [
            models.UniqueConstraint(fields=["run", "day", "base", "quote"], name="run_rate_once"),
        ]

    def __str__(self) -> str:
        return f"{self.base}/{self.quote} {self.day}"
