"""Reads of figures of before go-live."""

from __future__ import annotations

from prm.access.scoping import PartnerOwned


class GoLiveQuerySet(PartnerOwned):
    def in_force(self) -> GoLiveQuerySet:
        """Without those that were taken back."""
        return self.filter(reversed_at__isnull=True)

    def taken_back(self) -> GoLiveQuerySet:
        return self.filter(reversed_at__isnull=False)

    def to_confirm(self) -> GoLiveQuerySet:
        """Those whose reversal waits for a second person."""
        return self.filter(reversals__state="asked")

    def for_list(self) -> GoLiveQuerySet:
        return self.select_related("programme", "partner").order_by("-id")
