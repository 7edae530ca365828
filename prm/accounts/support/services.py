"""Asking, consenting, beginning and ending. Every step stands in the tenant's audit trail and in the operator's log.

The order is fixed: asked → granted or refused → begun (a word good once, for two minutes) → entered → ended, by the
clock 60 minutes after it was first entered or by either side before. Who lost the window enters again within the hour.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import Any

from django.core import signing
from django.db import connection, transaction

from prm.access.rules import require
from prm.accounts.models import SupportAccess, User
from prm.accounts.support import errors
from prm.accounts.support.events import SupportAsked, SupportEnded
from prm.audit.services import record
from prm.outbox.services import emit
from prm.tenancy.models import Tenant
from prm.tenancy.operator_log import log_operation
from prm.values import clock
from prm.values.actor import Actor

LASTS = timedelta(minutes=60)
CONSENT_LASTS = timedelta(hours=24)
WORD_LASTS = timedelta(minutes=2)
_signer = signing.TimestampSigner(salt="accounts.support")


@transaction.atomic
def ask_for_support(
    *, tenant: Tenant, email: str, reason: str, wants_write: bool = False, by: Actor
) -> SupportAccess:
    """An operator asks to act for the person with `email`. Called inside the tenant."""
    require(by, "tenancy.operate")
    if not reason.strip():
        raise errors.SupportReasonMissing()
    user = User.objects.filter(email__iexact=email.strip(), is_active=True).first()
    if user is None:
        raise errors.PersonNotFound()
    waiting = SupportAccess.objects.filter(
        user=user, operator_email=by.label, granted__isnull=True, requested_at__gt=clock.now() - CONSENT_LASTS
    )
    if waiting.exists():
        raise errors.SupportAlreadyAsked()
    access = SupportAccess.objects.create(
        operator_email=by.label, user=user, reason=reason.strip(), wants_write=wants_write
    )
    record(access, "support_asked", by=by, changes={"wants_write": [None, wants_write]}, reason=access.reason)
    log_operation("support_asked", by=by, tenant=tenant, person=user.email, reason=access.reason)
    emit(SupportAsked(access_id=access.pk), object_key=f"support:{access.pk}")
    return access


@transaction.atomic
def decide_support(
    *, access: SupportAccess, granted: bool, may_write: bool = False, by: Actor
) -> SupportAccess:
    """The administrator's answer. Changes are allowed only where the operator asked for them."""
    require(by, "accounts.consent_to_support")
    access = _locked(access)
    if access.granted is not None:
        raise errors.SupportAlreadyDecided(who=access.decided_by or "")
    if access.requested_at < clock.now() - CONSENT_LASTS:
        raise errors.SupportLapsed()
    access.granted, access.decided_at, access.decided_by_id = granted, clock.now(), by.user_id
    access.may_write = granted and may_write and access.wants_write
    access.save(update_fields=["granted", "decided_at", "decided_by", "may_write"])
    verb = "support_granted" if granted else "support_refused"
    record(access, verb, by=by, changes={"may_write": [False, access.may_write]})
    return access


@transaction.atomic
def begin_support(*, access: SupportAccess, by: Actor) -> str:
    """A word with which the operator enters the tenant's site, once and within two minutes."""
    require(by, "tenancy.operate")
    access = _locked(access)
    if access.operator_email != by.label or not access.granted:
        raise errors.SupportNotGranted()
    if _is_over(access):
        raise errors.SupportUsed()
    begun = access.started_at is not None
    if not begun and (access.decided_at is None or access.decided_at < clock.now() - CONSENT_LASTS):
        raise errors.SupportLapsed()
    nonce = secrets.token_urlsafe(24)
    access.token_hash = _hashed(nonce)
    access.save(update_fields=["token_hash"])
    return _signer.sign(f"{access.pk}:{nonce}")


@transaction.atomic
def enter_with(*, word: str, by: Actor) -> SupportAccess:
    """Take the word and start the hour, or go on in the one that runs. `by` is the visitor, whom the word lets in."""
    try:
        number, nonce = _signer.unsign(word, max_age=WORD_LASTS).split(":", 1)
    except (signing.BadSignature, ValueError):
        raise errors.SupportWordWrong() from None
    access = (
        SupportAccess.objects.select_for_update(of=("self",)).select_related("user").filter(pk=number).first()
    )
    if (
        access is None
        or not access.token_hash
        or not secrets.compare_digest(access.token_hash, _hashed(nonce))
    ):
        raise errors.SupportWordWrong()
    if _is_over(access) or not access.user.is_active:
        raise errors.SupportUsed()
    verb = "support_entered_again" if access.started_at else "support_started"
    access.token_hash, access.started_at = "", access.started_at or clock.now()
    access.ends_at = access.started_at + LASTS
    access.save(update_fields=["token_hash", "started_at", "ends_at"])
    record(access, verb, by=_both(access, by), reason=access.reason)
    _log(verb, access)
    return access


def _is_over(access: SupportAccess) -> bool:
    """Ended by somebody or by the clock."""
    return access.ended_at is not None or (access.ends_at is not None and access.ends_at <= clock.now())


@transaction.atomic
def end_support(*, access: SupportAccess, by: Actor) -> SupportAccess:
    """End it before its time: by the operator who acts, or by an administrator at any moment."""
    if by.acting_operator != access.operator_email and by.label != access.operator_email:
        require(by, "accounts.consent_to_support")
    access = _locked(access)
    if access.ended_at is None:
        access.ended_at, access.token_hash = clock.now(), ""
        if access.granted is None:
            access.granted = False
        access.save(update_fields=["ended_at", "token_hash", "granted"])
        record(access, "support_ended", by=by)
        _log("support_ended", access, ended_by=by.acting_operator or by.label)
        emit(SupportEnded(access_id=access.pk), object_key=f"support:{access.pk}")
    return access


def running_access(pk: int) -> SupportAccess | None:
    """The access, as long as its hour runs and nobody has ended it."""
    return (
        SupportAccess.objects.select_related("user")
        .filter(pk=pk, granted=True, started_at__isnull=False, ended_at__isnull=True, ends_at__gt=clock.now())
        .first()
    )


def _locked(access: SupportAccess) -> SupportAccess:
    return (
        SupportAccess.objects.select_for_update(of=("self",))
        .select_related("user", "decided_by")
        .get(pk=access.pk)
    )


def _both(access: SupportAccess, visitor: Actor) -> Actor:
    """The operator and the person acted for, as the audit trail names them."""
    return visitor.with_(
        kind="operator",
        label=access.user.name or access.user.email,
        user_id=access.user_id,
        role=access.user.role,
        acting_operator=access.operator_email,
    )


def _log(verb: str, access: SupportAccess, **details: str) -> None:
    """The same fact in the operator's log, which the tenant cannot touch."""
    tenant: Any = connection.tenant
    operator = Actor(kind="operator", label=access.operator_email)
    log_operation(verb, by=operator, tenant=tenant, person=access.user.email, **details)


def _hashed(nonce: str) -> str:
    return hashlib.sha256(nonce.encode()).hexdigest()
