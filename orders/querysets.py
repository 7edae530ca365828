"""Reads of orders, invoices and sales lines."""

from __future__ import annotations

from prm.access.scoping import PartnerOwned


class OrderQuerySet(PartnerOwned):
    def for_list(self) -> OrderQuerySet:
        """With what a row of the list shows."""
        return self.select_related("partner", "registration", "end_customer")


class InvoiceQuerySet(PartnerOwned):
    def for_list(self) -> InvoiceQuerySet:
        return self.select_related("partner", "order")


class SalesLineQuerySet(PartnerOwned):
    def for_list(self) -> SalesLineQuerySet:
        return self.select_related("partner", "product", "product_line")
