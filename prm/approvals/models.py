from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.functional import cached_property
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from prm.access.scoping import PartnerOwned
from prm.approvals import subjects
from prm.approvals.document import Document, parse_once
from prm.approvals.querysets import DecisionQuerySet, RunQuerySet, TaskQuerySet
from prm.ui import said
from prm.values import clock


class Flow(models.Model):
    """How decisions about one kind of object are made: one flow a subject, in versions."""

    subject = models.CharField(_("for"), max_length=40, unique=True)

    class Meta:
        ordering = ["subject"]

    def __str__(self) -> str:
        return self.subject


class FlowVersion(models.Model):
    """A flow document. Only a draft changes; runs go on under the version under which they began."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        PUBLISHED = "published", _("Published")
        RETIRED = "retired", _("Retired")

    TRANSITIONS = {
        State.DRAFT: (State.PUBLISHED,),
        State.PUBLISHED: (State.RETIRED,),
        State.RETIRED: (),
    }

    flow = models.ForeignKey(Flow, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField(_("version"))
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.DRAFT)
    document = models.JSONField()
    note = models.TextField(_("what is new"), blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=clock.now)
    saved_at = models.DateTimeField(default=clock.now)
    saved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    published_at = models.DateTimeField(null=True)
    retired_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["flow", "number"], name="flow_version_number_once"),
            models.UniqueConstraint(
                fields=["flow"],
                condition=models.Q(state="published"),
                name="one_published_version_per_flow",
                violation_error_message=_("Another version of this flow was published meanwhile."),
            ),
            models.UniqueConstraint(
                fields=["flow"],
                condition=models.Q(state="draft"),
                name="one_draft_per_flow",
                violation_error_message=_("This flow has a draft already. Go on with it."),
            ),
        ]

    def __str__(self) -> str:
        known = subjects.find(self.flow.subject)
        words = {"subject": known.label if known else self.flow.subject, "number": self.number}
        return gettext("%(subject)s, version %(number)s") % words

    @property
    def noted(self) -> str:
        """What is new, in the reader's language where the product itself wrote it."""
        return said.mine(self.note)

    @cached_property
    def parsed(self) -> Document:
        return parse_once(self.document)


class DryRun(models.Model):
    """What a draft would have done otherwise with the last cases; it holds for exactly the text it was made of."""

    version = models.ForeignKey(FlowVersion, models.CASCADE, related_name="dry_runs")
    fingerprint = models.CharField(max_length=64)
    outcome = models.JSONField()
    seconds = models.DecimalField(max_digits=8, decimal_places=1)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["version", "fingerprint"], name="one_dry_run_per_text"),
        ]

    def __str__(self) -> str:
        return f"{self.version} {self.made_at}"


class ApprovalRun(models.Model):
    """One object on its way through one version of a flow. It owns whose turn it is, never the object's state."""

    class State(models.TextChoices):
        RUNNING = "running", pgettext_lazy("approval", "Running")
        RETURNED = "returned", _("Returned")
        APPROVED = "approved", _("Approved")
        REJECTED = "rejected", _("Rejected")
        CANCELLED = "cancelled", _("Cancelled")

    TRANSITIONS = {
        State.RUNNING: (State.RETURNED, State.APPROVED, State.REJECTED, State.CANCELLED),
        State.RETURNED: (State.RUNNING, State.REJECTED, State.CANCELLED),
        State.APPROVED: (),
        State.REJECTED: (),
        State.CANCELLED: (),
    }
    OPEN = (State.RUNNING, State.RETURNED)
    PARTNER_PATH = "partner"  # the column partner_id; which table it points at is the business' own affair

    version = models.ForeignKey(FlowVersion, models.PROTECT, related_name="runs")
    subject = models.CharField(max_length=40)
    object_id = models.BigIntegerField()
    partner_id = models.BigIntegerField(null=True)
    title = models.CharField(max_length=200)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.RUNNING)
    submitter = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    # How many facts its history has: the next one's number.
    length = models.PositiveIntegerField(default=0)
    # Since when it waits for its submitter, while it is returned.
    returned_at = models.DateTimeField(null=True)
    # The next moment at which the clock alone changes something: a reminder, a deadline, the end of a wait.
    wake_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(default=clock.now)
    ended_at = models.DateTimeField(null=True)

    objects = RunQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["subject", "object_id"],
                condition=models.Q(state__in=["running", "returned"]),
                name="one_open_run_per_object",
                violation_error_message=_("A decision about this is under way already."),
            ),
        ]
        indexes = [
            models.Index(fields=["subject", "object_id", "-id"], name="runs_of_object"),
            models.Index(fields=["partner_id", "-id"], name="runs_of_partner"),
            models.Index(fields=["wake_at"], name="runs_to_wake", condition=models.Q(state="running")),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN


class Task(models.Model):
    """It is one person's turn at one step of a run."""

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        DONE = "done", _("Done")
        VOID = "void", _("Void")

    TRANSITIONS = {
        State.OPEN: (State.DONE, State.VOID),
        State.DONE: (),
        State.VOID: (),
    }

    run = models.ForeignKey(ApprovalRun, models.CASCADE, related_name="tasks")
    step = models.CharField(max_length=40)
    # Which passage through the step: a run that goes back opens it anew.
    passage = models.PositiveIntegerField()
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="approval_tasks")
    # For whom, when somebody stands in: the person who is away or who handed over.
    instead_of = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    state = models.CharField(_("state"), max_length=5, choices=State.choices, default=State.OPEN)
    since = models.DateTimeField(_("since"), default=clock.now)
    due = models.DateTimeField(_("due"), null=True)
    remind_at = models.DateTimeField(null=True)
    reminded_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    # Half of a letter's link; the other half is the installation's secret.
    nonce = models.CharField(max_length=40)

    objects = TaskQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["run", "step", "passage", "user"],
                condition=models.Q(state__in=["open", "done"]),
                name="one_task_per_person_and_step",
            ),
        ]
        indexes = [
            models.Index(
                fields=["user", "due", "since"], name="tasks_in_inbox", condition=models.Q(state="open")
            ),
            models.Index(fields=["run", "state"], name="tasks_of_run"),
        ]

    def __str__(self) -> str:
        return f"{self.run}: {self.step}"

    @property
    def is_open(self) -> bool:
        return self.state == self.State.OPEN


