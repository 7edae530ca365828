"""Drafts: saved half filled in, as often as somebody types."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from dealreg import errors
from dealreg.models import DealRegistration, RegistrationLine, RegistrationType
from dealreg.services.rules import State, wrong_state
from partners.models import Partner
from prm.access.rules import require
from prm.audit.services import record
from prm.catalogue.models import ProductLine
from prm.customfields.values import apply as apply_custom
from prm.values import clock
from prm.values.actor import Actor
from prm.values.numbers import new_number


@transaction.atomic
def save_draft(
    *,
    by: Actor,
    partner: Partner,
    registration: DealRegistration | None = None,
    customer_name: str = "",
    product_lines: Iterable[ProductLine] = (),
    estimated_value: Decimal | None = None,
    expected_close: date | None = None,
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
    """Keep what was typed so far, in a new draft or in `registration`. What is given replaces all.

    `attempt` marks the form that is being filled in: the draft that it began is found again. `custom` are values of
    the tenant's own fields by code; those that are not named stay.
    """
    require(by, "dealreg.register", partner)
    draft = _opened(registration, partner=partner, attempt=attempt, by=by)
    if estimated_value is not None and estimated_value < 0:
        raise errors.ValueNegative()
    draft.type = type or draft.type
    draft.customer_name, draft.tax_number, draft.domain = (
        customer_name.strip(),
        tax_number.strip(),
        domain.strip(),
    )
    draft.region, draft.contact, draft.phone = region.strip(), contact.strip(), phone.strip()
    draft.note, draft.estimated_value, draft.expected_close = note.strip(), estimated_value, expected_close
    draft.saved_at = clock.now()
    product_lines = list(product_lines)
    apply_custom("deal", draft, custom, by=by, draft=True, besides={"product_lines": product_lines})
    is_new = draft.pk is None
    draft.save()
    set_lines(draft, product_lines)
    if is_new:
        record(draft, "draft_begun", by=by)
    return draft


def _opened(
    registration: DealRegistration | None, *, partner: Partner, attempt: UUID | None, by: Actor
) -> DealRegistration:
    """The draft to write into, locked; unsaved when it is a new one."""
    if registration is None and attempt is not None:
        partner = Partner.objects.locked(partner)  # two saves of one form queue here
        rows = DealRegistration.objects.for_everyone(because="the partner's own, of the very same form")
        registration = rows.made_by(attempt, partner)
    if registration is None:
        return _begin(partner=partner, attempt=attempt, by=by)
    require(by, "dealreg.register", registration)
    draft = DealRegistration.objects.locked(registration)
    if draft.state != State.DRAFT:
        raise wrong_state(draft)
    draft.partner = partner
    return draft


def _begin(*, partner: Partner, attempt: UUID | None, by: Actor) -> DealRegistration:
    if partner.status != Partner.Status.ACTIVE:
        raise errors.PartnerNotActive(partner=partner.name)
    return DealRegistration(
        number=new_number("DR", DealRegistration, on=clock.today()),
        attempt=attempt,
        partner=partner,
        type=default_type(),
        currency=getattr(connection.tenant, "currency", "CNY"),
        created_by_id=by.user_id,
        created_at=clock.now(),
    )


def default_type() -> RegistrationType:
    """The type that a registration has when nobody chooses one."""
    found = RegistrationType.objects.order_by("-is_default", "code").first()
    if found is None:
        raise errors.TypeMissing()
    return found


def type_code(chosen: str, draft: DealRegistration | None) -> str:
    """The code of the type that is chosen by id, else the draft's, else the default's; "" where there is none."""
    found = None
    if chosen.isdecimal() and len(chosen) < 19:
        found = RegistrationType.objects.filter(pk=chosen).first()
    found = found or (draft.type if draft else None)
    found = found or RegistrationType.objects.order_by("-is_default", "code").first()
    return found.code if found else ""


def set_lines(draft: DealRegistration, product_lines: Iterable[ProductLine]) -> None:
    """Let the registration be about exactly `product_lines`; the caller holds it."""
    wanted = {line.pk for line in product_lines}
    present = set(draft.lines.values_list("product_line_id", flat=True))
    draft.lines.filter(product_line_id__in=present - wanted).delete()
    RegistrationLine.objects.bulk_create(
        [RegistrationLine(registration=draft, product_line_id=pk) for pk in sorted(wanted - present)]
    )
