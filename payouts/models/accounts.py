"""Where money goes to and where it comes from: bank accounts of partners, and those that the tenant pays from."""

from __future__ import annotations

from datetime import date

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from partners.models import Partner
from payouts.banking import NAMES, Details, masked
from payouts.querysets import BankAccountQuerySet
from prm.ui.doers import doer
from prm.values import clock

DAYS = models.Func("starts", "ends", function="daterange", output_field=models.Field())
HAS_ONE_NUMBER = models.Q(iban="") ^ models.Q(account_number="")


class BankDetails(models.Model):
    """What a bank must know to pay; checked by `payouts.banking` before it is written."""

    holder = models.CharField(_("account holder"), max_length=140)
    currency = models.CharField(_("currency"), max_length=3)
    iban = models.CharField(_("IBAN"), max_length=34, blank=True)
    account_number = models.CharField(_("account number"), max_length=34, blank=True)
    bank_name = models.CharField(_("bank"), max_length=140, blank=True)
    cnaps = models.CharField(_("CNAPS code"), max_length=12, blank=True)
    bic = models.CharField(_("BIC"), max_length=11, blank=True)

    class Meta:
        abstract = True

    @property
    def details(self) -> Details:
        return Details(**{name: getattr(self, name) for name in NAMES})

    @property
    def masked(self) -> str:
        return masked(self.details.number)


class BankAccount(BankDetails):
    """A partner's account: asked for by one person, confirmed by another, paid to after five working days.

    Its details never change. In force are its days from `starts` until before `ends`, once it is confirmed.
    """

    class State(models.TextChoices):
        ASKED = "asked", _("Waits for confirmation")
        CONFIRMED = "confirmed", _("Confirmed")
        REFUSED = "refused", _("Refused")
        WITHDRAWN = "withdrawn", _("Withdrawn")
        STOPPED = "stopped", pgettext_lazy("bank account", "Stopped")

    TRANSITIONS = {
        State.ASKED: (State.CONFIRMED, State.REFUSED, State.WITHDRAWN),
        State.CONFIRMED: (State.STOPPED,),
        State.REFUSED: (),
        State.WITHDRAWN: (),
        State.STOPPED: (),
    }
    TONES = {"asked": "live", "confirmed": "ok", "refused": "bad", "stopped": "bad"}
    PARTNER_PATH = "partner"

    partner = models.ForeignKey(Partner, models.PROTECT, related_name="bank_accounts")
    number = models.CharField(_("number"), max_length=20, unique=True)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.ASKED)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    asked_by_label = models.CharField(_("asked for by"), max_length=200)
    asked_at = models.DateTimeField(_("asked for"), default=clock.now)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_by_label = models.CharField(_("decided by"), max_length=200, blank=True)
    decided_at = models.DateTimeField(_("decided"), null=True)
    decision = models.CharField(_("decision"), max_length=300, blank=True)
    starts = models.DateField(_("paid to from"), null=True)
    ends = models.DateField(_("paid to before"), null=True)

    objects = BankAccountQuerySet.as_manager()

    class Meta:
        verbose_name = _("bank account")
        ordering = ["-asked_at", "-id"]
        constraints = [
            models.CheckConstraint(name="bank_account_has_one_number", condition=HAS_ONE_NUMBER),
            models.CheckConstraint(
                name="bank_account_confirmed_by_another",
                condition=~models.Q(state__in=["confirmed", "stopped"])
                | (models.Q(decided_by__isnull=False) & ~models.Q(decided_by=models.F("asked_by"))),
            ),
            models.CheckConstraint(
                name="bank_account_confirmed_has_days",
                condition=~models.Q(state="confirmed") | models.Q(starts__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["partner", "currency"],
                name="one_account_asked_for",
                condition=models.Q(state="asked"),
                violation_error_message=_("A change of this account waits already."),
            ),
            ExclusionConstraint(
                name="one_bank_account_in_force",
                expressions=[
                    ("partner", RangeOperators.EQUAL),
                    ("currency", RangeOperators.EQUAL),
                    (DAYS, RangeOperators.OVERLAPS),
                ],
                condition=models.Q(state="confirmed"),
                violation_error_message=_("Another account of this partner is in force in that time."),
            ),
        ]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("payouts:account", args=[self.number])

    @property
    def asker(self) -> str:
        return doer(self.asked_by_label, self.asked_by_id)

    @property
    def decider(self) -> str:
        return doer(self.decided_by_label, self.decided_by_id)

    @property
    def tone(self) -> str:
        return self.TONES.get(self.state, "")

    @property
    def paid_from(self) -> date | None:
        """Its first day; none of one that was stopped, for which the days that it got no longer hold."""
        return self.starts if self.state == self.State.CONFIRMED else None

    @property
    def paid_before(self) -> date | None:
        return self.ends if self.state == self.State.CONFIRMED else None

    def is_in_force(self, day: date) -> bool:
        return (
            self.state == self.State.CONFIRMED
            and self.starts is not None
            and self.starts <= day
            and (self.ends is None or day < self.ends)
        )

    def is_held(self, day: date) -> bool:
        """Confirmed, and not paid to yet."""
        return self.state == self.State.CONFIRMED and self.starts is not None and day < self.starts


class PayingAccount(BankDetails):
    """An account of the tenant from which payouts in one currency leave."""

    changed_by_label = models.CharField(_("changed by"), max_length=200)
    changed_at = models.DateTimeField(_("changed"), default=clock.now)

    class Meta:
        verbose_name = _("paying account")
        ordering = ["currency"]
        constraints = [
            models.UniqueConstraint(fields=["currency"], name="one_paying_account"),
            models.CheckConstraint(name="paying_account_has_one_number", condition=HAS_ONE_NUMBER),
        ]

    def __str__(self) -> str:
        return f"{self.currency} {self.masked}"
