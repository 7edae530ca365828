"""Reads of deal registrations."""

from __future__ import annotations

from datetime import date

from prm.access.scoping import PartnerOwned


class RegistrationQuerySet(PartnerOwned):
    def for_list(self) -> RegistrationQuerySet:
        """With what a row of the list shows."""
        return (
            self.select_related("partner", "end_customer", "decided_by")
            .prefetch_related("lines__product_line")
        )


class ProtectionQuerySet(PartnerOwned):
    def live(self, on: date) -> ProtectionQuerySet:
        """Protections that hold on the day `on`."""
        return self.filter(during__contains=on)


class QuestionQuerySet(PartnerOwned):
    def about(self, core_key: str) -> QuestionQuerySet:
        return self.filter(core_key=core_key)
