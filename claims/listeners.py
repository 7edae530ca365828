"""Who is told about agreements and claims. A listener may run again: a notice is stored once per fact."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model

from claims.balance import who_bought
from claims.checks import window
from claims.events import (
    AgreementApproved,
    AgreementEnded,
    AgreementSubmitted,
    ClaimApproved,
    ClaimPaid,
    ClaimRejected,
    ClaimSubmitted,
    PriceDropConfirmed,
)
from claims.models import Agreement, Claim, ClaimPayment, PriceDrop
from partners.models import Member
from prm.access.roles import Role
from prm.access.rules import who_may
from prm.notices.services import notify
from prm.outbox.events import listens_to
from prm.ui import said
from prm.values import clock


@listens_to(AgreementSubmitted)
def tell_who_approves_agreements(fact: AgreementSubmitted) -> None:
    agreement = _agreement(fact.agreement_id)
    authors = agreement.authors()
    people = [user for user in who_may("claims.approve_agreement", agreement) if user.pk not in authors]
    moment = agreement.state_since.isoformat()  # sent back and submitted again is another fact
    _tell(
        people,
        agreement,
        "claims.agreement_waits",
        f"{agreement.pk}:{moment}",
        person=agreement.created_by_label,
    )


@listens_to(AgreementApproved)
def tell_partner_of_agreement(fact: AgreementApproved) -> None:
    agreement = _agreement(fact.agreement_id)
    _tell(
        administrators_of(agreement.partner_id), agreement, "claims.agreement_approved", str(agreement.pk),
        starts=said.Day(agreement.starts), last=said.Day(agreement.last_day),
    )  # fmt: skip


@listens_to(AgreementEnded)
def tell_partner_of_end(fact: AgreementEnded) -> None:
    agreement = _agreement(fact.agreement_id)
    _tell(
        administrators_of(agreement.partner_id), agreement, "claims.agreement_ended", str(agreement.pk),
        last=said.Day(agreement.last_day),
    )  # fmt: skip


@listens_to(ClaimSubmitted)
def tell_who_decides(fact: ClaimSubmitted) -> None:
    claim = _claim(fact.claim_id)
    people = [user for user in who_may("claims.decide", claim) if user.pk != claim.submitted_by_id]
    _tell(
        people, claim, "claims.claim_waits", str(claim.pk), person=claim.submitted_by_label,
        amount=_money(claim, claim.approved_amount),
    )  # fmt: skip


@listens_to(ClaimApproved)
def tell_partner_of_approval(fact: ClaimApproved) -> None:
    claim = _claim(fact.claim_id)
    people = administrators_of(claim.partner_id)
    _tell(people, claim, "claims.claim_approved", str(claim.pk), amount=_money(claim, claim.approved_amount))


@listens_to(ClaimRejected)
def tell_partner_of_rejection(fact: ClaimRejected) -> None:
    claim = _claim(fact.claim_id)
    _tell(
        administrators_of(claim.partner_id),
        claim,
        "claims.claim_rejected",
        str(claim.pk),
        reason=claim.reason,
    )


@listens_to(ClaimPaid)
def tell_partner_of_payment(fact: ClaimPaid) -> None:
    claim = _claim(fact.claim_id)
    payment = ClaimPayment.objects.for_everyone(because="an event names it").get(pk=fact.payment_id)
    _tell(
        administrators_of(claim.partner_id), claim, "claims.claim_paid", str(payment.pk),
        amount=_money(claim, payment.amount), method=ClaimPayment.Method(payment.method).label,
        reference=payment.reference,
    )  # fmt: skip


@listens_to(PriceDropConfirmed)
def tell_whose_stock_is_protected(fact: PriceDropConfirmed) -> None:
    """Partners that bought the product in the protected days hear of it, their stock reported or not."""
    drop = PriceDrop.objects.select_related("product").get(pk=fact.drop_id)
    notify(
        users=administrators_of(*who_bought(drop.product_id, *window(drop))), kind="claims.price_dropped",
        fact=f"claims.price_dropped:{drop.pk}", link=drop.get_absolute_url(),
        values={"product": drop.product.code, "day": said.Day(drop.day)},
    )  # fmt: skip


def administrators_of(*partner_ids: int) -> list[Any]:
    members = Member.objects.for_everyone(because="people of the partners that the event is about")
    ids = members.on(clock.today()).filter(partner_id__in=partner_ids).values("user_id")
    return list(get_user_model().objects.filter(pk__in=ids, role=Role.PARTNER_ADMIN))


def _agreement(pk: int) -> Agreement:
    return Agreement.objects.for_everyone(because="an event names it").select_related("partner").get(pk=pk)


def _claim(pk: int) -> Claim:
    return Claim.objects.for_everyone(because="an event names it").select_related("partner").get(pk=pk)


def _money(claim: Claim, amount: Any) -> Any:
    return said.Money(amount, claim.currency)


def _tell(people: list[Any], about: Any, kind: str, fact: str, **values: Any) -> None:
    notify(
        users=people, kind=kind, fact=f"{kind}:{fact}", link=about.get_absolute_url(),
        values={"partner": about.partner.name, "number": about.number, **values},
    )  # fmt: skip
