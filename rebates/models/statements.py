"""What a close told partners, and what they were paid."""

from __future__ import annotations

from decimal import Decimal

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models.functions import Upper
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from partners.models import Partner
from prm.ui.doers import doer
from prm.values import clock
from prm.values.periods import Period
from rebates.models.runs import SettlementRun
from rebates.querysets import (
    PaymentQuerySet,
    StatementQuerySet,
)


class Statement(models.Model):
    """What the close of a run told a partner, in one currency. Never changed afterwards.

    Its lines are the run's results; `carried` adds what they do not know: for each programme's id
    {"opening": "1900.00", "paid": "1900.00"}, left out where both are zero; where something is or was kept for a
    minimum payout (`minimums.py`), also {"before": "38.20", "kept": "0", "minimum": "50"}.
    """

    class PaymentState(models.TextChoices):
        """Follows from what is open, the payments and the partner's state; nobody sets it."""

        OPEN = "open", _("To be paid")
        PART_PAID = "part_paid", _("Part paid")
        PAID = "paid", _("Paid")
        # Paid in the ledger, and not there yet: what it was paid as waits for somebody outside.
        CREDIT_DUE = "credit_due", pgettext_lazy("payment", "Credit note to be issued")
        GOODS_DUE = "goods_due", pgettext_lazy("payment", "Goods to be delivered")
        BLOCKED = "blocked", pgettext_lazy("payment", "Blocked")
        DISPUTED = "disputed", pgettext_lazy("payment", "Disputed")  # all that is open is
        OFFSET = "offset", pgettext_lazy("payment", "Offset")  # a negative figure took up what was not paid
        CARRIED = (
            "carried",
            _("Carried forward"),
        )  # below zero, or below a minimum payout, for the next statement
        NOTHING = "nothing", _("Nothing to pay")

    PAYMENT_TONES = {
        "open": "live", "part_paid": "live", "paid": "ok", "credit_due": "live", "goods_due": "live",
        "blocked": "bad", "disputed": "warn",
    }  # fmt: skip
    PARTNER_PATH = "partner"

    run = models.ForeignKey(
        SettlementRun, models.PROTECT, related_name="statements", db_index=False, db_constraint=False
    )
    partner = models.ForeignKey(
        Partner, models.PROTECT, related_name="statements", db_index=False, db_constraint=False
    )
    number = models.CharField(_("number"), max_length=30)
    starts = models.DateField()
    ends = models.DateField()
    currency = models.CharField(max_length=3)
    opening = models.DecimalField(_("opening"), max_digits=18, decimal_places=2)
    accrued = models.DecimalField(_("accrued"), max_digits=18, decimal_places=2)
    earned = models.DecimalField(_("earned"), max_digits=18, decimal_places=2)
    adjusted = models.DecimalField(_("adjusted"), max_digits=18, decimal_places=2)
    approved = models.DecimalField(_("approved"), max_digits=18, decimal_places=2)
    paid = models.DecimalField(_("paid"), max_digits=18, decimal_places=2)
    closing = models.DecimalField(_("closing"), max_digits=18, decimal_places=2)
    carried = models.JSONField()
    # Of the opening, what came in at go-live since the close before: this statement pays it too.
    brought = models.DecimalField(
        _("brought in"),
        max_digits=18,
        decimal_places=2,
        default=Decimal("0.00"),
        db_default=Decimal("0.00"),
    )
    # What `carried` says was and is kept because it is below a minimum payout, over all programmes.
    kept_before = models.DecimalField(max_digits=18, decimal_places=2, default=0, db_default=0)
    kept = models.DecimalField(_("carried forward"), max_digits=18, decimal_places=2, default=0, db_default=0)
    issued_at = models.DateTimeField(_("issued"))
    # SHA-256 of its own data and results; empty on statements of before they were sealed. See sealing.py.
    digest = models.CharField(max_length=64, blank=True)

    objects = StatementQuerySet.as_manager()

    class Meta:
        ordering = ["-ends", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["run", "partner", "currency"], name="one_statement_each"),
            models.UniqueConstraint(fields=["number"], name="statement_number"),
            models.CheckConstraint(
                name="statement_adds_up",
                condition=models.Q(
                    closing=models.F("opening") + models.F("earned") + models.F("adjusted") - models.F("paid")
                ),
            ),
        ]
        indexes = [
            models.Index(fields=["partner", "-ends", "-id"], name="statements_of_partner"),
            models.Index(fields=["number"], name="statement_by_number", opclasses=["varchar_pattern_ops"]),
        ]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("rebates:statement", args=[self.number])

    @property
    def period(self) -> Period:
        return Period(self.starts, self.ends)

    @property
    def own_amount(self) -> Decimal:
        """What this period added to the partner's balance."""
        return self.earned + self.adjusted

    @property
    def due(self) -> Decimal:
        """What this period added and what came in at go-live."""
        return self.own_amount + self.brought

    @property
    def payable(self) -> Decimal:
        """What of that, and of what was kept before, is to be paid: all but what is kept now."""
        return self.due + self.kept_before - self.kept

    @property
    def own_figure(self) -> Decimal:
        """What it was to pay when it was issued, as `still_to_pay.own_figure`: a negative balance was taken off."""
        return min(self.payable, self.closing - self.kept)

    @property
    def payment_word(self) -> str:
        """The payment's state in words, of a row of `for_list()`."""
        return str(self.PaymentState(self.payment_state).label)

    @property
    def payment_tone(self) -> str:
        return self.PAYMENT_TONES.get(self.payment_state, "")


class Payment(models.Model):
    """Money paid to a partner for a statement, released by somebody who did not approve the run."""

    class Method(models.TextChoices):
        TRANSFER = "transfer", pgettext_lazy("payment", "Transfer")
        WALLET = "wallet", pgettext_lazy("payment", "Wallet for orders")
        GOODS = "goods", pgettext_lazy("payment", "Goods")
        CREDIT_NOTE = "credit_note", pgettext_lazy("payment", "Credit note")

    PARTNER_PATH = "statement__partner"

    statement = models.ForeignKey(Statement, models.PROTECT, related_name="payments")
    number = models.CharField(_("number"), max_length=40, unique=True)
    amount = models.DecimalField(_("amount"), max_digits=18, decimal_places=2)
    method = models.CharField(
        _("paid as"),
        max_length=12,
        choices=Method.choices,
        default=Method.TRANSFER,
        db_default=Method.TRANSFER,
    )
    paid_on = models.DateField(_("paid on"))
    reference = models.CharField(_("reference"), max_length=100, blank=True)
    released_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    released_by_label = models.CharField(_("released by"), max_length=200)
    created_at = models.DateTimeField(default=clock.now)
    # The day on which the bank sent it back, said by two people: from then on it counts as not paid. See returns.py.
    returned_on = models.DateField(_("returned on"), null=True)

    objects = PaymentQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [models.CheckConstraint(name="payment_above_zero", condition=models.Q(amount__gt=0))]
        indexes = [GinIndex(OpClass(Upper("reference"), name="gin_trgm_ops"), name="payment_reference_words")]

    def __str__(self) -> str:
        return self.number

    @property
    def may_be_returned(self) -> bool:
        """Whether nobody has said yet that it came back; asks for its `returns`."""
        if self.method != self.Method.TRANSFER:
            return False
        return self.returned_on is None and all(one.state == "refused" for one in self.returns.all())

    @property
    def releaser(self) -> str:
        return doer(self.released_by_label, self.released_by_id)
