"""Rows of before go-live that were wrong: what takes them back, why, and who agreed."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from prm.ui.doers import doer
from prm.values import clock
from prm.values.actor import Actor
from rebates.models.golive import OpeningBalance, SettledOutside


class ReversalQuerySet(models.QuerySet):
    def visible_to(self, actor: Actor) -> ReversalQuerySet:
        """Those of rows that the actor sees."""
        rows = self.select_related(
            "settled__partner", "settled__programme", "balance__partner", "balance__programme"
        )
        if actor.partner_ids is None:
            return rows
        whose = models.Q(settled__partner__in=actor.partner_ids) | models.Q(
            balance__partner__in=actor.partner_ids
        )
        return rows.filter(whose)

    def to_confirm_by(self, actor: Actor) -> ReversalQuerySet:
        """Those that wait for a second person, the oldest first, without the actor's own."""
        return self.filter(state="asked").exclude(asked_by_id=actor.user_id).order_by("asked_at")


class GoLiveReversal(models.Model):
    """The reversing row of a figure of before go-live: asked for by one person, confirmed by another. Never changed."""

    class State(models.TextChoices):
        ASKED = "asked", pgettext_lazy("reversal", "To be confirmed")
        CONFIRMED = "confirmed", pgettext_lazy("reversal", "Reversed")
        REFUSED = "refused", pgettext_lazy("reversal", "Not reversed")

    TRANSITIONS = {
        State.ASKED: (State.CONFIRMED, State.REFUSED),
        State.CONFIRMED: (),
        State.REFUSED: (),
    }
    TONES = {"asked": "warn", "confirmed": "ok", "refused": "bad"}

    settled = models.ForeignKey(SettledOutside, models.PROTECT, null=True, related_name="reversals")
    balance = models.ForeignKey(OpeningBalance, models.PROTECT, null=True, related_name="reversals")
    state = models.CharField(_("state"), max_length=9, choices=State.choices, default=State.ASKED)
    reason = models.TextField(_("reason"))
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    asked_by_label = models.CharField(_("asked for by"), max_length=200)
    asked_at = models.DateTimeField(default=clock.now)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_by_label = models.CharField(_("decided by"), max_length=200, blank=True)
    decided_at = models.DateTimeField(null=True)
    decision = models.TextField(_("decision"), blank=True)

    objects = ReversalQuerySet.as_manager()

    class Meta:
        verbose_name = _("reversal of a figure of before go-live")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                name="reversal_of_one_row",
                condition=models.Q(settled__isnull=True, balance__isnull=False)
                | models.Q(settled__isnull=False, balance__isnull=True),
            ),
            models.CheckConstraint(name="reversal_has_a_reason", condition=~models.Q(reason="")),
            models.UniqueConstraint(
                fields=["settled"], name="settled_reversed_once", condition=~models.Q(state="refused")
            ),
            models.UniqueConstraint(
                fields=["balance"], name="balance_reversed_once", condition=~models.Q(state="refused")
            ),
            models.CheckConstraint(
                name="reversal_confirmed_by_another",
                condition=~models.Q(state="confirmed")
                | models.Q(asked_by__isnull=True)
                | models.Q(decided_by__isnull=True)
                | ~models.Q(decided_by=models.F("asked_by")),
            ),
        ]

    def __str__(self) -> str:
        return str(self.row)

    def get_absolute_url(self) -> str:
        return reverse("rebates:golive_row", args=[self.kind, self.row.pk])

    @property
    def kind(self) -> str:
        return "settled" if self.settled_id else "balance"

    @property
    def row(self) -> SettledOutside | OpeningBalance:
        found = self.settled or self.balance
        assert found is not None  # the database says so
        return found

    @property
    def tone(self) -> str:
        return self.TONES[self.state]

    @property
    def asker(self) -> str:
        return doer(self.asked_by_label, self.asked_by_id)

    @property
    def decider(self) -> str:
        return doer(self.decided_by_label, self.decided_by_id)

    def may_become(self, state: str) -> bool:
        return state in self.TRANSITIONS[self.State(self.state)]
