from __future__ import annotations

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from prm.jobs.models import Job
from prm.spreadsheets.registry import kind_of, kinds
from prm.values import clock
from prm.values.actor import Actor


class ImportQuerySet(models.QuerySet["Import"]):
    def visible_to(self, actor: Actor) -> ImportQuerySet:
        """A person's own imports; those who see every partner see all imports of kinds that they may import.

        A partner's person sees those for the own company, as long as it is the own one.
        """
        if actor.is_system:
            return self
        if actor.is_partner:
            if actor.user_id is None or actor.partner_id is None:
                return self.none()
            return self.filter(created_by_id=actor.user_id, company=actor.partner_id)
        mine = models.Q(created_by_id=actor.user_id) if actor.user_id else models.Q(pk__in=[])
        if actor.partner_ids is None:
            mine |= models.Q(kind__in=[kind.name for kind in kinds() if kind.verb in actor.permissions])
        return self.filter(mine)

    def to_import_by(self, actor: Actor) -> ImportQuerySet:
        """Checked files that need a second person, and `actor` can be the one; the oldest first."""
        two = [kind.name for kind in kinds() if kind.two_people and kind.verb in actor.permissions]
        mine = models.Q(hands__contains=[actor.user_id]) | models.Q(created_by_id=actor.user_id)
        return self.filter(state="checked", kind__in=two, bad=0).exclude(mine).order_by("pk")

    def for_list(self) -> ImportQuerySet:
        return self.defer("header", "sample", "columns", "corrections").select_related("job")


class Import(models.Model):
    """A file that somebody brings in. Nothing is written to the business tables before its last step."""

    class State(models.TextChoices):
        UPLOADED = "uploaded", _("Columns to match")
        CHECKING = "checking", _("Checking")
        CHECKED = "checked", _("Checked")
        WRITING = "writing", _("Importing")
        DONE = "done", _("Imported")
        FAILED = "failed", _("Failed")
        DISCARDED = "discarded", _("Discarded")

    number = models.CharField(max_length=40, unique=True)
    kind = models.CharField(_("kind"), max_length=40)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.UPLOADED)
    file_name = models.CharField(_("file"), max_length=200)
    # Empty for a command, which reads the file where it lies, and after the file has served.
    file = models.FileField(upload_to="imports", blank=True)
    header = models.JSONField(default=list)
    sample = models.JSONField(default=list)
    # Which column of the file (by its place, from 0) holds which of ours.
    columns = models.JSONField(default=dict)
    # What a person replaced on the preview: {column: {value in the file: value meant}}.
    corrections = models.JSONField(default=dict)
    total = models.PositiveIntegerField(_("rows"), default=0)
    good = models.PositiveIntegerField(_("good rows"), default=0)
    bad = models.PositiveIntegerField(_("bad rows"), default=0)
    same = models.PositiveIntegerField(_("already on file"), default=0)
    written = models.PositiveIntegerField(_("imported"), default=0)
    facts = models.JSONField(default=list)
    only_good = models.BooleanField(default=False)
    error = models.TextField(blank=True)
    job = models.ForeignKey(Job, models.SET_NULL, null=True, related_name="+")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    # Users who made it say what it says: brought it in, matched its columns, corrected a value.
    hands = models.JSONField(default=list, db_default=models.Value([], models.JSONField()))
    created_label = models.CharField(_("by"), max_length=200)
    # The company of a partner's person who brought it in; empty for staff.
    company = models.BigIntegerField(null=True)
    created_at = models.DateTimeField(_("uploaded"), default=clock.now)
    finished_at = models.DateTimeField(null=True)

    objects = ImportQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["created_by", "-id"], name="imports_of_user")]

    def __str__(self) -> str:
        return f"{self.file_name} ({self.number})"

    def get_absolute_url(self) -> str:
        return reverse("spreadsheets:import", args=[self.number])

    def drop_rows(self, *, but_bad: bool = False) -> None:
        """Take the staged rows out by one statement; the ORM would read them all first."""
        rows = self.rows.exclude(verdict="bad") if but_bad else self.rows.all()
        rows._raw_delete(rows.db)

    @property
    def definition(self):
        """What is known of the kind: columns, checks, how it is written."""
        return kind_of(self.kind)

    @property
    def is_open(self) -> bool:
        return self.state in (self.State.UPLOADED, self.State.CHECKED, self.State.FAILED)

    @property
    def is_busy(self) -> bool:
        return self.state in (self.State.CHECKING, self.State.WRITING)


class ImportRow(models.Model):
    """A row of the file, read and waiting. Good rows leave the table once they are imported."""

    class Verdict(models.TextChoices):
        GOOD = "good", _("Good")
        BAD = "bad", _("Bad")
        SAME = "same", _("Already on file")

    upload = models.ForeignKey(Import, models.CASCADE, related_name="rows", db_index=False)
    number = models.PositiveIntegerField()
    # By column: the value in its one spelling where it could be read, else as it stands in the file.
    values = models.JSONField(default=dict)
    # By column: what stands in the file, where that is another spelling than the value's.
    typed = models.JSONField(null=True)
    # What cannot be read, and what does not fit what is on file: [{field, value, code, ...}].
    problems = models.JSONField(null=True)
    findings = models.JSONField(null=True)
    verdict = models.CharField(max_length=4, choices=Verdict.choices, default=Verdict.GOOD)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["upload", "number"], name="row_once_per_import")]
        indexes = [
            models.Index(fields=["upload", "number"], name="rows_bad", condition=models.Q(verdict="bad")),
        ]

    def __str__(self) -> str:
        return f"{self.upload} {self.number}"
