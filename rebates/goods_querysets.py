"""Reads of goods that partners get instead of money."""

from __future__ import annotations

from prm.access.scoping import PartnerOwned


class GoodsQuerySet(PartnerOwned):
    def for_list(self) -> GoodsQuerySet:
        return self.select_related("payment__statement__partner").order_by("-id")

    def due(self) -> GoodsQuerySet:
        return self.filter(state="due")

    def delivered(self) -> GoodsQuerySet:
        return self.filter(state="delivered")
