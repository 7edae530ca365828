"""What the ledger's pages and statements know of claims.

Guarantee: over a partner's statements in one currency, each booking of a claim stands on exactly one: that of the
period of its day, or the next one where it was booked after that was issued. One closes with what the next opens with.
Both are sums of the append-only ledger.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db.models import Max, Q, QuerySet, Sum
from django.urls import reverse
from django.utils.translation import gettext
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
    """What claims moved until the last day of the statement's period, and stands on no statement before; None where
    there is nothing to say.
    """
    if not allowed(actor, "claims.view", statement):
        return None
    entries = _entries(statement.partner_id).filter(account__currency=statement.currency)
    statements = Statement.objects.for_everyone(because="the statement names the partner")
    before, opening = statements.issued_before(statement), ZERO
    here = _told_until(statement)
    if before is not None:
        opening = -(entries.filter(_told_until(before)).aggregate(sum=Sum("amount"))["sum"] or ZERO)
        here &= ~_told_until(before)
    names = ("transaction_id", "transaction__event", "transaction__booked_on", "transaction__memo")
    moves = entries.filter(here, transaction__event__in=(APPROVED, PAID)).values_list(*names)
    bookings = [
        further.Booking(
            day, _label(event, day < statement.starts), memo, owed, event == PAID, _claim_of(memo, event)
        )
        for _pk, event, day, memo, owed in moves.annotate(owed=-Sum("amount")).order_by("transaction_id")
    ]
    if not opening and not bookings:
        return None
    return further.Part(_("Price claims"), opening, bookings, until=statement.period.last_day)


def _told_until(statement: Statement) -> Q:
    """The entries that stand on the statement or on one before it."""
    rows = Statement.objects.for_everyone(because="the statement names the partner").filter(
        partner_id=statement.partner_id, currency=statement.currency, issued_at__lte=statement.issued_at
    )
    ends = rows.aggregate(last=Max("ends"))["last"]
    return Q(transaction__posted_at__lte=statement.issued_at, transaction__booked_on__lt=ends)


def _label(event: str, is_late: bool) -> Any:
    """What happened; of a day before the statement's period that as well."""
    if not is_late:
        return books.EVENTS[event]
    return gettext("%(what)s, of before this period") % {"what": books.EVENTS[event]}


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
