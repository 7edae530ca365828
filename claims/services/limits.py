"""What claim lines take of agreements' limits. The caller holds the agreements; the database has the last word."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.db.models import F, Sum
from django.db.models.functions import Coalesce

from claims import checks
from claims.errors import LimitUsedSince
from claims.models import Agreement, AgreementItem, Claim, ClaimLine, SellThroughLine

Verdict = ClaimLine.Verdict


def hold(agreement_number: str, partner_id: int) -> list[Agreement]:
    """The versions that price a partner's sales, under lock until the transaction ends, the oldest first."""
    rows = Agreement.objects.for_everyone(because="prices of the partner's own claim")
    rows = rows.pricing(agreement_number, partner_id)
    list(rows.under_lock())
    return list(rows.select_related("end_customer__merged_into"))


class Taking:
    """Takes lines out of their agreements' limits: read once for all of them, written once by `write`."""

    def __init__(self, lines: list[ClaimLine]):
        rows = AgreementItem.objects.for_everyone(because="the lines' own prices")
        items = rows.filter(pk__in={line.item_id for line in lines}).select_related("agreement")
        self._items = {item.pk: item for item in items}
        self._agreements = {item.agreement_id: item.agreement for item in self._items.values()}
        self._quantities: dict[int, Decimal] = defaultdict(Decimal)
        self._amounts: dict[int, Decimal] = defaultdict(Decimal)
        sales = {line.report.reverses_id for line in lines if line.quantity < 0}
        self._standing = _standing(sales, lines[0].claim_id) if sales else {}
        reports = SellThroughLine.objects.for_everyone(because="the same sales")
        self._kept = reports.kept_of(sales) if sales else {}

    def take(self, line: ClaimLine, findings: list[checks.Finding]) -> None:
        """Accept a sale as far as limits leave something, or book a return. The caller saves the line."""
        item = self._items[line.item_id]
        agreement = self._agreements[item.agreement_id]
        stands = self._standing.get(line.report.reverses_id)
        if line.quantity >= 0:
            taken = checks.within_limits(
                quantity=line.quantity, difference=line.unit_difference, currency=agreement.currency,
                quantity_left=_left(item.quantity_limit, item.used_quantity + self._quantities[item.pk]),
                amount_left=_left(agreement.amount_limit, agreement.used_amount + self._amounts[agreement.pk]),
            )  # fmt: skip
        elif stands is None:
            taken = checks.Taken(checks.NONE, checks.ZERO, [checks.found("original_not_claimed")])
        else:
            taken = checks.taken_back(
                quantity=line.quantity, difference=line.unit_difference, currency=agreement.currency,
                paid_quantity=stands[0], paid_amount=stands[1], kept=self._kept[line.report.reverses_id],
            )  # fmt: skip
        line.taken, line.amount, line.findings = taken.quantity, taken.amount, [*findings, *taken.findings]
        if not taken.quantity and stands is None:
            line.verdict, line.live, line.amount = Verdict.REJECTED, False, checks.ZERO
            return
        is_cut = taken.findings and line.quantity > 0  # a return of what nobody paid is done with, in full
        line.verdict = Verdict.CUT if is_cut else Verdict.ACCEPTED
        self._quantities[item.pk] += line.taken
        self._amounts[agreement.pk] += line.amount
        sale = line.report.reverses_id or line.report_id
        quantity, amount = self._standing.get(sale, (checks.NONE, checks.ZERO))
        self._standing[sale] = (quantity + line.taken, amount + line.amount)

    def write(self) -> None:
        _book(self._quantities, self._amounts)


def release(claim: Claim) -> None:
    """Give back what the lines of a claim took that nobody approved; the lines pay nothing."""
    rows = ClaimLine.objects.for_everyone(because="the claim's own").filter(claim=claim)
    quantities: dict[int, Decimal] = defaultdict(Decimal)
    amounts: dict[int, Decimal] = defaultdict(Decimal)
    for line in rows.accepted().filter(item__isnull=False).select_related("item"):
        quantities[line.item_id] -= line.taken
        amounts[line.item.agreement_id] -= line.amount
    try:
        with transaction.atomic():
            _book(quantities, amounts)
    except IntegrityError as full:  # what came back was taken by another claim since
        raise LimitUsedSince(number=claim.agreement_number) from full
    rows.update(live=False, taken=0, amount=0)


def _standing(sales: set[int], claim_id: int) -> dict[int, tuple[Decimal, Decimal]]:
    """Quantity and amount that each sale still stands for: accepted, less what came back before."""
    lines = ClaimLine.objects.for_everyone(because="the same sales").of_sales(sales, claim_id).order_by()
    of_sales = lines.values_list(Coalesce("report__reverses_id", "report_id"))
    rows = of_sales.annotate(taken=Sum("taken"), amount=Sum("amount"))
    return {sale: (taken, amount) for sale, taken, amount in rows}


def _left(limit: Decimal | None, used: Decimal) -> Decimal | None:
    return None if limit is None else limit - used


def _book(quantities: dict[int, Decimal], amounts: dict[int, Decimal]) -> None:
    """Add to what is used of products and of agreements: a query for each that changes."""
    items = AgreementItem.objects.for_everyone(because="limits of the line's own price")
    for pk, quantity in sorted(quantities.items()):
        items.filter(pk=pk).update(used_quantity=F("used_quantity") + quantity)
    agreements = Agreement.objects.for_everyone(because="limits of the line's own price")
    for pk, amount in sorted(amounts.items()):
        agreements.filter(pk=pk).update(used_amount=F("used_amount") + amount)
