"""How a registration ends: won, lost, withdrawn, expired; and what becomes of its protections."""

from __future__ import annotations

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from dealreg import errors
from dealreg.approvals import CODE
from dealreg.events import (
    ProtectionEndsSoon,
    RegistrationExpired,
    RegistrationLost,
    RegistrationWithdrawn,
    RegistrationWon,
)
from dealreg.models import DealRegistration
from dealreg.services.rules import State, must_be_able_to_become, must_say
from prm.access.rules import require
from prm.approvals import services as approvals
from prm.audit.services import record
from prm.outbox.services import emit
from prm.values import clock
from prm.values.actor import Actor

REMIND_BEFORE = (14, 3)  # days before the last day of protection


@transaction.atomic
def mark_won(*, registration: DealRegistration, by: Actor, note: str = "") -> DealRegistration:
    """The customer bought. The protection stays until its last day."""
    require(by, "dealreg.close", registration)
    registration = DealRegistration.objects.locked(registration)
    must_be_able_to_become(registration, State.WON)
    return _end(registration, State.WON, by=by, reason=note.strip(), event=RegistrationWon)


@transaction.atomic
def mark_lost(*, registration: DealRegistration, reason: str, by: Actor) -> DealRegistration:
    """The customer did not buy. The protection ends now."""
    require(by, "dealreg.close", registration)
    registration = DealRegistration.objects.locked(registration)
    must_be_able_to_become(registration, State.LOST)
    reason = must_say(reason, errors.ReasonMissing)
    end_protections(registration=registration, because="lost")
    return _end(registration, State.LOST, by=by, reason=reason, event=RegistrationLost)


@transaction.atomic
def withdraw_registration(*, registration: DealRegistration, by: Actor, reason: str = "") -> DealRegistration:
    """The partner takes it back, at any time before the end. A protection ends now."""
    require(by, "dealreg.close", registration)
    approvals.hold(CODE, registration.pk)
    registration = DealRegistration.objects.locked(registration)
    must_be_able_to_become(registration, State.WITHDRAWN)
    was = registration.state
    approvals.cancel_run(subject=CODE, obj=registration, by=by, reason=reason.strip())
    end_protections(registration=registration, because="withdrawn")
    registration = _end(registration, State.WITHDRAWN, by=by, reason=reason.strip())
    if was != State.DRAFT:
        emit(
            RegistrationWithdrawn(registration_id=registration.pk, was=was),
            object_key=f"deal:{registration.pk}",
        )
    return registration


@transaction.atomic
def expire_registration(*, registration: DealRegistration, by: Actor) -> DealRegistration:
    """Its last protection ended without an outcome. Does nothing while one holds or when it is over."""
    require(by, "dealreg.approve", registration)
    registration = DealRegistration.objects.locked(registration)
    if registration.state != State.APPROVED or _has_live_protection(registration):
        return registration
    end_protections(registration=registration, because="expired")
    return _end(registration, State.EXPIRED, by=by, event=RegistrationExpired)


@transaction.atomic
def remind_of_end(*, registration: DealRegistration, by: Actor) -> int | None:
    """Tell the partner, 14 and 3 days before, that its protection ends. Gives the days told now, or None."""
    require(by, "dealreg.approve", registration)
    registration = DealRegistration.objects.locked(registration)
    last_days = [
        protection.last_day for protection in registration.protections.all() if not protection.ended_because
    ]
    if registration.state != State.APPROVED or not last_days:
        return None
    left = (max(last_days) - clock.today()).days
    due = min((days for days in REMIND_BEFORE if left <= days), default=None)
    told = registration.reminded_days
    if due is None or left < 0 or (told is not None and told <= due):
        return None
    registration.reminded_days = due
    registration.save(update_fields=["reminded_days"])
    emit(
        ProtectionEndsSoon(registration_id=registration.pk, days=due, last_day=max(last_days).isoformat()),
        object_key=f"deal:{registration.pk}",
    )
    return due


def end_protections(*, registration: DealRegistration, because: str) -> int:
    """Cut short, from today on, what is not over; rows stay. Gives how many. The caller holds the lock."""
    today, ended = clock.today(), 0
    for protection in registration.protections.filter(ended_because=""):
        if not protection.during.isempty and protection.during.upper > today:
            protection.during = DateRange(protection.first_day, max(today, protection.first_day))
        protection.ended_because, protection.ended_at = because, clock.now()
        protection.save(update_fields=["during", "ended_because", "ended_at"])
        ended += 1
    if ended:
        last_days = [protection.last_day for protection in registration.protections.all()]
        registration.protected_until = max(last_days)
        registration.save(update_fields=["protected_until"])
    return ended


def _has_live_protection(registration: DealRegistration) -> bool:
    return registration.protections.filter(during__endswith__gt=clock.today()).exists()


def _end(
    registration: DealRegistration, state: str, *, by: Actor, reason: str = "", event: type | None = None
) -> DealRegistration:
    was, registration.state = registration.state, state
    registration.closed_at, registration.closed_reason, registration.waiting_since = clock.now(), reason, None
    registration.save(update_fields=["state", "closed_at", "closed_reason", "waiting_since"])
    record(registration, str(state), by=by, changes={"state": [was, str(state)]}, reason=reason)
    if event is not None:
        emit(event(registration_id=registration.pk), object_key=f"deal:{registration.pk}")
    return registration
