"""Agreements: entered by one person, approved by another, then never edited; ended early, or followed by a version."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction

from claims.errors import (
    AgreementNotInState,
    AgreementOfAnother,
    AgreementWithoutProducts,
    AnotherPersonApproves,
    BasisMissing,
    DayNotPossible,
    DaysWrong,
    ListPriceInOtherCurrency,
    NumberNotPossible,
    PriceNotBelowBasis,
    ProductTwice,
)
from claims.events import AgreementApproved, AgreementEnded, AgreementSubmitted
from claims.models import Agreement, AgreementItem
from partners.models import Partner
from prm.access.rules import require
from prm.audit.services import record
from prm.catalogue.models import Product
from prm.outbox.services import emit
from prm.ui import formats
from prm.ui.doers import doer
from prm.values import clock
from prm.values.actor import Actor
from prm.values.numbers import new_number

State = Agreement.State
ONE_DAY = timedelta(days=1)


@transaction.atomic
def create_agreement(
    *, partner: Partner, currency: str, starts: date, last_day: date, by: Actor, number: str = "",
    end_customer: Any = None, amount_limit: Decimal | None = None, reason: str = "",
) -> Agreement:  # fmt: skip
    """Begin an agreement as a draft, without products yet. `last_day` is the last on which a sale counts."""
    require(by, "claims.enter_agreement", partner)
    Partner.objects.hold([partner.pk])
    if last_day < starts:
        raise DaysWrong()
    number = number.strip() or new_number("SP", Agreement, on=clock.today())
    if not Agreement.NUMBER.fullmatch(number):
        raise NumberNotPossible()
    if Agreement.objects.for_everyone(because="numbers name one agreement").filter(number=number).exists():
        raise AgreementOfAnother()
    agreement = Agreement.objects.create(
        number=number, partner=partner, end_customer=end_customer, currency=currency, starts=starts,
        ends=last_day + ONE_DAY, amount_limit=amount_limit, reason=reason, created_by_id=by.user_id,
        created_by_label=by.label,
    )  # fmt: skip
    record(agreement, "agreement entered", by=by, reason=reason)
    return agreement


@transaction.atomic
def add_item(
    *, agreement: Agreement, product: Product, agreed_price: Decimal, by: Actor, basis: str = "list",
    basis_price: Decimal | None = None, quantity_limit: Decimal | None = None,
) -> AgreementItem:  # fmt: skip
    """Agree on a product's price; a list price becomes the basis on the day of approval."""
    require(by, "claims.enter_agreement", agreement)
    agreement = _locked(agreement, State.DRAFT)
    if (
        AgreementItem.objects.for_everyone(because="its own")
        .filter(agreement=agreement, product=product)
        .exists()
    ):
        raise ProductTwice()
    if basis == AgreementItem.Basis.LIST:
        basis_price = None
    elif basis_price is None:
        raise BasisMissing()
    item = AgreementItem(
        agreement=agreement, product=product, agreed_price=agreed_price, basis=basis, basis_price=basis_price,
        quantity_limit=quantity_limit, added_by_id=by.user_id,
    )  # fmt: skip
    _basis_of(item, agreement)
    item.save()
    record(
        agreement, "agreed price added", by=by,
        changes={"product": [None, product.code], "agreed_price": [None, agreed_price]},
    )  # fmt: skip
    return item


@transaction.atomic
def remove_item(*, item: AgreementItem, by: Actor) -> None:
    require(by, "claims.enter_agreement", item)
    agreement = _locked(item.agreement, State.DRAFT)
    record(agreement, "agreed price removed", by=by, changes={"product": [item.product.code, None]})
    AgreementItem.objects.for_everyone(because="the draft's own").filter(pk=item.pk).delete()


@transaction.atomic
def submit_agreement(*, agreement: Agreement, by: Actor) -> Agreement:
    """Ask a second person to approve it."""
    require(by, "claims.enter_agreement", agreement)
    agreement = _locked(agreement, State.DRAFT)
    if not agreement.items.exists():
        raise AgreementWithoutProducts()
    agreement.submitted_by_id = by.user_id
    _move(agreement, State.WAITING)
    agreement.save()
    record(agreement, "agreement submitted", by=by)
    emit(AgreementSubmitted(agreement_id=agreement.pk), object_key=f"agreement:{agreement.pk}")
    return agreement


@transaction.atomic
def send_back_agreement(*, agreement: Agreement, reason: str, by: Actor) -> Agreement:
    require(by, "claims.approve_agreement", agreement)
    agreement = _locked(agreement, State.WAITING)
    _move(agreement, State.DRAFT)
    agreement.save()
    record(agreement, "agreement sent back", by=by, reason=reason)
    return agreement


@transaction.atomic
def approve_agreement(*, agreement: Agreement, by: Actor) -> Agreement:
    """Approve as a second person: prices are frozen, and a version before it ends the day before this one begins."""
    require(by, "claims.approve_agreement", agreement)
    Partner.objects.hold([agreement.partner_id])
    agreement = _locked(agreement, State.WAITING)
    refuse_to_approve(agreement, by)
    for item in agreement.items.select_related("product"):
        item.basis_price = _basis_of(item, agreement)
        item.save(update_fields=["basis_price"])
    _end_version_before(agreement, by)
    _move(agreement, State.IN_FORCE)
    agreement.approved_by_id, agreement.approved_by_label = by.user_id, by.label
    agreement.approved_at = clock.now()
    agreement.save()
    record(agreement, "agreement approved", by=by)
    emit(AgreementApproved(agreement_id=agreement.pk), object_key=f"agreement:{agreement.pk}")
    return agreement


