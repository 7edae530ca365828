"""What a partner says is wrong with a statement, what is said about it, and the money by which people correct one."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from orders.models import CreditedLine, SalesLine
from partners.models import Partner
from prm.ui.doers import doer
from prm.values import clock
from prm.values.actor import Actor
from rebates.arithmetic import rounded
from rebates.dispute_querysets import AdjustmentQuerySet, DisputedLineQuerySet, DisputeQuerySet
from rebates.models.programmes import Programme
from rebates.models.runs import SettlementRun
from rebates.models.statements import Statement


class Shown(NamedTuple):
    """A state in words, and its tone."""

    word: Any
    tone: str


class Dispute(models.Model):
    """A partner says that a statement is wrong, and names the lines. One is under way per statement; lines that are
    added later are a DisputeAddition, and the dispute stays the same one.

    `held` is the part of the statement's figure that rests on the disputed lines: it is not paid while the dispute is
    under way; the database refuses such a payment. `difference` is by how much the sales lines would change, of
    the lines that say so, `worth` what that would have earned, None where it cannot be told.
    """

    class Kind(models.TextChoices):
        LINES = "lines", _("Lines marked")
        LEDGER = "ledger", _("Own ledger compared")

    class State(models.TextChoices):
        DRAFT = "draft", _("Not sent yet")
        OPEN = "open", pgettext_lazy("dispute", "Open")
        ASKED = "asked_back", _("Asked back")
        IN_REVIEW = "in_review", _("In review")
        PROPOSED = "proposed", _("To be confirmed")
        ACCEPTED = "accepted", pgettext_lazy("dispute", "Accepted")
        PARTLY = "partly_accepted", _("Partly accepted")
        REJECTED = "rejected", pgettext_lazy("dispute", "Rejected")
        WITHDRAWN = "withdrawn", pgettext_lazy("dispute", "Withdrawn")

    class Effect(models.TextChoices):
        NONE = "", _("Nothing changes")
        MONEY = "money", _("A manual adjustment in the next statement")
        LINES = "lines", _("The sales lines are corrected")

    DECISIONS = (State.ACCEPTED, State.PARTLY, State.REJECTED)
    TRANSITIONS = {
        State.DRAFT: (State.OPEN,),
        State.OPEN: (State.ASKED, State.IN_REVIEW, State.PROPOSED, *DECISIONS, State.WITHDRAWN),
        State.ASKED: (State.IN_REVIEW, State.WITHDRAWN),
        State.IN_REVIEW: (State.ASKED, State.PROPOSED, *DECISIONS, State.WITHDRAWN),
        State.PROPOSED: (State.IN_REVIEW, State.ACCEPTED, State.PARTLY),
        State.ACCEPTED: (),
        State.PARTLY: (),
        State.REJECTED: (),
        State.WITHDRAWN: (),
    }
    TONES = {
        "draft": "", "open": "live", "asked_back": "warn", "in_review": "live", "proposed": "warn",
        "accepted": "ok", "partly_accepted": "ok", "rejected": "bad", "withdrawn": "",
    }  # fmt: skip
    PARTNER_PATH = "partner"

    statement = models.ForeignKey(Statement, models.PROTECT, related_name="disputes")
    partner = models.ForeignKey(Partner, models.PROTECT, related_name="+", db_index=False)
    number = models.CharField(_("number"), max_length=20, unique=True)
    kind = models.CharField(_("kind"), max_length=6, choices=Kind.choices)
    state = models.CharField(_("state"), max_length=15, choices=State.choices, default=State.DRAFT)
    # While it is under way: since when it waits for the side whose turn it is, whatever that side did meanwhile.
    state_since = models.DateTimeField(default=clock.now)
    due = models.DateTimeField(_("promised by"), null=True)
    reason = models.TextField(_("reason"), blank=True)
    held = models.DecimalField(_("held back"), max_digits=18, decimal_places=2, default=Decimal("0.00"))
    difference = models.DecimalField(
        _("difference"), max_digits=18, decimal_places=2, default=Decimal("0.00")
    )
    worth = models.DecimalField(_("worth"), max_digits=18, decimal_places=2, null=True)
    # Of a ledger, the last one where several were compared: {"rows", "agree", "agreed", "outside", "ours", "theirs"};
    # sums as text. Where lines of ours were not compared: {"left", "left_sum", "left_first", "left_last"}. What
    # agrees on another day of the same period: {"shifted", and in "shifts" the first of them as document, our day,
    # theirs}. Of any: "untold", why `worth` leaves out "untold_lines", or is None, and in
    # "untold_programmes" the codes of those that it leaves out because they hang on other partners;
    # of how many lines the right figure is "said", so that they are in `difference`, and of how many it is "unsaid".
    summary = models.JSONField(default=dict)
    file_name = models.CharField(max_length=200, blank=True)
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    opened_by_label = models.CharField(_("opened by"), max_length=200)
    opened_at = models.DateTimeField(_("opened"), default=clock.now)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_by_label = models.CharField(_("decided by"), max_length=200, blank=True)
    decided_at = models.DateTimeField(_("decided"), null=True)
    decision = models.TextField(_("reason of the decision"), blank=True)
    effect = models.CharField(_("effect"), max_length=5, choices=Effect.choices, blank=True)

    objects = DisputeQuerySet.as_manager()

    class Meta:
        verbose_name = _("dispute of a statement")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["statement"],
                name="one_dispute_under_way",
                condition=models.Q(state__in=["open", "asked_back", "in_review", "proposed"]),
                violation_error_message=_("This statement is disputed already."),
            ),
            models.UniqueConstraint(
                fields=["statement"], name="one_draft_of_a_dispute", condition=models.Q(state="draft")
            ),
            models.CheckConstraint(name="held_is_not_negative", condition=models.Q(held__gte=0)),
            models.CheckConstraint(
                name="decided_with_a_reason",
                condition=~models.Q(state__in=["accepted", "partly_accepted", "rejected"])
                | (models.Q(decided_at__isnull=False) & ~models.Q(decision="")),
            ),
        ]
        indexes = [models.Index(fields=["partner", "-id"], name="disputes_of_partner")]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("rebates:dispute", args=[self.number])

    @property
    def currency(self) -> str:
        return self.statement.currency

    @property
    def says_difference(self) -> bool:
        """Whether the right figure of any line is known, so that `difference` means something."""
        return self.summary.get("said") != 0

    @property
    def is_live(self) -> bool:
        return self.state in DisputeQuerySet.LIVE

    @property
    def waits_for_partner(self) -> bool:
        return self.state in (self.State.DRAFT, self.State.ASKED)

    @property
    def decider(self) -> str:
        return doer(self.decided_by_label, self.decided_by_id)

    @property
    def opener(self) -> str:
        return doer(self.opened_by_label, self.opened_by_id)

    def may_become(self, state: str) -> bool:
        return state in self.TRANSITIONS[self.State(self.state)]

    @property
    def takes_more(self) -> bool:
        """Whether more lines can be added; while a sum waits for finance's second person they cannot."""
        return self.state in (self.State.OPEN, self.State.ASKED, self.State.IN_REVIEW)

    def known_lines(self) -> set[int]:
        """The ids of our lines and credits that it names; no credit has the id of a sales line."""
        pairs = self.lines.values_list("sales_line_id", "credit_id")
        return {one for pair in pairs for one in pair if one is not None}

    def shown_to(self, actor: Actor) -> Shown:
        """The state as it is read: what finance weighs between its two people is no business of the partner's."""
        state = self.State(self.state)
        if actor.is_partner and state == self.State.PROPOSED:
            state = self.State.IN_REVIEW
        return Shown(state.label, self.TONES[state])


