"""Handing a registration in: the server's time, the end customer under its lock, the conflict check."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction

from dealreg import errors
from dealreg.approvals import CODE
from dealreg.events import RegistrationSubmitted
from dealreg.models import DealRegistration, RegistrationType
from dealreg.services.checking import check_registration, customer_of
from dealreg.services.drafts import save_draft
from dealreg.services.rules import State, must_be_able_to_become
from partners.models import Partner
from prm.access.rules import require
from prm.approvals.services import start_run
from prm.audit.services import record
from prm.catalogue.models import ProductLine
from prm.customfields.values import apply as apply_custom
from prm.customfields.values import changes_between
from prm.outbox.services import emit
from prm.values import clock
from prm.values.actor import Actor


@transaction.atomic
def submit_registration(*, registration: DealRegistration, by: Actor) -> DealRegistration:
    """Hand in a draft. It is checked for conflicts at once and then waits for a decision."""
    return hand_in(registration=registration, by=by)


@transaction.atomic
def hand_in(
    *, registration: DealRegistration, by: Actor, at: datetime | None = None, is_decided: bool = False
) -> DealRegistration:
    """The same for what was registered elsewhere `at` a moment; no flow begins about what `is_decided` already."""
    require(by, "dealreg.register", registration)
    partner = Partner.objects.locked(registration.partner)
    registration = DealRegistration.objects.locked(registration)
    must_be_able_to_become(registration, State.SUBMITTED)
    if partner.status != Partner.Status.ACTIVE:
        raise errors.PartnerNotActive(partner=partner.name)
    product_lines = must_be_complete(registration)
    held = changes_between("deal", {}, registration.custom)
    changes = {name: ["", value] for name, (_before, value) in held.items()}
    changes |= apply_custom("deal", registration, None, by=by)

    registration.partner = partner
    registration.waiting_since = clock.now()
    registration.submitted_at = at or registration.waiting_since
    registration.submitted_by_id = None if at else by.user_id
    registration.end_customer = customer_of(registration, by=by)
    verdict = check_registration(registration, product_lines).verdict
    registration.state = State.IN_REVIEW
    registration.save()
    record(registration, "submitted", by=by, changes={"state": ["draft", "in_review"], **changes})
    emit(
        RegistrationSubmitted(registration_id=registration.pk, verdict=verdict),
        object_key=f"deal:{registration.pk}",
    )
    if is_decided:
        return registration
    start_run(subject=CODE, obj=registration, by=by)
    registration.refresh_from_db()  # a flow without people may have decided at once
    return registration


@transaction.atomic
def register_deal(
    *,
    by: Actor,
    partner: Partner,
    customer_name: str,
    product_lines: Iterable[ProductLine],
    estimated_value: Decimal | None,
    expected_close: date | None,
    registration: DealRegistration | None = None,
    tax_number: str = "",
    domain: str = "",
    region: str = "",
    contact: str = "",
    phone: str = "",
    note: str = "",
    type: RegistrationType | None = None,
    attempt: UUID | None = None,
    custom: Mapping[str, Any] | None = None,
) -> DealRegistration:
    """Write a registration and hand it in, in one step; with `registration`, from that draft.

    `attempt` marks the form that was filled in: pressed again it gives the registration that it made. With other
    words in it by then, it raises AttemptSpent. Another partner's mark is as none.
    """
    require(by, "dealreg.register", partner)
    partner = Partner.objects.locked(partner)  # before the draft, as every verb locks
    product_lines = list(product_lines)
    rows = DealRegistration.objects.for_everyone(because="the partner's own, of the very same form")
    made = rows.made_by(attempt, partner)
    if made is not None and made.submitted_at:
        return _pressed_again(made, customer_name, product_lines, estimated_value, expected_close)
    draft = save_draft(
        by=by, partner=partner, registration=registration, customer_name=customer_name,
        product_lines=product_lines, estimated_value=estimated_value, expected_close=expected_close,
        tax_number=tax_number, domain=domain, region=region, contact=contact, phone=phone, note=note,
        type=type, attempt=attempt, custom=custom,
    )  # fmt: skip
    return submit_registration(registration=draft, by=by)


def _pressed_again(
    made: DealRegistration,
    customer_name: str,
    product_lines: list[ProductLine],
    estimated_value: Decimal | None,
    expected_close: date | None,
) -> DealRegistration:
    """`made`, unless the form says another deal by now: nothing that was typed is dropped without a word."""
    typed = (customer_name.strip(), estimated_value, expected_close, {line.pk for line in product_lines})
    lines = set(made.lines.values_list("product_line_id", flat=True))
    if typed != (made.customer_name, made.estimated_value, made.expected_close, lines):
        raise errors.AttemptSpent(number=made.number)
    return made


def must_be_complete(registration: DealRegistration) -> list[ProductLine]:
    """The product lines of a registration in which nothing is missing."""
    if not registration.customer_name.strip():
        raise errors.CustomerMissing()
    product_lines = [line.product_line for line in registration.lines.select_related("product_line")]
    if not product_lines:
        raise errors.LinesMissing()
    if registration.estimated_value is None:
        raise errors.ValueMissing()
    if registration.expected_close is None:
        raise errors.CloseMissing()
    check_close(registration.expected_close)
    return product_lines


def check_close(expected_close: date | None) -> None:
    """A deal closes today or later."""
    if expected_close is not None and expected_close < clock.today():
        raise errors.CloseInThePast()
