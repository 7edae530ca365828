"""What people say about a settlement while they review it, and payments of it that they hold back."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from partners.models import Partner
from prm.ui.doers import doer
from prm.values import clock
from rebates.models.runs import SettlementRun
from rebates.review_querysets import HoldQuerySet, RunCommentQuerySet


class RunComment(models.Model):
    """A line of the talk about a settlement, or about one partner in it. Finance's own; never changed."""

    run = models.ForeignKey(SettlementRun, models.PROTECT, related_name="comments")
    about = models.ForeignKey(
        Partner, models.PROTECT, null=True, related_name="+", verbose_name=_("partner"), db_index=False
    )
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    author_label = models.CharField(max_length=200)
    text = models.TextField(_("text"))
    attachment = models.FileField(_("attachment"), upload_to="settlements/%Y/%m/", blank=True)
    attachment_name = models.CharField(max_length=200, blank=True)
    # Who is told of it: [{"id", "name"}], as they were called then.
    mentioned = models.JSONField(default=list)
    at = models.DateTimeField(default=clock.now)

    objects = RunCommentQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(name="run_comment_says_something", condition=~models.Q(text=""))
        ]

    def __str__(self) -> str:
        return self.text[:60]

    @property
    def author_name(self) -> str:
        return doer(self.author_label, self.author_id)

    @property
    def names(self) -> str:
        """Who is told of it."""
        return ", ".join(one["name"] for one in self.mentioned)


class PaymentHold(models.Model):
    """What a settlement owes a partner is not paid until somebody releases it. Why, by whom, from when to when."""

    PARTNER_PATH = "partner"

    run = models.ForeignKey(SettlementRun, models.PROTECT, related_name="holds", db_index=False)
    partner = models.ForeignKey(Partner, models.PROTECT, related_name="+", db_index=False)
    reason = models.TextField(_("reason"))
    held_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    held_by_label = models.CharField(_("held by"), max_length=200)
    held_at = models.DateTimeField(default=clock.now)
    released_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    released_by_label = models.CharField(_("released by"), max_length=200, blank=True)
    released_at = models.DateTimeField(null=True)
    release_reason = models.TextField(_("reason of the release"), blank=True)

    objects = HoldQuerySet.as_manager()

    class Meta:
        verbose_name = _("hold of a payment")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["run", "partner"],
                name="one_hold_at_a_time",
                condition=models.Q(released_at__isnull=True),
                violation_error_message=_("This payment is held already."),
            ),
            models.CheckConstraint(name="hold_has_a_reason", condition=~models.Q(reason="")),
            models.CheckConstraint(
                name="hold_released_with_a_reason",
                condition=models.Q(released_at__isnull=True) | ~models.Q(release_reason=""),
            ),
        ]
        indexes = [models.Index(fields=["run", "partner"], name="holds_of_run")]

    def __str__(self) -> str:
        return f"{self.run} {self.partner_id}"

    @property
    def holder(self) -> str:
        return doer(self.held_by_label, self.held_by_id)

    @property
    def releaser(self) -> str:
        return doer(self.released_by_label, self.released_by_id)