class DisputeAddition(models.Model):
    """More lines of a dispute under way: who added them when and why, and what all lines come to with them.

    Append-only. The dispute's `held` and `difference` are those of the last one; the database allows no other change.
    """

    PARTNER_PATH = "dispute__partner"

    dispute = models.ForeignKey(Dispute, models.CASCADE, related_name="additions")
    reason = models.TextField(_("reason"))
    count = models.PositiveIntegerField()
    held = models.DecimalField(_("held back"), max_digits=18, decimal_places=2)
    difference = models.DecimalField(_("difference"), max_digits=18, decimal_places=2)
    file_name = models.CharField(max_length=200, blank=True)  # of a ledger that was compared
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    by_label = models.CharField(max_length=200)
    at = models.DateTimeField(default=clock.now)

    objects = DisputedLineQuerySet.as_manager()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.dispute} {self.at:%Y-%m-%d}"

    @property
    def adder(self) -> str:
        return doer(self.by_label, self.by_id)


class DisputedLine(models.Model):
    """One line of a dispute: ours, the partner's, or both where they differ. Never changed once it was sent."""

    class What(models.TextChoices):
        MISSING = "missing", _("Missing from the statement")
        AMOUNT = "amount", _("Wrong amount")
        QUANTITY = "quantity", _("Wrong quantity")
        DAY = "day", _("In another period")
        COUNT = "count", _("Should count")
        NOT_OURS = "not_ours", _("Not in the partner’s books")

    PARTNER_PATH = "dispute__partner"

    dispute = models.ForeignKey(Dispute, models.CASCADE, related_name="lines")
    addition = models.ForeignKey(
        DisputeAddition, models.PROTECT, null=True, related_name="lines", db_index=False
    )  # None: it was there from the beginning
    what = models.CharField(_("what is wrong"), max_length=8, choices=What.choices)
    sales_line = models.ForeignKey(SalesLine, models.PROTECT, null=True, related_name="+", db_index=False)
    # Of an agent's statement: what it is credited with, where it is not a line of its own.
    credit = models.ForeignKey(CreditedLine, models.PROTECT, null=True, related_name="+", db_index=False)
    document = models.CharField(_("document"), max_length=60)
    day = models.DateField(_("booking date"))
    product = models.CharField(_("product"), max_length=60, blank=True)
    our_quantity = models.DecimalField(max_digits=18, decimal_places=3, null=True)
    our_amount = models.DecimalField(max_digits=18, decimal_places=2, null=True)
    # What the partner says it should be; None: it only says that ours is wrong.
    their_quantity = models.DecimalField(max_digits=18, decimal_places=3, null=True)
    their_amount = models.DecimalField(max_digits=18, decimal_places=2, null=True)
    # The partner's own day of a line of ours, where that lies in another period.
    their_day = models.DateField(null=True)
    # Where we booked a document that is missing here: a day of another period.
    booked_on = models.DateField(null=True)
    file_row = models.PositiveIntegerField(null=True)

    objects = DisputedLineQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                name="disputed_line_is_somebodys",
                condition=models.Q(sales_line__isnull=False, credit__isnull=True, our_amount__isnull=False)
                | models.Q(sales_line__isnull=True, credit__isnull=False, our_amount__isnull=False)
                | models.Q(sales_line__isnull=True, credit__isnull=True, their_amount__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"{self.document} {self.what}"

    @property
    def sent_at(self) -> datetime:
        return self.addition.at if self.addition is not None else self.dispute.opened_at

    @property
    def ours(self) -> SalesLine | CreditedLine | None:
        """What it is about here; None where only the partner has it."""
        return self.sales_line or self.credit

    @property
    def is_priced(self) -> bool:
        """Whether the partner names a right quantity alone: our unit price then says the right amount."""
        return (
            self.what == self.What.QUANTITY and self.their_amount is None
            and self.their_quantity is not None and bool(self.our_quantity)
        )  # fmt: skip

    @property
    def right_amount(self) -> Decimal | None:
        """What the amount should be: as the partner says, or its quantity at the unit price of ours; None: not said."""
        if not self.is_priced:
            return self.their_amount
        quantity, amount = Fraction(self.their_quantity or 0), Fraction(self.our_amount or 0)
        return rounded(quantity * amount / Fraction(self.our_quantity or 1), self.dispute.currency)

    @property
    def difference(self) -> Decimal | None:
        """Theirs − ours, None where the partner does not say what is right; a line that is not theirs takes ours away,
        and one that should count stays as it is.
        """
        ours = self.our_amount or Decimal("0.00")
        if self.what == self.What.NOT_OURS:
            return -ours
        if self.what == self.What.COUNT:
            return Decimal("0.00")
        return None if self.right_amount is None else self.right_amount - ours


class DisputeMessage(models.Model):
    """What somebody said about a dispute; both sides read it."""

    PARTNER_PATH = "dispute__partner"

    dispute = models.ForeignKey(Dispute, models.CASCADE, related_name="messages")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    author_label = models.CharField(max_length=200)
    text = models.TextField()
    at = models.DateTimeField(default=clock.now)

    objects = DisputedLineQuerySet.as_manager()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.dispute} {self.at:%Y-%m-%d}"


