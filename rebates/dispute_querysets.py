"""Reads of disputes and of the manual adjustments that decide them."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.db.models import Case, CharField, DecimalField, F, Q, Sum, Value, When

from prm.access.scoping import PartnerOwned
from prm.values.actor import Actor


class DisputeQuerySet(PartnerOwned):
    LIVE = ("open", "asked_back", "in_review", "proposed")
    FINANCE = ("open", "in_review", "proposed")

    def visible_to(self, actor: Actor) -> DisputeQuerySet:
        """Those of visible partners; what is not sent yet is the partner's own business."""
        rows = super().visible_to(actor)
        return rows if actor.is_partner or actor.is_system else rows.exclude(state="draft")

    def for_list(self) -> DisputeQuerySet:
        """With `held_now`: what a dispute under way holds back; one that is over, or not sent yet, holds nothing; and
        `difference_said`: NULL where no line says what is right.
        """
        now = Case(When(state__in=self.LIVE, then=F("held")), output_field=DecimalField())
        said = Case(When(summary__said=0, then=None), default=F("difference"), output_field=DecimalField())
        rows = self.select_related("partner", "statement")
        return rows.annotate(held_now=now, difference_said=said).order_by("-id")

    def as_partners_read(self) -> DisputeQuerySet:
        """With `shown`: the state, without what finance weighs between its two people."""
        internal = When(state="proposed", then=Value("in_review"))
        return self.annotate(shown=Case(internal, default=F("state"), output_field=CharField()))

    def for_page(self) -> DisputeQuerySet:
        return self.select_related(
            "partner", "statement__run", "opened_by", "decided_by", "adjustment__programme"
        )

    def live(self) -> DisputeQuerySet:
        return self.filter(state__in=self.LIVE)

    def with_finance(self) -> DisputeQuerySet:
        return self.filter(state__in=self.FINANCE)

    def with_partner(self) -> DisputeQuerySet:
        return self.filter(state__in=("draft", "asked_back"))

    def decided(self) -> DisputeQuerySet:
        return self.filter(state__in=("accepted", "partly_accepted", "rejected"))

    def of(self, statement: Any) -> DisputeQuerySet:
        return self.filter(statement=statement)

    def numbered(self, text: str) -> DisputeQuerySet:
        return self.filter(Q(number__startswith=text.upper()) | Q(statement__number__startswith=text.upper()))

    def held_of(self, statements: Iterable[Any]) -> dict[int, Decimal]:
        """By the id of each statement: what disputes under way hold back of it; left out where nothing."""
        rows = self.for_everyone(because="of the statements that the caller has").live()
        sums = rows.filter(statement__in=[one.pk for one in statements], held__gt=0).order_by()
        return dict(sums.values_list("statement_id").annotate(held=Sum("held")))

    def numbers_of(self, statements: Iterable[Any]) -> dict[int, str]:
        """By the id of each statement: the number of the dispute under way; left out where there is none."""
        rows = self.for_everyone(because="of the statements that the caller has").live()
        return dict(
            rows.filter(statement__in=[one.pk for one in statements]).values_list("statement_id", "number")
        )

    def for_decision(self, actor: Actor) -> DisputeQuerySet:
        """Those on which it is this person's turn; who proposed a sum does not confirm it."""
        mine = Q(pk__in=[])
        if "rebates.dispute" in actor.permissions:
            mine |= Q(state__in=("draft", "asked_back"))
        if "rebates.decide_disputes" in actor.permissions:
            mine |= Q(state__in=("open", "in_review"))
        if "rebates.approve" in actor.permissions:
            mine |= Q(state="proposed") & ~Q(adjustment__proposed_by_id=actor.user_id)
        return (
            self.visible_to(actor).filter(mine).select_related("partner", "statement").order_by("state_since")
        )


class DisputedLineQuerySet(PartnerOwned):
    """Lines and messages, which are reached from their dispute."""


class AdjustmentQuerySet(PartnerOwned):
    def waiting(self) -> AdjustmentQuerySet:
        """Confirmed, and posted by no close yet."""
        return self.filter(state="confirmed")

    def visible_to(self, actor: Actor) -> AdjustmentQuerySet:
        """A partner sees what stands on its statements; what is only proposed is finance's own."""
        rows = super().visible_to(actor)
        return rows.filter(run__state__in=("closed", "paid")) if actor.is_partner else rows

    def of_their_own(self) -> AdjustmentQuerySet:
        """Those that follow from no dispute."""
        return self.filter(dispute__isnull=True)

    def for_list(self) -> AdjustmentQuerySet:
        return self.select_related("partner", "programme", "statement", "run", "dispute")

    def to_confirm_by(self, actor: Actor) -> AdjustmentQuerySet:
        """What waits for a second person, who this actor would be."""
        rows = self.visible_to(actor).of_their_own().filter(state="proposed")
        return rows.exclude(proposed_by_id=actor.user_id) if actor.user_id else rows

    def posted_by(self, run: Any) -> AdjustmentQuerySet:
        return self.filter(run=run).select_related("programme", "dispute", "statement").order_by("number")

    def posted_sums(self) -> dict[int, dict[str, Decimal]]:
        """What closes posted, by run and currency."""
        found: dict[int, dict[str, Decimal]] = {}
        rows = self.filter(run__isnull=False).order_by().values_list("run_id", "currency")
        for run_id, currency, amount in rows.annotate(sum=Sum("amount")):
            found.setdefault(run_id, {})[currency] = amount
        return found

    def on(self, statement: Any) -> AdjustmentQuerySet:
        """What stands on a statement."""
        return self.posted_by(statement.run_id).filter(
            partner_id=statement.partner_id, currency=statement.currency
        )
