"""Payouts: what of a closed settlement is paid by one file, from where and to which accounts."""

from __future__ import annotations

from datetime import date

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from payouts.models.accounts import BankAccount
from payouts.querysets import BatchLineQuerySet, BatchQuerySet
from prm.ui.doers import doer
from prm.values import clock
from rebates.models import Payment, SettlementRun, Statement


class Batch(models.Model):
    """A payout: prepared by one person, released by another, executed by the bank. Its file never changes."""

    class State(models.TextChoices):
        PREPARED = "prepared", _("Prepared")
        RELEASED = "released", pgettext_lazy("payout", "Released")
        BOOKING = "booking", _("Being booked")
        EXECUTED = "executed", _("Executed")
        FAILED = "failed", pgettext_lazy("payout", "Failed")
        CANCELLED = "cancelled", pgettext_lazy("payout", "Cancelled")

    TRANSITIONS = {
        State.PREPARED: (State.RELEASED, State.CANCELLED),
        State.RELEASED: (State.BOOKING, State.FAILED, State.CANCELLED),
        State.BOOKING: (State.EXECUTED,),
        State.EXECUTED: (),
        State.FAILED: (),
        State.CANCELLED: (),
    }
    TONES = {"prepared": "live", "released": "warn", "booking": "live", "executed": "ok", "failed": "bad"}

    number = models.CharField(_("number"), max_length=20, unique=True)
    run = models.ForeignKey(SettlementRun, models.PROTECT, related_name="payouts")
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.PREPARED)
    state_since = models.DateTimeField(default=clock.now)
    pay_on = models.DateField(_("to be executed on"))
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_by_label = models.CharField(_("prepared by"), max_length=200)
    created_at = models.DateTimeField(_("prepared"), default=clock.now)
    released_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    released_by_label = models.CharField(_("released by"), max_length=200, blank=True)
    released_at = models.DateTimeField(_("released"), null=True)
    # By currency: the tenant's own account as it was at the release.
    debtors = models.JSONField(default=dict)
    csv_digest = models.CharField(_("SHA-256 of the CSV file"), max_length=64, blank=True)
    xml_digest = models.CharField(_("SHA-256 of the pain.001 file"), max_length=64, blank=True)
    executed_on = models.DateField(_("executed on"), null=True)
    reference = models.CharField(_("bank reference"), max_length=100, blank=True)
    booked_by_label = models.CharField(_("booked by"), max_length=200, blank=True)
    # What was left out when it was prepared: [{"statement", "partner", "amount", "currency", "reason", "detail"}].
    left_out = models.JSONField(default=list)
    # What it pays, decimals as text: [{"currency", "count", "amount"}].
    totals = models.JSONField(default=list)

    objects = BatchQuerySet.as_manager()

    class Meta:
        verbose_name = _("payout")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                name="payout_released_by_another",
                condition=models.Q(released_by__isnull=True) | ~models.Q(released_by=models.F("created_by")),
            ),
            models.CheckConstraint(
                name="payout_released_by_somebody",
                condition=models.Q(state__in=["prepared", "cancelled"])
                | models.Q(released_by__isnull=False, released_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("payouts:batch", args=[self.number])

    @property
    def tone(self) -> str:
        return self.TONES.get(self.state, "")

    @property
    def preparer(self) -> str:
        return doer(self.created_by_label, self.created_by_id)

    @property
    def releaser(self) -> str:
        return doer(self.released_by_label, self.released_by_id)

    @property
    def has_file(self) -> bool:
        return bool(self.xml_digest) and self.state != self.State.CANCELLED

    @property
    def released_day(self) -> date | None:
        return self.released_at.astimezone(clock.tenant_zone()).date() if self.released_at else None

    def may_become(self, state: str) -> bool:
        return state in self.TRANSITIONS[self.State(self.state)]


class BatchLine(models.Model):
    """One payment of a payout: a statement, an amount, and the account that it goes to."""

    class State(models.TextChoices):
        WAITING = "waiting", pgettext_lazy("payout line", "To be paid")
        EXECUTED = "executed", pgettext_lazy("payout line", "Paid")
        FAILED = "failed", pgettext_lazy("payout line", "Refused by the bank")
        DROPPED = "dropped", pgettext_lazy("payout line", "Left out")

    TRANSITIONS = {
        State.WAITING: (State.EXECUTED, State.FAILED, State.DROPPED),
        State.EXECUTED: (),
        State.FAILED: (),
        State.DROPPED: (),
    }
    TONES = {"waiting": "live", "executed": "ok", "failed": "bad"}
    PARTNER_PATH = "statement__partner"

    batch = models.ForeignKey(Batch, models.PROTECT, related_name="lines")
    statement = models.ForeignKey(Statement, models.PROTECT, related_name="payout_lines")
    account = models.ForeignKey(BankAccount, models.PROTECT, related_name="payout_lines")
    end_to_end_id = models.CharField(_("end-to-end id"), max_length=35, unique=True)
    amount = models.DecimalField(_("amount"), max_digits=18, decimal_places=2)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.WAITING)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    payment = models.OneToOneField(Payment, models.PROTECT, null=True, related_name="payout_line")

    objects = BatchLineQuerySet.as_manager()

    class Meta:
        verbose_name = _("payout line")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(name="payout_line_above_zero", condition=models.Q(amount__gt=0)),
            models.UniqueConstraint(
                fields=["statement"],
                name="statement_in_one_payout",
                condition=models.Q(state="waiting"),
                violation_error_message=_("This statement is in another payout."),
            ),
            models.CheckConstraint(
                name="payout_line_paid_once",
                condition=models.Q(state="executed", payment__isnull=False)
                | (~models.Q(state="executed") & models.Q(payment__isnull=True)),
            ),
        ]
        indexes = [models.Index(fields=["batch", "id"], name="lines_of_payout")]

    def __str__(self) -> str:
        return self.end_to_end_id

    @property
    def currency(self) -> str:
        return self.statement.currency

    @property
    def tone(self) -> str:
        return self.TONES.get(self.state, "")
