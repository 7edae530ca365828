from __future__ import annotations

from datetime import date, timedelta

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models.functions import Upper
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from dealreg.querysets import ProtectionQuerySet, QuestionQuerySet, RegistrationQuerySet
from partners.models import Partner
from prm.access.scoping import PartnerOwned
from prm.catalogue.models import ProductLine
from prm.customers.models import EndCustomer
from prm.values import clock


class RegistrationType(models.Model):
    """A kind of deal with its protection period, such as resale or referral."""

    code = models.CharField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=80)
    name_zh = models.CharField(_("Chinese name"), max_length=80, blank=True)
    protection_days = models.PositiveSmallIntegerField(_("days of protection"), default=90)
    is_default = models.BooleanField(default=False)

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name_zh if self.name_zh and (get_language() or "").startswith("zh") else self.name


class DealRegistration(models.Model):
    """A partner's claim to a deal with one end customer, on one or more product lines."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        SUBMITTED = "submitted", _("Submitted")
        IN_REVIEW = "in_review", _("In review")
        INFO_REQUESTED = "info_requested", _("Info requested")
        APPROVED = "approved", _("Approved")
        WON = "won", _("Won")
        LOST = "lost", _("Lost")
        REJECTED = "rejected", _("Rejected")
        WITHDRAWN = "withdrawn", _("Withdrawn")
        EXPIRED = "expired", _("Expired")
        DISPUTED = "disputed", _("Disputed")

    TRANSITIONS = {
        State.DRAFT: (State.SUBMITTED, State.WITHDRAWN),
        State.SUBMITTED: (State.IN_REVIEW, State.WITHDRAWN),
        State.IN_REVIEW: (
            State.APPROVED,
            State.REJECTED,
            State.INFO_REQUESTED,
            State.WITHDRAWN,
            State.DISPUTED,
        ),
        State.INFO_REQUESTED: (State.IN_REVIEW, State.WITHDRAWN, State.REJECTED),
        State.APPROVED: (State.WON, State.LOST, State.WITHDRAWN, State.EXPIRED, State.DISPUTED),
        State.DISPUTED: (State.IN_REVIEW, State.APPROVED),
        State.WON: (),
        State.LOST: (),
        State.REJECTED: (),
        State.WITHDRAWN: (),
        State.EXPIRED: (),
    }
    # Others may not register the same customer and line while one of these stands.
    OPEN = (State.SUBMITTED, State.IN_REVIEW, State.INFO_REQUESTED, State.DISPUTED)
    PARTNER_PATH = "partner"

    class Verdict(models.TextChoices):
        CLEAR = "clear", _("Clear")
        POSSIBLE = "possible", _("Possible")
        BLOCKED = "blocked", _("Blocked")

    number = models.CharField(_("number"), max_length=40, unique=True)
    # Of the form that was filled in: pressed twice, or saving itself meanwhile, it makes one registration.
    attempt = models.UUIDField(null=True, editable=False)
    partner = models.ForeignKey(
        Partner, models.PROTECT, related_name="registrations", verbose_name=_("partner")
    )
    type = models.ForeignKey(RegistrationType, models.PROTECT, verbose_name=_("type"))
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.DRAFT)
    # What the partner typed; kept as it was.
    customer_name = models.CharField(_("end customer"), max_length=200, blank=True)
    tax_number = models.CharField(_("tax number"), max_length=40, blank=True)
    domain = models.CharField(_("web domain"), max_length=120, blank=True)
    region = models.CharField(_("region"), max_length=80, blank=True)
    contact = models.CharField(_("contact at the customer"), max_length=200, blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    note = models.TextField(_("what the deal is about"), blank=True)
    end_customer = models.ForeignKey(EndCustomer, models.PROTECT, null=True, related_name="registrations")
    # Empty only while it is a draft, which saves itself half filled in.
    estimated_value = models.DecimalField(_("estimated value"), max_digits=18, decimal_places=2, null=True)
    currency = models.CharField(max_length=3)
    expected_close = models.DateField(_("expected close"), null=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=clock.now)
    saved_at = models.DateTimeField(default=clock.now)
    submitted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    submitted_at = models.DateTimeField(_("submitted"), null=True)
    # The last conflict check: verdict, and everything the reviewer sees side by side.
    verdict = models.CharField(_("conflict check"), max_length=10, choices=Verdict.choices, blank=True)
    match_count = models.PositiveSmallIntegerField(default=0)
    check_result = models.JSONField(default=dict)
    # The promise clock: since when it waits, for staff (in review) or for the partner (info requested).
    waiting_since = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    decision_reason = models.TextField(blank=True)
    closed_at = models.DateTimeField(null=True)
    closed_reason = models.TextField(blank=True)
    # The last day of its last protection, kept with the row because lists sort and filter by it.
    protected_until = models.DateField(_("protected to"), null=True)
    # The last reminder that the protection ends: how many days before.
    reminded_days = models.PositiveSmallIntegerField(null=True)
    # What the tenant's own fields hold; prm.customfields writes it.
    custom = models.JSONField(default=dict, db_default=models.Value({}, models.JSONField()), blank=True)

    objects = RegistrationQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["partner", "-id"], name="deal_by_partner"),
            models.Index(fields=["state", "-id"], name="deal_by_state"),
            models.Index(fields=["end_customer", "state"], name="deal_by_customer"),
            models.Index(fields=["expected_close", "id"], name="deal_by_close"),
            models.Index(fields=["estimated_value", "id"], name="deal_by_value"),
            models.Index(
                fields=["waiting_since"], name="deal_waiting", condition=models.Q(waiting_since__isnull=False)
            ),
            models.Index(fields=["protected_until", "id"], name="deal_by_protection"),
            models.Index(
                fields=["-id"],
                name="deal_in_conflict",
                condition=models.Q(state__in=["submitted", "in_review"], verdict__in=["possible", "blocked"]),
            ),
            GinIndex(fields=["custom"], name="deal_by_custom"),
            GinIndex(
                OpClass(Upper("customer_name"), name="gin_trgm_ops"),
                OpClass(Upper("number"), name="gin_trgm_ops"),
                OpClass(Upper("tax_number"), name="gin_trgm_ops"),
                name="deal_words",
            ),
        ]
        constraints = [
            # Within a partner: a mark that somebody else's form carries says nothing here.
            models.UniqueConstraint(
                name="one_registration_per_attempt",
                fields=["partner", "attempt"],
                condition=models.Q(attempt__isnull=False),
            ),
            models.CheckConstraint(
                name="submitted_registration_is_complete",
                condition=models.Q(state__in=["draft", "withdrawn"])
                | models.Q(
                    end_customer__isnull=False,
                    estimated_value__isnull=False,
                    expected_close__isnull=False,
                    submitted_at__isnull=False,
                ),
            ),
            models.CheckConstraint(
                name="estimated_value_not_negative",
                condition=models.Q(estimated_value__isnull=True) | models.Q(estimated_value__gte=0),
                violation_error_message=_("The estimated value is below zero. Enter zero or more."),
            ),
        ]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("dealreg:detail", args=[self.number])

    def may_become(self, state: str) -> bool:
        return state in self.TRANSITIONS[self.State(self.state)]

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN

    @property
    def waits_for_staff(self) -> bool:
        return self.state in (self.State.SUBMITTED, self.State.IN_REVIEW, self.State.DISPUTED)

    @property
    def waits_for_partner(self) -> bool:
        return self.state == self.State.INFO_REQUESTED


class RegistrationLine(models.Model):
    """One product line of a registration."""

    PARTNER_PATH = "registration__partner"

    registration = models.ForeignKey(DealRegistration, models.CASCADE, related_name="lines")
    product_line = models.ForeignKey(ProductLine, models.PROTECT, related_name="+")
    # None until the decision; an approval may take some lines only.
    approved = models.BooleanField(null=True)

    objects = PartnerOwned.as_manager()

    class Meta:
        ordering = ["product_line__code"]
        constraints = [
            models.UniqueConstraint(
                fields=["registration", "product_line"], name="product_line_once_per_registration"
            )
        ]

    def __str__(self) -> str:
        return str(self.product_line)


class Protection(models.Model):
    """The promise that one partner alone may sell a product line to an end customer, for a while."""

    PARTNER_PATH = "registration__partner"

    registration = models.ForeignKey(DealRegistration, models.PROTECT, related_name="protections")
    end_customer = models.ForeignKey(EndCustomer, models.PROTECT, related_name="protections")
    product_line = models.ForeignKey(ProductLine, models.PROTECT, related_name="+")
    during = DateRangeField()  # [first day, day after the last); cut short, never deleted
    # What the approval promised: stays when `during` is cut short (on its first day even to nothing).
    first_day = models.DateField()
    promised_last_day = models.DateField()
    ended_because = models.CharField(max_length=20, blank=True)
    ended_at = models.DateTimeField(null=True)

    objects = ProtectionQuerySet.as_manager()

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="one_protection_per_customer_and_line",
                expressions=[
                    ("end_customer", RangeOperators.EQUAL),
                    ("product_line", RangeOperators.EQUAL),
                    ("during", RangeOperators.OVERLAPS),
                ],
                violation_error_message=_("This customer is not available for this product line."),
            )
        ]
        indexes = [models.Index(fields=["promised_last_day"], name="protection_by_last_day")]

    def __str__(self) -> str:
        return f"{self.registration} {self.product_line}"

    @property
    def last_day(self) -> date:
        """The last day on which it holds or held; the day before the first when it was cut at once."""
        end = self.during.upper or self.first_day
        return end - timedelta(days=1)

    def is_live(self, on: date) -> bool:
        return not self.during.isempty and self.during.lower <= on < self.during.upper


class RegistrationMessage(models.Model):
    """A question to the partner or its answer; both sides read it."""

    PARTNER_PATH = "registration__partner"

    registration = models.ForeignKey(DealRegistration, models.CASCADE, related_name="messages")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    author_label = models.CharField(max_length=200)
    from_staff = models.BooleanField()
    text = models.TextField()
    at = models.DateTimeField(default=clock.now)

    objects = PartnerOwned.as_manager()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.text[:60]


class AvailabilityQuestion(models.Model):
    """A partner asked "may I register this customer?". The answer comes at a fixed tick, come what may."""

    PARTNER_PATH = "partner"

    class Answer(models.TextChoices):
        CLEAR = "clear", _("Clear")
        UNDER_REVIEW = "under_review", _("Under review")
        NOT_AVAILABLE = "not_available", _("Not available")
        ASK_MANAGER = "ask_manager", _("Ask your channel manager")

    token = models.CharField(max_length=32, unique=True)
    partner = models.ForeignKey(Partner, models.CASCADE, related_name="questions")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    customer_name = models.CharField(max_length=200)
    tax_number = models.CharField(max_length=40, blank=True)
    domain = models.CharField(max_length=120, blank=True)
    region = models.CharField(max_length=80, blank=True)
    product_lines = models.JSONField(default=list)
    # The normalised core name: what counts as "the same customer" for the limit on asking.
    core_key = models.CharField(max_length=200)
    answer = models.CharField(max_length=16, choices=Answer.choices)
    result = models.JSONField(default=dict)
    # A form that asks again with other product lines goes on with the question before; three questions are three.
    counts = models.BooleanField(default=True)
    asked_at = models.DateTimeField(default=clock.now)
    answer_at = models.DateTimeField()

    objects = QuestionQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["partner", "core_key", "asked_at"], name="question_count")]

    def __str__(self) -> str:
        return self.customer_name
