"""Claims: what a partner asks for what it reported, checked line by line, approved by a person, and paid."""

from __future__ import annotations

from decimal import Decimal

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from claims.models.agreements import AgreementItem
from claims.models.reports import PriceDrop, SellThroughLine, StockLine
from claims.querysets import ClaimLineQuerySet, ClaimPaymentQuerySet, ClaimQuerySet
from partners.models import Partner
from prm.catalogue.models import Product
from prm.ui.doers import doer
from prm.values import clock

ZERO = Decimal("0.00")


class Claim(models.Model):
    """A partner's claim on one agreement, or on one price drop, in one currency."""

    class Kind(models.TextChoices):
        SHIP_AND_DEBIT = "ship_debit", _("Special price")
        PRICE_PROTECTION = "price_drop", _("Price protection")

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        SUBMITTED = "submitted", _("Submitted")
        IN_REVIEW = "in_review", _("In review")
        APPROVED = "approved", _("Approved")
        PAID = "paid", _("Paid")
        REJECTED = "rejected", _("Rejected")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    TRANSITIONS = {
        State.DRAFT: (State.SUBMITTED, State.WITHDRAWN),
        State.SUBMITTED: (State.IN_REVIEW, State.APPROVED, State.REJECTED, State.WITHDRAWN),
        State.IN_REVIEW: (State.APPROVED, State.REJECTED, State.WITHDRAWN),
        State.APPROVED: (State.PAID,),
        State.PAID: (),
        State.REJECTED: (),
        State.WITHDRAWN: (),
    }
    TONES = {
        "submitted": "live", "in_review": "warn", "approved": "live", "paid": "ok", "rejected": "bad",
    }  # fmt: skip
    PARTNER_PATH = "partner"

    number = models.CharField(_("number"), max_length=20, unique=True)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices)
    partner = models.ForeignKey(
        Partner, models.PROTECT, related_name="price_claims", verbose_name=_("partner")
    )
    agreement_number = models.CharField(_("agreement"), max_length=40, blank=True)
    drop = models.ForeignKey(PriceDrop, models.PROTECT, null=True, related_name="claims")
    currency = models.CharField(_("currency"), max_length=3)
    starts = models.DateField(_("from"))
    last_day = models.DateField(_("until"))
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.DRAFT)
    state_since = models.DateTimeField(default=clock.now)
    asked = models.DecimalField(_("claimed"), max_digits=18, decimal_places=2, default=ZERO)
    approved_amount = models.DecimalField(_("accepted"), max_digits=18, decimal_places=2, default=ZERO)
    paid_amount = models.DecimalField(_("paid"), max_digits=18, decimal_places=2, default=ZERO)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    # What staff drafted to take back what was paid is no partner's to withdraw.
    drafted_by_staff = models.BooleanField(default=False)
    created_by_label = models.CharField(_("drafted by"), max_length=200)
    created_at = models.DateTimeField(_("drafted"), default=clock.now)
    submitted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    submitted_by_label = models.CharField(_("submitted by"), max_length=200, blank=True)
    submitted_at = models.DateTimeField(_("submitted"), null=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_by_label = models.CharField(_("decided by"), max_length=200, blank=True)
    decided_at = models.DateTimeField(_("decided"), null=True)

    objects = ClaimQuerySet.as_manager()

    class Meta:
        verbose_name = _("price claim")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                name="claim_decided_by_another",
                condition=models.Q(decided_by__isnull=True)
                | models.Q(submitted_by__isnull=True)
                | ~models.Q(decided_by=models.F("submitted_by")),
            ),
            models.CheckConstraint(
                name="claim_paid_within_approved",
                condition=models.Q(paid_amount=0)
                | models.Q(paid_amount__gt=0, paid_amount__lte=models.F("approved_amount")),
            ),
            models.CheckConstraint(
                name="claim_on_agreement_or_drop",
                condition=models.Q(kind="ship_debit", drop__isnull=True) & ~models.Q(agreement_number="")
                | models.Q(kind="price_drop", drop__isnull=False, agreement_number=""),
            ),
        ]
        indexes = [
            models.Index(fields=["partner", "-id"], name="price_claim_by_partner"),
            models.Index(fields=["state", "-id"], name="price_claim_by_state"),
        ]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("claims:claim", args=[self.number])

    @property
    def tone(self) -> str:
        return self.TONES.get(self.state, "")

    @property
    def open_amount(self) -> Decimal:
        return max(ZERO, self.approved_amount - self.paid_amount) if self.state == "approved" else ZERO

    @property
    def submitter(self) -> str:
        return doer(self.submitted_by_label, self.submitted_by_id)

    @property
    def decider(self) -> str:
        return doer(self.decided_by_label, self.decided_by_id)

    @property
    def subject(self) -> str:
        return self.agreement_number or str(self.drop)

    def may_become(self, state: str) -> bool:
        return state in self.TRANSITIONS[self.State(self.state)]


