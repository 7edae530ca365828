"""What claim lines take of agreements' limits. The caller holds the agreements; the database has the last word."""

from __future__ import annotations

from decimal import Decimal

from django.db.models import F, Sum

from claims import checks
from claims.models import Agreement, AgreementItem, Claim, ClaimLine

Verdict = ClaimLine.Verdict


def hold(agreement_number: str, partner_id: int) -> list[Agreement]:
    """The versions that price a partner's sales, under lock until the transaction ends, the oldest first."""
    rows = Agreement.objects.for_everyone(because="prices of the partner's own claim")
    rows = rows.pricing(agreement_number, partner_id)
    list(rows.under_lock())
    return list(rows.select_related("end_customer__merged_into"))


def take(line: ClaimLine, findings: list[checks.Finding]) -> None:
    """Accept a sale as far as limits leave something, or book a return; writes line and limits."""
    item = AgreementItem.objects.for_everyone(because="the line's own price").get(pk=line.item_id)
    agreement = Agreement.objects.for_everyone(because="the line's own price").get(pk=item.agreement_id)
    difference = line.unit_difference
    if line.quantity < 0:
        taken = checks.taken_back(
            quantity=line.quantity, difference=difference, currency=agreement.currency,
            **dict(zip(("paid_quantity", "paid_amount"), standing(line), strict=True)),
        )  # fmt: skip
    else:
        taken = checks.within_limits(
            quantity=line.quantity, difference=difference, currency=agreement.currency,
            quantity_left=_left(item.quantity_limit, item.used_quantity),
            amount_left=_left(agreement.amount_limit, agreement.used_amount),
        )  # fmt: skip
    line.taken, line.amount, line.findings = taken.quantity, taken.amount, [*findings, *taken.findings]
    if not taken.quantity:
        line.verdict, line.live = Verdict.REJECTED, False
        line.amount = checks.ZERO
    else:
        line.verdict = Verdict.CUT if taken.findings else Verdict.ACCEPTED
    line.save()
    _book(item.pk, agreement.pk, line.taken, line.amount)


def release(claim: Claim) -> None:
    """Give back what the lines of a claim took that nobody approved; the lines pay nothing."""
    rows = ClaimLine.objects.for_everyone(because="the claim's own").filter(claim=claim)
    for line in rows.accepted().select_related("item"):
        if line.item is not None:
            _book(line.item_id, line.item.agreement_id, -line.taken, -line.amount)
    rows.update(live=False, taken=0, amount=0)


def standing(line: ClaimLine) -> tuple[Decimal, Decimal]:
    """Quantity and amount that the sale behind a return still stands for: accepted, less what came back before."""
    lines = ClaimLine.objects.for_everyone(because="the same sale").accepted().filter(live=True)
    sale = line.report.reverses_id
    mine = lines.filter(report_id=sale) | lines.filter(report__reverses_id=sale)
    sums = mine.exclude(pk=line.pk).order_by().aggregate(taken=Sum("taken"), amount=Sum("amount"))
    return sums["taken"] or checks.NONE, sums["amount"] or checks.ZERO


def _left(limit: Decimal | None, used: Decimal) -> Decimal | None:
    return None if limit is None else limit - used


def _book(item_id: int, agreement_id: int, quantity: Decimal, amount: Decimal) -> None:
    items = AgreementItem.objects.for_everyone(because="limits of the line's own price")
    items.filter(pk=item_id).update(used_quantity=F("used_quantity") + quantity)
    agreements = Agreement.objects.for_everyone(because="limits of the line's own price")
    agreements.filter(pk=agreement_id).update(used_amount=F("used_amount") + amount)
