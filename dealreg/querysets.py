"""Reads of deal registrations."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Q, Subquery

from prm.access.scoping import PartnerOwned
from prm.approvals import turns as reads
from prm.values import clock
from prm.values.actor import Actor

ENDS_SOON = timedelta(days=14)


class RegistrationQuerySet(PartnerOwned):
    def for_list(self) -> RegistrationQuerySet:
        """With what a row of the list shows."""
        return self.select_related("partner", "end_customer", "decided_by").prefetch_related(
            "lines__product_line"
        )

    def with_manager(self) -> RegistrationQuerySet:
        """Annotate `turn_names`, `turn_since`: whose turn it is in a flow; `manager_names`: the partner's managers."""
        from partners.models import PartnerGrant

        assigned = PartnerGrant.objects.filter(
            content_object=OuterRef("partner"), user__role="channel_manager", user__is_active=True
        ).order_by("user__name")
        turns = reads.turns_at("deal", OuterRef("pk"))
        return self.annotate(
            turn_names=ArraySubquery(turns.values("user__name")),
            turn_since=Subquery(turns.order_by("since").values("since")[:1]),
            manager_names=ArraySubquery(assigned.values("user__name")),
        )

    def for_detail(self) -> RegistrationQuerySet:
        """With what one registration's page shows."""
        return self.select_related(
            "partner", "end_customer", "type", "created_by", "submitted_by", "decided_by"
        ).prefetch_related("lines__product_line", "protections__product_line", "messages")

    def for_decision(self) -> RegistrationQuerySet:
        """With what deciding about it reads."""
        return self.select_related("partner", "type", "end_customer")

    def made_by(self, attempt: UUID | None, partner: Any) -> Any:
        """The registration that one filled-in form of `partner` made, None before it did."""
        return self.filter(partner=partner, attempt=attempt).first() if attempt else None

    def handed_in(self) -> RegistrationQuerySet:
        """Without drafts and what was withdrawn as a draft: those are the partner's own business."""
        return self.filter(submitted_at__isnull=False)

    def readable_by(self, actor: Actor) -> RegistrationQuerySet:
        """Of the visible ones those that `actor` may open: staff read no drafts but those that they began."""
        if actor.is_staff:
            return self.filter(Q(submitted_at__isnull=False) | Q(created_by_id=actor.user_id))
        return self

    def in_review(self) -> RegistrationQuerySet:
        return self.filter(state__in=["submitted", "in_review"])

    def to_decide(self, actor: Actor) -> RegistrationQuerySet:
        """Those in review about which `actor` may decide: their turn in a flow, and what no flow is about."""
        rows = self.in_review()
        if actor.user_id is None:
            return rows
        if not actor.is_staff:
            return rows
        turn = Q(reads.is_turn_of(actor, "deal")) | ~Q(reads.is_under_way("deal"))
        return rows.filter(turn).not_own(actor)

    def not_own(self, actor: Actor) -> RegistrationQuerySet:
        """Without what the actor began or handed in."""
        return self.exclude(Q(created_by_id=actor.user_id) | Q(submitted_by_id=actor.user_id))

    def outside_flows(self) -> RegistrationQuerySet:
        """Those about which no approval flow is under way."""
        return self.filter(~reads.is_under_way("deal"))

    def in_conflict(self) -> RegistrationQuerySet:
        """In review, and the check found something: certainly the customer (blocked), or perhaps (possible).

        The index `deal_in_conflict` holds just these.
        """
        return self.in_review().filter(verdict__in=["possible", "blocked"])

    def waiting_for_partner(self) -> RegistrationQuerySet:
        return self.filter(state="info_requested")

    def ending_soon(self, on: date | None = None) -> RegistrationQuerySet:
        """Approved, and the protection ends within 14 days."""
        on = on or clock.today()
        return self.filter(state="approved", protected_until__gte=on, protected_until__lte=on + ENDS_SOON)

    def ended(self, on: date | None = None) -> RegistrationQuerySet:
        """Approved, but the last day of protection is over."""
        return self.filter(state="approved", protected_until__lt=on or clock.today())

    def found_by(self, text: str) -> RegistrationQuerySet:
        """Those whose customer, number or tax number holds `text`; one index serves it."""
        return self.filter(
            Q(customer_name__icontains=text) | Q(number__icontains=text) | Q(tax_number__icontains=text)
        )


class ProtectionQuerySet(PartnerOwned):
    def held_for(self, customers: Iterable[int]) -> ProtectionQuerySet:
        """Whatever is held for these end customers and is not over, whoever holds it."""
        rows = self.for_everyone(because="one protection per customer and line, whoever holds it")
        return rows.filter(end_customer__in=customers, during__endswith__gt=clock.today())

    def live(self, on: date) -> ProtectionQuerySet:
        """Protections that hold on the day `on`."""
        return self.filter(during__contains=on)


class QuestionQuerySet(PartnerOwned):
    def about(self, core_key: str) -> QuestionQuerySet:
        return self.filter(core_key=core_key)