class ClaimLine(models.Model):
    """(basis − agreed) × quantity for one reported line, and what the check and a person said about it."""

    class Verdict(models.TextChoices):
        OPEN = "open", _("Not checked yet")
        ACCEPTED = "accepted", _("Accepted")
        CUT = "cut", _("Accepted in part")
        EXCEPTION = "exception", _("A person decides")
        REJECTED = "rejected", pgettext_lazy("claim line", "Rejected")

    TONES = {"accepted": "ok", "cut": "warn", "exception": "live", "rejected": "bad"}
    PARTNER_PATH = "claim__partner"

    claim = models.ForeignKey(Claim, models.PROTECT, related_name="lines")
    position = models.PositiveIntegerField()
    report = models.ForeignKey(SellThroughLine, models.PROTECT, null=True, related_name="claim_lines")
    stock = models.ForeignKey(StockLine, models.PROTECT, null=True, related_name="claim_lines")
    item = models.ForeignKey(AgreementItem, models.PROTECT, null=True, related_name="claim_lines")
    product = models.ForeignKey(Product, models.PROTECT, related_name="+", verbose_name=_("product"))
    day = models.DateField(_("day"))
    quantity = models.DecimalField(_("quantity"), max_digits=18, decimal_places=3)
    basis_price = models.DecimalField(_("basis"), max_digits=18, decimal_places=4, null=True)
    agreed_price = models.DecimalField(_("agreed"), max_digits=18, decimal_places=4, null=True)
    asked = models.DecimalField(_("claimed"), max_digits=18, decimal_places=2, default=ZERO)
    taken = models.DecimalField(_("accepted quantity"), max_digits=18, decimal_places=3, default=0)
    amount = models.DecimalField(_("accepted"), max_digits=18, decimal_places=2, default=ZERO)
    verdict = models.CharField(_("verdict"), max_length=10, choices=Verdict.choices, default=Verdict.OPEN)
    # Why: [{"code", "values"}], see claims.checks.
    findings = models.JSONField(default=list)
    decision = models.CharField(_("decision"), max_length=300, blank=True)
    decided_by_label = models.CharField(_("decided by"), max_length=200, blank=True)
    # Whether what was reported is taken by this line: not where it was rejected, or the claim withdrawn.
    live = models.BooleanField(default=True)

    objects = ClaimLineQuerySet.as_manager()

    class Meta:
        verbose_name = _("claim line")
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["claim", "position"], name="position_once_per_claim"),
            models.UniqueConstraint(
                fields=["report"],
                name="sale_claimed_once",
                condition=models.Q(live=True, report__isnull=False),
                violation_error_message=_("This sale is in another claim."),
            ),
            models.UniqueConstraint(
                fields=["stock"],
                name="stock_claimed_once",
                condition=models.Q(live=True, stock__isnull=False),
                violation_error_message=_("This stock is in another claim."),
            ),
            models.CheckConstraint(
                name="claim_line_of_sale_or_stock",
                condition=models.Q(report__isnull=False, stock__isnull=True)
                | models.Q(report__isnull=True, stock__isnull=False),
            ),
            models.CheckConstraint(
                name="rejected_claim_line_pays_nothing",
                condition=models.Q(verdict__in=["accepted", "cut"]) | models.Q(amount=0, taken=0),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.claim} {self.position}"

    @property
    def tone(self) -> str:
        return self.TONES.get(self.verdict, "")

    @property
    def waits_for_sale(self) -> bool:
        """A return is decided with its sale where a person decides about that."""
        waits = any(one["code"] == "sale_waits" for one in self.findings)
        return self.verdict == self.Verdict.EXCEPTION and waits

    @property
    def unit_difference(self) -> Decimal | None:
        if self.basis_price is None or self.agreed_price is None:
            return None
        return self.basis_price - self.agreed_price


class ClaimPayment(models.Model):
    """A payment of an approved claim, or of a part of it."""

    class Method(models.TextChoices):
        TRANSFER = "transfer", _("Bank transfer")
        CREDIT_NOTE = "credit_note", _("Credit note")

    PARTNER_PATH = "claim__partner"

    claim = models.ForeignKey(Claim, models.PROTECT, related_name="payments")
    number = models.CharField(_("number"), max_length=30, unique=True)
    amount = models.DecimalField(_("amount"), max_digits=18, decimal_places=2)
    method = models.CharField(_("paid as"), max_length=12, choices=Method.choices)
    paid_on = models.DateField(_("paid on"))
    reference = models.CharField(_("reference"), max_length=100, blank=True)
    paid_by_label = models.CharField(_("paid by"), max_length=200)

    objects = ClaimPaymentQuerySet.as_manager()

    class Meta:
        verbose_name = _("payment of a claim")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(name="claim_payment_above_zero", condition=models.Q(amount__gt=0))
        ]

    def __str__(self) -> str:
        return self.number
