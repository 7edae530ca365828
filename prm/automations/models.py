from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from prm.egress.models import Receiver
from prm.modules.registry import module_of_name, name_is_on, names_off
from prm.outbox.events import Declared, by_code
from prm.ui import said
from prm.values import clock
from prm.values.actor import Actor


def in_language(text: str, chinese: str) -> str:
    """The one of two texts that the reader reads, else the other."""
    return (chinese or text) if (get_language() or "").startswith("zh") else (text or chinese)


class Automation(models.Model):
    """When this event happens and this condition holds, then do this: set up by an administrator."""

    name = models.CharField(_("name"), max_length=120)
    event_code = models.CharField(_("event"), max_length=100)
    # A condition about the event's object; {} always holds.
    condition = models.JSONField(_("condition"), default=dict)
    is_active = models.BooleanField(_("on"), default=False)
    created_at = models.DateTimeField(_("created"), default=clock.now)
    created_label = models.CharField(max_length=200, blank=True)
    changed_at = models.DateTimeField(_("changed"), default=clock.now)
    changed_label = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = _("automation")
        constraints = [models.UniqueConstraint(fields=["name"], name="one_automation_per_name")]
        indexes = [
            models.Index(fields=["event_code"], name="automations_on", condition=models.Q(is_active=True))
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("automations:automation", args=[self.pk])

    @property
    def declared(self) -> Declared | None:
        return by_code(self.event_code)

    @property
    def rests(self) -> str:
        """Why it does nothing even when it is on; "" where it works."""
        first = self.event_code.partition(".")[0]
        module = module_of_name(first)
        if module is None or name_is_on(self.event_code):
            return ""
        return str(_("Rests: the module “%(module)s” is off") % {"module": module.label})

    @property
    def event_label(self) -> str:
        return str(self.declared.label) if self.declared else self.event_code


class Action(models.Model):
    """One thing that an automation does; its kind says which fields it needs."""

    class Kind(models.TextChoices):
        NOTIFY = "notify", _("Notify people")
        TASK = "task", _("Put a task into the inbox")
        UPDATE = "update", _("Change a field")
        WEBHOOK = "webhook", _("Call a webhook")

    automation = models.ForeignKey(Automation, models.CASCADE, related_name="actions")
    # Where it stands among the others.
    position = models.PositiveSmallIntegerField(default=0, db_default=0)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    # "role:finance", "user:17", "email:…", "managers": see people.py.
    who = models.JSONField(_("who"), default=list)
    text = models.CharField(_("text"), max_length=300, blank=True)
    text_zh = models.CharField(_("Chinese text"), max_length=300, blank=True)
    days = models.PositiveSmallIntegerField(_("days"), null=True)
    field = models.CharField(_("field"), max_length=80, blank=True)
    value = models.TextField(_("value"), blank=True)
    receiver = models.ForeignKey(Receiver, models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return str(self.get_kind_display())

    @property
    def words(self) -> str:
        """The text in the active language; where it was written in one only, that one."""
        return in_language(self.text, self.text_zh)


class Run(models.Model):
    """What one automation did about one event; the database keeps it to one."""

    class Outcome(models.TextChoices):
        DONE = "done", _("Done")
        NOT_MET = "not_met", _("Condition not met")
        FAILED = "failed", _("Failed")
        STOPPED = "stopped", _("Stopped: it went round in circles")

    TONES = {"done": "ok", "failed": "bad", "stopped": "warn", "not_met": ""}

    automation = models.ForeignKey(
        Automation, models.CASCADE, related_name="runs", verbose_name=_("automation")
    )
    event_id = models.BigIntegerField()
    object_key = models.CharField(_("object"), max_length=80, blank=True)
    object_label = models.CharField(_("object"), max_length=200, blank=True)
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome.choices)
    # What was done, a line each; kept so that each reader has it in their language.
    lines = models.JSONField(default=list)
    error = models.TextField(_("error"), blank=True)
    at = models.DateTimeField(_("time"), default=clock.now)

    class Meta:
        verbose_name = _("run of an automation")
        constraints = [models.UniqueConstraint(fields=["automation", "event_id"], name="one_run_per_event")]
        indexes = [
            models.Index(fields=["automation", "-id"], name="runs_of_automation"),
            models.Index(fields=["at"], name="runs_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.automation}: {self.get_outcome_display()}"

    def get_absolute_url(self) -> str:
        return reverse("automations:run", args=[self.pk])

    @property
    def error_said(self) -> str:
        return said.mine(self.error)

    @property
    def said_lines(self) -> list[str]:
        return [str(said.shown(line)) for line in self.lines]


class TaskQuerySet(models.QuerySet["Task"]):
    def open_for(self, actor: Actor) -> TaskQuerySet:
        """One's own open tasks; those about a module that is off rest until it is on again."""
        if not actor.user_id:
            return self.none()
        rows = self.filter(people=actor.user_id, done_at__isnull=True)
        for name in names_off():
            rows = rows.exclude(automation__event_code__startswith=f"{name}.")
        return rows

    def visible_to(self, actor: Actor) -> TaskQuerySet:
        """One's own tasks; whoever sets up automations sees all."""
        if actor.is_system or "automations.manage" in actor.permissions:
            return self
        return self.filter(people=actor.user_id) if actor.user_id else self.none()


class Task(models.Model):
    """Work that an automation put into inboxes; done for all when one of the people has done it."""

    automation = models.ForeignKey(Automation, models.SET_NULL, null=True, related_name="+")
    # The same action about the same event makes one task.
    key = models.CharField(max_length=80, unique=True)
    title = models.CharField(_("title"), max_length=400)
    title_zh = models.CharField(_("Chinese title"), max_length=400, blank=True)
    about = models.CharField(_("about"), max_length=200, blank=True)
    link = models.CharField(max_length=200, blank=True)
    people: Any = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="+")
    due = models.DateTimeField(_("due"), null=True)
    created_at = models.DateTimeField(_("created"), default=clock.now)
    done_at = models.DateTimeField(_("done"), null=True)
    done_label = models.CharField(max_length=200, blank=True)

    objects = TaskQuerySet.as_manager()

    class Meta:
        verbose_name = _("task")
        indexes = [
            models.Index(fields=["created_at"], name="tasks_open", condition=models.Q(done_at__isnull=True))
        ]

    def __str__(self) -> str:
        return in_language(self.title, self.title_zh)

    def get_absolute_url(self) -> str:
        return reverse("automations:task", args=[self.pk])
