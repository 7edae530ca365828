"""Reads of payments that the bank sent back."""

from __future__ import annotations

from prm.access.scoping import PartnerOwned


class ReturnQuerySet(PartnerOwned):
    def for_page(self) -> ReturnQuerySet:
        return self.select_related("payment__statement__partner", "payment__statement__run")

    def waiting(self) -> ReturnQuerySet:
        return self.filter(state="reported")
