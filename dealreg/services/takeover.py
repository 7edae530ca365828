"""Registrations that another system handed in or approved, brought in when a tenant goes live.

Guarantee: the end customer, the conflict check, the product lines and the protections obey the same rules as on the
screens; only the moment of registration and the last day of a protection are those of the other system.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.db import transaction

from dealreg import errors
from dealreg.models import DealRegistration
from dealreg.services.decisions import grant_protection
from dealreg.services.drafts import save_draft
from dealreg.services.submission import hand_in
from partners.models import Partner
from prm.access.rules import require
from prm.audit.services import record
from prm.catalogue.models import ProductLine
from prm.ui import formats
from prm.values import clock
from prm.values.actor import Actor


@transaction.atomic
def take_over_registration(
    *,
    number: str,
    partner: Partner,
    product_lines: Iterable[ProductLine],
    by: Actor,
    registered_at: datetime | None = None,
    protected_to: date | None = None,
    **facts: Any,
) -> DealRegistration:
    """Bring in a registration under its `number`: in review, or protected for all its lines up to `protected_to`.

    `facts` as in save_draft. In review it goes through the published flow as if it had been handed in now; what is
    protected was decided elsewhere. Raises NumberTaken, RegisteredLater, ProtectionOver and what the verbs raise.
    """
    require(by, "dealreg.import", partner)
    partner = Partner.objects.locked(partner)  # before the registration, as every verb locks
    _must_fit(number, registered_at, protected_to)
    draft = save_draft(partner=partner, product_lines=product_lines, by=by, **facts)
    draft.number = number
    draft.created_at = at = registered_at or clock.now()
    draft.created_by_id = None  # its partner registered it: whoever brings it in may decide about it
    draft.save(update_fields=["number", "created_at", "created_by"])
    record(draft, "taken_over", by=by, changes={"number": ["", number]})
    deal = hand_in(registration=draft, by=by, at=at, is_decided=protected_to is not None)
    if protected_to is None:
        return deal
    return grant_protection(registration=deal, by=by, days=(formats.local(at).date(), protected_to))


def _must_fit(number: str, registered_at: datetime | None, protected_to: date | None) -> None:
    rows: Any = DealRegistration.objects.for_everyone(
        because="a number is given once among all registrations"
    )
    if rows.filter(number=number).exists():
        raise errors.NumberTaken(number=number)
    if registered_at is not None and registered_at > clock.now():
        raise errors.RegisteredLater()
    if protected_to is not None and protected_to < clock.today():
        raise errors.ProtectionOver()
