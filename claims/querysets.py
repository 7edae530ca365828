"""Reads of agreements, reports and claims: one named method for what each page needs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import Case, Count, Exists, F, Min, OuterRef, Q, Subquery, Sum, When
from django.db.models.functions import Coalesce, Greatest

from prm.access.scoping import PartnerOwned
from prm.values.actor import Actor

TO_DECIDE = ("submitted", "in_review")
DECIDED = ("approved", "paid")  # their accepted amount stands in the ledger, and is never released
ACCEPTED = ("accepted", "cut")


class AgreementQuerySet(PartnerOwned):
    def visible_to(self, actor: Actor) -> AgreementQuerySet:
        """Partners see those of their own that were approved once; drafts are the staff's."""
        rows = super().visible_to(actor)
        return rows.filter(state__in=("in_force", "ended")) if actor.is_partner else rows

    def for_list(self) -> AgreementQuerySet:
        return self.select_related("partner", "end_customer").order_by("-id")

    def waiting(self) -> AgreementQuerySet:
        return self.filter(state="waiting").order_by("state_since")

    def not_of(self, person: int | None) -> AgreementQuerySet:
        """Those that `person` may approve: neither entered nor submitted by them, nor any price of it."""
        if person is None:
            return self
        rows = self.filter(Q(created_by=person) | Q(submitted_by=person) | Q(items__added_by=person))
        return self.exclude(pk__in=rows.values("pk"))

    def pricing(self, number: str, partner_id: int) -> AgreementQuerySet:
        """The versions that price sales of `partner_id` under `number`, the oldest first."""
        rows = self.filter(number=number, partner_id=partner_id, state__in=("in_force", "ended"))
        return rows.order_by("starts", "pk")

    def for_claims(self) -> AgreementQuerySet:
        """The newest approved version of each number: a claim is on a number, each sale on the version of its day."""
        rows = self.filter(state__in=("in_force", "ended"))
        newer = rows.filter(number=OuterRef("number"), version__gt=OuterRef("version"))
        return rows.filter(~Exists(newer)).select_related("partner").order_by("number")

    def under_lock(self) -> AgreementQuerySet:
        return self.select_for_update(of=("self",)).order_by("pk")


class AgreementItemQuerySet(PartnerOwned):
    def of_agreements(self, agreements: Any) -> AgreementItemQuerySet:
        return self.filter(agreement__in=agreements).select_related("product")


class SellThroughQuerySet(PartnerOwned):
    def for_list(self) -> SellThroughQuerySet:
        return self.select_related("partner", "product", "reverses").order_by("-id")

    def not_claimed(self) -> SellThroughQuerySet:
        taken = Q(claim_lines__live=True)
        return self.exclude(pk__in=self.model._base_manager.filter(taken).values("pk"))

    def to_claim(self) -> SellThroughQuerySet:
        """What is in no claim: sales that name an agreement, and returns of what was accepted for sales."""
        everyone = self.model.objects.for_everyone(because="narrowed to the rows that these are part of")
        returns = everyone.returns_of_paid().values("pk")
        sales = Q(quantity__gt=0) & ~Q(agreement_number="")
        return self.not_claimed().filter(sales | Q(pk__in=returns))

    def to_claim_back(self) -> SellThroughQuerySet:
        """Returns of sales that were accepted in an approved claim, that no claim takes back yet."""
        return self.not_claimed().returns_of_paid()

    def by_agreement(self) -> Any:
        """Of each partner and agreement: since when something is there, and how many lines."""
        names = ("partner_id", "partner__name", "reverses__agreement_number")
        rows = self.order_by().values(*names).annotate(since=Min("recorded_at"), count=Count("pk"))
        return rows.order_by("since")

    def one_of_each_agreement(self) -> SellThroughQuerySet:
        """A line for each partner and agreement that `by_agreement` tells of."""
        rows = self.order_by().values("partner_id", "reverses__agreement_number")
        return self.filter(pk__in=rows.annotate(first=Min("pk")).values("first"))

    def of_agreement(self, number: str, partner_id: int) -> SellThroughQuerySet:
        """Sales under the agreement, and what takes them back."""
        own = Q(agreement_number=number, reverses__isnull=True) | Q(reverses__agreement_number=number)
        return self.filter(own, partner_id=partner_id)

    def returns_of_paid(self) -> SellThroughQuerySet:
        """What takes back sales that were accepted in a claim that was approved."""
        return self.filter(
            reverses__claim_lines__live=True, reverses__claim_lines__verdict__in=ACCEPTED,
            reverses__claim_lines__claim__state__in=DECIDED,
        )  # fmt: skip

    def kept_of(self, sales: set[int]) -> dict[int, Decimal]:
        """What of each sale has not come back, by all that is reported."""
        rows = self.filter(Q(pk__in=sales) | Q(reverses__in=sales)).order_by()
        return dict(
            rows.annotate(sale=Coalesce("reverses_id", "pk"))
            .values_list("sale")
            .annotate(kept=Sum("quantity"))
        )

    def of_products(self, partners: set[int], products: set[int]) -> Iterator[tuple[int, tuple[Any, ...]]]:
        """By product each line's id, the day from which it counts, its quantity, and the sale of a return."""
        rows = self.filter(partner_id__in=partners, product_id__in=products).order_by()
        counts_on = Greatest("day", Coalesce("reverses__day", "day"))  # a return, from the day of its sale on
        lines = rows.annotate(counts_on=counts_on).values_list(
            "product_id", "pk", "counts_on", "quantity", "reverses"
        )
        for product, *line in lines.iterator(chunk_size=5000):
            yield product, tuple(line)