class ManualAdjustment(models.Model):
    """Money by which a person corrects a statement, posted by the next close. Two people; never changed once decided.

    It follows from a decided dispute, whose number it has, or somebody in finance corrects a statement of their own
    accord. Nothing of the statement itself changes.
    """

    class State(models.TextChoices):
        PROPOSED = "proposed", pgettext_lazy("adjustment", "To be confirmed")
        CONFIRMED = "confirmed", pgettext_lazy("adjustment", "Waits for the next close")
        REFUSED = "refused", pgettext_lazy("adjustment", "Not confirmed")
        POSTED = "posted", pgettext_lazy("adjustment", "Posted")

    TRANSITIONS = {
        State.PROPOSED: (State.CONFIRMED, State.REFUSED),
        State.CONFIRMED: (State.POSTED,),
        State.REFUSED: (),
        State.POSTED: (),
    }
    TONES = {"proposed": "warn", "confirmed": "live", "posted": "ok"}
    PARTNER_PATH = "partner"

    number = models.CharField(_("number"), max_length=30, unique=True)
    dispute = models.OneToOneField(Dispute, models.PROTECT, null=True, related_name="adjustment")
    statement = models.ForeignKey(
        Statement, models.PROTECT, related_name="manual_adjustments"
    )  # that it corrects
    state = models.CharField(_("state"), max_length=9, choices=State.choices, default=State.PROPOSED)
    partner = models.ForeignKey(Partner, models.PROTECT, related_name="+")
    programme = models.ForeignKey(Programme, models.PROTECT, related_name="+", db_index=False)
    currency = models.CharField(max_length=3)
    amount = models.DecimalField(_("amount"), max_digits=18, decimal_places=2)
    reason = models.TextField(_("reason"))
    # Of a dispute: what its lines could change under the programme at most, and why the sum is more.
    could_change = models.DecimalField(max_digits=18, decimal_places=2, null=True)
    why_beyond = models.TextField(blank=True)
    fully = models.BooleanField(default=True)  # whether the dispute is accepted fully with it, or partly
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    proposed_by_label = models.CharField(_("proposed by"), max_length=200)
    proposed_at = models.DateTimeField(_("proposed"), default=clock.now)
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    confirmed_by_label = models.CharField(_("confirmed by"), max_length=200, blank=True)
    confirmed_at = models.DateTimeField(null=True)
    # Who did not confirm it, or took it back, and why.
    refused_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    refused_by_label = models.CharField(_("not confirmed by"), max_length=200, blank=True)
    refused_at = models.DateTimeField(null=True)
    refusal = models.CharField(max_length=500, blank=True)
    # The settlement whose close posts it, on its statements.
    run = models.ForeignKey(SettlementRun, models.PROTECT, null=True, related_name="manual_adjustments")

    objects = AdjustmentQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(name="manual_adjustment_moves_money", condition=~models.Q(amount=0)),
            models.CheckConstraint(name="manual_adjustment_has_a_reason", condition=~models.Q(reason="")),
            models.CheckConstraint(
                name="manual_adjustment_within_its_lines",
                condition=models.Q(could_change__isnull=True)
                | models.Q(
                    amount__lte=models.F("could_change"),
                    amount__gte=models.F("could_change") * models.Value(-1),
                )
                | ~models.Q(why_beyond=""),
            ),
            models.CheckConstraint(
                name="manual_adjustment_by_two",
                condition=models.Q(confirmed_by__isnull=True)
                | ~models.Q(confirmed_by=models.F("proposed_by")),
            ),
            models.CheckConstraint(
                name="manual_adjustment_confirmed_before_posted",
                condition=models.Q(run__isnull=True) | models.Q(confirmed_at__isnull=False),
            ),
            models.CheckConstraint(
                name="manual_adjustment_is_in_its_state",
                condition=models.Q(state="proposed", confirmed_at__isnull=True, refused_at__isnull=True)
                | models.Q(state="refused", confirmed_at__isnull=True, refused_at__isnull=False)
                | models.Q(
                    state="confirmed", confirmed_at__isnull=False, refused_at__isnull=True, run__isnull=True
                )
                | models.Q(
                    state="posted", confirmed_at__isnull=False, refused_at__isnull=True, run__isnull=False
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        """Its own page; of a dispute, the dispute's."""
        if self.dispute is not None:
            return self.dispute.get_absolute_url()
        return reverse("rebates:adjustment", args=[self.number])

    @property
    def tone(self) -> str:
        return self.TONES.get(self.state, "")

    @property
    def proposer(self) -> str:
        return doer(self.proposed_by_label, self.proposed_by_id)

    @property
    def confirmer(self) -> str:
        return doer(self.confirmed_by_label, self.confirmed_by_id)

    @property
    def refuser(self) -> str:
        return doer(self.refused_by_label, self.refused_by_id)
