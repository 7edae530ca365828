"""Reads of the customer master."""

from __future__ import annotations

from typing import Self

from django.db import models

from prm.access.rules import allowed
from prm.values.actor import Actor


class EndCustomerQuerySet(models.QuerySet):
    def visible_to(self, actor: Actor) -> Self:
        """Staff see every customer; partners never browse them."""
        return self.all() if allowed(actor, "customers.view") else self.none()

    def living(self) -> Self:
        """Without those that were merged into another."""
        return self.filter(merged_into=None)

    def for_list(self) -> Self:
        return self.living()
