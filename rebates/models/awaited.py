"""What a payment that is no transfer still waits for: something that happens outside, and that somebody confirms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from prm.ui.doers import doer
from prm.values import clock


class Awaited(models.Model):
    """Worth a payment, due until it is confirmed; then it never changes."""

    DONE: ClassVar[str]  # the state that is not "due"
    TRANSITIONS: ClassVar[Mapping[Any, tuple[Any, ...]]]
    PARTNER_PATH = "payment__statement__partner"

    created_at = models.DateTimeField(default=clock.now)
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    confirmed_by_label = models.CharField(_("confirmed by"), max_length=200, blank=True)
    confirmed_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return str(self.payment)  # type: ignore[attr-defined]

    @property
    def confirmer(self) -> str:
        return doer(self.confirmed_by_label, self.confirmed_by_id)

    @property
    def tone(self) -> str:
        return "ok" if self.state == self.DONE else "warn"  # type: ignore[attr-defined]

    def may_become(self, state: str) -> bool:
        return state in self.TRANSITIONS[self.state]  # type: ignore[attr-defined]

    def confirm(self, by: Any) -> None:
        """Done, by this person, now; the caller saves."""
        self.state, self.confirmed_at = self.DONE, clock.now()
        self.confirmed_by_id, self.confirmed_by_label = by.user_id, by.label[:200]
