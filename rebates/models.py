from __future__ import annotations

from datetime import date
from decimal import Decimal

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models.functions import Upper
from django.urls import reverse
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from partners.models import Partner
from prm.access.scoping import PartnerOwned
from prm.ledger.models import Purpose
from prm.ui.doers import doer
from prm.values import clock
from prm.values.periods import Period
from rebates.querysets import (
    PaymentQuerySet,
    ProgrammeQuerySet,
    ResultQuerySet,
    RunQuerySet,
    StatementQuerySet,
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
    def period_length(self) -> str:
        return self.policy["period"]

    @property
    def currency(self) -> str:
        return self.policy["currency"]

    @property
    def mechanism(self) -> str:
        return self.policy["mechanism"]["kind"]

    @property
    def is_frozen(self) -> bool:
        return self.accrued_at is not None

    def covers(self, period: Period) -> bool:
        """Whether the whole period lies in this version's days."""
        return self.starts <= period.start and (self.ends is None or period.end <= self.ends)


class SettlementRun(models.Model):
    """The settlement of all programmes whose period ends on one last day. There is one run per last day."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        COMPUTED = "computed", _("Computed")
        IN_REVIEW = "in_review", _("In review")
        APPROVED = "approved", _("Approved")
        CLOSING = "closing", _("Being closed")
        CLOSED = "closed", _("Closed")
        PAID = "paid", _("Paid")

    TRANSITIONS = {
        State.DRAFT: (State.COMPUTED,),
        State.COMPUTED: (State.DRAFT, State.COMPUTED, State.IN_REVIEW),
        State.IN_REVIEW: (State.DRAFT, State.COMPUTED, State.APPROVED),
        State.APPROVED: (State.IN_REVIEW, State.CLOSING),
        State.CLOSING: (State.CLOSED,),
        State.CLOSED: (State.PAID,),
        State.PAID: (),
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
    frozen_at = models.DateTimeField(null=True)
    computed_at = models.DateTimeField(_("computed"), null=True)
    computed_by_label = models.CharField(max_length=200, blank=True)
    # Who computed it and who handed it over; None: the product itself, or a run of before this was kept.
    computed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    submitted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    # By first partner of the chunk: {"lines", "hash", "sums": {currency: amount}, "other_currencies": [...]}.
    inputs = models.JSONField(default=dict)
    partner_count = models.PositiveIntegerField(default=0)
    line_count = models.PositiveBigIntegerField(default=0)
    lines_hash = models.BigIntegerField(default=0)
    # [{"currency", "sales", "accrued", "earned", "adjusted"}], decimals as text.
    totals = models.JSONField(default=list)
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

    objects = PartnerOwned.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "partner"], name="member_once_per_run")]

    def __str__(self) -> str:
        return f"{self.run_id} {self.partner_id}"


class Result(models.Model):
    """What a partner earned under a programme in a period, or by how much a closed period changed.

    Written by SQL, 100,000 at a time: the foreign keys carry no constraint of their own, because the rows come from
    joins with the tables they name. `explanation` holds the band's figures, taken from the version.
    """

    class Kind(models.TextChoices):
        EARNED = "earned", _("Earned")
        ADJUSTED = "adjusted", _("Adjusted")

    PARTNER_PATH = "partner"

    run = models.ForeignKey(
        SettlementRun, models.CASCADE, related_name="results", db_constraint=False, db_index=False
    )
    partner = models.ForeignKey(
        Partner, models.PROTECT, related_name="rebate_results", db_constraint=False, db_index=False
    )
    programme = models.ForeignKey(
        Programme, models.PROTECT, related_name="results", db_constraint=False, db_index=False
    )
    version = models.ForeignKey(
        Version, models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    starts = models.DateField()
    ends = models.DateField()
    currency = models.CharField(max_length=3)
    tier = models.CharField(_("tier"), max_length=40, blank=True)
    qualifier = models.DecimalField(_("qualifier"), max_digits=20, decimal_places=3)
    base = models.DecimalField(_("base"), max_digits=20, decimal_places=3)
    # Of what the bands are shares: baseline, target, all that counts. None: they are not, or there is no baseline.
    reference = models.DecimalField(max_digits=20, decimal_places=3, null=True)
    band = models.SmallIntegerField(_("band"))  # 0: below the first
    computed = models.DecimalField(max_digits=18, decimal_places=2)  # f(all lines)
    settled = models.DecimalField(
        max_digits=18, decimal_places=2
    )  # earned and adjusted before, for this period
    accrued = models.DecimalField(_("accrued"), max_digits=18, decimal_places=2)
    earned = models.DecimalField(_("earned"), max_digits=18, decimal_places=2)
    adjusted = models.DecimalField(_("adjusted"), max_digits=18, decimal_places=2)
    line_count = models.IntegerField(_("lines"))
    explanation = models.JSONField()

    objects = ResultQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["run", "partner", "programme", "ends"], name="one_result_each")
        ]
        indexes = [
            models.Index(
                fields=["partner", "programme"], name="adjustments", condition=models.Q(kind="adjusted")
            )
        ]

    def __str__(self) -> str:
        return f"{self.run_id} {self.partner_id} {self.programme_id}"

    def get_absolute_url(self) -> str:
        return reverse("rebates:result", args=[self.pk])

    @property
    def period(self) -> Period:
        return Period(self.starts, self.ends)

    @property
    def amount(self) -> Decimal:
        return self.earned + self.adjusted

    @property
    def tier_day(self) -> date:
        """The day whose tier counted."""
        return self.period.last_day


class Statement(models.Model):
    """What the close of a run told a partner, in one currency. Never changed afterwards.

    Its lines are the run's results; `carried` adds what they do not know: for each programme's id
    {"opening": "1900.00", "paid": "1900.00"}, left out where both are zero.
    """

    class PaymentState(models.TextChoices):
        """Follows from what is open, the payments and the partner's state; nobody sets it."""

        OPEN = "open", _("To be paid")
        PART_PAID = "part_paid", _("Part paid")
        PAID = "paid", _("Paid")
        BLOCKED = "blocked", pgettext_lazy("payment", "Blocked")
        OFFSET = "offset", pgettext_lazy("payment", "Offset")  # a negative figure took up what was not paid
        CARRIED = "carried", _("Carried forward")  # the balance is below zero, for the next statement
        NOTHING = "nothing", _("Nothing to pay")

    PAYMENT_TONES = {"open": "live", "part_paid": "live", "paid": "ok", "blocked": "bad"}
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
    def payment_word(self) -> str:
        """The payment's state in words, of a row of `for_list()`."""
        return str(self.PaymentState(self.payment_state).label)

    @property
    def payment_tone(self) -> str:
        return self.PAYMENT_TONES.get(self.payment_state, "")


class Payment(models.Model):
    """Money paid to a partner for a statement, released by somebody who did not approve the run."""

    PARTNER_PATH = "statement__partner"

    statement = models.ForeignKey(Statement, models.PROTECT, related_name="payments")
    number = models.CharField(_("number"), max_length=40, unique=True)
    amount = models.DecimalField(_("amount"), max_digits=18, decimal_places=2)
    paid_on = models.DateField(_("paid on"))
    reference = models.CharField(_("reference"), max_length=100, blank=True)
    released_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    released_by_label = models.CharField(_("released by"), max_length=200)
    created_at = models.DateTimeField(default=clock.now)

    objects = PaymentQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [models.CheckConstraint(name="payment_above_zero", condition=models.Q(amount__gt=0))]
        indexes = [GinIndex(OpClass(Upper("reference"), name="gin_trgm_ops"), name="payment_reference_words")]

    def __str__(self) -> str:
        return self.number

    @property
    def releaser(self) -> str:
        return doer(self.released_by_label, self.released_by_id)