class Decision(models.Model):
    """One fact of a run's history. Append-only; the run can be replayed from these."""

    PARTNER_PATH = "run__partner"

    run = models.ForeignKey(ApprovalRun, models.PROTECT, related_name="decisions")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=20)
    step = models.CharField(max_length=40, blank=True)
    passage = models.PositiveIntegerField(default=0)
    task = models.ForeignKey(Task, models.PROTECT, null=True, related_name="decisions")
    # No foreign key: the person may go, the history stays.
    user_id = models.BigIntegerField(null=True)
    who = models.CharField(max_length=200)
    at = models.DateTimeField(default=clock.now)
    text = models.TextField(blank=True)
    says: Any = models.JSONField(default=dict)

    objects = DecisionQuerySet.as_manager()

    class Meta:
        ordering = ["run", "number"]
        indexes = [
            models.Index(
                fields=["user_id", "-id"],
                name="decisions_of_person",
                condition=models.Q(kind__in=["approved", "rejected", "returned"]),
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["run", "number"], name="facts_in_order"),
            models.UniqueConstraint(
                fields=["task"],
                condition=models.Q(kind__in=["approved", "rejected", "returned"]),
                name="one_decision_per_task",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.run} {self.number} {self.kind}"


class HeldDecision(models.Model):
    """A decision that its person can still undo. It is deleted when it takes effect, and when it is undone."""

    class Kind(models.TextChoices):
        APPROVE = "approve", _("Approve")
        REJECT = "reject", _("Reject")

    task = models.OneToOneField(Task, models.CASCADE, related_name="held")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    text = models.TextField(blank=True)
    # From where it was made, for the audit trail.
    address = models.CharField(max_length=64, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    takes_effect_at = models.DateTimeField()

    class Meta:
        ordering = ["takes_effect_at", "id"]
        indexes = [models.Index(fields=["takes_effect_at"], name="held_decisions_due")]

    def __str__(self) -> str:
        return f"{self.task} {self.kind}"


class Comment(models.Model):
    """What people who work on a run say to one another; the submitter's side reads what is `for_submitter`."""

    PARTNER_PATH = "run__partner"

    run = models.ForeignKey(ApprovalRun, models.CASCADE, related_name="comments")
    step = models.CharField(max_length=40, blank=True)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    author_label = models.CharField(max_length=200)
    # Who is asked, when it is a question to one person.
    asked = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    for_submitter = models.BooleanField(default=False)
    text = models.TextField(_("text"))
    attachment = models.FileField(_("attachment"), upload_to="approvals/%Y/%m/", blank=True)
    attachment_name = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField(default=clock.now)

    objects = PartnerOwned.as_manager()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.text[:60]


class WorkingTime(models.Model):
    """The tenant's working hours, one row. `hours` maps a weekday (0 Monday) to [["09:00", "12:00"], …]."""

    only = models.BooleanField(default=True, unique=True, editable=False)
    hours = models.JSONField(default=dict)
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    changed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(name="one_working_time", condition=models.Q(only=True))]

    def __str__(self) -> str:
        return "working time"


class SpecialDay(models.Model):
    """A day that is not as its weekday says: a holiday, or a weekend day on which people work."""

    day = models.DateField(_("day"), unique=True)
    name = models.CharField(_("name"), max_length=80, blank=True)
    is_working = models.BooleanField(_("people work"), default=False)

    class Meta:
        ordering = ["day"]

    def __str__(self) -> str:
        return f"{self.day} {self.name}"


class Delegation(models.Model):
    """While a person is away, somebody else decides in their place."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="delegations")
    to = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    first_day = models.DateField(_("from"))
    last_day = models.DateField(_("to and including"))
    ended_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["first_day"]
        constraints = [
            models.CheckConstraint(
                name="delegation_to_somebody_else", condition=~models.Q(user=models.F("to"))
            ),
            models.CheckConstraint(
                name="delegation_days_in_order", condition=models.Q(last_day__gte=models.F("first_day"))
            ),
        ]
        indexes = [models.Index(fields=["user", "last_day"], name="delegations_of_user")]

    def __str__(self) -> str:
        return gettext("%(to)s for %(who)s") % {"to": self.to, "who": self.user}
