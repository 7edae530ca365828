"""What the ledger's pages and statements know of claims.

Guarantee: over a partner's statements in one currency, each booking of a claim stands on exactly one, the first that
was issued after it; one closes with what the next opens with. Both are sums of the append-only ledger.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db.models import QuerySet, Sum
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from prm.access.rules import allowed
from prm.ledger.models import Entry
from prm.values.actor import Actor
from rebates import books, further
from rebates.models import Statement

ZERO = Decimal("0.00")
APPROVED, PAID = "claims.approve", "claims.pay"


def register() -> None:
    books.EVENTS.update(
        {
            "claims.approve": _("Price claim approved"),
            "claims.release": _("Payment of a price claim approved"),
            "claims.pay": _("Price claim paid"),
        }
    )
    books.further_checks.append(reconciled)
    further.parts.append(part_of)
    further.owed.append(owed_to)


def reconciled(actor: Actor) -> list[books.Check]:
    """Owed for claims in the ledger = accepted in approved claims − paid; a difference would be a defect."""
    from claims.models import Claim, ClaimPayment

    entries = Entry.objects.visible_to(actor).filter(
        account__kind__in=("payable", "approved"), purpose__kind="claim"
    )
    owed: dict[str, Any] = dict(
        entries.order_by().values_list("account__currency").annotate(owed=-Sum("amount"))
    )
    claims = Claim.objects.visible_to(actor).decided().order_by()
    settled = dict(claims.values_list("currency").annotate(sum=Sum("approved_amount")))
    payments = ClaimPayment.objects.visible_to(actor).order_by()
    paid = dict(payments.values_list("claim__currency").annotate(sum=Sum("amount")))
    return [
        books.Check(
            code,
            owed.get(code) or ZERO,
            settled.get(code) or ZERO,
            paid.get(code) or ZERO,
            of=_("price claims"),
        )
        for code in sorted({*owed, *settled, *paid})
    ]


def part_of(statement: Statement, actor: Actor) -> further.Part | None:
    """What claims moved between the partner's statement before and this one; None where there is nothing to say."""
    if not allowed(actor, "claims.view", statement):
        return None
    entries = _entries(statement.partner_id).filter(
        account__currency=statement.currency, transaction__posted_at__lte=statement.issued_at
    )
    before = Statement.objects.for_everyone(because="the statement names the partner").issued_before(
        statement
    )
    opening = ZERO
    if before is not None:
        earlier = entries.filter(transaction__posted_at__lte=before.issued_at)
        opening = -(earlier.aggregate(sum=Sum("amount"))["sum"] or ZERO)
        entries = entries.filter(transaction__posted_at__gt=before.issued_at)
    names = ("transaction_id", "transaction__event", "transaction__booked_on", "transaction__memo")
    moves = entries.filter(transaction__event__in=(APPROVED, PAID)).values_list(*names)
    bookings = [
        further.Booking(day, books.EVENTS[event], memo, owed, event == PAID, _claim_of(memo, event))
        for _pk, event, day, memo, owed in moves.annotate(owed=-Sum("amount")).order_by("transaction_id")
    ]
    return further.Part(_("Price claims"), opening, bookings) if opening or bookings else None


def owed_to(actor: Actor) -> list[further.Owed]:
    """What is owed to the signed-in partner for claims today."""
    if actor.partner_id is None or not allowed(actor, "claims.view"):
        return []
    sums = _entries(actor.partner_id).values_list("account__currency").annotate(owed=-Sum("amount"))
    href = f"{reverse('claims:claims')}?view=pay"
    return [further.Owed(_("Price claims"), owed, code, href) for code, owed in sorted(sums) if owed]


def _entries(partner_id: int) -> QuerySet[Entry]:
    """What the ledger owes a partner for claims, as entries: a credit is owed."""
    entries = Entry.objects.for_everyone(because="narrowed to the partner of the statement or of the actor")
    return entries.order_by().filter(
        account__partner_id=partner_id, account__kind__in=("payable", "approved"), purpose__kind="claim"
    )


def _claim_of(number: str, event: str) -> str:
    """The page of the claim; a payment's number is that of its claim with -P1, -P2 …"""
    return reverse("claims:claim", args=[number.rsplit("-P", 1)[0] if event == PAID else number])
