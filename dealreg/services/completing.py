"""What is found out about a registration after it was handed in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from dealreg.models import DealRegistration
from dealreg.services.rules import wrong_state
from prm.access.rules import require
from prm.audit.services import differences, record
from prm.customfields.values import apply as apply_custom
from prm.values.actor import Actor

# What neither the conflict check nor a decision rests on.
FIELDS = ("contact", "phone", "note")


@transaction.atomic
def complete_registration(
    *, registration: DealRegistration, by: Actor, custom: Mapping[str, Any] | None = None, **facts: str
) -> DealRegistration:
    """Fill in or correct any of FIELDS and the tenant's own fields (`custom`, by code) of a registration.

    Not for drafts, which their partner writes. Raises WrongState, ValueRefused.
    """
    require(by, "dealreg.approve", registration)
    registration = DealRegistration.objects.locked(registration)
    if registration.state == DealRegistration.State.DRAFT:
        raise wrong_state(registration)
    unknown = set(facts) - set(FIELDS)
    if unknown:
        raise TypeError(f"{', '.join(sorted(unknown))} cannot be completed")
    before = {name: getattr(registration, name) for name in facts}
    for name, value in facts.items():
        setattr(registration, name, value.strip())
    own = apply_custom("deal", registration, custom, by=by)
    changes = differences(before, {name: getattr(registration, name) for name in facts}) | own
    if changes:
        registration.save(update_fields=[*facts, "custom"])
        record(registration, "edited", by=by, changes=changes)
    return registration