def refuse_to_approve(agreement: Agreement, by: Actor) -> None:
    """Nobody approves what they entered, added a price to or submitted themselves."""
    if by.user_id in agreement.authors():
        raise AnotherPersonApproves(person=doer(by.label, by.user_id))


@transaction.atomic
def withdraw_agreement(*, agreement: Agreement, reason: str, by: Actor) -> Agreement:
    """Give up what was never in force."""
    require(by, "claims.enter_agreement", agreement)
    agreement = _locked(agreement, State.DRAFT, State.WAITING)
    _move(agreement, State.WITHDRAWN)
    agreement.save()
    record(agreement, "agreement withdrawn", by=by, reason=reason)
    return agreement


@transaction.atomic
def end_agreement(*, agreement: Agreement, last_day: date, reason: str, by: Actor) -> Agreement:
    """End it before its time: sales after `last_day`, today at the earliest, no longer count. None comes back."""
    require(by, "claims.approve_agreement", agreement)
    Partner.objects.hold([agreement.partner_id])
    agreement = _locked(agreement, State.IN_FORCE)
    first, last = max(clock.today(), agreement.starts), agreement.last_day - ONE_DAY
    if not first <= last_day <= last:
        raise DayNotPossible(field="last_day", first=formats.day(first), last=formats.day(last))
    before = agreement.last_day
    agreement.ends = last_day + ONE_DAY
    _move(agreement, State.ENDED)
    agreement.save()
    record(agreement, "agreement ended", by=by, changes={"last_day": [before, last_day]}, reason=reason)
    emit(AgreementEnded(agreement_id=agreement.pk), object_key=f"agreement:{agreement.pk}")
    return agreement


@transaction.atomic
def new_version(*, agreement: Agreement, starts: date, last_day: date, reason: str, by: Actor) -> Agreement:
    """A draft with the same products, to be in force from `starts`; its limits are its own, nothing used of them."""
    require(by, "claims.enter_agreement", agreement)
    Partner.objects.hold([agreement.partner_id])
    agreement = _locked(agreement, State.IN_FORCE, State.ENDED)
    if last_day < starts:
        raise DaysWrong()
    first = max(clock.today(), agreement.starts + ONE_DAY)
    if starts < first:
        raise DayNotPossible(field="starts", first=formats.day(first), last=formats.day(last_day))
    rows = Agreement.objects.for_everyone(because="versions of one agreement").filter(number=agreement.number)
    newest = rows.order_by("-version").first()
    made = Agreement.objects.create(
        number=agreement.number, version=newest.version + 1, partner_id=agreement.partner_id,
        end_customer_id=agreement.end_customer_id, currency=agreement.currency, starts=starts,
        ends=last_day + ONE_DAY, amount_limit=agreement.amount_limit, reason=reason, created_by_id=by.user_id,
        created_by_label=by.label,
    )  # fmt: skip
    AgreementItem.objects.bulk_create(
        AgreementItem(
            agreement=made, product_id=item.product_id, basis=item.basis, agreed_price=item.agreed_price,
            basis_price=item.basis_price if item.basis == AgreementItem.Basis.STATED else None,
            quantity_limit=item.quantity_limit,
        )
        for item in agreement.items.all()
    )  # fmt: skip
    record(made, "agreement entered", by=by, reason=reason)
    return made


def _end_version_before(agreement: Agreement, by: Actor) -> None:
    rows = Agreement.objects.for_everyone(because="versions of one agreement").filter(
        number=agreement.number, state__in=Agreement.PRICING, ends__gt=agreement.starts
    )
    if agreement.version > 1 and agreement.starts < clock.today():
        raise DayNotPossible(first=formats.day(clock.today()), last=formats.day(agreement.last_day))
    for earlier in rows.under_lock():
        if earlier.starts >= agreement.starts:
            raise AgreementNotInState(number=earlier, state=earlier.get_state_display())
        before, earlier.ends = earlier.last_day, agreement.starts
        if earlier.state == State.IN_FORCE:
            _move(earlier, State.ENDED)
        earlier.save()
        record(
            earlier, "agreement ended", by=by, changes={"last_day": [before, earlier.last_day]},
            reason=agreement.reason,
        )  # fmt: skip


def _basis_of(item: AgreementItem, agreement: Agreement) -> Decimal:
    """What the agreed price is compared with, now; raise where it is not above it."""
    basis = item.basis_price
    if item.basis == AgreementItem.Basis.LIST:
        if item.product.currency != agreement.currency:
            raise ListPriceInOtherCurrency(product=item.product.code, currency=item.product.currency)
        basis = item.product.list_price
    if basis is None:
        raise BasisMissing()
    if basis <= item.agreed_price:
        shown = formats.money(basis, agreement.currency)
        raise PriceNotBelowBasis(product=item.product.code, basis=shown)
    return basis


def _locked(agreement: Agreement, *states: str) -> Agreement:
    agreement = Agreement.objects.locked(agreement)
    if agreement.state not in states:
        raise AgreementNotInState(number=agreement, state=agreement.get_state_display())
    return agreement


def _move(agreement: Agreement, state: str) -> None:
    if not agreement.may_become(state):
        raise AgreementNotInState(number=agreement, state=agreement.get_state_display())
    agreement.state, agreement.state_since = state, clock.now()
