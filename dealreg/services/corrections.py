"""A registration that came back to its partner: changed as was asked, and handed in again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import transaction

from dealreg import errors
from dealreg.approvals import CODE
from dealreg.events import InformationAnswered, RegistrationCorrected
from dealreg.models import DealRegistration, RegistrationType
from dealreg.services.checking import check_registration, customer_of
from dealreg.services.decisions import say
from dealreg.services.drafts import set_lines
from dealreg.services.rules import State, wrong_state
from dealreg.services.submission import must_be_complete
from partners.models import Partner
from prm.access.rules import require
from prm.approvals import services as approvals
from prm.audit.services import differences, record
from prm.catalogue.models import ProductLine
from prm.customfields.values import apply as apply_custom
from prm.outbox.services import emit
from prm.ui import said
from prm.values import clock
from prm.values.actor import Actor

# By these the end customer is found: where one changes, it is found anew.
IDENTITY = ("customer_name", "tax_number", "domain", "region", "phone")
FACTS = (*IDENTITY, "contact", "note", "estimated_value", "expected_close", "type")


@transaction.atomic
def correct_registration(
    *,
    registration: DealRegistration,
    by: Actor,
    customer_name: str,
    product_lines: Iterable[ProductLine],
    estimated_value: Decimal | None,
    expected_close: date | None,
    tax_number: str = "",
    domain: str = "",
    region: str = "",
    contact: str = "",
    phone: str = "",
    note: str = "",
    type: RegistrationType | None = None,
    custom: Mapping[str, Any] | None = None,
    text: str = "",
) -> DealRegistration:
    """Change a registration that was returned for it, and hand it in again. What is given replaces all.

    It is checked for conflicts anew, and everything that a flow decided before is decided anew. With nothing changed
    it is an answer, for which `text` is needed, and a flow goes on where it stood. Its time of submission stays.
    """
    require(by, "dealreg.register", registration)
    approvals.hold(CODE, registration.pk)  # the run before everything else
    partner = Partner.objects.locked(registration.partner)
    registration = DealRegistration.objects.locked(registration)
    if registration.state != State.INFO_REQUESTED:
        raise wrong_state(registration)
    if partner.status != Partner.Status.ACTIVE:
        raise errors.PartnerNotActive(partner=partner.name)
    if estimated_value is not None and estimated_value < 0:
        raise errors.ValueNegative()
    before = _told(registration)
    words = {
        "customer_name": customer_name, "tax_number": tax_number, "domain": domain, "region": region,
        "contact": contact, "phone": phone, "note": note,
    }  # fmt: skip
    for name, typed in words.items():
        setattr(registration, name, typed.strip())
    registration.estimated_value, registration.expected_close = estimated_value, expected_close
    registration.partner, registration.type = partner, type or registration.type
    set_lines(registration, product_lines)
    own = apply_custom("deal", registration, custom, by=by)
    return _hand_in(registration, differences(before, _told(registration)) | own, text.strip(), by=by)


def _told(registration: DealRegistration) -> dict[str, Any]:
    """What a correction may change, as the audit trail tells it."""
    lines = list(registration.lines.select_related("product_line").order_by("product_line_id"))
    return {name: getattr(registration, name) for name in FACTS} | {
        "product_lines": said.in_each(lambda: ", ".join(str(line.product_line) for line in lines))
    }


def _hand_in(
    registration: DealRegistration, changes: dict[str, list[Any]], text: str, *, by: Actor
) -> DealRegistration:
    product_lines = must_be_complete(registration)
    if not changes and not text:
        raise errors.NothingCorrected()
    if changes:
        if by.is_staff:  # whoever wrote it decides nothing about it
            registration.submitted_by_id = by.user_id
        if set(changes) & set(IDENTITY):
            registration.end_customer = customer_of(registration, by=by)
        check_registration(registration, product_lines)
    registration.state, registration.waiting_since = State.IN_REVIEW, clock.now()
    registration.save()
    message = say(registration, text, by=by, from_staff=by.is_staff) if text else None
    moved = {"state": ["info_requested", "in_review"]}
    record(registration, "corrected" if changes else "answered", by=by, changes=moved | changes, reason=text)
    if changes:
        at = registration.waiting_since.isoformat()
        fact: Any = RegistrationCorrected(registration_id=registration.pk, at=at)
    else:
        assert message is not None
        fact = InformationAnswered(registration_id=registration.pk, message_id=message.pk)
    emit(fact, object_key=f"deal:{registration.pk}")
    approvals.resume_run(subject=CODE, obj=registration, by=by, changed=bool(changes), text=text)
    registration.refresh_from_db()  # a flow without people may have decided at once
    return registration
