"""The ledger handed over to the tenant's finance system: what was exported, and under which codes."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from payouts.querysets import JournalQuerySet
from prm.ledger.models import Account
from prm.ui.doers import doer
from prm.values import clock


class AccountCode(models.Model):
    """What the finance system calls a kind of account of the ledger."""

    kind = models.CharField(_("kind of account"), max_length=12, choices=Account.Kind.choices, unique=True)
    code = models.CharField(_("code"), max_length=40)
    name = models.CharField(_("name"), max_length=120, blank=True)

    class Meta:
        verbose_name = _("account code")
        ordering = ["kind"]

    def __str__(self) -> str:
        return f"{self.kind} {self.code}"


class Journal(models.Model):
    """An export of the ledger: every transaction booked until its last day that no earlier export held."""

    number = models.CharField(_("number"), max_length=20, unique=True)
    last_day = models.DateField(_("booked until"))
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    made_by_label = models.CharField(_("exported by"), max_length=200)
    made_at = models.DateTimeField(_("exported"), default=clock.now)
    transaction_count = models.PositiveIntegerField(_("transactions"))
    entry_count = models.PositiveIntegerField(_("entries"))
    # {currency: the sum of its debits, which is that of its credits}, as text.
    totals = models.JSONField(default=dict)
    # As they were: {kind: [code, name]}, so that the file stays the same when they change.
    codes = models.JSONField(default=dict)
    # Which columns its file has, see `journal_file.py`: an earlier export keeps those that it had.
    layout = models.PositiveSmallIntegerField(default=2)
    digest = models.CharField(_("SHA-256 of the CSV file"), max_length=64, blank=True)

    objects = JournalQuerySet.as_manager()

    class Meta:
        verbose_name = _("journal")
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("payouts:journal", args=[self.number])

    @property
    def maker(self) -> str:
        return doer(self.made_by_label, self.made_by_id)


class Journalled(models.Model):
    """A transaction of the ledger that an export holds: one at most."""

    transaction_id = models.BigIntegerField(primary_key=True)
    journal = models.ForeignKey(Journal, models.PROTECT, related_name="transactions")

    class Meta:
        ordering = ["transaction_id"]

    def __str__(self) -> str:
        return str(self.transaction_id)
