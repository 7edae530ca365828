"""Reads of saved views."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import Q

from prm.values.actor import Actor


class SavedViewQuerySet(models.QuerySet):
    def visible_to(self, actor: Actor) -> Self:
        """The actor's own, and for the vendor's own people those that an administrator shares."""
        if actor.is_system:
            return self.all()
        if actor.user_id is None:
            return self.none()
        own = Q(owner_id=actor.user_id)
        return self.filter(own | Q(shared=True) if actor.is_staff else own)

    def of(self, subject: str) -> Self:
        return self.filter(subject=subject)
