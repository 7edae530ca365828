"""Reads of goods and credit notes that partners get instead of money."""

from __future__ import annotations

from typing import Self

from prm.access.scoping import PartnerOwned


class AwaitedQuerySet(PartnerOwned):
    def for_list(self) -> Self:
        return self.select_related("payment__statement__partner").order_by("-id")

    def due(self) -> Self:
        return self.filter(state="due")


class GoodsQuerySet(AwaitedQuerySet):
    def delivered(self) -> Self:
        return self.filter(state="delivered")


class CreditNoteQuerySet(AwaitedQuerySet):
    def issued(self) -> Self:
        return self.filter(state="issued")
