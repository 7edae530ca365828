from __future__ import annotations

from typing import Any

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from prm.outbox.events import Declared, catalogue, declared, label_of
from prm.outbox.meaning import receiver_words
from prm.outbox.objects import WithObjects
from prm.values import clock


class OutboxEventQuerySet(WithObjects):
    def without_routine(self) -> OutboxEventQuerySet:
        """Without what happens so often that it would hide the rest."""
        return self.exclude(name__in=[one.name for one in catalogue() if one.routine])


class OutboxEvent(models.Model):
    """An event that was committed with the change it tells of, and leaves afterwards, at least once."""

    name = models.CharField(_("event"), max_length=80)
    version = models.PositiveSmallIntegerField()
    payload = models.JSONField()
    # Events with the same key reach each listener in order.
    object_key = models.CharField(_("object"), max_length=80, blank=True)
    created_at = models.DateTimeField(_("time"), auto_now_add=True)
    # How many automated steps this is away from what somebody did.
    depth = models.PositiveSmallIntegerField(default=0, db_default=0)
    # Every listener has heard of it, or what is missing stands as a row of its own.
    delivered_at = models.DateTimeField(null=True)

    objects = OutboxEventQuerySet.as_manager()

    class Meta:
        verbose_name = _("event")
        indexes = [
            models.Index(fields=["id"], name="outbox_open", condition=models.Q(delivered_at__isnull=True)),
            models.Index(fields=["name", "version", "-id"], name="outbox_by_name"),
            models.Index(fields=["created_at"], name="outbox_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.name}.v{self.version} {self.pk}"

    @property
    def declared(self) -> Declared | None:
        return declared(self.name, self.version)

    @property
    def label(self) -> str:
        return str(self.declared.label) if self.declared else f"{self.name}.v{self.version}"

    @property
    def shown_payload(self) -> dict[str, Any]:
        """The payload without what no screen shows."""
        hidden = self.declared.hidden if self.declared else frozenset(self.payload)
        return {name: "•••" if name in hidden else value for name, value in self.payload.items()}


class MissedDeliveryQuerySet(WithObjects):
    def for_list(self) -> MissedDeliveryQuerySet:
        return self.select_related("event")

    def holding(self) -> MissedDeliveryQuerySet:
        """Those behind which later events of the same object wait."""
        return self.filter(state__in=MissedDelivery.HOLDING)

    def dead(self) -> MissedDeliveryQuerySet:
        return self.filter(state=MissedDelivery.State.DEAD)


class MissedDelivery(models.Model):
    """One listener that has not heard of one event at the first try. What goes well leaves no such row."""

    class State(models.TextChoices):
        OPEN = "open", _("Tried again")
        DEAD = "dead", _("Not delivered")
        DONE = "done", _("Delivered late")
        DROPPED = "dropped", _("Given up")

    TRANSITIONS = {
        State.OPEN: (State.DONE, State.DEAD, State.DROPPED),
        State.DEAD: (State.OPEN, State.DROPPED),
        State.DONE: (),
        State.DROPPED: (),
    }
    HOLDING = (State.OPEN, State.DEAD)
    TONES = {"open": "warn", "dead": "bad", "done": "ok", "dropped": ""}

    event = models.ForeignKey(OutboxEvent, models.CASCADE, related_name="missed", verbose_name=_("event"))
    listener = models.CharField(_("receiver"), max_length=160, blank=True)
    # The event's own key, again: who waits behind whom is asked before every delivery.
    object_key = models.CharField(_("object"), max_length=80, blank=True)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.OPEN)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_try_at = models.DateTimeField(_("next try"), default=clock.now)
    error = models.TextField(_("error"), blank=True)
    created_at = models.DateTimeField(_("since"), default=clock.now)
    ended_at = models.DateTimeField(_("ended"), null=True)

    objects = MissedDeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = _("event delivery")
        constraints = [
            models.UniqueConstraint(fields=["event", "listener"], name="one_missed_delivery_per_listener")
        ]
        indexes = [
            models.Index(
                fields=["listener", "object_key", "event"],
                name="missed_holding",
                condition=models.Q(state__in=["open", "dead"]),
            ),
            models.Index(fields=["next_try_at"], name="missed_due", condition=models.Q(state="open")),
            models.Index(fields=["state", "-id"], name="missed_by_state"),
        ]

    def __str__(self) -> str:
        return f"{self.event.label} → {self.receiver}"

    def get_absolute_url(self) -> str:
        return reverse("outbox:missed", args=[self.pk])

    @property
    def receiver(self) -> str:
        """Who was to hear of it, in people's words; everybody where the event itself cannot be read."""
        return receiver_words(self.listener, label_of(self.listener))

    @property
    def waits(self) -> bool:
        """Whether it stands behind an earlier event of its object that its listener could not take yet."""
        if self.state != self.State.OPEN or not self.object_key:
            return False
        before = MissedDelivery.objects.holding().filter(
            object_key=self.object_key, event__lt=self.event_id, listener__in=["", self.listener]
        )
        return before.exists()

    def may_become(self, state: str) -> bool:
        return state in self.TRANSITIONS[self.State(self.state)]
