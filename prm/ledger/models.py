from __future__ import annotations

from django.db import models
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from prm.ledger.querysets import AccountQuerySet, EntryQuerySet, TransactionQuerySet
from prm.values import clock


class Purpose(models.Model):
    """What money is for: a rebate programme, a fund. Entries name it, so that balances can be told apart."""

    kind = models.CharField(_("kind"), max_length=20)
    code = models.CharField(_("code"), max_length=60)
    name = models.CharField(_("name"), max_length=160)
    name_zh = models.CharField(_("Chinese name"), max_length=160, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "code"], name="one_purpose_per_code")]

    def __str__(self) -> str:
        return self.name_zh if self.name_zh and (get_language() or "").startswith("zh") else self.name


class Account(models.Model):
    """A place where money stands: of a partner (accrued, payable …) or of a purpose (expense, clearing …)."""

    class Kind(models.TextChoices):
        ACCRUED = "accrued", _("Accrued")
        PAYABLE = "payable", _("Payable")
        APPROVED = "approved", _("Approved")
        WALLET = "wallet", _("Wallet")
        EXPENSE = "expense", _("Expense")
        CLEARING = "clearing", _("Clearing")
        CREDIT_NOTES = "credit_notes", _("Credit-note clearing")
        ROUNDING = "rounding", pgettext_lazy("account", "Rounding")

    OF_PARTNERS = (Kind.ACCRUED, Kind.PAYABLE, Kind.APPROVED, Kind.WALLET)
    PARTNER_PATH = "partner"

    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices)
    # The partner's id; the ledger stands below the app that knows partners, so this is no foreign key.
    partner_id = models.BigIntegerField(null=True)
    purpose = models.ForeignKey(Purpose, models.PROTECT, null=True, related_name="+", db_index=False)
    currency = models.CharField(_("currency"), max_length=3)

    objects = AccountQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "partner_id", "purpose", "currency"],
                name="one_account_each",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                name="account_of_partner_or_purpose",
                condition=models.Q(
                    kind__in=["accrued", "payable", "approved", "wallet"],
                    partner_id__isnull=False,
                    purpose__isnull=True,
                )
                | models.Q(
                    kind__in=["expense", "clearing", "credit_notes", "rounding"],
                    partner_id__isnull=True,
                    purpose__isnull=False,
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.partner_id or self.purpose} {self.currency}"


class Transaction(models.Model):
    """A business event in money. Its entries sum to zero; it is never changed, only reversed by another."""

    PARTNER_PATH = "partner"

    # The same key again is the same posting: a no-op.
    key = models.CharField(max_length=160)
    event = models.CharField(_("event"), max_length=40)
    partner_id = models.BigIntegerField(null=True)
    currency = models.CharField(_("currency"), max_length=3)
    booked_on = models.DateField(_("booked on"))
    memo = models.CharField(_("text"), max_length=200, blank=True)
    reverses = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="reversed_by", db_index=False
    )
    posted_by = models.CharField(_("posted by"), max_length=200)
    posted_at = models.DateTimeField(_("posted"), default=clock.now, db_default=models.functions.Now())

    objects = TransactionQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["key"], name="posted_once"),
            models.UniqueConstraint(
                fields=["reverses"], name="reversed_once", condition=models.Q(reverses__isnull=False)
            ),
        ]
        indexes = [models.Index(fields=["partner_id", "-id"], name="ledger_by_partner")]

    def __str__(self) -> str:
        return self.key


class Entry(models.Model):
    """An amount on an account: debit above zero, credit below.

    The database checks at each insert that the transactions named balance and that accounts and transactions
    exist in the same currency: one check per statement, which is why the foreign keys carry none of their own.
    """

    PARTNER_PATH = "account__partner"

    transaction = models.ForeignKey(
        Transaction, models.PROTECT, related_name="entries", db_constraint=False, db_index=False
    )
    account = models.ForeignKey(
        Account, models.PROTECT, related_name="entries", db_constraint=False, db_index=False
    )
    purpose = models.ForeignKey(
        Purpose, models.PROTECT, null=True, related_name="+", db_constraint=False, db_index=False
    )
    amount = models.DecimalField(_("amount"), max_digits=18, decimal_places=2)

    objects = EntryQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        # The index on transaction_id is BRIN (entries are written in order of transactions); see the migration.
        indexes = [models.Index(fields=["account", "purpose"], include=["amount"], name="ledger_balances")]

    def __str__(self) -> str:
        return f"{self.account} {self.amount}"
