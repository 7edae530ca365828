from __future__ import annotations

from functools import cached_property
from typing import Any

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from prm.jobs.handlers import find_handler
from prm.ui import said
from prm.values import clock
from prm.values.actor import Actor


class JobQuerySet(models.QuerySet["Job"]):
    def visible_to(self, actor: Actor) -> JobQuerySet:
        """Staff see the tenant's jobs, a partner's user the jobs that the user began."""
        if actor.is_system or actor.is_staff:
            return self
        return self.filter(created_by_id=actor.user_id) if actor.user_id else self.none()

    def open(self) -> JobQuerySet:
        return self.filter(state__in=Job.OPEN)


class Job(models.Model):
    """Work that survives a kill. This row is its truth: Celery only carries the message that wakes it."""

    class State(models.TextChoices):
        QUEUED = "queued", _("Waiting")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        DEAD = "dead", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    OPEN = (State.QUEUED, State.RUNNING)

    kind = models.CharField(_("kind"), max_length=60)
    # What the job works on; while one is open, nobody can start a second one on the same key.
    key = models.CharField(max_length=120, blank=True)
    title = models.CharField(_("title"), max_length=200)
    # The same, to be read in any language (prm.ui.said); the text is for searching, and for jobs of before.
    title_said = models.JSONField(null=True)
    link = models.CharField(max_length=200, blank=True)
    params = models.JSONField(default=dict)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.QUEUED)
    step = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(null=True)
    step_name = models.CharField(max_length=120, blank=True)
    step_said = models.JSONField(null=True)
    counts = models.JSONField(default=dict)
    result = models.JSONField(default=dict)
    attempt = models.PositiveIntegerField(_("attempts"), default=0)
    failures = models.PositiveSmallIntegerField(default=0)
    max_failures = models.PositiveSmallIntegerField(default=5)
    error = models.TextField(blank=True)
    cancel_requested = models.BooleanField(default=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_label = models.CharField(_("began by"), max_length=200)
    created_at = models.DateTimeField(_("began"), default=clock.now)
    run_after = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="one_open_job_per_key",
                fields=["kind", "key"],
                condition=models.Q(state__in=["queued", "running"]) & ~models.Q(key=""),
            )
        ]
        indexes = [
            models.Index(
                fields=["run_after"], name="jobs_open", condition=models.Q(state__in=["queued", "running"])
            ),
            models.Index(fields=["-id"], name="jobs_newest"),
        ]

    TONES = {"running": "live", "done": "ok", "dead": "bad"}

    def __str__(self) -> str:
        return self.words

    def get_absolute_url(self) -> str:
        return reverse("jobs:detail", args=[self.pk])

    @property
    def words(self) -> str:
        """What the job is called, in the reader's language."""
        return str(said.shown(self.title_said)) if self.title_said else self.title

    @property
    def step_words(self) -> str:
        """What it does now, in the reader's language; empty when it does nothing."""
        return str(said.shown(self.step_said)) if self.step_said and self.step_name else self.step_name

    @property
    def doing(self) -> str:
        """What it does now, or that it has not begun; empty when it is over."""
        if self.step_words or not self.is_open:
            return self.step_words
        return str(_("it begins when a worker is free")) if self.state == self.State.QUEUED else ""

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN

    @cached_property
    def progress(self) -> tuple[int, int]:
        """How many steps are committed, and of how many; a step that is shared counts each of its parts."""
        if not self.total:
            return 0, 0
        handler = find_handler(self.kind)
        weights = [handler.parts(self, step) or 1 if handler else 1 for step in range(self.total)]
        done = sum(weights[: self.step])
        if self.step < self.total and weights[self.step] > 1:
            done += self.parts.filter(step=self.step, done_at__isnull=False).count()
        return done, sum(weights)

    @property
    def at(self) -> int:
        """The number, from 1, of the step that is done now or at which it stopped; 0 while nobody knows how many."""
        done, total = self.progress
        return min(done + 1, total)

    @property
    def percent(self) -> int:
        """Whole percent of what is committed."""
        done, total = self.progress
        return 100 * done // total if total else 0

    def say(self, **counts: Any) -> None:
        """Add to the counts that people see while the job runs; saved with the step."""
        self.counts = {**self.counts, **counts}


class JobPart(models.Model):
    """A part of a step that several workers share; whoever holds the row's lock does it."""

    job = models.ForeignKey(Job, models.CASCADE, related_name="parts")
    step = models.PositiveIntegerField()
    number = models.PositiveIntegerField()
    counts = models.JSONField(default=dict)
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(name="job_part_once", fields=["job", "step", "number"])]

    def __str__(self) -> str:
        return f"{self.job_id} {self.step} {self.number}"
