from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from prm.access.roles import Role
from prm.outbox.objects import WithObjects
from prm.values import clock
from prm.values.secrets import decrypt, encrypt


class Receiver(models.Model):
    """Another system that is told what happens here: a webhook, or a robot in a group chat."""

    # Why one is off that came with a configuration as text, which holds neither secrets nor addresses of robots.
    NEW_HERE = "configuration"

    kind = models.CharField(_("kind"), max_length=20)
    name = models.CharField(_("name"), max_length=120)
    # Encrypted: addresses of robots hold the key that lets anybody write into the group.
    sealed_url = models.TextField()
    sealed_secret = models.TextField(blank=True)
    # After a change of the secret, messages are signed with both for a day.
    sealed_old_secret = models.TextField(blank=True)
    old_secret_until = models.DateTimeField(null=True)
    # Codes of events, or kinds of notices, that it is told of.
    wants = models.JSONField(_("is told of"), default=list)
    # Robots: only what is told to people of this role; "" is told to anybody.
    audience = models.CharField(_("team"), max_length=20, choices=Role.choices, blank=True)
    language = models.CharField(_("language"), max_length=10, blank=True)
    is_active = models.BooleanField(_("on"), default=True)
    off_because = models.CharField(max_length=200, blank=True)
    # Failures in a row; while it rests, nothing is sent.
    failures = models.PositiveIntegerField(default=0)
    rest_until = models.DateTimeField(null=True)
    last_ok_at = models.DateTimeField(_("last taken"), null=True)
    created_at = models.DateTimeField(_("created"), default=clock.now)
    created_label = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = _("receiver")
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("egress:receiver", args=[self.pk])

    @property
    def resting_until(self) -> datetime | None:
        """When it is tried again after failures; None while nothing keeps messages back."""
        return self.rest_until if self.rest_until and self.rest_until > clock.now() else None

    @property
    def url(self) -> str:
        return decrypt(self.sealed_url)

    @url.setter
    def url(self, text: str) -> None:
        self.sealed_url = encrypt(text)

    @property
    def host(self) -> str:
        """What screens show of the address."""
        return urlsplit(self.url).hostname or ""

    @property
    def secret(self) -> str:
        return decrypt(self.sealed_secret) if self.sealed_secret else ""

    @secret.setter
    def secret(self, text: str) -> None:
        self.sealed_secret = encrypt(text) if text else ""

    @property
    def secrets_now(self) -> list[str]:
        """The secrets to sign with: the new one, and the old one until receivers had time to change."""
        found = [self.secret] if self.sealed_secret else []
        if self.sealed_old_secret and self.old_secret_until and self.old_secret_until > clock.now():
            found.append(decrypt(self.sealed_old_secret))
        return found


def new_message_code() -> str:
    return f"msg_{secrets.token_urlsafe(18)}"


class MessageQuerySet(WithObjects):
    def for_list(self) -> MessageQuerySet:
        return self.select_related("receiver")

    def due(self) -> MessageQuerySet:
        return self.filter(state=Message.State.OPEN, next_try_at__lte=clock.now())


class Message(models.Model):
    """One message to one receiver, kept until it was taken, with the log of its tries."""

    class State(models.TextChoices):
        OPEN = "open", _("Being sent")
        DONE = "done", _("Taken")
        DEAD = "dead", _("Not taken")
        DROPPED = "dropped", _("Given up")

    TRANSITIONS = {
        State.OPEN: (State.DONE, State.DEAD, State.DROPPED),
        State.DONE: (State.OPEN,),
        State.DEAD: (State.OPEN, State.DROPPED),
        State.DROPPED: (State.OPEN,),
    }
    TONES = {"open": "live", "done": "ok", "dead": "bad", "dropped": ""}

    receiver = models.ForeignKey(
        Receiver, models.CASCADE, related_name="messages", verbose_name=_("receiver")
    )
    # The same fact is told once: "event:17".
    key = models.CharField(max_length=160)
    code = models.CharField(max_length=40, default=new_message_code, unique=True)
    # Messages with the same key arrive in order, one after the other.
    object_key = models.CharField(_("object"), max_length=80, blank=True)
    title = models.CharField(_("message"), max_length=200)
    content = models.JSONField(default=dict)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.OPEN)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_try_at = models.DateTimeField(_("next try"), default=clock.now)
    # Each try: at, status, milliseconds, error, and the answer's beginning.
    tries = models.JSONField(default=list)
    created_at = models.DateTimeField(_("created"), default=clock.now)
    ended_at = models.DateTimeField(_("ended"), null=True)

    objects = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("message to another system")
        constraints = [models.UniqueConstraint(fields=["receiver", "key"], name="one_message_per_fact")]
        indexes = [
            models.Index(
                fields=["receiver", "next_try_at"], name="messages_due", condition=models.Q(state="open")
            ),
            models.Index(fields=["receiver", "-id"], name="messages_of_receiver"),
            models.Index(fields=["ended_at"], name="messages_ended"),
        ]

    def __str__(self) -> str:
        return f"{self.title} → {self.receiver}"

    def get_absolute_url(self) -> str:
        return reverse("egress:message", args=[self.pk])

    def may_become(self, state: str) -> bool:
        return state in self.TRANSITIONS[self.State(self.state)]

    @property
    def last_try(self) -> dict[str, Any]:
        return self.tries[-1] if self.tries else {}