class StockQuerySet(PartnerOwned):
    def for_list(self) -> StockQuerySet:
        return self.select_related("partner", "product").order_by("-id")

    def not_claimed(self) -> StockQuerySet:
        return self.filter(quantity__gt=0).exclude(claim_lines__live=True)

    def of_drop(self, drop: Any) -> StockQuerySet:
        """What partners had of the product at the end of the day of the drop."""
        return self.filter(product_id=drop.product_id, day=drop.day)


class PriceDropQuerySet(models.QuerySet):
    def visible_to(self, actor: Actor) -> PriceDropQuerySet:
        """Price drops are the tenant's; partners see those that two people confirmed."""
        if actor.is_system or actor.is_staff:
            return self
        return self.filter(state="confirmed") if actor.is_partner else self.none()

    def for_list(self) -> PriceDropQuerySet:
        return self.select_related("product").order_by("-id")

    def confirmed(self) -> PriceDropQuerySet:
        return self.filter(state="confirmed")

    def waiting(self) -> PriceDropQuerySet:
        return self.filter(state="waiting")

    def locked(self, drop: Any) -> Any:
        return self.select_for_update(of=("self",)).get(pk=drop.pk)


class ClaimQuerySet(PartnerOwned):
    def for_list(self) -> ClaimQuerySet:
        return self.select_related("partner", "drop").annotate(
            line_count=Count("lines"), rejected_count=Count("lines", filter=Q(lines__verdict="rejected"))
        )

    def to_decide(self) -> ClaimQuerySet:
        return self.filter(state__in=TO_DECIDE)

    def to_pay(self) -> ClaimQuerySet:
        """Approved and open, of partners to which something is owed once claims below zero are set off."""
        everyone = self.model.objects.for_everyone(because="the balance of the partner of each row").decided()
        same = everyone.filter(partner=OuterRef("partner"), currency=OuterRef("currency")).order_by()
        owed = (
            same.values("partner").annotate(owed=Sum(F("approved_amount") - F("paid_amount"))).values("owed")
        )
        rows = self.filter(state="approved", approved_amount__gt=F("paid_amount"))
        return rows.annotate(owed=Subquery(owed)).filter(owed__gt=0)

    def decided(self) -> ClaimQuerySet:
        """Those whose accepted amount stands in the ledger."""
        return self.filter(state__in=DECIDED)

    def until(self, day: date) -> ClaimQuerySet:
        return self.filter(last_day__lte=day)


class ClaimLineQuerySet(PartnerOwned):
    def for_page(self) -> ClaimLineQuerySet:
        rows = self.select_related("product", "report__reverses", "stock", "item__agreement")
        return rows.order_by("position")

    def undecided_first(self) -> ClaimLineQuerySet:
        """What a person has to decide about stands above all others."""
        return self.for_page().order_by(Case(When(verdict="exception", then=0), default=1), "position")

    def accepted(self) -> ClaimLineQuerySet:
        return self.filter(verdict__in=ACCEPTED)

    def of_sales(self, sales: Any, claim_id: int) -> ClaimLineQuerySet:
        """Accepted lines of these reported sales, in this claim or an approved one, and of what takes them back."""
        fixed = Q(claim=claim_id) | Q(claim__state__in=DECIDED)
        of = (Q(report__in=sales) & fixed) | Q(report__reverses__in=sales)
        return self.accepted().filter(of, live=True)

    def of_returns_of_paid(self) -> ClaimLineQuerySet:
        """Those that take back sales that were accepted in an approved claim."""
        paid = Q(claim__state__in=DECIDED, verdict__in=ACCEPTED, live=True, report__isnull=False)
        everyone = self.model.objects.for_everyone(because="narrowed to the rows that these are part of")
        return self.filter(report__reverses__in=everyone.filter(paid).values("report"))

    def waiting_for(self, line: Any) -> ClaimLineQuerySet:
        """The returns of a claim that are decided with the sale of `line`."""
        rows = self.undecided().filter(claim=line.claim_id, report__reverses=line.report_id)
        return rows.select_related("report").order_by("position")

    def how_many(self) -> dict[str, int]:
        """How many lines there are, how many are accepted, and how many a person has to decide about."""
        accepted, undecided = Q(verdict__in=ACCEPTED), Q(verdict="exception")
        return self.order_by().aggregate(
            all=Count("pk"), accepted=Count("pk", filter=accepted), undecided=Count("pk", filter=undecided)
        )

    def undecided(self) -> ClaimLineQuerySet:
        return self.filter(verdict="exception")


class ClaimPaymentQuerySet(PartnerOwned):
    def for_page(self) -> ClaimPaymentQuerySet:
        return self.order_by("id")
