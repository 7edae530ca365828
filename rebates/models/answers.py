"""What finance answered about findings of a settlement."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from prm.ui.doers import doer
from prm.values import clock
from rebates.models.runs import SettlementRun
from rebates.review_querysets import AnswerQuerySet


class FindingAnswer(models.Model):
    """Why a finding of a settlement may stay as it is. Of the figures that it was given to; never changed."""

    run = models.ForeignKey(SettlementRun, models.PROTECT, related_name="answers")
    # What it answers (see looks.py): the kind, the figures as they were computed, and the hash of both.
    kind = models.CharField(max_length=40)
    facts = models.JSONField()
    mark = models.CharField(max_length=64)
    reason = models.TextField(_("reason"))
    # Given at the hand-over to all that nobody had answered by then.
    waived = models.BooleanField(default=False)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    answered_by_label = models.CharField(max_length=200)
    at = models.DateTimeField(default=clock.now)

    objects = AnswerQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(name="finding_answer_has_a_reason", condition=~models.Q(reason=""))
        ]

    def __str__(self) -> str:
        return self.reason[:60]

    @property
    def who(self) -> str:
        return doer(self.answered_by_label, self.answered_by_id)

    @property
    def words(self) -> Any:
        """What it answers, in the reader's language."""
        from rebates import looks

        return looks.words(self.kind, self.facts)
