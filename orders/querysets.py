"""Reads of prices, orders, invoices and sales lines."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import Count, F, OuterRef, Q, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from prm.access.scoping import PartnerOwned
from prm.approvals import turns
from prm.values.actor import Actor


def _begins(field: str, text: str) -> Q:
    """The field begins with `text`, as typed or in capitals: an index of beginnings knows no other case."""
    return Q(**{f"{field}__startswith": text}) | Q(**{f"{field}__startswith": text.upper()})


class PriceQuerySet(models.QuerySet):
    def that_hold_for(self, *, tier_id: int | None, products: Iterable[Any]) -> PriceQuerySet:
        """Prices of the products on the list without tier, then on the list of the tier."""
        lists = Q(price_list__tier__isnull=True)
        if tier_id is not None:
            lists |= Q(price_list__tier_id=tier_id)
        ids = [product.pk for product in products]
        found = self.filter(lists, product__in=ids).select_related("price_list")
        return found.order_by(F("price_list__tier_id").asc(nulls_first=True))


class PriceListQuerySet(models.QuerySet):
    def for_page(self) -> PriceListQuerySet:
        """With its tier and how many products it prices, the best tier first."""
        counted = self.select_related("tier").annotate(count=Count("prices"))
        return counted.order_by(F("tier__rank").desc(nulls_last=True))


class CartQuerySet(PartnerOwned):
    def of(self, user_id: int | None) -> CartQuerySet:
        return self.filter(user_id=user_id)

    def for_page(self) -> CartQuerySet:
        return self.select_related("product__product_line").order_by("product__code")


class OrderQuerySet(PartnerOwned):
    def for_list(self) -> OrderQuerySet:
        """With what a row of the list shows."""
        return self.select_related("partner", "registration", "end_customer")

    def for_page(self) -> OrderQuerySet:
        return self.select_related("partner", "registration", "end_customer", "created_by", "decided_by")

    def readable_by(self, actor: Actor) -> OrderQuerySet:
        """Staff read what was handed in; a draft is its partner's own."""
        return self if actor.is_partner or actor.is_system else self.exclude(state="draft")

    def found_by(self, text: str) -> OrderQuerySet:
        """Orders in whose number, or the partner's own number, `text` occurs."""
        if not text:
            return self
        return self.filter(Q(number__icontains=text) | Q(purchase_number__icontains=text))

    def awaiting_approval(self) -> OrderQuerySet:
        return self.filter(state="submitted")

    def awaiting_confirmation(self) -> OrderQuerySet:
        return self.filter(state__in=("approved", "sent"))

    def to_work_on(self, *, approve: bool, confirm: bool) -> OrderQuerySet:
        """In one query: submitted ones outside flows, and approved ones that are not confirmed."""
        if not (approve or confirm):
            return self.none()
        here: Any = Q(state__in=("approved", "sent")) if confirm else Q(pk__in=())
        if approve:
            here |= Q(state="submitted") & ~turns.is_under_way("order")
        return self.filter(here)

    def returned(self) -> OrderQuerySet:
        """What waits for its partner to change it."""
        return self.filter(state="returned")

    def to_approve(self, actor: Actor) -> OrderQuerySet:
        """Submitted ones about which it is the actor's turn, and those that no approval flow is about."""
        turn = Q(turns.is_turn_of(actor, "order")) | ~Q(turns.is_under_way("order"))
        return self.awaiting_approval().filter(turn)

    def outside_flows(self) -> OrderQuerySet:
        """Those about which no approval flow is under way."""
        return self.filter(~turns.is_under_way("order"))

    def open(self) -> OrderQuerySet:
        return self.exclude(state__in=("closed", "rejected", "cancelled"))

    def to_move(self) -> OrderQuerySet:
        """What staff have to approve, confirm or ship."""
        return self.filter(state__in=("submitted", "approved", "sent", "confirmed", "partly_shipped"))


class InvoiceQuerySet(PartnerOwned):
    def for_list(self) -> InvoiceQuerySet:
        return self.select_related("partner", "order")

    def numbered(self, text: str) -> InvoiceQuerySet:
        """Those whose number begins with `text`; numbers are in capitals, and the index of the number serves it."""
        return self.filter(number__startswith=text.upper())

    def with_credited(self) -> InvoiceQuerySet:
        """Annotate `credited`, the net sum of its credit notes (zero or negative), and `credited_tax`."""
        notes = self.model.objects.for_everyone(because="narrowed to the row's own credit notes")
        notes = notes.filter(credits=OuterRef("pk")).order_by().values("credits")
        sums = {"credited": "net_total", "credited_tax": "tax_total"}
        return self.annotate(
            **{
                name: Coalesce(Subquery(notes.annotate(sum=Sum(field)).values("sum")), Value(Decimal(0)))
                for name, field in sums.items()
            }
        )

    def unsettled(self) -> InvoiceQuerySet:
        """Invoices that are neither paid nor wholly credited."""
        return (
            self.with_credited()
            .filter(kind="invoice", paid_on__isnull=True)
            .exclude(net_total=-F("credited"))
        )


class SalesLineQuerySet(PartnerOwned):
    def for_list(self) -> SalesLineQuerySet:
        return self.select_related("partner", "product", "product_line")

    def found_by(self, text: str) -> SalesLineQuerySet:
        """Lines whose own or whose document's number begins with `text`, as typed or in capitals."""
        return self.filter(_begins("line_number", text) | _begins("document", text))

    def creditable(self) -> SalesLineQuerySet:
        """Those that an agent can be credited with: a return follows the credit of what it takes back."""
        return self.filter(reverses__isnull=True)

    def of_document(self, text: str) -> SalesLineQuerySet:
        return self.filter(_begins("document", text))

    def sums(self) -> dict[str, dict[str, Any]]:
        """Net amount and number of lines by currency."""
        rows = self.order_by().values("currency").annotate(net=Sum("net_amount"), lines=Count("id"))
        return {row["currency"]: row for row in rows.order_by("currency")}


def tiers_without_list() -> models.QuerySet[Any]:
    """Tiers for which a price list can still be made."""
    from partners.models import Tier

    return Tier.objects.filter(price_list__isnull=True)
