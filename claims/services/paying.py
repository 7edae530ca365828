"""Money of claims in the ledger: expense → payable at the approval, payable → approved → clearing, or
credit notes, at the payment.

Entries carry the purpose "claim", so that they stand apart from rebates: what statements say is owed, and what the
ledger says is owed for rebates, do not change by a claim.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Sum

from claims.errors import AnotherPersonPays, MoreThanClaimed, NothingOpen, PaidOnWrongDay, PartnerOnHold
from claims.events import ClaimPaid
from claims.models import Claim, ClaimPayment
from claims.services.claiming import locked, move
from partners.models import Partner
from prm.access.rules import require
from prm.audit.services import record
from prm.ledger.models import Entry
from prm.ledger.services import Move, post, purpose_for
from prm.outbox.services import emit
from prm.ui import formats, said
from prm.values import clock
from prm.values.actor import Actor
from prm.values.money import Money
from rebates.services.unconfirmed import refuse_doubtful

PURPOSE = "claim"
NAMES = {
    Claim.Kind.SHIP_AND_DEBIT: ("Special-price claims", "特价核销"),
    Claim.Kind.PRICE_PROTECTION: ("Price protection", "价格保护"),
}
ZERO = Decimal("0.00")


def post_approval(claim: Claim, by: Actor) -> None:
    if claim.approved_amount:
        _post(
            "claims.approve",
            claim.number,
            [("expense", "payable")],
            claim,
            claim.approved_amount,
            clock.today(),
            by,
        )


@transaction.atomic
def pay_claim(
    *, claim: Claim, by: Actor, amount: Decimal | None = None, paid_on: date | None = None, reference: str = "",
    method: str = ClaimPayment.Method.TRANSFER, account_checked: str = "",
) -> ClaimPayment:  # fmt: skip
    """Pay what is open, or a part. Somebody else than who approved it; nothing while the partner is on hold.

    `account_checked`: of a transfer to an account that is not kept here, how it was checked.
    """
    require(by, "claims.pay", claim)
    (partner,) = Partner.objects.hold([claim.partner_id])
    claim = Claim.objects.locked(claim)
    refuse_to_pay(claim, by)
    claim = locked(claim, Claim.State.APPROVED)
    if partner.is_on_hold:
        raise PartnerOnHold(partner=partner.name, state=partner.get_status_display())
    most = payable(claim)
    amount = most if amount is None else amount
    if not 0 < amount <= most:
        raise MoreThanClaimed(open=Money(most, claim.currency))
    refuse_doubtful(claim, method=method, checked=account_checked)
    paid_on = _day(claim, paid_on)
    count = ClaimPayment.objects.for_everyone(because="the claim's own").filter(claim=claim).count()
    payment = ClaimPayment.objects.create(
        claim=claim, number=f"{claim.number}-P{count + 1}", amount=amount, method=method, paid_on=paid_on,
        reference=reference, paid_by_label=by.label,
    )  # fmt: skip
    _post("claims.release", payment.number, [("payable", "approved")], claim, amount, paid_on, by)
    to = "credit_notes" if method == ClaimPayment.Method.CREDIT_NOTE else "clearing"
    _post("claims.pay", payment.number, [("approved", to)], claim, amount, paid_on, by)
    claim.paid_amount += amount
    claim.save(update_fields=["paid_amount"])
    money = said.Money(amount, claim.currency)
    changes: dict[str, list[Any]] = {"amount": [None, money], "paid_on": [None, paid_on]}
    if account_checked.strip() and method == ClaimPayment.Method.TRANSFER:
        changes["account_checked"] = [None, account_checked.strip()]
    record(claim, "claim paid", by=by, changes=changes, reason=reference)
    emit(ClaimPaid(claim_id=claim.pk, payment_id=payment.pk), object_key=f"claim:{claim.pk}")
    settle(claim, by)
    return payment


def refuse_to_pay(claim: Claim, by: Actor) -> None:
    """Raise unless `by` may pay it: a second person, and something is open."""
    if by.user_id is not None and by.user_id == claim.decided_by_id:
        raise AnotherPersonPays(person=claim.decider)
    if claim.state != Claim.State.APPROVED or payable(claim) <= 0:
        raise NothingOpen(number=claim.number)


def payable(claim: Claim) -> Decimal:
    """What can be paid of a claim: its open amount, and no more than is owed when negative claims are set off."""
    return max(ZERO, min(claim.open_amount, owed(claim.partner_id, claim.currency)))


def owed(partner_id: int, currency: str) -> Decimal:
    """What the ledger owes a partner for claims; below zero where more came back than was claimed."""
    entries = Entry.objects.for_everyone(because="one partner's balance").filter(
        account__partner_id=partner_id, account__currency=currency,
        account__kind__in=("payable", "approved"), purpose__kind=PURPOSE,
    )  # fmt: skip
    return -(entries.order_by().aggregate(sum=Sum("amount"))["sum"] or ZERO)


def settle(claim: Claim, by: Actor) -> None:
    """A claim is paid when its own amount is, or when nothing is owed any more: the rest was set off."""
    rows = Claim.objects.for_everyone(because="the same balance").filter(
        partner_id=claim.partner_id, currency=claim.currency, state=Claim.State.APPROVED
    )
    nothing_owed = owed(claim.partner_id, claim.currency) == 0
    for one in rows.select_for_update(of=("self",)).order_by("pk"):
        if nothing_owed or one.approved_amount == one.paid_amount:
            move(one, Claim.State.PAID)
            one.save(update_fields=["state", "state_since"])
            record(one, "claim settled", by=by)


def _day(claim: Claim, day: date | None) -> date:
    today = clock.today()
    first = claim.decided_at.astimezone(clock.tenant_zone()).date() if claim.decided_at else today
    if day is not None and not first <= day <= today:
        raise PaidOnWrongDay(first=formats.day(first))
    return day or today


def _post(
    event: str, number: str, pairs: list[tuple[str, str]], claim: Claim, amount: Decimal, day: date, by: Actor
) -> None:
    name, chinese = NAMES[Claim.Kind(claim.kind)]
    purpose = purpose_for(kind=PURPOSE, code=claim.kind, name=name, name_zh=chinese)
    post(
        key=f"{event}:{number}", event=event, moves=[Move(debit, credit, purpose, amount) for debit, credit in pairs],
        currency=claim.currency, booked_on=day, partner_id=claim.partner_id, memo=number, by=by,
    )  # fmt: skip
