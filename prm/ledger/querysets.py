"""Reads of the ledger. Balances are always sums of entries."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import Q, Sum
from django.db.models.functions import Coalesce

from prm.access.scoping import PartnerOwned

ZERO = models.Value(Decimal("0.00"), output_field=models.DecimalField(max_digits=18, decimal_places=2))


class AccountQuerySet(PartnerOwned):
    def with_balance(self) -> AccountQuerySet:
        """Annotate `balance`: debits minus credits."""
        return self.annotate(balance=Coalesce(Sum("entries__amount"), ZERO))


class TransactionQuerySet(PartnerOwned):
    def for_list(self) -> TransactionQuerySet:
        """Newest first, with `volume`: the sum of the debits, below zero of what takes another posting back."""
        debits = Coalesce(Sum("entries__amount", filter=Q(entries__amount__gt=0)), ZERO)
        taken_back = models.When(reverses__isnull=False, then=-debits)
        return self.annotate(volume=models.Case(taken_back, default=debits)).order_by("-id")

    def for_detail(self) -> TransactionQuerySet:
        return self.select_related("reverses").prefetch_related(
            "entries__account__purpose", "entries__purpose", "reversed_by"
        )


class EntryQuerySet(PartnerOwned):
    def for_list(self) -> EntryQuerySet:
        return self.select_related("transaction", "account", "purpose").order_by("-id")

    def of_transaction(self, transaction: Any) -> EntryQuerySet:
        return (
            self.filter(transaction=transaction).select_related("account__purpose", "purpose").order_by("id")
        )
